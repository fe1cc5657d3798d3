"""Published pages, kept ready in front of Flask until anything changes that is shown.

Every request asks first for the edition, which changes in the very transaction that publishes a text, takes it down or
takes it back, and at midnight; a page of another edition is never sent. # P07
A page that is kept is the same for everybody: its view has to say so, and a page with a cookie is never kept.
# P16: what is kept follows what we publish. Of a query only what the app knows counts, and one path's pages never make
another's go: a stranger who asks for many of them makes nobody wait but themselves.
"""

import gc
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Final

from onion_app.errors import SanctuaryError
from onion_app.web.headers import PUBLISHED, Environ, WholeAnswer, Wsgi, ask

PATHS: Final = 256  # of which the one that nobody has asked for longest goes
PAGES: Final = 32  # of one path, of some 40 KiB each; the first of them, which most people read, stays


@dataclass(frozen=True, slots=True)
class Published:
    """What a view says of a page that is the same for everybody: its own query, and how many parts its text has."""

    query: str = ""
    parts: int = 1


@dataclass(slots=True)
class _Path:
    """The pages of one path, by their queries."""

    parts: int
    pages: dict[str, WholeAnswer] = field(default_factory=dict)


class ReadyPages:
    """The pages of one app; `edition` gives the present one, `forget` is called once it has changed."""

    def __init__(self, edition: Callable[[], object], forget: Callable[[], object] = lambda: None) -> None:
        """Start with none."""
        self._read_edition = edition
        self._forget = forget
        self._edition: object = None
        self._paths: OrderedDict[str, _Path] = OrderedDict()
        self._lock = Lock()

    def answer(self, environ: Environ, app: Wsgi) -> WholeAnswer:
        """Answer with a page that is ready, else ask the app and keep its page if that is the same for everybody."""
        if environ["REQUEST_METHOD"] != "GET":
            return ask(app, environ)
        edition = self.check_edition()
        path = environ["PATH_INFO"].rstrip("/")
        answer = self._find(path, environ["QUERY_STRING"], edition)
        if answer is None:
            answer = ask(app, environ)
            with_cookie = any(header.lower() == "set-cookie" for header, _ in answer.headers)
            page = environ.get(PUBLISHED)
            if page is not None and answer.status.startswith("200 ") and not with_cookie and edition is not None:
                self._keep(path, page, edition, answer)
        return answer

    def check_edition(self) -> object:
        """Read the edition, and forget the pages of any other; without one, all of them."""
        try:
            edition = self._read_edition()
        except SanctuaryError:  # the view that answers meets it too, and says so
            edition = None
        if edition != self._edition:
            with self._lock:
                self._paths.clear()  # P07: the memory too forgets what was taken back
                self._edition = edition
            gc.collect()  # what holds itself, such as the rendering of a page, would hold its words for minutes
            self._forget()
        return edition

    def _find(self, path: str, query: str, edition: object) -> WholeAnswer | None:
        with self._lock:
            kept = self._paths.get(path)
            if kept is None or edition != self._edition:
                return None
            self._paths.move_to_end(path)
            name, _, part = query.partition("=")
            if name == "part" and int(part) > kept.parts:
                query = ""  # as the view has it: a part that is not there is the first
            return kept.pages.get(query)

    def _keep(self, path: str, page: Published, edition: object, answer: WholeAnswer) -> None:
        with self._lock:
            if edition != self._edition:
                return  # a newer edition came out while this page was made
            kept = self._paths.setdefault(path, _Path(page.parts))
            if len(kept.pages) >= PAGES and page.query:
                del kept.pages[next(query for query in kept.pages if query)]
            kept.pages[page.query] = replace(answer, packed={})
            while len(self._paths) > PATHS:
                self._paths.popitem(last=False)
