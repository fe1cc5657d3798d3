"""The days on which members want to look at a case again: each sealed like a note, and its member's alone.

Nobody else is shown it, and it goes with the case. # P07
"""

from contextlib import suppress
from typing import Final

from onion_app.crypto.payloads import LookAgain
from onion_app.desk.case_keys import CaseKeys
from onion_app.desk.case_view import open_entry
from onion_app.desk.context import Databases
from onion_app.desk.permissions import Member, case_of
from onion_app.errors import DamagedFile, KeysChanged, NotAllowed, NothingHere
from onion_app.vault.desk.entries import Entry, forget_look_again, look_again_of, looks_again_of
from onion_app.vault.mailbox.records import Case

AGAIN_IN: Final = (1, 2, 3, 5, 7, 14, 30)  # days, which are offered


def days_from(today: int) -> range:
    """Give the days that can be chosen on a day."""
    return range(today + 1, today + max(AGAIN_IN) + 1)


def look_no_more(dbs: Databases, member: Member, case_id: bytes) -> None:
    """Remind a member of a case no more.

    Raises:
        NothingHere, NotAllowed, KeysChanged: as for `case_of`.
    """
    case_of(dbs, member, case_id)
    with dbs.desk.writing():
        forget_look_again(dbs.desk, case_id, member.id)


def day_to_look_again(dbs: Databases, member: Member, case_id: bytes) -> int | None:
    """Give the day on which a member wants to look at a case again; None: there is none, or it does not open.

    Raises:
        NothingHere, NotAllowed, KeysChanged: as for `case_of`.
    """
    entry = look_again_of(dbs.desk, case_id, member.id)
    return None if entry is None else _day(dbs, member, case_of(dbs, member, case_id), entry)


def cases_to_look_at(dbs: Databases, member: Member) -> list[Case]:
    """List the cases that a member wants to look at again today, or wanted to on a day before."""
    cases = []
    for entry in looks_again_of(dbs.desk, member.id):
        with suppress(NothingHere, NotAllowed, KeysChanged, DamagedFile):  # none that is damaged hides the others
            case = case_of(dbs, member, entry.case_id)
            day = _day(dbs, member, case, entry)
            cases += [case] if day is not None and day <= dbs.today else []
    return cases


def _day(dbs: Databases, member: Member, case: Case, entry: Entry) -> int | None:
    payload = open_entry(entry, CaseKeys(dbs, member, case))
    return payload.day if isinstance(payload, LookAgain) else None
