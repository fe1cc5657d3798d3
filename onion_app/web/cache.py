"""Published pages, kept ready in front of Flask until anything changes that is shown.

Every request asks first for the edition, which changes in the very transaction that publishes a text, takes it down or
takes it back; a page of another edition is never sent. # P07
A page that is kept is the same for everybody: its view has to say so, and a page with a cookie is never kept.
"""

import gc
from collections.abc import Callable
from dataclasses import replace
from threading import Lock
from typing import Final

from onion_app.errors import SanctuaryError
from onion_app.web.headers import PUBLISHED, Environ, WholeAnswer, Wsgi, ask

PAGES: Final = 256  # of at most 16 KiB: four MiB; whoever asks for more combinations makes nobody wait but themselves

_Name = tuple[str, str]  # path and query


class ReadyPages:
    """The pages of one app; `edition` gives the present one, `forget` is called once it has changed."""

    def __init__(self, edition: Callable[[], object], forget: Callable[[], object] = lambda: None) -> None:
        """Start with none."""
        self._read_edition = edition
        self._forget = forget
        self._edition: object = None
        self._pages: dict[_Name, tuple[object, WholeAnswer]] = {}
        self._lock = Lock()

    def answer(self, environ: Environ, app: Wsgi) -> WholeAnswer:
        """Answer with a page that is ready, else ask the app and keep its page if that is the same for everybody."""
        if environ["REQUEST_METHOD"] != "GET":
            return ask(app, environ)
        edition = self.check_edition()
        name = (environ["PATH_INFO"], environ["QUERY_STRING"])
        made_for, answer = self._pages.get(name, (None, None))
        if answer is None or made_for != edition:
            answer = ask(app, environ)
            with_cookie = any(header.lower() == "set-cookie" for header, _ in answer.headers)
            if PUBLISHED in environ and answer.status.startswith("200 ") and not with_cookie and edition is not None:
                self._keep(name, edition, answer)
        return answer

    def check_edition(self) -> object:
        """Read the edition, and forget the pages of any other; without one, all of them."""
        try:
            edition = self._read_edition()
        except SanctuaryError:  # the view that answers meets it too, and says so
            edition = None
        if edition != self._edition:
            with self._lock:
                self._pages.clear()  # P07: the memory too forgets what was taken back
                self._edition = edition
            gc.collect()  # what holds itself, such as the rendering of a page, would hold its words for minutes
            self._forget()
        return edition

    def _keep(self, name: _Name, edition: object, answer: WholeAnswer) -> None:
        with self._lock:
            if edition != self._edition:
                return  # a newer edition came out while this page was made
            while len(self._pages) >= PAGES:
                del self._pages[next(iter(self._pages))]
            self._pages[name] = edition, replace(answer, packed={})
