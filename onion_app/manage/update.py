"""`scripts/update`: brings this clone to the newest version that its makers have signed, and back again.

Everything happens in a folder of its own beside the clone until the two change places in one step. Nothing is fetched
in the clear, nothing that was fetched is started before its signatures hold, and an older version is never taken.
"""

import argparse
import fcntl
import os
import shlex
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Final

from onion_app.days import date_of, today
from onion_app.errors import BadUsage, NeedsRoot, NoNewerVersion, NotConfirmed, NotFetched, NotSigned
from onion_app.launch.edge import stand_at_the_edge
from onion_app.launch.outside import release_note
from onion_app.launch.state import State, command_for, is_held
from onion_app.manage import emergency, exchange, packages
from onion_app.manage.cut_off import cut_off
from onion_app.manage.emergency import ask, say
from onion_app.manage.repository import Repository
from onion_app.manage.signatures import Release, Signer, number_of, read_release, read_signers, version_of
from onion_app.manage.through_tor import Way, way_out
from onion_app.manage.uninstall import UNIT

CLONE: Final = Path(__file__).resolve().parents[2]
_SIGNERS: Final = Path("onion_app/manage/signers")
_NEWS: Final = Path("docs/CHANGELOG.md")
_NEW, _BEFORE = (CLONE.with_name(f"{CLONE.name}.{word}") for word in ("new", "before"))
_PLACES: Final = exchange.Places(CLONE, _NEW, _BEFORE)
_SHOWN: Final = 40  # changed files that are named one by one


def main() -> int:
    """Carry out what was asked, and give the exit status; `scripts/update` starts it."""
    stand_at_the_edge()
    for number in (signal.SIGHUP, signal.SIGTERM):  # as Ctrl-C: tor's socket leads to onions only again
        signal.signal(number, _leave)
    os.umask(0o022)  # the account that everything runs under has to read the program
    chosen = parser().parse_args()
    chosen.command = "back" if chosen.back else "sum" if chosen.sum else "update"
    return emergency.carry_out(chosen, {"update": update, "back": go_back, "sum": show_sum})


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def parser() -> argparse.ArgumentParser:
    """Describe the command."""
    words = argparse.ArgumentParser(
        prog="scripts/update",
        allow_abbrev=False,
        description="Fetches the newest version through the tor of this installation, or reads it from a file.",
    )
    words.add_argument("file", type=Path, nargs="?", help="a file that git bundle has written; wheels/ may lie beside")
    words.add_argument("--back", action="store_true", help="go back to the version before, if nothing was stored since")
    words.add_argument("--sum", metavar="COMMIT", help="for makers: the sum of a commit's files, for its tag")
    emergency.add_state(words)
    return words


def show_sum(chosen: argparse.Namespace, _state: State) -> None:
    """Print the sum of all files of a commit."""
    here = Repository(CLONE)
    os.write(sys.stdout.fileno(), f"{here.digest(here.commit(chosen.sum))}\n".encode())


def update(chosen: argparse.Namespace, state: State) -> None:
    """Fetch, check, show, ask, and put the new version in the place of this one.

    Raises:
        NoSigner, NotSigned, NoNewerVersion, NotFetched: nothing was changed.
        NotConfirmed: the word was not typed.
    """
    _expect_owner()
    with _alone(), ExitStack() as opened:
        signers = read_signers(CLONE / _SIGNERS, today(time.time))
        exchange.finish(_PLACES)
        opened.callback(_leave_nothing)
        origin, way = Repository(CLONE).origin(), Way(state.socks_socket)
        source, proxy = origin, ""
        if chosen.file is None:
            _expect_address(origin)
            way = opened.enter_context(way_out(state))
            proxy = f"socks5h://127.0.0.1:{way.port}"
            say("Fetching through tor ...")
        else:
            _expect_file(chosen.file)
        new = _begin(way)
        if chosen.file is not None:
            source = new.take_bundle(chosen.file)
        release, names = _newest(new, signers, source, proxy)
        files = new.lay_out(release.commit, origin)
        _expect_own_number(release)
        _show(release, names, files)
        if ask("To put it in the place of this version, type the word update: ").strip() != "update":
            raise NotConfirmed
        packages.bring(CLONE, _NEW, chosen.file, way.port)
        _note_release(release)
        with _saying_how_it_goes_on(state):
            exchange.forward(chosen, state, _PLACES)
    say(f"This is sanctuary {release.version} now. The version before stays in {_BEFORE}. Start it:")
    say(_start(state))


def _begin(way: Way) -> Repository:
    shutil.rmtree(_NEW, ignore_errors=True)
    _NEW.mkdir()
    new = Repository(_NEW, lambda: say(f"  {way.received / 1048576:.1f} MiB so far") if way.port else None)
    new.begin()
    return new


def _leave_nothing() -> None:
    """Remove what was fetched; once it is in its place, nothing has this name."""
    exchange.finish(_PLACES)
    shutil.rmtree(_NEW, ignore_errors=True)


def _expect_file(file: Path) -> None:
    if not file.is_file():
        raise BadUsage(f"{file} is no file", "./scripts/update --help")
    with suppress(OSError):  # nothing of ours reaches out there either; this makes it certain
        cut_off()


@contextmanager
def _saying_how_it_goes_on(state: State) -> Iterator[None]:
    """Where this fails once everything was stopped, say how it is started again."""
    ran = _runs(state)
    try:
        yield
    except BaseException:
        if ran and not _runs(state):
            say("What ran is stopped, and the version is the one of before. Start it:")
            say(_start(state))
        raise


