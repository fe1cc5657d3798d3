"""Those who make and sign versions, with real keys, and an operator whose clone takes them."""

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from onion_app import days
from onion_app.manage.repository import Repository
from onion_app.onion.socks import read_exactly
from tests.launch.keeping import TODAY
from tests.launch.manage import Done
from tests.rehearsal import ROOT

SIGNERS = "onion_app/manage/signers"
_GIT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
}
_SELF = ("-c", "user.name=Makers", "-c", "user.email=makers@example.org", "-c", "gpg.format=ssh")


def run(*words: str | Path, folder: Path) -> str:
    done = subprocess.run(words, cwd=folder, env=_GIT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def iso(day: int) -> str:
    return days.date_of(day).isoformat()


@dataclass
class Makers:
    """A repository of the program's own files, and the keys of those who sign."""

    folder: Path
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def work(self) -> Path:
        return self.folder / "work"

    def git(self, *words: str) -> str:
        return run("git", *_SELF, *words, folder=self.work)

    def line(self, name: str, *, ends: int = TODAY + 300) -> str:
        """Make a key, and give the line with which it is believed."""
        file = self.folder / name
        if not file.exists():
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file, folder=self.folder)
        key = file.with_suffix(".pub").read_text().strip()
        return f'{name} namespaces="git",valid-before="{iso(ends).replace("-", "")}" {key}\n'

    def commit(self, number: str, **files: str) -> None:
        """Make the next version; the names of files have `__` for a slash."""
        project = self.work / "pyproject.toml"
        lines = project.read_text().splitlines()
        project.write_text("\n".join(f'version = "{number}"' if x.startswith("version =") else x for x in lines) + "\n")
        news = self.work / "docs" / "CHANGELOG.md"
        news.write_text(f"## {number}\n\n- News of {number}.\n\n{news.read_text()}")
        for name, text in files.items():
            (self.work / name.replace("__", "/")).write_text(text)
        self.git("add", "--all")
        self.git("commit", "-q", "-m", number)

    def message(self, number: str, *, next_by: int = TODAY + 100, first: str = "") -> str:
        digest = Repository(self.work).digest("HEAD")
        return f"{first or f'sanctuary {number}'}\n\nsha256: {digest}\nnext by: {iso(next_by)}\n"

    def sign(self, tag: str, name: str, message: str = "") -> None:
        """Tag the newest commit."""
        text = message or self.message(tag.partition("+")[0])
        self.git("-c", f"user.signingkey={self.folder / name}", "tag", "-s", "-m", text, tag)

    def serve(self) -> Path:
        """Lay the repository out as a server of plain files has it."""
        run("git", "clone", "-q", "--bare", self.work, self.folder / "served.git", folder=self.folder)
        run("git", "update-server-info", folder=self.folder / "served.git")
        return self.folder / "served.git"

    def bundle(self) -> Path:
        file = self.folder / "changes.bundle"
        self.git("bundle", "create", "-q", str(file), "--all")
        return file


