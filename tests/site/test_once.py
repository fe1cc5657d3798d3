"""Work that is done once: at the start, or once a request. How long it takes is measured by `scripts/bench`."""

from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest
from flask.templating import DispatchingJinjaLoader
from jinja2 import Template

from onion_app.vault.database import Database
from onion_app.vault.per_thread import PerThread
from onion_app.web.app import Hardened
from onion_app.web.drafts import VisitsWithDrafts
from onion_app.web.waitress.server import THREADS
from scripts.rehearsal.people import Visitor

PUBLISHED = ("/", "/en/", "/ar/guides", "/ckb/guides/now", "/kmr/stories", "/en/protects", "/en/nothing")


def walk(come: Callable[[], Visitor]) -> None:
    """See pages of every kind: read, write, come back, leave."""
    visitor = come()
    for path in PUBLISHED:
        visitor.get(path)
    code = visitor.hand_in("tell", "They found my phone.")
    visitor.hand_in("ask", "Where can I go?")
    visitor.come_back(code)
    visitor.leave()


def counted(monkeypatch: pytest.MonkeyPatch, owner: type, name: str) -> list[tuple[Any, ...]]:
    """Count the calls of a method, which goes on working."""
    calls: list[tuple[Any, ...]] = []
    real = getattr(owner, name)

    def counting(*arguments: Any, **named: Any) -> Any:
        calls.append(arguments)
        return real(*arguments, **named)

    monkeypatch.setattr(owner, name, counting)
    return calls


def test_nothing_is_compiled_after_the_start(
    app: Hardened, come: Callable[[], Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    app.prepare()
    loaded = counted(monkeypatch, DispatchingJinjaLoader, "get_source")
    walk(come)
    assert not loaded


def test_first_pages_are_ready_before_anybody_asks(
    app: Hardened, come: Callable[[], Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    app.prepare()
    views = counted(monkeypatch, Hardened, "dispatch_request")
    for path in PUBLISHED[:-1]:
        come().get(path)
    assert not views


def test_files_are_open_before_anybody_asks(
    app: Hardened, come: Callable[[], Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    app.prepare()
    opened = counted(monkeypatch, PerThread, "_open")
    threads = [Thread(target=lambda: come().get("/en/tell")) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not opened


def test_settings_are_read_once_a_request(
    app: Hardened, come: Callable[[], Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    statements = counted(monkeypatch, Database, "_fetch")
    reads: list[int] = []
    real = app.answer

    def answer(environ: dict[str, Any]) -> Any:
        statements.clear()
        given = real(environ)
        reads.append(sum(sql.endswith("FROM settings") for _, sql, _ in statements))
        return given

    monkeypatch.setattr(app, "answer", answer)
    walk(come)
    assert set(reads) == {0, 1}


def test_empty_forms_are_rendered_once_and_each_has_a_field_of_its_own(
    come: Callable[[], Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    come().get("/ar/tell")
    rendered = counted(monkeypatch, Template, "render")
    fields = {come().get("/ar/tell").form_with("text").filled()[0] for _ in range(3)}
    assert not rendered
    assert len(fields) == 3


def test_a_visit_is_opened_once_a_request(come: Callable[[], Visitor], monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = come()
    page = visitor.check("tell", "They found my phone.")
    opened = counted(monkeypatch, VisitsWithDrafts, "load")
    visitor.confirm(page)
    assert len(opened) == 1
