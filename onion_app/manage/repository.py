"""A folder of its own into which git fetches a version: without hooks, submodules, filters or anybody's settings.

Whoever serves it may be hostile, and so may a file: git is given so much time, memory and room, and no more.
"""

import hashlib
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from onion_app.errors import DiskFull, NotFetched, NotSigned, ProgramMissing

MOST: Final = 512 << 20  # bytes of everything that is fetched: the history of this program has 20 MiB
_MOST_NAMES: Final = 4 << 20  # bytes of the names that are offered: a thousand versions by two have 120 kB
_MOST_OF_A_TAG: Final = 64 << 10  # bytes: ours have a thousand, and it is read before anybody's signature is
_MEMORY: Final = 2 << 30  # bytes of addresses for git: one object that unfolds to more is nobody's source
_CPU: Final = 600  # seconds of work for one git: unpacking our history takes two
_LONGEST: Final = 7200.0  # seconds for one fetch: 20 MiB at 3 KiB a second, the slowest circuit worth waiting for
_BREATH: Final = 10.0  # seconds between two words on how far it is
_BUNDLE: Final = re.compile(rb"# v[23] git bundle\n")
_NO_ROOM: Final = b"No space left on device"

_BARE: Final = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LC_ALL": "C.UTF-8",
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
}
_SETTINGS: Final = (
    "core.hooksPath=/dev/null",
    "core.attributesFile=/dev/null",
    "core.fsmonitor=false",
    "submodule.recurse=false",
    "fetch.fsckObjects=true",
    "fetch.unpackLimit=1",  # what came as a pack stays one: laid out in single files a small one can fill a disk
    "http.followRedirects=false",  # nor does git then follow http-alternates
    "http.lowSpeedLimit=10",
    "http.lowSpeedTime=300",
    "gc.auto=0",
)


def _limited(largest: int) -> list[str]:
    """Give the words before a program's that limit it, and not us, in memory, in work, and in the bytes of a file."""
    limits = {"as": _MEMORY, "cpu": _CPU, "fsize": largest}
    words = ["prlimit"]
    for name, most in limits.items():
        present = resource.getrlimit(getattr(resource, f"RLIMIT_{name.upper()}"))
        words.append(f"--{name}={min([most, *(old for old in present if old != resource.RLIM_INFINITY)])}:")
    return words


