"""The requests that are taken in: waitress's parser, with everything refused that a browser never sends here.

It keeps of a request only the headers that the apps read: what a browser tells about itself never reaches them. It
never answers, and never lets an error of its own cost the sender an answer.
"""

from typing import Final

from waitress.parser import HTTPRequestParser
from waitress.utilities import BadRequest, Error

from onion_app.web.headers import METHODS

_KEPT: Final = frozenset({"CONNECTION", "CONTENT_LENGTH", "CONTENT_TYPE", "COOKIE", "HOST", "SEC_FETCH_SITE"})


class Refused(Error):  # type: ignore[misc]  # waitress has no types
    """A request that gets a fixed answer, named by its status."""

    def __init__(self, status: int) -> None:
        """Name the answer."""
        super().__init__("")
        self.code = status


class RequestParser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    """One request on its way in."""

    headers: dict[str, str]
    path = ""  # where the first line had none: waitress names it when its sender has vanished

    def received(self, data: bytes) -> int:
        """Take bytes that have arrived and give how many of them belong to this request."""
        try:
            length: int = super().received(data)
        except Exception:  # noqa: BLE001 - some malformed addresses and numbers raise what waitress does not expect
            self.error = BadRequest("")
            self.completed = True
            return len(data)
        return length

    def parse_header(self, header_plus: bytes) -> None:
        """Read the first line and the headers, and refuse a request where its body need not be read for that."""
        super().parse_header(header_plus)
        self.expect_continue = False  # P09: '100 Continue' would be an answer of another size
        if self.proxy_netloc:  # RFC 9112, 3.2.2: an address in the first line stands above the Host header
            self.headers["HOST"] = self.proxy_netloc
        if self.command not in METHODS:
            self._refuse(405)
        elif self.chunked or "TRANSFER_ENCODING" in self.headers:
            self._refuse(411)
        self.headers = {name: value for name, value in self.headers.items() if name in _KEPT}

    def _refuse(self, status: int) -> None:
        self.error = Refused(status)
        self.completed = True
