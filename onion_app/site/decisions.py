"""What an author decides about the story that was made of their case: the word on its final text, and taking it back.

# P07: who takes a story back is asked no question and waits for nobody: it goes before anything else can fail.
"""

from dataclasses import replace

from onion_app.crypto.payloads import Verdict
from onion_app.site import casework
from onion_app.site.opencase import read_case
from onion_app.site.seals import Door, message_id_of
from onion_app.vault.database import Database
from onion_app.vault.mailbox import lifetime


def give_verdict(db: Database, door: Door, verdict: Verdict, seed: bytes) -> None:
    """Add what the author says to a final text; the last word counts, and the same one from one form is stored once.

    Raises:
        NothingHere, Paused, Overloaded, AwaitsAnswer: as for `casework.write_back`; a yes can always be taken back.
    """
    before = read_case(db, door).verdict
    most: int | None = casework.MOST_WAITING if verdict.text else casework.MOST_DECIDED
    if before and before.decision == "yes" and verdict.decision == "no" and not verdict.text:
        most = None
    casework.add(db, door, verdict, message_id_of(seed, f"{verdict.decision} {verdict.text}"), most=most)


def take_story_back(db: Database, door: Door, day: int) -> None:
    """Take the published story back for ever, and allow no other; the messages stay.

    Raises:
        NothingHere, Paused, Overloaded: as for `give_verdict`; what waits, or a lack of room, stops nobody.
    """
    case = read_case(db, door)
    if case.story_id is not None:
        lifetime.withdraw(db, case.story_id, day)
        lifetime.set_state(db, door.case_id, "reading")
    if case.consent is not None:
        casework.save_consent(db, door, replace(case.consent, publish="no", day=day))
