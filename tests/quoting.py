"""Words for reports, from choosing to giving, as the people of a circle do it; and one who dies in the middle of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from nacl.pwhash import argon2id

from onion_app.choices import Receiver
from onion_app.crypto.keys import new_id
from onion_app.crypto.keyslots import VaultKeys
from onion_app.crypto.payloads import QuoteDecision, QuoteVerdict
from onion_app.desk import queues, quotations
from onion_app.desk.quotation_status import QuotationStatus, quotation_status
from onion_app.site import author_actions
from onion_app.site.author_view import read_case
from onion_app.site.quoted_words import QuotedWords
from tests.keys.children import killed_before
from tests.world import Author, Clock, Enrolled, World, hardly_stretched

TOLD = "My uncle locked me in for a month. Nobody came to look for me.\nI speak of it for the first time."
SENTENCE = "My uncle locked me in for a month."
WORDS = "A relative held a young person captive."


@dataclass
class Reporting:
    """A world in which words are chosen, agreed to and given."""

    world: World

    def tells(self, circle: bytes, text: str = TOLD, *, quote: bool = True) -> Author:
        """Let somebody tell what happened, and allow to quote it."""
        author = Author(self.world, circle)
        author.tells(text, "no", quote=quote)
        return author

    def takes(self, who: Enrolled, case_id: bytes) -> None:
        """Let a member open and take a case."""
        self.world.opens(who, case_id)
        queues.take_case(self.world.dbs, self.world.member(who), case_id)

    def chooses(self, who: Enrolled, case_id: bytes, words: str = WORDS, **chosen: Any) -> bytes:
        """Let a member open and take a case, choose words out of it, and give it back."""
        self.takes(who, case_id)
        entry = self.writes_words(who, case_id, words, **chosen)
        queues.give_case_back(self.world.dbs, self.world.member(who), case_id)
        return entry

    def writes_words(
        self, who: Enrolled, case_id: bytes, words: str = WORDS, *, sentence: str = SENTENCE, receiver: Receiver = "un"
    ) -> bytes:
        """Let a member choose words out of a case that they have taken."""
        entry, chosen = new_id(), quotations.Words(words, [sentence], "en", receiver)
        quotations.choose_words(self.world.dbs, self.world.member(who), case_id, entry, chosen)
        return entry

    def agrees(self, who: Enrolled, case_id: bytes) -> None:
        """Let a member open a case and agree to what was chosen out of it."""
        self.world.opens(who, case_id)
        self.says_yes(who, case_id)

    def says_yes(self, who: Enrolled, case_id: bytes) -> None:
        """Let a member agree to what was chosen out of a case that they have read."""
        chosen = self.status(who, case_id).chosen
        assert chosen is not None
        quotations.agree_to_words(self.world.dbs, self.world.member(who), case_id, chosen.id)

    def gives(self, who: Enrolled, *case_ids: bytes) -> list[bytes]:
        """Let a member give what can go."""
        return quotations.give_words(self.world.dbs, self.world.member(who), case_ids)

    def status(self, who: Enrolled, case_id: bytes) -> QuotationStatus:
        return quotation_status(self.world.dbs, self.world.member(who), case_id)

    def step(self, who: Enrolled, case_id: bytes) -> str:
        return self.status(who, case_id).step

    def judges(self, author: Author, decision: QuoteDecision) -> bool:
        """Let an author press a button under the words on their page."""
        quoted = on_the_page(author)
        about = quoted.question.id if quoted.question else quoted.lines[0].id
        return author_actions.judge_words(author.files, author.access, QuoteVerdict(about, decision, self.world.today))

    def reads(self, who: Enrolled, author: Author) -> str:
        """Let a member read what an author has written, and see how far their words are."""
        self.world.opens(who, author.case_id)
        return self.step(who, author.case_id)

    def asked(self, chooser: Enrolled, second: Enrolled, author: Author, words: str = WORDS) -> None:
        """Bring words onto the page of an author."""
        self.chooses(chooser, author.case_id, words)
        self.agrees(second, author.case_id)


def on_the_page(author: Author) -> QuotedWords:
    """Read what stands on the page of an author about reports."""
    return read_case(author.files, author.access).quoted


def do_and_die(folder: Path, now: float, keys: VaultKeys, who: Enrolled, case_id: bytes, act: str, commit: int) -> None:
    """Do something in a process of its own, and die in it before a change is committed."""
    patch.object(argon2id, "kdf", hardly_stretched).start()
    reporting = Reporting(World(folder, Clock(now), keys))
    acts: dict[str, Callable[[Enrolled, bytes], object]] = {
        "choose": reporting.writes_words,
        "agree": reporting.says_yes,
        "give": reporting.gives,
    }
    with killed_before(commit):
        acts[act](who, case_id)
