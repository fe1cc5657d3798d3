"""A folder of its own into which git fetches a version: without hooks, submodules, filters or anybody's settings."""

import hashlib
import re
import subprocess
from pathlib import Path
from typing import Final

from onion_app.errors import NotFetched, NotSigned, ProgramMissing

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
    "http.followRedirects=false",
    "http.lowSpeedLimit=10",
    "http.lowSpeedTime=300",
    "gc.auto=0",
)


class Repository:
    """A folder with its history in `.git`."""

    def __init__(self, folder: Path) -> None:
        """Take a folder, whatever it holds yet."""
        self.folder = folder

    def begin(self) -> None:
        """Make it; git's template, which may bring hooks, is left out."""
        self._git("init", "-q", "--template=")

    def fetch(self, source: str, *, proxy: str = "") -> None:
        """Fetch every tag, with what it stands for: from an address by this proxy alone, or from a bundle.

        Raises:
            NotFetched: nothing came.
        """
        setting = ("-c", f"http.proxy={proxy}") if proxy else ()
        words = ("fetch", "-q", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--", source)
        try:
            self._git(*setting, *words, "+refs/tags/*:refs/tags/*", protocols="http:https" if proxy else "file")
        except subprocess.CalledProcessError as failed:
            last = (failed.stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason given"])[-1]
            raise NotFetched(last) from None

    def tags(self) -> list[str]:
        """List the names of all tags."""
        return self._git("for-each-ref", "--format=%(refname:lstrip=2)", "refs/tags").decode().split()

    def tag_object(self, tag: str) -> bytes:
        """Read a tag as it was signed.

        Raises:
            NotSigned: it is no object of its own, which could bear a signature.
        """
        try:
            return self._git("cat-file", "tag", f"refs/tags/{tag}")
        except subprocess.CalledProcessError:
            raise NotSigned(f"the tag {tag} bears no signature") from None

    def digest(self, commit: str) -> str:
        """Give the SHA-256 of all files: of their modes, their names, and the SHA-256 of each.

        Raises:
            NotSigned: there is something else among them.
        """
        listed = self._git("ls-tree", "-rz", "--full-tree", commit).split(b"\0")[:-1]
        entries = [re.fullmatch(rb"(\d+) blob ([0-9a-f]+)\t(.+)", line, re.DOTALL) for line in listed]
        whole = hashlib.sha256()
        contents = self._contents([entry[2] for entry in entries if entry])
        if None in entries:
            raise NotSigned("there is a submodule in it")
        for entry, content in zip(filter(None, entries), contents, strict=True):
            whole.update(b"%s %s %s\0" % (entry[1], hashlib.sha256(content).hexdigest().encode(), entry[3]))
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

    def files(self) -> list[str]:
        """List the files of the version that was laid out."""
        return self._git("ls-files", "-z").decode("utf-8", "replace").split("\0")[:-1]

    def lay_out(self, commit: str, origin: str) -> None:
        """Write the files of a version, and note where the next one is to be fetched."""
        self._git("checkout", "-q", "--detach", commit)
        if origin:
            self._git("config", "remote.origin.url", origin)

    def origin(self) -> str:
        """Say where it was cloned from; nothing where no address is known."""
        try:
            asked = self._git("config", "--file", str(self.folder / ".git/config"), "--get", "remote.origin.url")
        except subprocess.CalledProcessError:
            return ""
        return asked.decode("utf-8", "replace").strip()

    def _contents(self, names: list[bytes]) -> list[bytes]:
        answer = self._git("cat-file", "--batch", given=b"".join(name + b"\n" for name in names))
        contents, at = [], 0
        for _ in names:
            begin = answer.index(b"\n", at) + 1
            end = begin + int(answer[at:begin].split()[2])
            contents.append(answer[begin:end])
            at = end + 1
        return contents

    def _git(self, *words: str, given: bytes = b"", protocols: str = "") -> bytes:
        settings = [word for setting in _SETTINGS for word in ("-c", setting)]
        place = ["--git-dir", str(self.folder / ".git"), "--work-tree", str(self.folder)]
        surroundings = _BARE | {"GIT_ALLOW_PROTOCOL": protocols}
        try:
            return subprocess.run(
                ["git", *settings, *place, *words], input=given, capture_output=True, env=surroundings, check=True,
                cwd=self.folder,
            ).stdout  # fmt: skip
        except FileNotFoundError:
            raise ProgramMissing("git") from None
