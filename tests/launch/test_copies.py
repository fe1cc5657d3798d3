"""What an operator reads after a restore."""

import argparse
import time
from pathlib import Path

import pytest

from onion_app.launch import backup_format, backup_restore
from onion_app.launch.clock import LONGEST_SLEEP
from onion_app.launch.state import State
from onion_app.manage import copies, secret
from tests.launch.manage import Heard

NOTHING = backup_format.Part(0, "", 1)


@pytest.mark.parametrize("age", [LONGEST_SLEEP, LONGEST_SLEEP + 1])
def test_who_restores_an_old_backup_is_told_that_the_clock_will_be_doubted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age: int
) -> None:
    day = int(time.time() // 86400) - age
    monkeypatch.setattr(secret, "asked", lambda *_: "a passphrase")
    monkeypatch.setattr(backup_restore, "check", lambda *_: backup_format.Inside(day, NOTHING, NOTHING))
    monkeypatch.setattr(
        backup_restore, "restore", lambda *_, **__: backup_restore.RestoreResult(day, 0, (), all_gone=True)
    )
    chosen = argparse.Namespace(file=tmp_path / "backup", check=False, replace=False, withdrawn_from=None)
    terminal = Heard()
    copies.restore(chosen, State(tmp_path), terminal)
    assert ("./scripts/manage clock" in "".join(terminal.said)) is (age > LONGEST_SLEEP)
