"""What the chores forget: cases that were taken back, whose time is over, or that are no longer in the mailbox.

Days and queues that somebody has moved in the mailbox are put right besides, and rows that nobody honest has written
are counted. Nothing is ever put back there, since nothing true lies only there. Every function may be cut off at any
point and called again. The mailbox is locked first; the desk commits before `shown.db`, and that before the mailbox.
# P07
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import fields
from functools import partial
from typing import Final, NamedTuple

from onion_app.crypto.sealing import MORE_BYTES, SIZES
from onion_app.errors import DamagedFile, KeysChanged, NothingHere, RowDamaged
from onion_app.shapes import Row, from_row
from onion_app.vault import settings
from onion_app.vault.database import Database
from onion_app.vault.desk import case_records, stories, stories_queue
from onion_app.vault.mailbox import lifetime
from onion_app.vault.mailbox.case_keys import key_row, write_author_keys
from onion_app.vault.mailbox.records import KEYS_FIT, WHOLE_ROW_FITS, Case, KeyRow, Message
from onion_app.vault.mailbox.withdrawals import withdrawn_among
from onion_app.vault.shown.writing import forget_replies

_IDS: Final = "SELECT id FROM cases WHERE octet_length(id) = 16"
_OF_CASE: Final = (
    "id, circle_id, kind, topic, answer_in, state, unread, urgent, received_day, since_day, last_day, spread, "
    "home, mark, codes, tag, box, stop"
)
_OF_MESSAGE: Final = "case_id, number, id, author, turn, generation, codes, x''"
_MESSAGE_FITS: Final = (
    "octet_length(number) + octet_length(author) + octet_length(turn) + octet_length(generation) + octet_length(codes) "
    "<= 100 AND octet_length(case_id) = 16 AND octet_length(id) = 16 AND sealed > x'' AND octet_length(sealed) IN "
    f"({', '.join(str(size + MORE_BYTES) for size in SIZES)})"
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
    missing = known - set(mailbox.ids(_IDS))
    proved = withdrawn_among(mailbox, shown, {marks[case_id] for case_id in missing & marks.keys()})
    explained = sum(marks.get(case_id) in proved for case_id in missing) + min(proofs, len(missing - marks.keys()))
    unexplained = len(missing) - explained
    return Missing(missing, unexplained, unexplained > _FEW and unexplained * _SHARE > len(known))


def note_marks(mailbox: Database, shown: Database, desk: Database) -> None:
    """Note the mark of each known case that is there, by which it will be seen whether its author has taken it back.

    # P16: rows are read while others write: where none of them opens, each round reads all of them in vain.
    """

    def unnoted() -> set[bytes]:
        return case_records.known_cases(desk, shown) - case_records.known_marks(desk).keys()

    marks = {}
    for case_id in unnoted():
        with desk.leaving_out(), suppress(KeysChanged, NothingHere):
            marks[case_id] = key_row(mailbox, case_id).mark
    if not marks:
        return
    with mailbox.writing(), desk.writing():
        for case_id in marks.keys() & unnoted():
            with desk.leaving_out():
                case_records.note_mark(desk, case_id, marks[case_id])


def forget_cases(
    mailbox: Database, shown: Database, desk: Database, cases: Collection[bytes], *, only_missing: bool = False
) -> None:
    """Delete all that is known of some cases, wherever it lies, and call them gone.

    `only_missing`: leave out those that somebody has sent anew since they were missing.
    """

    def forget(part: Sequence[bytes]) -> None:
        with mailbox.writing():
            if only_missing:
                part = [each for each in part if mailbox.row("SELECT 1 FROM cases WHERE id = ?", (each,)) is None]
            _forget(mailbox, shown, desk, part)

    chosen = sorted(cases)
    for at in range(0, len(chosen), lifetime.AT_ONCE):
        desk.by_halves(chosen[at : at + lifetime.AT_ONCE], forget)


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
    marked = mailbox.rows("SELECT id, mark FROM cases WHERE octet_length(id) = 16 AND octet_length(mark) = 32")
    back = gone & set(mailbox.ids(_IDS)) | {
        case_id
        for case_id, mark in marked
        if isinstance(case_id, bytes) and mark in marks and _is_named_rightly(mailbox, case_id)
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
    public = set(stories.shown_stories(desk))
    destroyed, after = set[bytes](), b""

    def destroy(part: Sequence[bytes]) -> None:
        with mailbox.writing():  # and asked again, since an author may have written at this moment
            due = set(part) & set(due_cases(mailbox, today, kept_days, after))
            _destroy(mailbox, shown, desk, due, public)
        destroyed.update(due - public)

    while due := due_cases(mailbox, today, kept_days, after):
        desk.by_halves(due, destroy)
        after = due[-1]
    return len(destroyed)


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
        "AND octet_length(id) <= 100 ORDER BY id LIMIT ?",
        (today - retention_days, retention_days, retention_days, today, after, lifetime.AT_ONCE),
    )


def end_boxes(mailbox: Database, desk: Database, today: int) -> None:
    """Throw away the boxes of cases whose door was closed before today: until then it may be opened again."""
    closed = "SELECT case_id FROM closing WHERE day < ? "
    for case_id in desk.ids(closed + "ORDER BY case_id", (today,)):
        with desk.leaving_out(), mailbox.writing():
            if desk.row(closed + "AND case_id = ?", (today, case_id)) is None:
                continue  # somebody has opened it at this moment
            mailbox.try_run("UPDATE cases SET box = NULL WHERE id = ?", (case_id,))
        with (
            desk.leaving_out(),
            mailbox.writing(),
            desk.writing(),
        ):  # after it, so that a cut in between leaves the box to the next run
            desk.run("DELETE FROM closing WHERE case_id = ?", (case_id,))


def put_queues_right(mailbox: Database, desk: Database) -> None:
    """Put each case into the queue of the circle that has it, whatever column somebody has moved."""
    handed = {row[0]: row[1] for row in desk.rows("SELECT case_id, circle_id FROM handed ORDER BY case_id, turn")}
    astray = mailbox.rows("SELECT id, home FROM cases WHERE circle_id IS NOT home AND " + KEYS_FIT)  # noqa: S608
    moved = {row[0]: row[1] for row in astray} | handed
    with mailbox.writing():
        for case_id, circle_id in moved.items():
            if isinstance(case_id, bytes) and _is_named_rightly(mailbox, case_id):
                put = "UPDATE cases SET circle_id = ? WHERE id = ? AND circle_id IS NOT ?"
                mailbox.try_run(put, (circle_id, case_id, circle_id))


def bring_days_back(mailbox: Database, today: int) -> None:
    """Let the cases that were written while the clock was ahead have come today."""
    bring = (
        "UPDATE cases SET received_day = min(received_day, ?), since_day = min(since_day, ?), last_day = ? WHERE id = ?"
    )
    with mailbox.writing():
        for case_id in mailbox.ids("SELECT id FROM cases WHERE last_day > ? AND octet_length(id) <= 100", (today,)):
            mailbox.try_run(bring, (today, today, today, case_id))


def put_rows_right(mailbox: Database, today: int) -> int:
    """Count the rows that no honest program has written: with another type, length, word or range in them.

    The facts of such a case become careful ones, so that its queue and its author go on.
    """
    wrong = _malformed(mailbox, "cases", _OF_CASE, ("id",), f"id > x'' AND {WHOLE_ROW_FITS}", _check_case)
    with mailbox.writing():
        for case_id in (row[0] for row in wrong if isinstance(row[0], bytes)):
            with suppress(KeysChanged, NothingHere, RowDamaged):
                row = key_row(mailbox, case_id)
                write_author_keys(mailbox, row, lifetime.facts_to_put_right(mailbox, row.id, row.home, today))
    fits = f"case_id > x'' AND {_MESSAGE_FITS}"
    return len(wrong) + len(
        _malformed(mailbox, "messages", _OF_MESSAGE, ("case_id", "number"), fits, partial(from_row, Message))
    )


def _malformed(
    mailbox: Database, table: str, columns: str, key: tuple[str, ...], fits: str, check: Callable[[Row], object]
) -> list[Row]:
    """Give the keys of rows that are too long to be read, and of those, read a hundred at a time, that are refused."""
    names = ", ".join(key)
    readable = f"octet_length({key[0]}) <= 100"
    found = mailbox.rows(f"SELECT {names} FROM {table} WHERE ({fits}) IS NOT TRUE AND {readable}")  # noqa: S608
    found += [(None,)] * mailbox.number(f"SELECT count(*) FROM {table} WHERE ({readable}) IS NOT TRUE")  # noqa: S608
    after: Row = (b"",) * len(key)
    places = ", ".join("?" * len(key))
    following = f"SELECT {columns} FROM {table} WHERE ({names}) > ({places}) AND {fits} ORDER BY {names} LIMIT ?"  # noqa: S608
    while rows := mailbox.rows(following, (*after, lifetime.AT_ONCE)):
        after = rows[-1][: len(key)]
        found += [row[: len(key)] for row in rows if _is_refused(check, row)]
    return found


def _check_case(row: Row) -> None:
    keys = len(fields(KeyRow)) - 1  # after the id
    from_row(Case, row[:-keys])
    from_row(KeyRow, (row[0], *row[-keys:]))


def _is_refused(check: Callable[[Row], object], row: Row) -> bool:
    try:
        check(row)
    except DamagedFile:
        return True
    return False


def _is_named_rightly(mailbox: Database, case_id: bytes) -> bool:
    try:
        key_row(mailbox, case_id)
    except (KeysChanged, NothingHere):
        return False
    return True
