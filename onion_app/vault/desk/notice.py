"""Today's notice, as two people have agreed to it: words in some languages, the day they came and the day they go.

`shown.db` follows. Taking it away needs less than putting it there: here stands who of the members wants it off. # P14
"""

from collections.abc import Mapping
from dataclasses import dataclass

from onion_app.choices import NOTICE_DAYS, LanguageCode
from onion_app.shapes import Day
from onion_app.vault.database import Database


@dataclass(frozen=True, slots=True)
class Notice:
    """The words in one language; the days are the same in all of them."""

    language: LanguageCode
    text: str
    first_day: Day
    end_day: Day


def standing(desk: Database, today: int) -> list[Notice]:
    """Give what stands on the site today, by language."""
    question = "SELECT language, text, first_day, end_day FROM notices WHERE end_day BETWEEN ? AND ? ORDER BY language"
    return desk.well_formed(Notice, question, (today, today + NOTICE_DAYS))


def put_notice(desk: Database, words: Mapping[str, str], first_day: int, end_day: int) -> None:
    """Let exactly these words stand, by language, inside the caller's `writing()`; `show` follows."""
    take_off(desk)
    for language, text in words.items():
        row = (language, text, first_day, end_day)
        desk.run("INSERT INTO notices (language, text, first_day, end_day) VALUES (?, ?, ?, ?)", row)


def take_off(desk: Database) -> None:
    """Let none stand, likewise."""
    desk.run("DELETE FROM notices")
    desk.run("DELETE FROM against_notice")


def put_against(desk: Database, moderator_id: bytes) -> None:
    """Note that a member wants off what stands, inside the caller's `writing()`."""
    desk.run("INSERT INTO against_notice (moderator_id) VALUES (?) ON CONFLICT DO NOTHING", (moderator_id,))


def against(desk: Database) -> list[bytes]:
    """List the members who want off what stands."""
    return desk.ids("SELECT moderator_id FROM against_notice ORDER BY moderator_id")


def forget_past(desk: Database, today: int) -> None:
    """Forget a notice whose days are over, or which came while the clock was far ahead."""
    with desk.writing():
        if desk.run("DELETE FROM notices WHERE end_day NOT BETWEEN ? AND ?", (today, today + NOTICE_DAYS)):
            desk.run("DELETE FROM against_notice")