class Repository:
    """A folder with its history in `.git`."""

    def __init__(self, folder: Path, tell: Callable[[], None] = lambda: None) -> None:
        """Take a folder, whatever it holds yet; `tell` says how far it is, every ten seconds of a long fetch."""
        self.folder = folder
        self._tell = tell

    def begin(self) -> None:
        """Make it; git's template, which may bring hooks, is left out."""
        self._git("init", "-q", "--template=")

    def take_bundle(self, file: Path) -> str:
        """Copy a bundle to where nobody exchanges it any more, and give the place, which the next version has not.

        A file of another kind can lead git to a whole repository, whose settings it would follow.

        Raises:
            NotFetched: it is none, or too large.
        """
        if file.stat().st_size > MOST:
            raise NotFetched("the file is far larger than this program can be")
        copy = self.folder / ".git" / "given"
        shutil.copyfile(file, copy)
        with copy.open("rb") as opened:
            if not _BUNDLE.match(opened.read(32)):
                raise NotFetched("the file was not written by git bundle")
        return str(copy)

    def offered(self, source: str, proxy: str = "") -> set[str]:
        """List the names of the tags at an address, reached by this proxy alone, or in a bundle.

        Raises:
            NotFetched: nothing came, or far too much.
        """
        words = ("ls-remote", "-q", "--tags", "--refs", "--", source)
        lines = self._fetched(words, proxy, _MOST_NAMES).decode("utf-8", "replace").splitlines()
        return {line.partition("\trefs/tags/")[2] for line in lines}

    def fetch(self, source: str, tags: Iterable[str], proxy: str = "") -> None:
        """Fetch these tags, with what they stand for, and no other.

        Raises:
            NotFetched: nothing came, or far too much.
        """
        words = ("fetch", "-q", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--", source)
        self._fetched((*words, *(f"+refs/tags/{tag}:refs/tags/{tag}" for tag in tags)), proxy, MOST)

    def tag_object(self, tag: str) -> bytes:
        """Read a tag as it was signed.

        Raises:
            NotSigned: it is too long, or no object of its own, which could bear a signature.
        """
        try:
            return self._git("cat-file", "tag", f"refs/tags/{tag}", most=_MOST_OF_A_TAG)
        except subprocess.CalledProcessError as failed:
            why = "is longer than any of ours" if failed.returncode == -signal.SIGXFSZ else "bears no signature"
            raise NotSigned(f"the tag {tag} {why}") from None

    def digest(self, commit: str) -> str:
        """Give the SHA-256 of all files: of their modes, their names, and the SHA-256 of each.

        Raises:
            NotSigned: there is something else among them.
        """
        whole = hashlib.sha256()
        for mode, name, content in self._files(commit):
            whole.update(b"%s %s %s\0" % (mode, hashlib.sha256(content).hexdigest().encode(), name))
        return whole.hexdigest()

    def commit(self, name: str) -> str:
        """Give the id of the commit that a name stands for.

        Raises:
            NotFetched: it stands for none.
        """
        try:
            return self._git("rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}").decode().strip()
        except subprocess.CalledProcessError:
            raise NotFetched(f"{name} is no commit") from None

    def lay_out(self, commit: str, origin: str) -> list[str]:
        """Write the files of a version byte by byte, note where the next one is to be fetched, and give their names.

        Git's own checkout would do as the attributes in it say, with filters, ends of lines and encodings.

        Raises:
            NotSigned: there is something else than files among them.
        """
        names = []
        for mode, name, content in self._files(commit):
            file = self.folder / os.fsdecode(name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            file.chmod(0o755 if mode == b"100755" else 0o644)
            names.append(name.decode("utf-8", "replace"))
        self._git("update-ref", "--no-deref", "HEAD", commit)
        self._git("read-tree", "HEAD")
        (self.folder / ".git" / "given").unlink(missing_ok=True)
        if origin:
            self._git("config", "--", "remote.origin.url", origin)
        return names

    def origin(self) -> str:
        """Say where it was cloned from; nothing where no address is known."""
        try:
            asked = self._git("config", "--file", str(self.folder / ".git/config"), "--get", "remote.origin.url")
        except subprocess.CalledProcessError:
            return ""
        return asked.decode("utf-8", "replace").strip()

    def _files(self, commit: str) -> list[tuple[bytes, bytes, bytes]]:
        """Give mode, name and content of each file."""
        listed = self._git("ls-tree", "-rz", "--full-tree", commit).split(b"\0")[:-1]
        entries = [re.fullmatch(rb"(100644|100755) blob ([0-9a-f]+)\t(.+)", line, re.DOTALL) for line in listed]
        files = [entry for entry in entries if entry and not _leads_away(entry[3])]
        if len(files) < len(listed):
            raise NotSigned("there is a submodule, a link or a strange name in it")
        contents = self._contents([file[2] for file in files])
        return [(file[1], file[3], content) for file, content in zip(files, contents, strict=True)]

    def _contents(self, names: list[bytes]) -> list[bytes]:
        answer = self._git("cat-file", "--batch", given=b"".join(name + b"\n" for name in names))
        contents, at = [], 0
        for _ in names:
            begin = answer.index(b"\n", at) + 1
            end = begin + int(answer[at:begin].split()[2])
            contents.append(answer[begin:end])
            at = end + 1
        return contents

    def _fetched(self, words: tuple[str, ...], proxy: str, most: int) -> bytes:
        setting = ("-c", f"http.proxy={proxy}") if proxy else ()
        try:
            return self._git(*setting, *words, protocols="http:https" if proxy else "file", most=most)
        except subprocess.CalledProcessError as failed:
            if -failed.returncode in (signal.SIGXFSZ, signal.SIGXCPU):
                raise NotFetched("far more came than this program can be") from None
            raise NotFetched(_why(failed.stderr.decode("utf-8", "replace"))) from None
        except subprocess.TimeoutExpired:
            raise NotFetched(f"it was not whole after {_LONGEST / 3600:.0f} hours") from None

    def _git(self, *words: str, given: bytes = b"", protocols: str = "", most: int = MOST) -> bytes:
        if (git := shutil.which("git", path=_BARE["PATH"])) is None:
            raise ProgramMissing("git")
        settings = [word for setting in _SETTINGS for word in ("-c", setting)]
        place = ["--git-dir", str(self.folder / ".git"), "--work-tree", str(self.folder)]
        with tempfile.TemporaryFile() as given_file, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as said:
            given_file.write(given)
            given_file.seek(0)
            process = subprocess.Popen(
                [*_limited(most), git, *settings, *place, *words], env=_BARE | {"GIT_ALLOW_PROTOCOL": protocols},
                stdin=given_file, stdout=out, stderr=said, cwd=self.folder, start_new_session=True,
            )  # fmt: skip
            status = self._wait(process)
            out.seek(0)
            said.seek(0)
            if status and _NO_ROOM in (complaint := said.read()):
                raise DiskFull(str(self.folder))
            if status:
                raise subprocess.CalledProcessError(status, "git", stderr=complaint)
            return out.read()

    def _wait(self, process: subprocess.Popen[bytes]) -> int:
        """Wait for git, and give its exit status; whatever it has started ends with it."""
        give_up = time.monotonic() + _LONGEST
        try:
            while True:
                with suppress(subprocess.TimeoutExpired):
                    return process.wait(_BREATH)
                if time.monotonic() > give_up:
                    raise subprocess.TimeoutExpired("git", _LONGEST)
                self._tell()
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _why(complaint: str) -> str:
    """Pick git's own last words; those of the server, who may be hostile, tell nobody what to type."""
    last = (complaint.strip().splitlines() or ["no reason given"])[-1]
    return "the server refuses" if re.match("(fatal: remote error|remote):", last) else last


def _leads_away(name: bytes) -> bool:
    return any(part.lower() in (b"", b".", b"..", b".git") for part in name.split(b"/"))
