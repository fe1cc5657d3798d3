"""Says what a launcher would say of its walls in its first lines and in its status. For test_missing_walls."""

import json
import socket
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from onion_app.crypto.keys import new_id
from onion_app.crypto.keyslots import VaultKeys
from onion_app.crypto.onion_key import OnionKey
from onion_app.launch import launcher, start
from onion_app.launch.confine import Walls
from onion_app.launch.first_run import Unlocked
from onion_app.launch.state import State
from onion_app.launch.terminal import Terminal
from onion_app.launch.walls import Missing
from onion_app.manage import doctor, status_text


class Said(Terminal):
    """A terminal that keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str, *, bad: bool = False) -> None:
        del bad
        self.said.append(text)


def bare_status(state: State, terminal: Terminal, standing: Walls, missing: Sequence[Missing]) -> dict[str, Any]:
    """Give the status of a launcher that has started nothing yet."""
    options = launcher.Options(state.path, answers=True, desk_port=1, torrc=state.path / "torrc", days=0)
    opened = Unlocked(VaultKeys(new_id() * 2, new_id() * 2), OnionKey(bytes(64), "x.onion"))
    run = launcher.Launcher(options, state, opened, terminal, standing, missing)
    with socket.socket() as site:
        run._supervise(site, [])
    return run._carry_out("status")


def main() -> None:
    """Try the walls as a launch does, and write down what is told of them."""
    with tempfile.TemporaryDirectory(prefix="told-") as folder:
        state = State(Path(folder))
        state.run.mkdir()
        said = Said()
        standing, missing = start._say_walls(said, state)
        lines = status_text.status_lines(bare_status(state, said, standing, missing))
        told = {
            "said": said.said,
            "walls": asdict(standing),
            "status": [line.text for line in lines if line.text.split()[:2] == ["!", "Confinement"]],
            "doctor": [one.cure for one in doctor.examine(state) if "be confined" in one.question],
        }
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
