"""What a state that comes out of a backup must not forget, as far as other states of the installation still know it.

From every one of them: the proofs of what its authors took back. From the one that was in use last, if its desk opens:
which doors were closed, which codes have been met, what was taken out of a notebook, who was shut out, and which
machines elsewhere find the desk. From every one whose desk opens: the tables of numbers, and what was counted in
them. Never which cases are gone: a case comes back unless its author has taken it back. # P07
Each circle begins its next key, since the backup does not know who has come, and gone, since it was made. # P05
"""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from onion_app.crypto.keyslots import VaultKeys
from onion_app.errors import SanctuaryError
from onion_app.launch.state import State
from onion_app.vault import forgetting, settings, statefiles
from onion_app.vault.connection import KINDS, DatabaseKind
from onion_app.vault.database import Database, open_database
from onion_app.vault.desk import (
    admissions,
    case_records,
    circles,
    membership,
    moderators,
    notebook,
    notice,
    quotations,
    stories_queue,
    tables,
    taken,
)
from onion_app.vault.mailbox import lifetime, withdrawals
from onion_app.vault.show import show


@dataclass(frozen=True)
class CarriedOver:
    """The day of a backup, how many cases go again, the handles of those who stay out, the states with unread proofs.

    `has_desk`: the desk in use last was there, and is no older than the backup. `slots`: its key slots, which stay;
    empty where those of the backup open it.
    """

    day: int
    withdrawn: int
    shut_out: tuple[str, ...]
    has_desk: bool
    unread: tuple[Path, ...]
    slots: str = field(default="", repr=False)


def carry_over(coming: State, day: int, others: list[State], keys: VaultKeys) -> CarriedOver:
    """Bring into the state of a backup of this day what the others know; the one that was in use last is first.

    Raises:
        SanctuaryError: what comes out of the backup does not open.
    """
    proofs, unread = _proofs_of(others, keys)
    with all_opened(coming, keys) as (mailbox, shown, desk):
        with shown.writing():
            withdrawals.keep_proofs(shown, proofs)
            told = settings.read_settings(shown).restored
            settings.put_setting(shown, "restored", day if told is None else min(day, told))
        for other in others:
            _take_tables(desk, other, keys)
        shut_out = list[str]()
        has_desk = any(_take_from_desk(mailbox, desk, newer, day, keys, shut_out) for newer in others[:1])
        with mailbox.writing():
            # P05: whoever came after the backup was made knows the keys of that day, and may be out again.
            with desk.writing():
                membership.renew_all(desk)
                quotations.forget_chosen(desk)  # an author's no to them may be lost: nobody's silence lets them go
                notice.take_off(desk)  # it warned of another day, and may have been taken off since
            show(shown, desk)
        withdrawn = forgetting.delete_what_came_back(mailbox, shown, desk)
        stories_queue.remove_withdrawn_stories(mailbox, shown, desk)
        for db in (mailbox, desk):
            db.checkpoint()
    slots = "".join(_slots_that_stay(newer, keys) for newer in others[:1])
    return CarriedOver(day, withdrawn, tuple(dict.fromkeys(shut_out)), has_desk, unread, slots)


def _slots_that_stay(state: State, keys: VaultKeys) -> str:
    """Give the key slots of a state, if it is of this installation and has any."""
    for kind in KINDS:
        try:
            with opened(state, kind, keys):
                return statefiles.read_keyslots(state.path)
        except SanctuaryError:
            continue
    return ""


def _proofs_of(states: list[State], keys: VaultKeys) -> tuple[list[bytes], tuple[Path, ...]]:
    """Read the proofs of all states, and name those where they do not open."""
    kinds: tuple[DatabaseKind, ...] = ("shown", "mailbox")
    proofs, unread = list[bytes](), list[Path]()
    for state, kind in ((state, kind) for state in states for kind in kinds):
        try:
            with opened(state, kind, keys) as db:
                proofs += withdrawals.proofs_in(db)
        except SanctuaryError:
            unread.append(state.path)
    return proofs, tuple(dict.fromkeys(unread))


def _take_tables(desk: Database, state: State, keys: VaultKeys) -> None:
    """Take over what a desk has published and given, if it opens. # P07: numbers that are out are never drawn again."""
    for take_over in (tables.take_over, quotations.take_over):  # each by itself: a damaged row of one harms no other
        with suppress(SanctuaryError), opened(state, "desk", keys) as other, desk.writing():
            take_over(desk, other)


def _take_from_desk(
    mailbox: Database, desk: Database, state: State, day: int, keys: VaultKeys, shut_out: list[str]
) -> bool:
    """Take over what a desk knows that was in use on the day of the backup or later; say whether it could be read."""
    try:
        with opened(state, "desk", keys) as newer:
            last_day = settings.read_seen_day(newer) or 0
            if max(last_day, statefiles.read_backup_day(state.path) or 0) < day:
                return False
            with mailbox.writing(), desk.writing():
                case_records.take_over(mailbox, desk, newer)
                admissions.stay_in_company(desk, newer)
                notebook.take_over(desk, newer)
                settings.take_over_far_desk(desk, newer)  # P02: a machine that was removed stays out
            for circle_id, person in circles.out_since(desk, newer):
                shut_out.append(moderators.read_moderator(desk, person).handle)
                is_out = moderators.read_moderator(newer, person).state == "out"
                _shut_out(mailbox, desk, circle_id, person, everywhere=is_out)
    except SanctuaryError:
        return False
    return True


def _shut_out(mailbox: Database, desk: Database, circle_id: bytes, person: bytes, *, everywhere: bool) -> None:
    """Shut somebody out again. # P05: nothing is sealed any more to a key that they have had."""
    with desk.writing():
        if everywhere or not circles.is_elsewhere(desk, person, circle_id):
            membership.put_out(desk, person)
        elif circle_id in {circle.id for circle in circles.circles_of(desk, person)}:
            cases = [case for case in taken.taken_cases(desk, person) if lifetime.queue_of(mailbox, case) == circle_id]
            membership.put_out_of(desk, person, circle_id, cases)


@contextmanager
def opened(state: State, kind: DatabaseKind, keys: VaultKeys) -> Iterator[Database]:
    """Open a database of a state for a while.

    Raises:
        SanctuaryError: one of those of `open_database`.
    """
    with closing(open_database(state.path / kind, kind, keys.of(kind))) as db:
        yield db


@contextmanager
def all_opened(state: State, keys: VaultKeys) -> Iterator[tuple[Database, Database, Database]]:
    """Open mailbox, shown and desk for a while; likewise."""
    with ExitStack() as stack:
        mailbox, shown, desk = (stack.enter_context(opened(state, kind, keys)) for kind in KINDS)
        yield mailbox, shown, desk
