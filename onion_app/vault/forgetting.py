"""What the chores forget: cases that were taken back, whose time is over, or that are no longer in the mailbox.

Days and queues that somebody has moved in the mailbox are put right besides, and rows that nobody honest has written
are counted. Nothing is ever put back there, since nothing true lies only there. Every function may be cut off at any
point and called again. The mailbox is locked first; the desk commits before `shown.db`, and that before the mailbox.
# P07
"""

from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import fields
from functools import partial
from typing import Final, NamedTuple

from onion_app.errors import DamagedFile, KeysChanged, NothingHere
from onion_app.shapes import Row, from_row
from onion_app.vault import settings
from onion_app.vault.database import Database
from onion_app.vault.desk import case_records, stories_queue
from onion_app.vault.mailbox import lifetime
from onion_app.vault.mailbox.case_keys import key_row
from onion_app.vault.mailbox.records import Case, KeyRow
from onion_app.vault.mailbox.withdrawals import withdrawn_among
from onion_app.vault.shown.writing import forget_replies

_WHOLE: Final = (
    "SELECT id, circle_id, kind, topic, answer_in, state, unread, urgent, received_day, last_day, spread, "
    "home, mark, codes, tag, box, stop FROM cases "
)
_FEW: Final = 10  # cases that may be missing at once without anybody being asked
_SHARE: Final = 20  # and above that one in so many


class Missing(NamedTuple):
    """The cases that the desk knows and the mailbox lacks, and how many of them no proof explains.

    `is_alarming`: so many that somebody has to look first.
    """

    cases: set[bytes]
    unexplained: int
    is_alarming: bool


def missing_cases(mailbox: Database, shown: Database, desk: Database, proofs: int) -> Missing:
    """Find the known cases that are missing; so many proofs of cases came in since the last look.

    A disk that was not mounted or a file that was exchanged must not make the desk forget everything. Whose mark was
    noted is explained by the proof of this mark alone, since whoever writes the mailbox can make up as many as they
    like; only those that somebody has worked on since the last look go by their number.
    """
    known, marks = case_records.known_cases(desk, shown), case_records.known_marks(desk)
    missing = known - {row[0] for row in mailbox.rows("SELECT id FROM cases")}
    proved = withdrawn_among(mailbox, shown, {marks[case_id] for case_id in missing & marks.keys()})
    explained = sum(marks.get(case_id) in proved for case_id in missing) + min(proofs, len(missing - marks.keys()))
    unexplained = len(missing) - explained
    return Missing(missing, unexplained, unexplained > _FEW and unexplained * _SHARE > len(known))


def note_marks(mailbox: Database, shown: Database, desk: Database) -> None:
    """Note the mark of each known case that is there, by which it will be seen whether its author has taken it back."""
    with mailbox.writing(), desk.writing():
        for case_id in case_records.known_cases(desk, shown) - case_records.known_marks(desk).keys():
            with suppress(KeysChanged, NothingHere):
                case_records.note_mark(desk, case_id, key_row(mailbox, case_id).mark)


def forget_cases(
    mailbox: Database, shown: Database, desk: Database, cases: Collection[bytes], *, only_missing: bool = False
) -> None:
    """Delete all that is known of some cases, wherever it lies, and call them gone.

    `only_missing`: leave out those that somebody has sent anew since they were missing.
    """
    chosen = sorted(cases)
    while chosen:
        part, chosen = chosen[: lifetime.AT_ONCE], chosen[lifetime.AT_ONCE :]
        with mailbox.writing():
            if only_missing:
                part = [each for each in part if mailbox.row("SELECT 1 FROM cases WHERE id = ?", (each,)) is None]
            _forget(mailbox, shown, desk, part)


def _forget(mailbox: Database, shown: Database, desk: Database, cases: Collection[bytes]) -> None:
    if not cases:
        return
    with desk.writing():
        _each(cases, partial(case_records.forget_case, desk))
        _each(cases, partial(stories_queue.forget_unfinished, desk))
    with shown.writing():
        _each(cases, partial(forget_replies, shown))
    _each(cases, partial(lifetime.delete_case, mailbox))


def _each(cases: Iterable[bytes], forget: Callable[[bytes], None]) -> None:
    for case_id in cases:
        forget(case_id)


def delete_what_came_back(mailbox: Database, shown: Database, desk: Database) -> int:
    """Delete cases that are in the mailbox although they were taken back, or are gone; give how many.

    A case is taken back only where its id follows from the mark that was proved: nobody who changes a row deletes
    another case by it.
    """
    marks = {row[0] for row in shown.rows("SELECT mark FROM withdrawn")}
    gone = case_records.gone_cases(desk)
    back = {
        case_id
        for case_id, mark in mailbox.rows("SELECT id, mark FROM cases")
        if isinstance(case_id, bytes) and (case_id in gone or (mark in marks and _is_named_rightly(mailbox, case_id)))
    }
    known = case_records.known_cases(desk, shown)
    forget_cases(mailbox, shown, desk, back & known)
    cut_off = gone & {row[0] for row in shown.rows("SELECT DISTINCT case_id FROM replies")}  # between the two files
    if back - known or cut_off:
        with mailbox.writing(), shown.writing():
            _each(back - known, partial(lifetime.delete_case, mailbox))
            _each(cut_off, partial(forget_replies, shown))
    return len(back)


