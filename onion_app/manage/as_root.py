"""The commands that change the machine around an installation, which only root may: `uninstall` and `service`.

Like those of `emergency` they need the system's Python and nothing that was installed for us; panic does not need them.
"""

import argparse
import sys
from typing import Final

from onion_app.launch.edge import stand_at_the_edge
from onion_app.manage import emergency
from onion_app.manage.emergency import Do
from onion_app.manage.service import service
from onion_app.manage.uninstall import uninstall

COMMANDS: Final[dict[str, Do]] = {"service": service, "uninstall": uninstall}


def main() -> int:
    """Carry out one command, and give the exit status; `scripts/manage` starts it."""
    stand_at_the_edge()
    return emergency.carry_out(parser().parse_args(), COMMANDS)


def parser() -> argparse.ArgumentParser:
    """Describe the two commands."""
    words = emergency.common_words()
    commands = words.add_subparsers(required=True, dest="command")
    commands.add_parser("uninstall", help="after panic: remove account, unit and folder")
    started = commands.add_parser("service", help="have systemd start it, locked, at each boot")
    started.add_argument("what", choices=("install", "remove"))
    return words


if __name__ == "__main__":
    sys.exit(main())
