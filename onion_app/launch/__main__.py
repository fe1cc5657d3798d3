"""The command line of `scripts/launch`, and the one place where its errors are printed."""

from onion_app.launch.edge import named, stand_at_the_edge

if __name__ == "__main__":
    stand_at_the_edge()  # before anything else of ours is imported, and with it the folder of the country read

from onion_app.launch.hardening import close_memory

if __name__ == "__main__":
    close_memory()  # P04: first of all, for until then another process of this account may open our memory


import argparse
import signal
import sys
from pathlib import Path
from types import FrameType

from onion_app.launch.launcher import Options
from onion_app.launch.start import launch
from onion_app.launch.state import DESK_PORT, default_state, expect_no_root
from onion_app.launch.terminal import Terminal

_TORRC = Path(__file__).resolve().parents[2] / "torrc.example"


def options(words: list[str]) -> Options:
    """Read the command line; it ends the process with status 2 when it is not understood."""
    parser = argparse.ArgumentParser(
        prog="scripts/launch",
        allow_abbrev=False,  # scripts/as-account looks for --state and --as-is too
        description="Starts tor, the site and the desk, and watches over them until Ctrl-C.",
        epilog="Exit codes: 0 stopped as asked, 1 something needs looking at, 2 usage, 3 wrong passphrase, 4 tor "
        "missing or too old, 5 vault damaged or newer, 6 address in use, 7 another launcher runs on this state.",
    )
    parser.add_argument("--state", type=Path, default=default_state(), help="the state folder (default: %(default)s)")
    parser.add_argument("--answers", choices=["-"], help="read one JSON object from standard input instead of asking: "
                        "passphrase, spare_code, how_to_find_us (on a first run only), bridge")  # fmt: skip
    parser.add_argument("--bridge", action="store_true", help="ask for the lines of obfs4 bridges, through which "
                        "alone tor leaves this machine from then on; an empty answer takes them away")  # fmt: skip
    parser.add_argument("--desk-port", type=_port, default=DESK_PORT, help="the desk's port (default: %(default)s)")
    parser.add_argument("--torrc", type=Path, default=_TORRC, help="tor's configuration (default: torrc.example)")
    parser.add_argument("--days", type=int, default=0, help="run this many days ahead of the clock, for rehearsals")
    parser.add_argument("--as-is", action="store_true", help="stay with the account that started this, even root: for "
                        "rehearsals and tests; otherwise root becomes the account sanctuary")  # fmt: skip
    parser.add_argument("--version", action="store_true", help="say the tag or the commit, and end")
    parser.add_argument("--locked", action="store_true", help="ask nobody: wait for ./scripts/manage unlock, as the "
                        "unit of ./scripts/manage service does")  # fmt: skip
    read = parser.parse_args(words)
    in_earnest = read.torrc == _TORRC and not read.as_is
    choices = (read.state, bool(read.answers), read.desk_port, read.torrc, read.days, read.as_is)
    return Options(*choices, locked=read.locked, bridge=read.bridge, in_earnest=in_earnest)


def main() -> int:
    """Launch, and give the exit status."""
    chosen = options(sys.argv[1:])
    signal.signal(signal.SIGTERM, _leave)
    try:
        expect_no_root(as_is=chosen.as_is)
        launch(chosen)
    except (KeyboardInterrupt, EOFError):
        return 0
    except Exception as failure:  # noqa: BLE001 - the edge: each becomes a sentence
        error = named(failure)
        Terminal().say(error.told)
        return error.exit_code
    return 0


def _leave(_number: int, _frame: FrameType | None) -> None:
    """End before everything runs, as Ctrl-C does; a first run is then begun again."""
    raise KeyboardInterrupt


def _port(typed: str) -> int:
    number = int(typed)
    if not 1 <= number <= 65535:  # noqa: PLR2004 - the ports of TCP
        raise ValueError(typed)
    return number


if __name__ == "__main__":
    sys.exit(main())