@dataclass
class Updating:
    """An operator's clone of it, and what is typed there."""

    makers: Makers
    folder: Path
    surroundings: dict[str, str] = field(default_factory=dict)
    state: Path = field(init=False)

    def __post_init__(self) -> None:
        """Have the state beside the clone, unless a test says otherwise."""
        self.state = self.folder / "s"

    @property
    def clone(self) -> Path:
        return self.folder / "clone"

    def believe(self, *lines: str) -> None:
        (self.clone / SIGNERS).write_text("# nobody else\n" + "".join(lines))

    def update(self, *words: str | Path, typed: str = "update\n", before: tuple[str, ...] = ()) -> Done:
        command = [*before, self.clone / "scripts/update", "--state", self.state, "--as-is", *words]
        done = subprocess.run(
            command, env=self.surroundings, input=typed, capture_output=True, text=True, check=False, timeout=100
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Done(done.stdout, done.stderr, ended=done.returncode)

    def change(self, file: str, before: str, after: str) -> None:
        """Change the program that this operator has."""
        path = self.clone / file
        assert before in path.read_text(), f"{before} is no longer in {file}"
        path.write_text(path.read_text().replace(before, after))

    def fetch_from(self, address: str) -> None:
        run("git", "remote", "set-url", "origin", address, folder=self.clone)

    def version(self) -> str:
        return run(self.clone / "scripts/update", "--version", folder=self.clone)

    def number(self) -> str:
        return next(
            x.split('"')[1] for x in (self.clone / "pyproject.toml").read_text().splitlines() if "version =" in x
        )


def first_version(folder: Path) -> Makers:
    """Commit the files of this clone that an update needs, as version 2.0."""
    made = Makers(folder)
    leave_out = shutil.ignore_patterns("__pycache__", "*.txt", "guides", "site", "desk?*", "web", "elsewhere", "crypto")
    shutil.copytree(ROOT / "onion_app", made.work / "onion_app", ignore=leave_out)
    for name in (
        "scripts/update",
        "scripts/version",
        "scripts/setup",
        "requirements.txt",
        "pyproject.toml",
        ".gitignore",
    ):
        (made.work / name).parent.mkdir(exist_ok=True)
        shutil.copy2(ROOT / name, made.work / name)
    (made.work / "docs").mkdir()
    (made.work / "docs" / "CHANGELOG.md").touch()
    run("git", "init", "-q", "-b", "main", folder=made.work)
    made.commit("2.0")
    return made


class Quiet(SimpleHTTPRequestHandler):
    """Serves the files of a folder, and says nothing about it."""

    def log_message(self, *_: object) -> None:
        pass


class Smart(Quiet):
    """Serves a repository as git's own server does."""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        length = int(self.headers.get("Content-Length", 0))
        told = {
            "GIT_PROJECT_ROOT": self.directory,
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(length),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "HTTP_GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        given = self.rfile.read(length)
        words = ["git", "-c", "safe.directory=*", "http-backend"]
        answer = subprocess.run(words, env=_GIT | told, input=given, capture_output=True, check=True)
        head, _, body = answer.stdout.partition(b"\r\n\r\n")
        self.send_response(200)
        for line in head.decode().splitlines():
            self.send_header(*line.split(": ", 1))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - likewise


@contextmanager
def tor_that_leads_to(folder: Path, state: Path, answer: type[SimpleHTTPRequestHandler] = Quiet) -> Iterator[list[str]]:
    """Stand at tor's sockets of a state, and lead every request to the files of a folder; give what was asked for."""
    asked: list[str] = []
    (state / "run").mkdir(parents=True, exist_ok=True)
    with (
        ThreadingHTTPServer(("127.0.0.1", 0), partial(answer, directory=str(folder))) as web,
        socket.socket(socket.AF_UNIX) as listener,
        socket.socket(socket.AF_UNIX) as control,
    ):
        threading.Thread(target=web.serve_forever, daemon=True).start()
        listener.bind(str(state / "run" / "socks.sock"))
        listener.listen()
        threading.Thread(target=_lead, args=(listener, web.server_port, asked), daemon=True).start()
        control.bind(str(state / "run" / "control.sock"))
        control.listen()
        threading.Thread(target=_be_controlled, args=(control, asked), daemon=True).start()
        try:
            yield asked
        finally:
            web.shutdown()
            for each in (listener, control):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)


def _be_controlled(listener: socket.socket, asked: list[str]) -> None:
    """Agree to every order, and note those that are for the socket."""
    with suppress(OSError):
        while True:
            line, _ = listener.accept()
            with line, line.makefile("rwb", buffering=0) as orders:
                for order in orders:
                    asked += [order.decode().strip()] if order.startswith(b'SETCONF SocksPort="') else []
                    orders.write(b"250 OK\r\n")


def _lead(listener: socket.socket, port: int, asked: list[str]) -> None:
    with suppress(OSError):
        while True:
            line, _ = listener.accept()
            threading.Thread(target=_lead_one, args=(line, port, asked), daemon=True).start()


def _lead_one(line: socket.socket, port: int, asked: list[str]) -> None:
    with suppress(OSError), line:
        ways = read_exactly(line, read_exactly(line, 2)[1])
        line.sendall(b"\x05\x00" if b"\x00" in ways else b"\x05\x02")
        if b"\x00" not in ways:
            read_exactly(line, read_exactly(line, 2)[1])
            read_exactly(line, read_exactly(line, 1)[0])
            line.sendall(b"\x01\x00")
        kind = read_exactly(line, 4)[3]
        assert kind == 3, "a name, which nobody has looked up"
        name = read_exactly(line, read_exactly(line, 1)[0]).decode()
        asked.append(f"{name}:{int.from_bytes(read_exactly(line, 2), 'big')}")
        line.sendall(b"\x05\x00\x00\x01" + bytes(6))
        with socket.create_connection(("127.0.0.1", port)) as beyond:
            threading.Thread(target=_carry, args=(beyond, line), daemon=True).start()
            _carry(line, beyond)


def _carry(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(1 << 16):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)
