"""The state folder: its lock, and the two listening sockets. It opens no database."""

import errno
import fcntl
import os
import pwd
import shlex
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from onion_app.errors import (
    AddressForbidden,
    AddressInUse,
    AlreadyRunning,
    BadUsage,
    NoLoopback,
    StateClosed,
    StatePathTooLong,
)
from onion_app.vault import obstacles

DESK_PORT: Final = 8390  # unless somebody says otherwise
_SOCKET_PATH_BYTES = 107  # sun_path of Linux has 108, of which one ends it
_WAITING = 1024  # connections that wait while a child is started again; the site seats 200
_LEAVING_SECONDS = 3.0  # a launcher that was killed takes its desk along, and the desk the address, within a moment
_LISTENING = "0A"  # of the column `st` in /proc/net/tcp
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


def site_listener(state: State) -> socket.socket:
    """Listen where tor reaches the site."""
    return _listen_for_tor(state.site_socket)


def far_listener(state: State) -> socket.socket:
    """Listen where tor reaches the desk; without a machine that was added no onion leads there."""
    return _listen_for_tor(state.desk_socket)


def _listen_for_tor(path: Path) -> socket.socket:
    """Listen on a unix socket; one left by a launcher that was killed is replaced."""
    path.unlink(missing_ok=True)
    # P02: a unix socket, 0600 in a folder of 0700: this account alone reaches it. An onion has no other target.
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(_WAITING)
    except OSError as refused:  # a socket, too, is a file that the disk must have room for
        listener.close()
        raise (obstacles.name_of(refused, path.parent) or refused) from None
    return listener


@contextmanager
def desk_listeners(port: int) -> Iterator[list[socket.socket]]:
    """Listen on both loopback addresses, where browsers of this machine reach the desk.

    # P02: loopback, and no onion leads to it (that of machines elsewhere: to `far_listener`). Both are held, because
    # browsers ask for either of them first: somebody else on the other one would be asked for passphrase and digits.

    Raises:
        AddressInUse: another program listens on one of them.
        AddressForbidden: this account may not listen there.
        NoLoopback: there is no such address.
    """
    give_up = time.monotonic() + _LEAVING_SECONDS
    with ExitStack() as stack:
        listeners = []
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            listener = _listen_there(family, address, port, give_up)
            if listener is not None:
                listeners.append(stack.enter_context(listener))
        yield listeners


def _listen_there(family: socket.AddressFamily, address: str, port: int, give_up: float) -> socket.socket | None:
    """Listen on one address; None on a machine that has no such address, where nobody else listens on it either.

    Raises:
        SanctuaryError: one of those of `desk_listeners`.
    """
    while True:
        try:
            listener = socket.socket(family)
        except OSError as refused:
            if refused.errno != errno.EAFNOSUPPORT:
                raise
            return None
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            listener.bind((address, port))
            listener.listen(_WAITING)
        except OSError as refused:
            listener.close()
            if refused.errno == errno.EADDRNOTAVAIL and family == socket.AF_INET6:
                return None
            shown = f"[{address}]:{port}" if family == socket.AF_INET6 else f"{address}:{port}"
            if refused.errno == errno.EADDRNOTAVAIL:
                raise NoLoopback(shown) from refused
            if refused.errno in (errno.EACCES, errno.EPERM):
                raise AddressForbidden(shown) from refused
            if refused.errno != errno.EADDRINUSE:
                raise
            if time.monotonic() > give_up:
                taken = AddressInUse(f"{shown}{_listening_account(port)}")
                taken.instead = f"ss -ltnp | grep {port}"
                raise taken from refused
            time.sleep(0.1)
        else:
            return listener


def _listening_account(port: int) -> str:
    """Name another account whose program listens on a port of this machine, as the kernel's own table does."""
    lines = [line.split() for name in ("tcp", "tcp6") for line in Path("/proc/net", name).read_text().splitlines()[1:]]
    for fields in lines:
        is_there = int(fields[1].rpartition(":")[2], 16) == port and fields[3] == _LISTENING
        if is_there and int(fields[7]) != os.geteuid():
            with suppress(KeyError):
                return f", by the account {pwd.getpwuid(int(fields[7])).pw_name}"
    return ""


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
