"""A rehearsal that keeps its state, and is gone on with on a later day; what it shows is tried elsewhere."""

import json
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scripts.rehearsal.people import Visitor
from scripts.rehearsal.wire import through_unix
from tests import processes
from tests.launch.conftest import ROOT, Installation
from tests.rehearsal import START, STOP, first_line

NAMES = {"onion", "socks_port", "site_socket", "desk_url", "state", "return_code", "logins"}


@contextmanager
def rehearsing(state: Path, *words: str) -> Iterator[dict[str, Any]]:
    """Rehearse on a state that is kept, and stop."""
    process = subprocess.Popen(
        [str(ROOT / "scripts" / "rehearse"), "--json", "--state", str(state), *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        yield json.loads(first_line(process, START))
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP) == 0
        process.stdout.close()


def messages(printed: dict[str, Any]) -> list[str]:
    """Come back with the return code, and read the case, or nothing when there is none."""
    visitor = Visitor(through_unix(Path(printed["site_socket"])), printed["onion"])
    return [message.text for message in visitor.come_back(printed["return_code"]).having_class("message")]


@pytest.mark.slow
def test_a_kept_rehearsal_goes_on_and_later_its_cases_are_destroyed() -> None:
    with tempfile.TemporaryDirectory(prefix="kept-") as folder:
        state = Path(folder) / "state"
        with rehearsing(state) as first:
            assert first.keys() == NAMES
            assert first["state"] == str(state)
            assert len(messages(first)) == 2, "a request and its answer"
        assert (state / "vault.key").exists()
        with rehearsing(state, "--days", "217") as later:
            assert [later[name] for name in ("onion", "return_code", "logins")] == [
                first[name] for name in ("onion", "return_code", "logins")
            ]
            # 180 days and a fifth are over: the first chores destroy the case.
            processes.until(lambda: not messages(later), START, "the end of the case")


@pytest.mark.slow
def test_nobody_rehearses_on_a_real_installation(installation: Installation) -> None:
    words = [str(ROOT / "scripts" / "rehearse"), "--json", "--state", str(installation.state)]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=START)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no rehearsal" in done.stderr
