"""The desk's database is the truth, and the mailbox a copy of parts of it that whoever holds the site may have changed.

Here the two are compared; what differs is put back, and noted for every member to see. A listed withdrawal of a
story is the one legitimate difference: then the story leaves the desk too. Rows are compared as they lie, not believed.

Who changes the desk's truth holds the mailbox's `writing()` around it and copies before leaving it, so that nothing is
found here that was only half done. The mailbox is always the first of the two to be locked.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from onion_app.shapes import ID_BYTES, Row, Value
from onion_app.vault import settings
from onion_app.vault.database import Database
from onion_app.vault.desk import audit, entries
from onion_app.vault.desk.audit import Finding
from onion_app.vault.shown import listing, reading, writing

_CIRCLES: Final = "SELECT id, public_key, topics, languages, catch_all, coordinators FROM circles "
_SETTINGS: Final = "SELECT name, value FROM settings"
_COPIED_SETTINGS: Final = _SETTINGS + " WHERE name <> 'seen_day'"  # what nobody but the chores needs stays at the desk
# The next case that each table knows of: a step through an index, not a walk over the rows.
_CASES_NOTED: Final = (
    "SELECT case_id FROM entries WHERE case_id > ? ORDER BY case_id LIMIT 1",
    "SELECT case_id FROM written_replies WHERE case_id > ? ORDER BY case_id LIMIT 1",
    "SELECT case_id FROM taken WHERE case_id > ? ORDER BY case_id LIMIT 1",
    "SELECT case_id FROM stepped_out WHERE case_id > ? ORDER BY case_id LIMIT 1",
    "SELECT case_id FROM known_keys WHERE case_id > ? ORDER BY case_id LIMIT 1",
)

Difference = tuple[str, str]  # what happened, and to which id or setting


def repair(mailbox: Database, desk: Database, day: int) -> list[Finding]:
    """Make the mailbox agree with the desk, note what had to be put back, and forget what belongs to erased cases.

    Raises:
        DamagedFile: a schema is not as it was written down.
    """
    mailbox.check_schema()
    desk.check_schema()
    _follow_withdrawals(mailbox, desk)
    _forget_erased_cases(mailbox, desk)
    found: list[Finding] = []
    for put_right in (copy_circles, copy_settings):
        with mailbox.writing(), desk.writing():
            found += _noted(desk, day, put_right(mailbox, desk))
    differing = _texts_that_differ(mailbox, desk)
    with mailbox.writing(), desk.writing():
        found += _noted(desk, day, _copy_texts(mailbox, desk, differing))
    desk.try_checkpoint()  # P07: what was forgotten leaves the log too
    return found


def copy_circles(mailbox: Database, desk: Database) -> list[Difference]:
    """Make the mailbox's circles those that have a key, inside its `writing()`; give what was different."""
    true = {row[0]: row for row in desk.rows(_CIRCLES + "WHERE public_key IS NOT NULL")}
    copied = {row[0]: row for row in mailbox.rows(_CIRCLES)}
    # First everything goes that should not be so, since only one circle can be the catch-all at any moment.
    for circle_id, row in copied.items():
        if true.get(circle_id) != row:
            mailbox.run("DELETE FROM circles WHERE id = ?", (circle_id,))
    for circle_id, row in true.items():
        if copied.get(circle_id) != row:
            mailbox.run(
                "INSERT INTO circles (id, public_key, topics, languages, catch_all, coordinators) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                row,
            )
    return _differences("circle", true, copied)


def copy_settings(mailbox: Database, desk: Database) -> list[Difference]:
    """Make the mailbox's settings those of the desk, inside its `writing()`; give what was different."""
    true = {row[0]: row for row in desk.rows(_COPIED_SETTINGS)}
    copied = {row[0]: row for row in mailbox.rows(_SETTINGS)}
    differences = _differences("setting", true, copied)
    if differences:
        mailbox.run("DELETE FROM settings")
        for row in true.values():
            mailbox.run("INSERT INTO settings (name, value) VALUES (?, ?)", row)
        writing.raise_published_counter(mailbox)  # pages that are kept ready say some of them
    return differences


