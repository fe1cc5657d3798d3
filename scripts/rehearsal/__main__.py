"""`scripts/rehearse`: the whole of it with no internet. A private Tor network, the real launcher on it, and people.

It leaves nothing: what it starts ends with it, and its temporary folder goes. Only a state that was asked for is kept.
"""

import argparse
import json
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

from onion_app.errors import BadUsage, NoLoopback, SanctuaryError, TorFailed
from onion_app.launch.hardening import close_memory
from onion_app.launch.terminal import Terminal
from onion_app.onion.programs import bound_command
from scripts.rehearsal import house, profile
from scripts.rehearsal.cast import HOW_TO_FIND_US, Cast, enrol, is_answered, sit_down, volunteer_at
from scripts.rehearsal.network import PrivateNetwork
from scripts.rehearsal.people import STEP, Login, UnexpectedPageError, Visitor, Volunteer
from scripts.rehearsal.wire import fetch, through_unix

_CLONE = Path(__file__).resolve().parents[2]
_KEPT = "rehearsal.json"  # stands in the state that is kept: whoever rehearses again needs the passphrase
_REACHING = 180.0  # seconds until the new onion answers through tor; two on an idle machine
_LEAVING = 60.0  # seconds that the launcher may take to end in order


@dataclass(frozen=True)
class Stage:
    """What runs."""

    onion: str
    socks_port: int
    desk_url: str
    state: Path
    invitation: str
    passphrase: str

    @property
    def site_socket(self) -> Path:
        """The socket at which tor reaches the site."""
        return self.state / "run" / "site.sock"


def main() -> int:
    """Rehearse, and give the exit status."""
    parser = argparse.ArgumentParser(
        prog="scripts/rehearse", description="Runs everything on a private Tor network of this machine, until Ctrl-C."
    )
    parser.add_argument("--json", action="store_true", help="write what is ready as one line of JSON")
    parser.add_argument("--state", type=Path, help="keep the state in this folder, and go on with it the next time")
    parser.add_argument("--days", type=int, default=0, help="run this many days ahead of the clock")
    parser.add_argument("--bare", action="store_true", help="with one volunteer and one request, and nothing else")
    parser.add_argument("--practice", action="store_true", help="with ten cases more, for a volunteer to practise on")
    parser.add_argument("--join", metavar="FOLDER", type=Path, help="join the private network of this folder")
    parser.add_argument("--bridge", action="store_true", help="with a bridge, through which alone its tor leaves")
    parser.add_argument("--digits", metavar="KEY", help="print the six digits of this moment for a key, and end")
    parser.add_argument("--version", action="store_true", help="say the tag or the commit, and end")
    asked = parser.parse_args()
    if asked.digits is not None:
        return _print_digits(asked.digits)
    close_memory()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _leave)
    terminal = Terminal()
    try:
        rehearse(terminal, asked)
    except (SanctuaryError, UnexpectedPageError) as error:
        terminal.say(error.told if isinstance(error, SanctuaryError) else f"The rehearsal stopped: {error}")
        return error.exit_code if isinstance(error, SanctuaryError) else 1
    except KeyboardInterrupt:
        return 0
    return 0


def rehearse(terminal: Terminal, asked: argparse.Namespace) -> None:
    """Build the stage, let the people act, say what is there, and wait.

    Raises: SanctuaryError, UnexpectedPageError, KeyboardInterrupt when asked to stop.
    """
    _expect_loopback()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(_temporary_folder()))
        state = asked.state.resolve() if asked.state else folder / "state"
        known = _recall(state)
        shutil.rmtree(state / "tor", ignore_errors=True)  # what tor kept belongs to an earlier private network
        network = stack.enter_context(PrivateNetwork(folder / "network", progress=terminal.say, joined=asked.join))
        coordinator = None
        if not known and not asked.bare:
            known, coordinator = _played_earlier(network, state, asked.days - house.EARLIER, terminal)
        bridge = network.start_bridge() if asked.bridge else ""
        stage, launcher = stack.enter_context(_launched(network, state, asked.days, known, bridge))
        cast = (
            _play(stage, coordinator, known, terminal, practice=asked.practice) if coordinator or not known else known
        )
        _remember(state, cast)
        terminal.say("waiting until the onion answers through tor")
        _reach(stage, launcher)
        for login in cast.logins:
            login.wait_for_unused_digits()
        profile.write(folder / "firefox", stage.socks_port)
        _announce(stage, cast, folder / "firefox", as_json=asked.json)
        if launcher.wait() != 0:
            raise TorFailed("the launcher ended by itself")


def _expect_loopback() -> None:
    """See that this machine answers itself, which an empty network namespace does not; raises NoLoopback."""
    with socket.socket(type=socket.SOCK_DGRAM) as line:
        try:
            line.connect(("127.0.0.1", 9))  # no word is sent; the kernel looks for the way there
        except OSError:
            raise NoLoopback from None


