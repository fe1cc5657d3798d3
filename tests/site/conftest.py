"""A site on a real mailbox, and people who come to it; the circle answers as the desk does, without its pages."""

from collections.abc import Callable
from pathlib import Path

import pytest

from onion_app.crypto.keys import KeyPair
from onion_app.crypto.payloads import Consent, FinalText, Payload, Text
from onion_app.days import DAY
from onion_app.site import SiteConfig, create_app
from onion_app.vault import show
from onion_app.vault.mailbox import case_keys
from onion_app.web.app import Hardened
from scripts.rehearsal.people import Visitor
from tests.planting import Intruder
from tests.world import Clock, World

ADDRESS = "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwx.onion"


class Place(World):
    """A mailbox with one circle, and as many sites on it as a test starts."""

    clock: Clock

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, Clock(20_000.0 * DAY))
        self.circle_id = self.circle("Listening", catch_all=True)
        self.lamp = self.enrol(self.circle_id, "lamp", coordinator=True)
        self.apps: list[Hardened] = []

    def start(self) -> Hardened:
        folders = (self.state.path / "mailbox", self.state.path / "shown")
        self.apps.append(create_app(SiteConfig(*folders, self.keys.mailbox, ADDRESS, self.clock)))
        return self.apps[-1]

    @property
    def pair(self) -> KeyPair:
        """The pair that the circle has now."""
        return self.member(self.lamp).circles[self.circle_id].pair

    def has_nobody(self) -> None:
        """Let the circle be emptied."""
        with self.desk.writing():
            self.desk.run("UPDATE circles SET generation = NULL")
        self.follow()

    def closes_the_door(self, state: str = "closed") -> None:
        """Let the circle close the door of the only case there is."""
        (case_id,) = self.case_ids()
        with self.mailbox.writing():
            with self.desk.writing():
                self.desk.run("INSERT INTO doors (case_id, state) VALUES (?, ?)", (case_id, state))
            show.show_case(self.shown, self.desk, case_id)

    def replies(self, text: str = "We read every word.") -> None:
        """Let the circle answer the only case there is."""
        self.answers(self.lamp, self.case_ids()[0], text)

    def proposes(self, title: str, text: str) -> None:
        """Let the circle ask the author of the only case there is for their yes."""
        self.says(self.lamp, self.case_ids()[0], FinalText(title, text, "en", 20_000))

    def read_by(self, pair: KeyPair) -> list[Payload]:
        """Open what a pair of the circle opens in the only case there is."""
        (case_id,) = self.case_ids()
        codes = case_keys.key_row(self.mailbox, case_id).codes
        intruder = Intruder(self, case_id)
        return intruder.opens(intruder.as_circle(pair, codes), pair.public)

    def texts(self) -> list[str]:
        """Read the texts of the only case there is, as its circle does."""
        return [letter.text for letter in self.read_by(self.pair) if isinstance(letter, Text)]

    def consents(self) -> list[tuple[str, bool, bool]]:
        found = [letter for letter in self.read_by(self.pair) if isinstance(letter, Consent)]
        return [(each.publish, each.count, each.quote) for each in found]

    def case_ids(self) -> list[bytes]:
        return [bytes(row[0]) for row in self.mailbox.rows("SELECT id FROM cases") if isinstance(row[0], bytes)]


@pytest.fixture(autouse=True)
def codes_cost_nothing(nothing_is_stretched: None) -> None:
    """Have it so in this whole room."""


@pytest.fixture
def visitor(come: Callable[[], Visitor]) -> Visitor:
    return come()