def go_back(chosen: argparse.Namespace, state: State) -> None:
    """Put the version before, and the databases of then, in their place again.

    Raises:
        NoWayBack: there is no version before, or something was stored since.
    """
    _expect_owner()
    with _alone():
        if exchange.finish(_PLACES):
            exchange.forget(state)
        else:
            with _saying_how_it_goes_on(state):
                exchange.back(chosen, state, _PLACES)
    say("The version before is in its place again, and so are the databases of then. Nothing was lost. Start it:")
    say(_start(state))


def _expect_owner() -> None:
    if not os.access(CLONE.parent, os.W_OK) or not os.access(CLONE, os.W_OK):
        raise NeedsRoot(f"this account may not write in {CLONE.parent}", "sudo ./scripts/update")


def _expect_address(origin: str) -> None:
    if not origin.startswith(("http://", "https://")):
        cure = "git remote set-url origin ADDRESS   (or, from a stick: ./scripts/update FILE)"
        raise BadUsage(f"this clone names no address to fetch from through tor: {origin or 'none at all'}", cure)


def _runs(state: State) -> bool:
    with suppress(OSError):
        return is_held(state)
    return False


@contextmanager
def _alone() -> Iterator[None]:
    """Let two at once wait for each other; whoever may not write here cannot hold the lock, and keep updates away."""
    file = CLONE / ".updating"
    while True:
        with file.open("wb") as lock:
            os.fchmod(lock.fileno(), 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("Another update is under way here. This one waits until it has ended ...")
                fcntl.flock(lock, fcntl.LOCK_EX)
            if not file.exists() or not os.path.samestat(os.fstat(lock.fileno()), file.stat()):
                continue  # what was waited for has put another clone in the place of this one
            try:
                yield
            finally:
                file.unlink(missing_ok=True)
            return


def _newest(new: Repository, signers: list[Signer], source: str, proxy: str) -> tuple[Release, list[str]]:
    """Fetch the highest version above this one, and see that enough of the signers stand behind it.

    Raises:
        NoNewerVersion: there is none.
        NotFetched: nothing came.
        NotSigned: it is not signed as it must be.
    """
    offered, own, day = new.offered(source, proxy), version_of(CLONE), today(time.time)
    newest = max(offered, key=number_of, default="")
    if not number_of(newest):  # so does a server look that fails, or a list that was cut off
        raise NotFetched("no version at all is offered there")
    if number_of(newest) <= number_of(own):
        raise NoNewerVersion(f"{own} runs; {_last_word()}")
    tags = {newest, *(f"{newest}+{one.name}" for one in signers)} & offered
    new.fetch(source, sorted(tags), proxy)
    release, first = read_release(new.tag_object(newest), newest, signers, day)
    names = [first]
    for one in signers:
        if len(names) < min(2, len(signers)) and one.name != first and f"{newest}+{one.name}" in tags:
            tag = f"{newest}+{one.name}"
            second, name = read_release(new.tag_object(tag), tag, [one], day)
            if (second.commit, second.digest) != (release.commit, release.digest):
                raise NotSigned(f"{first} and {name} have signed different things as {newest}")
            names.append(name)
    if len(names) < min(2, len(signers)):
        raise NotSigned(f"only {first} has signed {newest}, and two have to")
    if new.digest(release.commit) != release.digest:
        raise NotSigned(f"the files of {newest} are not those that were signed")
    return release, names


def _expect_own_number(release: Release) -> None:
    if version_of(_NEW) != release.version:
        raise NotSigned(f"the files that were signed as {release.version} call themselves {version_of(_NEW)}")


def _last_word() -> str:
    note = release_note(CLONE)
    return f"the makers promised their next word by {date_of(note[1])}" if note else "it came by no update"


def _show(release: Release, names: list[str], files: list[str]) -> None:
    """Show what would change: first of all whom the new version believes, then its news, then its files."""
    believed, then = (_lines(clone / _SIGNERS) for clone in (CLONE, _NEW))
    for mark, lines in (("no longer believed:", believed - then), ("believed from now on:", then - believed)):
        for line in sorted(line for line in lines if line.strip() and not line.startswith("#")):
            say(f"! {mark} {line}", bad=True)
    say(f"sanctuary {release.version} of {date_of(release.made)}, signed by {' and '.join(names)}.")
    old = _lines(CLONE / _NEWS)
    for line in (_NEW / _NEWS).read_text(encoding="utf-8", errors="replace").splitlines():
        if line.strip() and line not in old:
            say(f"  {line}")
    changed = [name for name in files if _bytes(CLONE / name) != _bytes(_NEW / name)]
    say(f"Files that change: {len(changed)}")
    for name in changed[:_SHOWN]:
        say(f"  {name}")
    late = release.next_by < today(time.time)
    say(f"Next word of the makers by {date_of(release.next_by)}{', which has passed' * late}.", bad=late)
    say(f"All of it, in another terminal: diff -r {CLONE} {_NEW}")


def _lines(file: Path) -> set[str]:
    return set((_bytes(file) or b"").decode("utf-8", "replace").splitlines())


def _bytes(file: Path) -> bytes | None:
    try:
        return os.fsencode(file.readlink()) if file.is_symlink() else file.read_bytes()
    except OSError:
        return None


def _note_release(release: Release) -> None:
    (_NEW / ".release").write_text(f"{release.made} {release.next_by}\n", encoding="ascii")


def _start(state: State) -> str:
    """Give the command that starts it; the shell that this was typed in still stands in the folder of before."""
    by_root = "sudo " * (os.geteuid() == 0)
    if UNIT.exists():
        return f"    {by_root}systemctl start sanctuary"
    return f"    cd {shlex.quote(str(CLONE))} && {by_root}{command_for(state, 'launch')}"