def destroy_due(mailbox: Database, shown: Database, desk: Database, today: int) -> int:
    """Destroy the cases whose time is over, and give how many. It leaves no proof: nobody has taken them back.

    While the story of a case is public its row stays, without messages and box: its code then only erases, and the
    story with it.
    """
    kept_days = settings.read_settings(shown).retention_days
    public = set(stories_queue.shown_stories(desk))
    destroyed, after = 0, b""
    while due_cases(mailbox, today, kept_days, after):
        with mailbox.writing():  # and asked again, since an author may have written at this moment
            due = due_cases(mailbox, today, kept_days, after)
            _destroy(mailbox, shown, desk, set(due), public)
        after = due[-1] if due else after
        destroyed += len(set(due) - public)
    return destroyed


def _destroy(mailbox: Database, shown: Database, desk: Database, ids: set[bytes], public: set[bytes]) -> None:
    known = case_records.known_cases(desk, shown)
    _forget(mailbox, shown, desk, (ids - public) & known)
    holds_messages = "SELECT 1 FROM messages WHERE case_id = ? LIMIT 1"
    kept = {case_id for case_id in ids & public if mailbox.row(holds_messages, (case_id,))}
    if kept:
        with desk.writing():
            _each(kept, partial(case_records.forget_reading, desk))
    _each(ids - public - known, partial(lifetime.delete_case, mailbox))
    for case_id in kept:
        mailbox.run("DELETE FROM messages WHERE case_id = ?", (case_id,))
        mailbox.try_run("UPDATE cases SET box = NULL, unread = 0 WHERE id = ?", (case_id,))


def due_cases(mailbox: Database, today: int, retention_days: int, after: bytes) -> list[bytes]:
    """List up to 100 cases whose time is over, by id, after one; whatever else stands in their rows."""
    return mailbox.ids(
        "SELECT id FROM cases WHERE last_day <= ? AND last_day + ? + ? * spread / 5000 <= ? AND id > ? "
        "ORDER BY id LIMIT ?",
        (today - retention_days, retention_days, retention_days, today, after, lifetime.AT_ONCE),
    )


def end_boxes(mailbox: Database, desk: Database, today: int) -> None:
    """Throw away the boxes of cases whose door was closed before today: until then it may be opened again."""
    closed = "SELECT case_id FROM closing WHERE day < ? "
    for case_id in desk.ids(closed + "ORDER BY case_id", (today,)):
        with mailbox.writing():
            if desk.row(closed + "AND case_id = ?", (today, case_id)) is None:
                continue  # somebody has opened it at this moment
            mailbox.try_run("UPDATE cases SET box = NULL WHERE id = ?", (case_id,))
        with mailbox.writing(), desk.writing():  # after it, so that a cut in between leaves the box to the next run
            desk.run("DELETE FROM closing WHERE case_id = ?", (case_id,))


def put_queues_right(mailbox: Database, desk: Database) -> None:
    """Put each case into the queue of the circle that has it, whatever column somebody has moved."""
    handed = {row[0]: row[1] for row in desk.rows("SELECT case_id, circle_id FROM handed ORDER BY case_id, turn")}
    astray = {row[0]: row[1] for row in mailbox.rows("SELECT id, home FROM cases WHERE circle_id IS NOT home")}
    moved = astray | handed
    with mailbox.writing():
        for case_id, circle_id in moved.items():
            if isinstance(case_id, bytes) and _is_named_rightly(mailbox, case_id):
                put = "UPDATE cases SET circle_id = ? WHERE id = ? AND circle_id IS NOT ?"
                mailbox.try_run(put, (circle_id, case_id, circle_id))


def bring_days_back(mailbox: Database, today: int) -> None:
    """Let the cases that were written while the clock was ahead have come today."""
    bring = "UPDATE cases SET received_day = min(received_day, ?), last_day = ? WHERE id = ?"
    with mailbox.writing():
        for row in mailbox.rows("SELECT id FROM cases WHERE last_day > ?", (today,)):
            mailbox.try_run(bring, (today, today, *row))


def malformed_cases(mailbox: Database) -> int:
    """Count the cases whose rows no honest program has written: with another type, length, word or range in them."""
    count, after = 0, b""
    while rows := mailbox.rows(_WHOLE + "WHERE id > ? ORDER BY id LIMIT ?", (after, lifetime.AT_ONCE)):
        after = bytes(rows[-1][0])  # type: ignore[arg-type]  # past an empty id there are bytes only
        count += sum(not _is_well_formed(row) for row in rows)
    return count


def _is_well_formed(row: Row) -> bool:
    keys = len(fields(KeyRow)) - 1  # after the id
    try:
        from_row(Case, row[:-keys])
        from_row(KeyRow, (row[0], *row[-keys:]))
    except DamagedFile:
        return False
    return True


def _is_named_rightly(mailbox: Database, case_id: bytes) -> bool:
    try:
        key_row(mailbox, case_id)
    except (KeysChanged, NothingHere):
        return False
    return True
