"""What was taken back between a backup and its restore: who may have lost that is warned, until it is surely gone."""

import shutil
from pathlib import Path

import pytest

from onion_app.launch import gap
from onion_app.launch.state import State
from onion_app.vault import settings
from tests.launch.keeping import TODAY, Kept

BACKUP_DAY = TODAY - 10


def see_day(kept: Kept, place: State, day: int) -> None:
    """Note a day as the chores of a state do that runs on it."""
    with kept.opened(place) as world:
        world.put(seen_day=day)


def look(kept: Kept, coming: State, *in_use: State, aside: tuple[State, ...] = ()) -> settings.Restored:
    """Give what the authors are told when a backup of ten days ago is restored."""
    return gap.find_gap(coming, BACKUP_DAY, list(in_use), list(aside), kept.keys).restored


@pytest.fixture
def coming(kept: Kept, tmp_path: Path) -> State:
    """Give what comes out of a backup of ten days ago; the state itself has been in use until today."""
    see_day(kept, kept.place, BACKUP_DAY)
    shutil.copytree(kept.place.path, tmp_path / "coming")
    see_day(kept, kept.place, TODAY)
    return State(tmp_path / "coming")


def test_only_the_state_that_was_in_use_last_has_a_whole_list(kept: Kept, coming: State) -> None:
    assert look(kept, coming, kept.place) == settings.Restored(BACKUP_DAY, None)
    assert look(kept, coming) == settings.Restored(BACKUP_DAY, BACKUP_DAY), "there is none at all"
    assert look(kept, coming, aside=(kept.place,)).back_since == BACKUP_DAY, "one that was moved aside has a successor"
    assert look(kept, coming, kept.place, aside=(kept.place,)).back_since == BACKUP_DAY, "also where it is named"
    see_day(kept, kept.place, BACKUP_DAY - 1)
    assert look(kept, coming, kept.place).back_since == BACKUP_DAY, "it is older than the backup"


def test_a_warning_stays_whichever_state_has_it(kept: Kept, coming: State, tmp_path: Path) -> None:
    warned = State(shutil.copytree(kept.place.path, tmp_path / "warned"))
    with kept.opened(warned) as world:
        world.put(restored={"day": BACKUP_DAY - 1, "back_since": BACKUP_DAY - 2})
    told = settings.Restored(BACKUP_DAY, BACKUP_DAY - 2)
    assert look(kept, coming, warned) == told
    assert look(kept, coming, kept.place, warned) == told
    assert look(kept, coming, kept.place, aside=(warned,)) == told
    assert look(kept, warned, kept.place) == told


def test_a_second_restore_does_not_end_the_warning_of_the_first(kept: Kept, tmp_path: Path) -> None:
    backup, there = kept.save(tmp_path / "backup"), State(tmp_path / "there")
    for _ in range(2):
        assert not kept.restore(backup, there.path, replace=True).all_gone
        see_day(kept, there, TODAY)
    with kept.opened(there) as world:
        for db in (world.desk, world.mailbox):
            assert settings.read_settings(db).restored == settings.Restored(TODAY, TODAY)


def test_each_author_is_told_of_the_gap_that_their_case_was_in() -> None:
    restored = settings.Restored(20, 10)
    assert restored.for_case(10) == settings.Restored(10, 10)
    assert restored.for_case(20) == restored
    assert restored.for_case(21) is None
    assert settings.Restored(20, None).for_case(5) == settings.Restored(20, None)
