"""A circle whose cases are counted: people who tell, a member who sets the facts, and the making of a table."""

import os
import signal
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from onion_app.crypto.keys import new_id
from onion_app.crypto.keyslots import VaultKeys
from onion_app.crypto.payloads import Facts
from onion_app.days import DAY
from onion_app.desk import counting, facts
from onion_app.site.forms import Submission
from onion_app.vault.desk.circles import read_circle
from onion_app.vault.desk.tables import Table
from scripts.rehearsal.pages import Page
from tests.desk.house import House, Volunteer
from tests.keys.children import AT_MOST, killed_before, processes
from tests.world import Author, Clock, Enrolled, World

CHOSEN = {
    "what": ["beating"],
    "by_whom": ["family"],
    "where": ["iraq.basra"],
    "when": ["2025"],
    "age": ["18_24"],
    "whose": ["own"],
}


@dataclass
class Counted:
    """A circle, and one who sets facts in it and counts."""

    house: World
    circle: bytes
    who: Enrolled

    def tells(self, **chosen: list[str]) -> Author:
        """Let somebody tell, who lets it be counted; its facts are set."""
        author = Author(self.house, self.circle)
        if read_circle(self.house.desk, self.circle).topics:
            author.writes("They came at night.")
            author.allows_counting(is_allowed=True)
        else:
            author._sends(Submission("tell", "They came at night.", publish="no", count=True))
        self.sets(author, **chosen)
        return author

    def tells_no_more(self, **chosen: list[str]) -> Author:
        """Let somebody tell who does not let it be counted any more."""
        author = self.tells(**chosen)
        author.allows_counting(is_allowed=False)
        return author

    def tell(self, number: int, /, **chosen: list[str]) -> list[Author]:
        """Let so many tell the same."""
        return [self.tells(**chosen) for _ in range(number)]

    def sets(self, author: Author, /, **chosen: list[str]) -> None:
        """Set the facts of a case."""
        self._sets(author, "", chosen)

    def joins(self, author: Author, other: Author, /, **chosen: list[str]) -> None:
        """Set the facts of a case that tells of the same event as another."""
        self._sets(author, other.case_id.hex(), chosen)

    def _sets(self, author: Author, same_as: str, chosen: dict[str, list[str]]) -> None:
        found = Facts(CHOSEN | chosen, self.house.today, same_as)
        facts.set_facts(self.house.dbs, self.house.member(self.who), author.case_id, new_id(), found)

    def begun(self, last_day: int) -> counting.Counting:
        """Begin to count for the period that ends on a day."""
        return counting.begin(self.house.dbs, self.house.member(self.who), self.circle, last_day)

    def tries(self, last_day: int) -> Table:
        """Make a table, or try to, without any page."""
        return self.finishes(self.begun(last_day))

    def finishes(self, now: counting.Counting | Table) -> Table:
        """Go on to the end."""
        while isinstance(now, counting.Counting):
            now = counting.go_on(self.house.dbs, self.house.member(self.who), now)
        return now


@dataclass
class Counting(Counted):
    """The same, and the same person at the pages of the desk."""

    house: House
    volunteer: Volunteer

    def waits_until(self, day: int) -> None:
        """Let time go by until a day, and log in."""
        self.house.clock.now += (day - self.house.today) * DAY
        self.volunteer.log_in()

    @property
    def periods(self) -> list[int]:
        """Read the last days of the periods that are offered."""
        page = self.volunteer.get("/numbers")
        select = page.every("select", name="period")
        return [int(each.get("value")) for each in select[0].every("option")] if select else []

    def begins(self, last_day: int) -> Page:
        """Begin to count."""
        return self.volunteer.press_on("/numbers", f"/numbers/{self.circle.hex()}/begin", period=str(last_day))

    def goes_on(self) -> Page:
        """Look at the next cases."""
        return self.volunteer.press("/numbers/count/go-on")

    def makes(self, last_day: int) -> Page:
        """Make a table, to the end."""
        self.begins(last_day)
        return self.goes_on_to_the_end()

    def goes_on_to_the_end(self) -> Page:
        """Look at every case, and make the table."""
        page = self.volunteer.page
        while page.has(id="how-far"):
            page = self.goes_on()
        return page


def numbers_on(page: Page) -> dict[str, str]:
    """Read the numbers of a table by what they count; the total is under an empty name."""
    rows = [row for table in page.having_class("numbers") for row in table.every("tr")]
    found = {row.first("th").text: row.first("td").text for row in rows}
    return found | {"": page.first(id="total").text.rpartition(" ")[2]}


class Killed(NamedTuple):
    """Where a process that makes a table dies: after how many commits, or as soon as a function is called."""

    commits: int = 99
    at: str = ""


def make_and_die(
    folder: Path, keys: VaultKeys, now: float, who: Enrolled, counts: counting.Counting, dies: Killed
) -> None:
    """Make a table in a process of its own, and be killed in the middle of it."""
    world = World(folder, Clock(now), keys)
    with ExitStack() as dying:
        dying.enter_context(killed_before(dies.commits))
        if dies.at:
            dying.enter_context(patch(dies.at, lambda *_: os.kill(os.getpid(), signal.SIGKILL)))
        counting.go_on(world.dbs, world.member(who), counts)


def dies_in_the_middle(counts: Counting, begun: counting.Counting, dies: Killed) -> int | None:
    """Let a process of its own make a table, and give how it ended."""
    house = counts.house
    args = (house.state.path, house.keys, house.clock.now, counts.who, begun, dies)
    process = processes.Process(target=make_and_die, args=args)
    process.start()
    process.join(AT_MOST)
    return process.exitcode