def change_setting(mailbox: Database, desk: Database, name: str, value: object) -> None:
    """Set something at the desk, and in the mailbox's copy with it.

    Raises:
        BadSetting: the name or the value is not allowed.
    """
    with mailbox.writing():
        with desk.writing():
            settings.put_setting(desk, name, value)
        copy_settings(mailbox, desk)


def _copy_texts(mailbox: Database, desk: Database, text_ids: list[Value]) -> list[Difference]:
    true = {text_id: rows for text_id in text_ids if any(rows := _meant(desk, text_id))}
    copied = {text_id: rows for text_id in text_ids if any(rows := _copied(mailbox, text_id))}
    # First everything goes, since a slug that was moved to another text stands in the way of the true one.
    for text_id in text_ids:
        writing.remove_text(mailbox, text_id)
    for text_id in text_ids:
        writing.show_text(mailbox, text_id, writing.shown_by_desk(desk, text_id))
    return _differences("text", true, copied)


def _texts_that_differ(mailbox: Database, desk: Database) -> list[Value]:
    """Compare without a lock, which a hundred thousand texts would hold for seconds; `_copy_texts` looks again."""
    public = {row[0] for row in desk.rows("SELECT id FROM texts WHERE state = 'public'")}
    shown = {
        row[0]
        for row in mailbox.rows(
            "SELECT id FROM texts UNION SELECT text_id FROM versions UNION SELECT text_id FROM listed"
        )
    }
    return [text_id for text_id in public | shown if _meant(desk, text_id) != _copied(mailbox, text_id)]


def _meant(desk: Database, text_id: Value) -> tuple[list[Row], ...]:
    """Give what the mailbox should have of a text, its lines in the list included."""
    text, versions = writing.shown_by_desk(desk, text_id)
    return text, versions, listing.lines_of(text, versions)


def _copied(mailbox: Database, text_id: Value) -> tuple[list[Row], ...]:
    """Give what the mailbox has."""
    return *writing.shown_by_mailbox(mailbox, text_id), listing.lines_in(mailbox, text_id)


def _follow_withdrawals(mailbox: Database, desk: Database) -> None:
    """Remove the stories whose authors took them or their cases back, and the drafts of cases that are gone."""
    for text_id, case_id, state in desk.rows("SELECT id, case_id, state FROM texts WHERE kind = 'story'"):
        taken_back = reading.is_withdrawn(mailbox, text_id) or reading.is_withdrawn(mailbox, case_id)
        unfinished = state in ("draft", "queued") and case_id is not None and not _exists(mailbox, case_id)
        if not (taken_back or unfinished):
            continue
        with mailbox.writing(), desk.writing():
            writing.show_text(mailbox, text_id, ([], []))
            writing.remove_text(desk, text_id)
            if taken_back:
                entries.forget_drafts(desk, case_id)  # P07: the story goes with all that it was made from here


def _forget_erased_cases(mailbox: Database, desk: Database) -> None:
    for case_id in _cases_noted(desk):
        if not _exists(mailbox, case_id):
            with desk.writing():
                entries.forget_case(desk, case_id)


def _cases_noted(desk: Database) -> Iterator[Value]:
    for after in _CASES_NOTED:
        case_id: Value = b""
        while row := desk.row(after, (case_id,)):
            case_id = row[0]
            yield case_id


def _exists(mailbox: Database, case_id: Value) -> bool:
    return mailbox.row("SELECT 1 FROM cases WHERE id = ?", (case_id,)) is not None


def _differences(thing: str, true: Mapping[Value, object], copied: Mapping[Value, object]) -> list[Difference]:
    planted = [(f"{thing} planted", _named(key)) for key in copied if key not in true]
    removed = [(f"{thing} removed", _named(key)) for key in true if key not in copied]
    changed = [(f"{thing} changed", _named(key)) for key in true if key in copied and copied[key] != true[key]]
    return planted + removed + changed


def _named(key: Value) -> str:
    """Name what was found, but never in words that whoever planted it chose."""
    if isinstance(key, bytes) and len(key) == ID_BYTES:
        return key.hex()
    return str(key) if key in settings.NAMES else "-"


def _noted(desk: Database, day: int, differences: list[Difference]) -> list[Finding]:
    return [audit.add_finding(desk, day, what, subject) for what, subject in differences]
