"""What readers are shown follows the desk, where it is true; and each change raises the counter of what is shown.

Whoever changes a text commits it at the desk first and shows it then. What a power cut leaves between the two files is
put right by `show`, which finds it by the editions. # P13
"""

import secrets
from dataclasses import astuple
from typing import Final

from onion_app.crypto.casekeys import reply_mark
from onion_app.errors import KeysChanged
from onion_app.shapes import Value, to_json
from onion_app.vault.database import Database
from onion_app.vault.settings import note_change
from onion_app.vault.shown.reading import Version

_COPIED: Final = "text_id, language, edition, translated_from, checked_by, checked_day, title, body"


def insert_version(desk: Database, version: Version) -> None:
    """Store a version at the desk as a new edition, inside the caller's `writing()`."""
    *words, notes, state, publish_day = astuple(version)
    desk.run(
        "INSERT INTO versions (text_id, language, title, body, translated_from, checked_by, checked_day, year, notes, "
        "state, publish_day, edition) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*words, to_json(notes), state, publish_day, secrets.token_bytes(16)),
    )


def show_text(shown: Database, desk: Database, text_id: Value) -> None:
    """Let readers have exactly what is public of a text, inside the caller's `writing()` of `shown.db`.

    Year and content notes are those of the original, also in its translations.
    """
    remove_text(shown, text_id)
    public = "FROM versions WHERE text_id = ? AND state = 'public'"
    if versions := desk.rows(f"SELECT {_COPIED} {public}", (text_id,)):
        text = desk.row("SELECT id, slug, mark FROM texts WHERE id = ?", (text_id,)) or (None,) * 3
        original = desk.row(f"SELECT year, notes {public} ORDER BY translated_from LIMIT 1", (text_id,))
        with shown.leaving_out():
            shown.run("INSERT INTO texts (id, slug, mark) VALUES (?, ?, ?)", text)
        for row in versions:
            copy = f"INSERT INTO versions ({_COPIED}, year, notes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
            with shown.leaving_out():
                shown.run(copy, (*row, *(original or ())))
    note_change(shown)


def texts_to_show(shown: Database, desk: Database) -> set[Value]:
    """Find the texts of which readers have something else than what is public."""
    true = set(desk.rows("SELECT text_id, language, edition FROM versions WHERE state = 'public'"))
    return {row[0] for row in true ^ set(shown.rows("SELECT text_id, language, edition FROM versions"))}


def remove_text(db: Database, text_id: Value) -> None:
    """Delete a text and its versions from either database, inside the caller's `writing()`."""
    db.run("DELETE FROM versions WHERE text_id = ?", (text_id,))
    db.run("DELETE FROM texts WHERE id = ?", (text_id,))


# --- the marks of the answers that the desk wrote: what has none, its author is not shown ----------------------------


def put_reply(shown: Database, case_id: bytes, message_id: bytes, sealed: bytes) -> None:
    """Note that the desk writes an answer, inside the caller's `writing()`; told twice, the later bytes hold.

    Raises:
        KeysChanged: an answer in another case has this id.
    """
    put = (
        "INSERT INTO replies (message_id, case_id, mark) VALUES (?, ?, ?) "
        "ON CONFLICT (message_id) DO UPDATE SET mark = excluded.mark WHERE case_id = excluded.case_id"
    )
    if not shown.run(put, (message_id, case_id, reply_mark(sealed))):
        raise KeysChanged


def forget_replies(shown: Database, case_id: bytes) -> None:
    """Forget the marks of a case's answers, inside the caller's `writing()`."""
    shown.run("DELETE FROM replies WHERE case_id = ?", (case_id,))
