"""`shown.db` follows the desk: circles, their keys, who has which case, whose door is closed, texts, today's notice.

Called by whoever changed one of these, and by the chores and the launcher's child, since a power cut may come between
the two files. Nothing is compared with an alarm: only the desk can have made a difference here. # P13
A row of the desk's that is damaged is left out and counted, and keeps none of the others from being shown.
"""

from typing import Final

from onion_app.vault import settings
from onion_app.vault.database import Database
from onion_app.vault.shown import writing

_OF_CIRCLES: Final = {
    "circles": ("id", "generation", "topics", "languages", "catch_all", "coordinators"),
    "circle_keys": ("circle_id", "generation", "public_key"),
}
_NOTICE: Final = ("language", "text", "end_day")
_OF_CASES: Final = {"handed": ("case_id", "turn", "circle_id"), "doors": ("case_id", "state")}


def show(shown: Database, desk: Database) -> None:
    """Make what `shown.db` says equal to the desk's, in one transaction; the caller has locked the mailbox."""
    with shown.writing():
        for table, columns in (_OF_CIRCLES | _OF_CASES).items():
            _follow(shown, desk, table, columns)
        if _follow(shown, desk, "notices", _NOTICE):
            settings.note_change(shown)
        for text_id in writing.texts_to_show(shown, desk):
            writing.show_text(shown, desk, text_id)
        in_force = settings.read_settings(shown) if (followed := settings.followed_settings(desk)) else None
        for name, value in followed.items():
            if getattr(in_force, name) != value:
                settings.put_setting(shown, name, value)


def show_case(shown: Database, desk: Database, case_id: bytes) -> None:
    """Make what `shown.db` says of one case equal to the desk's; likewise."""
    with shown.writing():
        for table, columns in _OF_CASES.items():
            _follow(shown, desk, table, columns, case_id)


def _follow(shown: Database, desk: Database, table: str, columns: tuple[str, ...], *case_id: bytes) -> bool:
    """Let one table follow; tell whether it was another."""
    question = f"SELECT {', '.join(columns)} FROM {table}" + (" WHERE case_id = ?" if case_id else "")  # noqa: S608
    true, there = set(desk.rows(question, case_id)), set(shown.rows(question, case_id))
    same = " AND ".join(f"{column} IS ?" for column in columns)
    for row in there - true:
        shown.run(f"DELETE FROM {table} WHERE {same}", row)  # noqa: S608
    for row in true - there:
        with shown.leaving_out():
            shown.run(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608
    return true != there
