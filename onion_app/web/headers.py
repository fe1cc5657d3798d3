"""The headers of every answer, and the few answers that are the same for everybody.

The headers are a closed list: nothing here or in the pages adds one that tells pages, languages or visitors apart.
"""

from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final, Protocol

Clock = Callable[[], float]
Environ = dict[str, Any]
Headers = list[tuple[str, str]]
Wsgi = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

BODY_LIMIT: Final = 256 * 1024  # bytes of a posted form; 12,000 letters are at most 144,000 once percent-encoded
METHODS: Final = frozenset({"GET", "POST"})
OWN_TEXT: Final = "onion_app.own_text"  # in the WSGI environment: this answer shows the visitor's own text
PUBLISHED: Final = "onion_app.published"  # likewise: it is the same for everybody until something else is published
REPORTED: Final = "onion_app.reported"  # likewise: the class name of an error that a handler dealt with
THROUGH_TOR: Final = "onion_app.through_tor"  # likewise: this came by the desk's onion, from a machine elsewhere

# The statuses that have a page of their own; every other refusal shows the page of 400.
WITH_A_PAGE: Final = (400, 404, 405, 413, 421, 500)


@dataclass(frozen=True, slots=True)
class WholeAnswer:
    """The status line, the headers and the page of an answer; one that is given again keeps the bytes that go out."""

    status: str
    headers: Headers
    page: bytes
    packed: dict[str, bytes] | None = None  # by whether the connection stays open


class ServedApp(Protocol):
    """The part of an app that the server calls."""

    each_second: Callable[[], object]

    def prepare(self) -> None:
        """Do what the first answers would wait for."""
        ...

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request, as WSGI has it."""
        ...

    def answer(self, environ: Environ) -> WholeAnswer:
        """Answer a request whole."""
        ...

    def fixed_answer(self, status: int) -> WholeAnswer:
        """Give the answer that is the same for everybody."""
        ...


def ask(app: Wsgi, environ: Environ) -> WholeAnswer:
    """Ask an app, and wait for its whole answer."""
    started: list[tuple[str, Headers]] = []

    def start_response(status: str, headers: Headers, _exc_info: object = None) -> None:
        started.append((status, headers))

    parts = app(environ, start_response)
    try:
        page = b"".join(parts)
    finally:
        if hasattr(parts, "close"):
            parts.close()
    return WholeAnswer(*started[-1], page)


def security_headers(style: str) -> Headers:
    """List the headers of every answer, for pages whose one inline style sheet is `style`."""
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = (  # P01: the browser itself refuses scripts, second resources and other hosts
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", policy),
        ("Cache-Control", "no-store"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Embedder-Policy", "require-corp"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    ]


def status_line(status: int) -> str:
    """Give a status with its phrase, such as '404 Not Found'."""
    return f"{status} {HTTPStatus(status).phrase}"
