"""Published pages, kept ready in front of Flask until anything changes that is shown.

Every request asks first for the number of the edition, which rises in the very transaction that publishes a text, takes
it down or takes it back; a page of another edition is never sent. # P07
A page that is kept is the same for everybody: its view has to say so, and a page with a cookie is never kept.
"""

import gc
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

from onion_app.errors import SanctuaryError
from onion_app.web.headers import PUBLISHED, Environ, Headers

PAGES: Final = 256  # of at most 16 KiB: four MiB; whoever asks for more combinations makes nobody wait but themselves

Wsgi = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
_Name = tuple[str, str]  # path and query


@dataclass(frozen=True, slots=True)
class _Page:
    edition: int
    status: str
    headers: Headers
    body: bytes


class ReadyPages:
    """The pages of one app; `edition` gives the number of the present one, `forget` is called once it has changed."""

    def __init__(self, edition: Callable[[], int], forget: Callable[[], object] = lambda: None) -> None:
        """Start with none."""
        self._read_edition = edition
        self._forget = forget
        self._edition = -1
        self._pages: dict[_Name, _Page] = {}
        self._lock = Lock()

    def answer(self, environ: Environ, start_response: Callable[..., Any], ask: Wsgi) -> Iterable[bytes]:
        """Answer with a page that is ready, else ask the app and keep its page if that is the same for everybody."""
        if environ["REQUEST_METHOD"] != "GET":
            return ask(environ, start_response)
        edition = self.check_edition()
        name = (environ["PATH_INFO"], environ["QUERY_STRING"])
        page = self._pages.get(name)
        if page is not None and page.edition == edition:
            start_response(page.status, list(page.headers))
            return [page.body]
        return self._make(name, edition, environ, start_response, ask)

    def check_edition(self) -> int | None:
        """Read the number of the edition, and forget the pages of any other; without a number, all of them."""
        try:
            edition = self._read_edition()
        except SanctuaryError:  # the view that answers meets it too, and says so
            edition = None
        if edition != self._edition:
            with self._lock:
                self._pages.clear()  # P07: the memory too forgets what was taken back
                self._edition = -1 if edition is None else edition
            gc.collect()  # what holds itself, such as the rendering of a page, would hold its words for minutes
            self._forget()
        return edition

    def _make(
        self, name: _Name, edition: int | None, environ: Environ, start_response: Callable[..., Any], ask: Wsgi
    ) -> Iterable[bytes]:
        started: list[tuple[str, Headers]] = []

        def note(status: str, headers: Headers, *exc_info: object) -> object:
            started.append((status, headers))
            return start_response(status, headers, *exc_info)

        parts = ask(environ, note)
        if PUBLISHED not in environ or edition is None:
            return parts
        body = b"".join(parts)
        if hasattr(parts, "close"):
            parts.close()
        status, headers = started[-1]
        if status.startswith("200 ") and not any(header.lower() == "set-cookie" for header, _ in headers):
            self._keep(name, _Page(edition, status, list(headers), body))
        return [body]

    def _keep(self, name: _Name, page: _Page) -> None:
        with self._lock:
            if page.edition != self._edition:
                return  # a newer edition came out while this page was made
            while len(self._pages) >= PAGES:
                del self._pages[next(iter(self._pages))]
            self._pages[name] = page
