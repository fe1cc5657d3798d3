"""A rehearsal that keeps its state, and is gone on with on a later day; what it shows is tried elsewhere."""

import subprocess
import tempfile
from pathlib import Path

import pytest

from scripts.rehearsal.people import Visitor
from scripts.rehearsal.wire import through_unix
from tests import processes
from tests.launch.conftest import Installation
from tests.rehearsal import ROOT, START, Rehearsal, rehearsing

NAMES = {"onion", "socks_port", "site_socket", "desk_url", "state", "return_code", "logins"}


def messages(stage: Rehearsal) -> list[str]:
    """Come back with the return code, and read the case, or nothing when there is none."""
    visitor = Visitor(through_unix(Path(stage.printed["site_socket"])), stage.onion)
    return [message.text for message in visitor.come_back(stage.printed["return_code"]).having_class("message")]


@pytest.mark.slow
def test_a_kept_rehearsal_goes_on_and_later_its_cases_are_destroyed() -> None:
    with tempfile.TemporaryDirectory(prefix="kept-") as folder:
        place, state = Path(folder), Path(folder) / "state"
        with rehearsing(place, "--state", str(state)) as first:
            assert first.printed.keys() == NAMES
            assert first.state == state
            assert len(messages(first)) == 2, "a request and its answer"
        assert (state / "vault.key").exists()
        with rehearsing(place, "--state", str(state), "--days", "217") as later:
            for name in ("onion", "return_code", "logins"):
                assert later.printed[name] == first.printed[name]
            # 180 days and a fifth are over: the first chores destroy the case.
            processes.until(lambda: not messages(later), START, "the end of the case")


@pytest.mark.slow
def test_nobody_rehearses_on_a_real_installation(installation: Installation) -> None:
    words = [str(ROOT / "scripts" / "rehearse"), "--json", "--state", str(installation.state)]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=START)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no rehearsal" in done.stderr
