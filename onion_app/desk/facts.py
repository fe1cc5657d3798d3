"""The facts of a case: closed lists alone, sealed to the case, set by its circle where the author lets it be counted.

They stay with the circle that set them, under the key of its notes, and go with the case. # P07
"""

from dataclasses import replace
from typing import Final, NamedTuple

from onion_app.crypto.payloads import Facts
from onion_app.desk.answering import keep_entry
from onion_app.desk.case_keys import CaseKeys, open_case_messages
from onion_app.desk.case_view import note_in_audit, open_entry
from onion_app.desk.context import Databases
from onion_app.desk.permissions import Member, case_of, handle_of
from onion_app.desk.queues import case_number
from onion_app.errors import KeysChanged, NotAllowed, NothingHere, Refused, marked
from onion_app.vault.desk.entries import Entry, facts_of
from onion_app.vault.mailbox.queues import cases_beginning_with
from onion_app.vault.shown.reading import ids_named

NOT_COUNTED: Final = marked("The author does not let this case be counted.")
_NO_SUCH_CASE: Final = marked("No other case of this circle has these letters.")
_SEVERAL: Final = marked("Several cases have these letters. Type all eight: they stand on the page of its facts.")


class CaseFacts(NamedTuple):
    """The facts of a case; `id` is that of their entry, `handle` and `day` say who set them, and when."""

    id: bytes
    facts: Facts
    handle: str
    day: int

    @property
    def same_event(self) -> str:
        """The letters of the case that tells of the same event, or none."""
        return case_number(bytes.fromhex(self.facts.same_as)) if self.facts.same_as else ""


def facts_of_case(dbs: Databases, keys: CaseKeys) -> CaseFacts | None:
    """Open the facts that the circle has set of its case; None: none, or they do not open."""
    entry = facts_of(dbs.desk, keys.row.id, keys.circle.id)
    facts = opened_facts(entry, keys)
    if entry is None or facts is None:
        return None
    return CaseFacts(entry.id, facts, handle_of(dbs, entry.author), entry.day)


def opened_facts(entry: Entry | None, keys: CaseKeys) -> Facts | None:
    """Open what an entry says; None: there is none, or it does not open."""
    facts = open_entry(entry, keys) if entry else None
    return facts if isinstance(facts, Facts) else None


def read_facts(dbs: Databases, member: Member, case_id: bytes) -> CaseFacts | None:
    """Open the facts of a case of the member's circle; they name no other case that is gone. # P07.

    Raises:
        NothingHere, NotAllowed, KeysChanged: as for `case_of`.
    """
    case = case_of(dbs, member, case_id)
    found = facts_of_case(dbs, CaseKeys(dbs, member, case))
    if (
        not found
        or not found.facts.same_as
        or circle_has(dbs, member, case.circle_id, bytes.fromhex(found.facts.same_as))
    ):
        return found
    return found._replace(facts=replace(found.facts, same_as=""))


def may_be_counted(dbs: Databases, member: Member, case_id: bytes) -> bool:
    """Say whether the newest word of its author on it that is believed lets a case be counted.

    Raises:
        NothingHere, NotAllowed, KeysChanged: as for `case_of`.
    """
    consent = open_case_messages(dbs, member, case_id).consent
    return consent is not None and consent.count


def set_facts(dbs: Databases, member: Member, case_id: bytes, entry_id: bytes, facts: Facts) -> None:
    """Set the facts of a case, or change them: the earlier ones go, and the audit names who set both.

    Raises:
        Refused: its author does not let it be counted.
        NothingHere, NotAllowed, KeysChanged: as for `case_of`.
        CircleKeyChanged: the circle has another key by now, or its present key does not open.
    """
    case = case_of(dbs, member, case_id)
    if not may_be_counted(dbs, member, case_id):
        raise Refused(NOT_COUNTED)
    before = facts_of_case(dbs, CaseKeys(dbs, member, case))  # as it is sealed, with a case that is gone by now
    if before and (before.facts.chosen, before.facts.same_as) == (facts.chosen, facts.same_as):
        return
    keep_entry(dbs, member, case_id, entry_id, "facts", facts)
    if before:
        note_in_audit(dbs, member, case, "changed facts of a case")
    else:
        note_in_audit(dbs, member, case, "set facts of a case")


def case_named(dbs: Databases, member: Member, case_id: bytes, letters: str) -> bytes:
    """Find another case of the circle that has a case, by its four letters, or all eight.

    Raises:
        Refused: there is none, or several have these letters.
        NothingHere, NotAllowed, KeysChanged: as for `case_of`, of the case itself.
    """
    circle_id = case_of(dbs, member, case_id).circle_id
    try:
        candidates = cases_beginning_with(dbs.mailbox, circle_id, *ids_named(letters.lower()))
    except NothingHere:
        raise Refused(_NO_SUCH_CASE, field="same_as") from None
    found = [each for each in candidates if each != case_id and circle_has(dbs, member, circle_id, each)]
    if len(found) != 1:
        raise Refused(_SEVERAL if found else _NO_SUCH_CASE, field="same_as")
    return found[0]


def circle_has(dbs: Databases, member: Member, circle_id: bytes, case_id: bytes) -> bool:
    """Say whether a circle has a case: whoever writes the mailbox can put another into its queue."""
    try:
        return case_of(dbs, member, case_id).circle_id == circle_id
    except (NothingHere, NotAllowed, KeysChanged):
        return False