@contextmanager
def _launched(
    network: PrivateNetwork, state: Path, days: int, known: Cast | None, bridge: str = ""
) -> Iterator[tuple[Stage, subprocess.Popen[bytes]]]:
    """Start the real launcher on the private network, and end it in order."""
    torrc = network.torrc_for_service(_CLONE / "torrc.example")
    words = ["--state", str(state), "--answers", "-", "--as-is", "--torrc", str(torrc), "--days", str(days)]
    words += ["--desk-port", str(network.take_port())]
    process = subprocess.Popen(
        # It ends with this process, however this one ends.
        bound_command(str(_CLONE / "scripts" / "launch"), tuple(words)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C reaches us alone
    )
    try:
        if process.stdin is None or process.stdout is None:
            raise BrokenPipeError
        answers: dict[str, object] = {"passphrase": known.passphrase} if known else {"how_to_find_us": HOW_TO_FIND_US}
        answers |= {"bridge": bridge}  # also when there is none: that of an earlier rehearsal is gone
        process.stdin.write(json.dumps(answers).encode())
        process.stdin.close()
        line = process.stdout.readline()
        if not line:
            raise TorFailed("the launcher did not start; its reason stands above")
        said: dict[str, str] = json.loads(line)
        stage = Stage(
            onion=said["onion"],
            socks_port=network.socks_port,
            desk_url=said["desk_url"],
            state=state,
            invitation=said.get("invitation", ""),
            passphrase=said.get("passphrase", known.passphrase if known else ""),
        )
        yield stage, process
    finally:
        process.terminate()
        try:
            process.wait(_LEAVING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _played_earlier(network: PrivateNetwork, state: Path, days: int, terminal: Terminal) -> tuple[Cast, Volunteer]:
    """Run on an earlier day what has to be some days old; give the passphrase and the coordinator."""
    with _launched(network, state, days, None) as (stage, _launcher):
        terminal.say("the first coordinator enrols, some days ago")
        coordinator = volunteer_at(stage.desk_url)
        enrol(coordinator, stage.invitation)
        sit_down(coordinator)
        terminal.say("people tell and ask, and are answered")
        house.told_earlier(_visits(stage), coordinator)
        coordinator.log_out()
        return Cast(stage.passphrase, "", [coordinator.login]), coordinator


def _play(
    stage: Stage, coordinator: Volunteer | None, known: Cast | None, terminal: Terminal, *, practice: bool
) -> Cast:
    """Let the people act: somebody asks for help in Arabic, the coordinator answers; and all others of the house."""
    visit, logins = _visits(stage), []
    if coordinator is None:
        terminal.say("the first coordinator enrols")
        coordinator = volunteer_at(stage.desk_url)
        enrol(coordinator, stage.invitation)
    else:
        coordinator = volunteer_at(stage.desk_url, coordinator.login)
    sit_down(coordinator)
    terminal.say("somebody asks for help, in Arabic, and the coordinator answers")
    return_code = is_answered(visit("ar"), coordinator)
    if practice:
        terminal.say("ten cases to practise on arrive")
        house.practise(visit, coordinator)
    if known:
        terminal.say("the others come, and a second circle begins")
        logins = house.told_now(visit, coordinator, lambda: volunteer_at(stage.desk_url))
    coordinator.log_out()
    return Cast(stage.passphrase, return_code, [coordinator.login, *logins])


def _visits(stage: Stage) -> Callable[[str], Visitor]:
    return lambda language: Visitor(through_unix(stage.site_socket), stage.onion, language)


def _reach(stage: Stage, launcher: subprocess.Popen[bytes]) -> None:
    """Wait until the onion answers through the client's tor. Raises: TorFailed."""
    give_up = time.monotonic() + _REACHING
    while time.monotonic() < give_up and launcher.poll() is None:
        try:
            if fetch(stage.socks_port, stage.onion).status == 200:  # noqa: PLR2004 - the status of a page
                return
        except OSError:
            time.sleep(0.5)
    raise TorFailed("the onion does not answer")


def _announce(stage: Stage, cast: Cast, firefox: Path, *, as_json: bool) -> None:
    """Say on standard output what there is to try."""
    if as_json:
        told = {"onion": stage.onion, "socks_port": stage.socks_port, "site_socket": str(stage.site_socket)}
        told |= {"desk_url": stage.desk_url, "state": str(stage.state), "return_code": cast.return_code}
        told |= {"logins": [asdict(login) for login in cast.logins]}
        _print(json.dumps(told))
        return
    login, onion = cast.logins[0], stage.onion
    _print(f"""
The site      http://{onion}/
              curl --socks5-hostname 127.0.0.1:{stage.socks_port} http://{onion}/
              firefox --no-remote --profile {shlex.quote(str(firefox))} http://{onion}/
Return code   {cast.return_code}

The desk      {stage.desk_url}/   (in a private window; the line above opens one)
Handle        {login.handle}
Passphrase    {login.passphrase}
Six digits    {login.digits(time.time())}   (of this moment; new ones: ./scripts/rehearse --digits {login.totp_secret})

Ctrl-C ends it all.""")


def _print_digits(key: str) -> int:
    """Print what a phone with this key would show, and for how long; give the exit status."""
    now = time.time()
    try:
        _print(f"{Login('', '', key).digits(now)}   (for {STEP - int(now) % STEP} seconds)")
    except ValueError:
        Terminal().say(f"This is no key of a second factor.\n    {_CLONE}/scripts/rehearse   (it prints one)")
        return BadUsage.exit_code
    return 0


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _recall(state: Path) -> Cast | None:
    """Read what an earlier rehearsal on this state left.

    Raises: BadUsage for an installation that is no rehearsal.
    """
    try:
        kept = json.loads((state / _KEPT).read_text(encoding="utf-8"))
    except FileNotFoundError:
        if (state / "vault.key").exists():
            raise BadUsage(f"{state} is no rehearsal's state") from None
        return None
    return Cast(kept["passphrase"], kept["return_code"], [Login(**login) for login in kept["logins"]])


def _remember(state: Path, cast: Cast) -> None:
    (state / _KEPT).write_text(json.dumps(asdict(cast)), encoding="utf-8")


@contextmanager
def _temporary_folder() -> Iterator[str]:
    """Make a folder with a path short enough for sockets, and remove it with all that is in it."""
    folder = tempfile.mkdtemp(prefix="rehearsal-", dir="/tmp")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _leave(_number: int, _frame: FrameType | None) -> None:
    """Stop what goes on, and clean up; a second time changes nothing."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
