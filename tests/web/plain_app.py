"""A small app on the hardened Flask, and raw bytes to and from a socket on which it is served."""

import re
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from flask import Blueprint, Response, redirect, render_template_string, request, session

from onion_app.errors import Paused
from onion_app.web.app import Hardened, mark_own_text, report_error
from onion_app.web.waitress.server import serve
from tests.world import Clock

PATIENCE = 60  # seconds: whoever is late has failed
HOST = "a" * 56 + ".onion"
STYLE = "body{margin:1rem}"
PAGE = (
    "<!doctype html><html lang={{ language.code }} dir={{ language.dir }}><style>{{ style }}</style>"
    "<h1>{{ _('Hello') }}</h1>{{ body }}</html>"
)

pages = Blueprint("pages", __name__)


def page(body: str) -> str:
    return render_template_string(PAGE, body=body)


@pages.get("/<lang:code>/")
def home(code: str) -> str:
    return page(code)


@pages.route("/<lang:code>/write", methods=["GET", "POST"])
def write(code: str) -> str:
    if request.method == "POST":
        mark_own_text()
        return page(code + request.form["text"])
    return render_template_string(PAGE.replace("{{ body }}", "<input name=csrf_token value={{ csrf_token() }}>"))


@pages.post("/echo")
def echo() -> str:
    mark_own_text()
    return page(request.form.get("text", ""))


@pages.get("/cookie")
def cookie() -> str:
    session["visit"] = "x" * 43
    return page("")


@pages.get("/broken")
def broken() -> str:
    message = "secret words"
    raise RuntimeError(message)


@pages.post("/knot")
def knot() -> str:
    holds_itself: list[object] = [request.form["text"]]
    holds_itself.append(holds_itself)
    return page("")


@pages.get("/paused")
def paused() -> str:
    raise Paused


@pages.get("/away")
def away() -> Response:
    return redirect("/en/", 303)  # type: ignore[return-value]


@pages.get("/long/<int:letters>")
def long(letters: int) -> str:
    return page("x" * letters)


@pages.get("/file")
def file() -> Response:
    return Response(
        "a,b\r\n1,2\r\n", mimetype="text/csv", headers={"Content-Disposition": "attachment; filename=a.csv"}
    )


@pages.get("/empty")
def empty() -> tuple[str, int]:
    return "", 204


def error_page(status: int) -> str:
    return f"<!doctype html><html lang=en><title>Error: {status}</title></html>"


def plain_app(translations: Path) -> Hardened:
    app = Hardened(
        __name__,
        host=HOST,
        key=b"k" * 32,
        cookie="visit",
        secure_cookie=False,
        style=STYLE,
        translations=translations,
        error_page=error_page,
    )
    app.register_blueprint(pages)
    app.csrf.exempt(echo)
    app.csrf.exempt(knot)

    @app.errorhandler(Paused)
    def say_paused(error: Paused) -> tuple[str, int]:
        report_error(error)
        return page("paused"), 503

    return app


class Line:
    """A connection that sends and reads bytes as they are."""

    def __init__(self, address: str | tuple[str, int]) -> None:
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family)
        self.socket.connect(address)  # without a limit: only so it waits while the listener's queue is full
        self.socket.settimeout(PATIENCE)
        self.read = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read_answer(self) -> bytes:
        """Read one answer, as long as its Content-Length says; what follows it is kept for the next."""
        while (end := self._length()) is None or len(self.read) < end:
            more = self.socket.recv(65536)
            assert more, "the connection ended within an answer"
            self.read += more
        answer, self.read = self.read[:end], self.read[end:]
        return answer

    def _length(self) -> int | None:
        """Say how long the answer is, once its head is there."""
        head, separator, _ = self.read.partition(b"\r\n\r\n")
        named = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        return len(head + separator) + int(named[1]) if separator and named else None

    def read_to_the_end(self) -> bytes:
        with suppress(ConnectionResetError):
            while more := self.socket.recv(65536):
                self.read += more
        return self.read

    def ask(self, data: bytes) -> bytes:
        self.send(data)
        return self.read_answer()

    def is_closed(self) -> bool:
        """Wait until the other side says something or closes."""
        try:
            return not self.read and self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def close(self) -> None:
        self.socket.close()


def get(path: str, *headers: str, version: str = "1.1", method: str = "GET", host: str = HOST) -> bytes:
    lines = [f"{method} {path} HTTP/{version}", f"Host: {host}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def post(path: str, body: bytes, *headers: str, kind: str = "application/x-www-form-urlencoded") -> bytes:
    return get(path, f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers, method="POST") + body


class Serving:
    """A server in a thread of its own."""

    def __init__(self, address: str | tuple[str, int]) -> None:
        self.address = address
        self.stop = threading.Event()
        self.errors: list[str] = []
        self.clock = Clock()
        self.lines: list[Line] = []

    def line(self) -> Line:
        self.lines.append(Line(self.address))
        return self.lines[-1]

    def ask(self, data: bytes) -> bytes:
        return self.line().ask(data)


@contextmanager
def serving(
    app: Hardened, folder: Path, *, sized: bool = True, tcp: bool = False, beside: Sequence[socket.socket] = ()
) -> Iterator[Serving]:
    listener = socket.socket(socket.AF_INET if tcp else socket.AF_UNIX)
    listener.bind(("127.0.0.1", 0) if tcp else str(folder / "s"))
    listener.listen(1024)
    running = Serving(listener.getsockname())

    def run() -> None:
        stop, note = running.stop, running.errors.append
        serve(app, listener, sized=sized, stop=stop, on_error=note, clock=running.clock, beside=beside)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield running
    finally:
        running.stop.set()
        thread.join()
        for line in running.lines:
            line.close()


if __name__ == "__main__":  # in a process of its own, as a child is started, for looking into its memory
    given = socket.socket(fileno=int(sys.argv[1]))
    serve(plain_app(Path(sys.argv[2])), given, sized=True, stop=threading.Event(), on_error=sys.stderr.write)
