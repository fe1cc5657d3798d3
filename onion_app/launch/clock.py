"""Belief in the machine's clock: cases are destroyed because of their age, and a wrong clock makes all of them old.

The desk's database keeps the newest day that the chores have seen. A clock that stands more than a
day before it, or further after it than any installation sleeps, is doubted: nothing is destroyed, published or given
back by it until it is put right or the operator has said that it is right.
"""

from onion_app.vault import settings
from onion_app.vault.database import Database

LONGEST_SLEEP = 14  # days without a launcher, after which somebody has to look at a calendar
_SLACK = 1  # day; a clock that is set back by an hour may come from tomorrow


def check_and_note(desk: Database, machine_day: int, *, is_right: bool) -> int:
    """Note a day since 1970 that is believed, and give 0; or give the days between the newest one seen and this one.

    `is_right` is the operator's word, which is always believed.
    """
    newest = None if is_right else settings.read_seen_day(desk)
    if newest is not None and not newest - _SLACK <= machine_day <= newest + LONGEST_SLEEP:
        return machine_day - newest
    if newest is None or machine_day > newest:
        with desk.writing():
            settings.put_setting(desk, "seen_day", machine_day)
    return 0
