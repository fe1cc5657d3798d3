"""How an answer goes out: one status line, one fixed set of headers, one size, one write.

Every answer of waitress or the app passes through `_packed`. No error's text goes out.
"""

from io import TextIOBase
from typing import Any, Final

from waitress.task import ErrorTask, Task

from onion_app.errors import PageTooLong
from onion_app.web.headers import OWN_TEXT, REPORTED, THROUGH_TOR, Environ, WholeAnswer
from onion_app.web.size import padded, padded_to_a_multiple, unpadded

# The app's own are dropped: length and connection are decided here, and the clock of this machine is nobody's business.
_DECIDED_HERE: Final = frozenset({"connection", "content-length", "date", "server", "transfer-encoding"})
_DATE: Final = "Date: Sat, 01 Jan 2000 00:00:00 GMT"
_BODILESS: Final = ("1", "204", "304")  # statuses whose answers cannot be filled up


class _Nowhere(TextIOBase):
    """The stream for complaints that WSGI asks for."""

    def write(self, complaint: str) -> int:
        """Forget it."""
        return len(complaint)


class _Response(Task):  # type: ignore[misc]  # waitress has no types
    """An answer of either kind."""

    complete = True

    def _packed(self, answer: WholeAnswer, *, own_text: bool = False) -> bytes:
        """Make the bytes that go out; of an answer that is given again, once."""
        connection = "close" if self.close_on_finish else "keep-alive"
        usual = self.version == "1.1" and not own_text and not self.channel.through_tor
        kept = answer.packed if usual else None
        if kept is not None and connection in kept:
            return kept[connection]
        packed = self._pack(answer, connection, own_text=own_text)
        if kept is not None:
            kept[connection] = packed
        return packed

    def _pack(self, answer: WholeAnswer, connection: str, *, own_text: bool) -> bytes:
        lines = [f"HTTP/{self.version} {answer.status}", _DATE, f"Connection: {connection}"]
        lines += [f"{name}: {value}" for name, value in answer.headers if name.lower() not in _DECIDED_HERE]
        if any("\r" in line or "\n" in line for line in lines):
            message = "line break in a header"
            raise ValueError(message)
        head = "".join(line + "\r\n" for line in lines).encode("latin-1")
        if self.channel.server.sized:
            return padded(head, answer.page, own_text=own_text)
        if self.channel.through_tor:  # P09: who counts what a volunteer's line carries learns little of what they read
            return padded_to_a_multiple(head, answer.page)
        return unpadded(head, answer.page)

    def _packed_fixed(self, status: int) -> bytes:
        return self._packed(self.channel.server.application.fixed_answer(status))

    def _send(self, answer: bytes) -> None:
        self.wrote_header = True
        self.channel.write_soon(answer)


class FixedResponse(_Response, ErrorTask):  # type: ignore[misc]  # waitress has no types
    """The answer to a request that was refused before the app could see it; it ends the connection."""

    def execute(self) -> None:
        """Send the fixed page."""
        self.close_on_finish = True
        self._send(self._packed_fixed(self.request.error.code))


class AppResponse(_Response):
    """The answer of the app."""

    def execute(self) -> None:
        """Ask the app and send its answer; an error of the app becomes a fixed page."""
        self.close_on_finish = self._is_last()
        environ = self._environ()
        try:
            answer = self._ask(environ)
        except Exception as error:  # noqa: BLE001 - after any error the answer has the one size and says nothing of it
            too_much_text = isinstance(error, PageTooLong) and OWN_TEXT in environ
            answer = self._packed_fixed(413 if too_much_text else 500)
            if not too_much_text:
                environ[REPORTED] = type(error).__name__
        if REPORTED in environ:
            self.channel.server.on_error(environ[REPORTED])  # never its text: it may quote what somebody wrote
        self._send(answer)

    def _ask(self, environ: Environ) -> bytes:
        answer: WholeAnswer = self.channel.server.application.answer(environ)
        if answer.status.startswith(_BODILESS):
            message = "an answer without a page"
            raise ValueError(message)
        return self._packed(answer, own_text=OWN_TEXT in environ)

    def _is_last(self) -> bool:
        wishes = {wish.strip() for wish in self.request.headers.get("CONNECTION", "").lower().split(",")}
        if self.channel.server.stopping or "close" in wishes:
            return True
        return self.version == "1.0" and "keep-alive" not in wishes

    def _environ(self) -> Environ:
        request = self.request
        environ: dict[str, Any] = {
            "REQUEST_METHOD": request.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": "/" + request.path.lstrip("/"),
            "QUERY_STRING": request.query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": f"HTTP/{self.version}",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": request.get_body_stream(),
            "wsgi.errors": _Nowhere(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "wsgi.input_terminated": True,
            THROUGH_TOR: self.channel.through_tor,
        }
        for name, value in request.headers.items():
            environ[name if name.startswith("CONTENT_") else f"HTTP_{name}"] = value
        return environ
