"""Words for reports: in which cases some were chosen, what stands in stories, and in which months any were given.

The words themselves lie sealed among the entries of their case, and go with it. What stays is a month and a kind. # P07
"""

from collections.abc import Collection
from dataclasses import astuple, dataclass

from onion_app.choices import Receiver
from onion_app.days import date_of
from onion_app.shapes import Day
from onion_app.vault.database import Database


@dataclass(frozen=True, slots=True)
class Given:
    """A month, by its first day, in which words were given, and to what kind of receiver."""

    month: Day
    receiver: Receiver


def month_of(day: int) -> int:
    """Give the first day of the month of a day."""
    return day - date_of(day).day + 1


def note_given(desk: Database, given: Given) -> None:
    """Note that words were given in a month, inside the caller's `writing()`."""
    desk.run("INSERT INTO given (month, receiver) VALUES (?, ?) ON CONFLICT DO NOTHING", astuple(given))


def all_given(desk: Database) -> list[Given]:
    """List in which months words were given, the newest first."""
    return desk.well_formed(Given, "SELECT month, receiver FROM given ORDER BY month DESC, receiver")


def cases_with_quotations(desk: Database, circles: Collection[bytes], after: bytes, most: int) -> list[bytes]:
    """List up to so many cases in which these circles have chosen words, by id, after one."""
    question = (
        "SELECT DISTINCT case_id FROM entries WHERE kind = 'quotation' AND circle_id = ? AND case_id > ? "
        "ORDER BY case_id LIMIT ?"
    )
    return sorted({each for circle in circles for each in desk.ids(question, (circle, after, most))})[:most]


def words_of_stories(desk: Database) -> list[str]:
    """Give the words of every story that readers have, will have, or have had, each version's."""
    question = (
        "SELECT v.title, v.body FROM versions AS v JOIN texts AS t ON t.id = v.text_id "
        "WHERE v.state IN ('public', 'queued', 'down') AND t.slug IS NULL"
    )
    return ["\n".join(map(str, row)) for row in desk.rows(question)]


def forget_chosen(desk: Database) -> None:
    """Forget every choice of words, inside the caller's `writing()`; those that were given stand in their cases."""
    desk.run("DELETE FROM entries WHERE kind = 'quotation'")


def take_over(desk: Database, other: Database) -> None:
    """Take over in which months another desk of the installation gave words, inside the caller's `writing()`."""
    for given in all_given(other):
        note_given(desk, given)
