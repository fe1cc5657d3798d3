"""The state folder: what lies where in it, and the lock by which one process at a time runs on it."""

import fcntl
import os
import shlex
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from onion_app.errors import AlreadyRunning, BadUsage, StateClosed, StatePathTooLong
from onion_app.vault import obstacles

DESK_PORT: Final = 8390  # unless somebody says otherwise
_SOCKET_PATH_BYTES = 107  # sun_path of Linux has 108, of which one ends it
_LONGEST_NAME = "control.sock"
_OF_THE_DISK = "lost+found"  # a disk of its own has it at its top, and it is nobody's thing


@dataclass(frozen=True)
class State:
    """Where everything of one installation is kept."""

    path: Path

    @property
    def mailbox(self) -> Path:
        """The folder of mailbox.db."""
        return self.path / "mailbox"

    @property
    def shown(self) -> Path:
        """The folder of shown.db."""
        return self.path / "shown"

    @property
    def desk(self) -> Path:
        """The folder of desk.db."""
        return self.path / "desk"

    @property
    def databases(self) -> tuple[Path, ...]:
        """The folders of the three databases."""
        return (self.mailbox, self.shown, self.desk)

    @property
    def tor(self) -> Path:
        """The folder in which tor keeps its guards."""
        return self.path / "tor"

    @property
    def run(self) -> Path:
        """The folder of the sockets."""
        return self.path / "run"

    @property
    def bridged(self) -> Path:
        """The file by which bridges are known again; where it is, `scripts/setup` fetches nothing past them."""
        return self.path / "bridged"

    @property
    def transport(self) -> Path:
        """The folder of the program that speaks to a bridge; it writes nothing there."""
        return self.run / "obfs4"

    @property
    def site_socket(self) -> Path:
        """The socket at which tor reaches the site."""
        return self.run / "site.sock"

    @property
    def desk_socket(self) -> Path:
        """The socket at which tor reaches the desk for machines elsewhere."""
        return self.run / "desk.sock"

    @property
    def socks_socket(self) -> Path:
        """The socket at which tor takes what we fetch ourselves."""
        return self.run / "socks.sock"

    @property
    def manage_socket(self) -> Path:
        """The socket at which `scripts/manage` speaks to the launcher."""
        return self.run / "manage.sock"


def default_state() -> Path:
    """Say where the state is when nobody says otherwise."""
    try:
        home = Path.home()
    except RuntimeError:  # this account has none; root's has its own place, and any other account is told
        return Path("/var/lib/sanctuary")
    wanted = Path(os.environ.get("XDG_STATE_HOME") or home / ".local/state")
    # By its own rules one that is no whole path counts for nothing; a first run is refused then.
    return (wanted if wanted.is_absolute() else home / ".local/state") / "sanctuary"


def command_for(state: State, words: str) -> str:
    """Give the command that works on this state, with `--state` where it is not the one that nobody has to name."""
    is_named = state.path != default_state().resolve()
    return f"./scripts/{words}" + (f" --state {shlex.quote(str(state.path))}" if is_named else "")


def expect_no_root(*, as_is: bool) -> None:
    """See that root has become the account sanctuary, as `scripts/as-account` does, unless asked to stay.

    Raises:
        BadUsage: this is root.
    """
    if os.geteuid() == 0 and not as_is:
        raise BadUsage("root starts ./scripts/launch and ./scripts/manage, which give root up")


def is_held(state: State) -> bool:
    """Say whether a launcher, or another command that needs the state for itself, runs on it."""
    try:
        lock = os.open(state.path / "lock", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def lock_holder(state: State) -> int:
    """Give the id of the process that holds the state, as the kernel's list of locks names it; 0 when none does."""
    try:
        found = (state.path / "lock").stat()
        place = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
        locks = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    except OSError:
        return 0
    return next((int(words[-4]) for words in locks if words[-3] == place and words[1] == "FLOCK"), 0)


def listen_on(path: Path, waiting: int) -> socket.socket:
    """Listen on a unix socket on which so many may wait; one left by a launcher that was killed is replaced.

    # P02: 0600 in a folder of 0700: this account alone, and root, reach it. An onion has no other target.
    """
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(waiting)
    except OSError as refused:  # a socket, too, is a file that the disk must have room for
        listener.close()
        raise (obstacles.name_of(refused, path.parent) or refused) from None
    return listener


@contextmanager
def held(folder: Path) -> Iterator[State]:
    """Make the folder if it is missing, and hold it for as long as this process runs on it.

    Raises:
        BadUsage: the folder cannot be used, or holds other things.
        StatePathTooLong: its sockets have no room in the path.
        AlreadyRunning: another process holds it.
    """
    state = State(folder.resolve())
    if not str(state.path).isprintable():  # an odd byte among others, which no child would be told
        raise BadUsage(
            "the path of the state folder holds what is no letter", "./scripts/launch --state /var/lib/sanctuary"
        )
    if len(os.fsencode(state.run / _LONGEST_NAME)) > _SOCKET_PATH_BYTES:
        raise StatePathTooLong(str(state.path))
    with obstacles.refusals_named(state.path):
        lock = _take(state)
    try:
        for inner in (state.run, *state.databases, state.tor):
            inner.mkdir(mode=0o700, exist_ok=True)
            inner.chmod(0o700)
        yield state
    finally:
        state.site_socket.unlink(missing_ok=True)
        state.desk_socket.unlink(missing_ok=True)
        os.close(lock)


def _take(state: State) -> int:
    try:
        state.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        _close_to_others(state.path)
        lock = os.open(state.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except PermissionError as refused:
        cure = f"sudo chown $(id -un): {state.path}; or ./scripts/launch --state ANOTHER_FOLDER"
        raise StateClosed(str(state.path), cure) from refused
    except (NotADirectoryError, FileExistsError) as refused:
        raise BadUsage(f"{state.path} is no folder", "./scripts/launch --state ANOTHER_FOLDER") from refused
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise AlreadyRunning(str(state.path)) from None
    return lock


def _close_to_others(folder: Path) -> None:
    """Close the folder to every other account, unless it holds other things.

    Raises:
        BadUsage: it does.
    """
    if stat.S_IMODE(folder.stat().st_mode) == stat.S_IRWXU:
        return
    if {file.name for file in folder.iterdir()} - {_OF_THE_DISK} and not (folder / "lock").exists():
        raise BadUsage(f"{folder} holds other things", f"./scripts/launch --state {folder}/sanctuary")
    folder.chmod(0o700)
