"""P07: work that was cut off keeps nothing that is erased afterwards; tests/launch/test_cut_off.py tries each step."""

import time
from contextlib import closing
from pathlib import Path

from onion_app.launch import backup_format, backup_restore, workplace
from onion_app.vault import statefiles
from tests.launch.cut_off import cut_off
from tests.launch.keeping import quietly
from tests.world import World


def test_a_backup_that_is_killed_leaves_no_copy_anywhere(tmp_path: Path) -> None:
    """Attack: `kill -9` while a backup is written to a stick; then an author erases, and the stick is taken."""
    stick = tmp_path / "stick"
    stick.mkdir()
    with closing(World(tmp_path / "state", time.time)) as world:
        statefiles.write_keyslots(world.state.path, "{}")

        def back_up() -> None:
            backup_restore.save_backup(world.state, world.keys, stick / "backup", time.time, quietly)

        assert cut_off(back_up, 1, {backup_format.__file__: {"fill"}})
        assert (stick / "backup.part").exists(), "it was being written"
        assert list(world.state.path.rglob("copying/*.db")), "the copies were there"
        workplace.sweep_all(world.state)
        assert not list(stick.iterdir())
        assert not list(world.state.path.rglob("copying"))
