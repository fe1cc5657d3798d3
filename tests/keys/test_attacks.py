"""Attacks on the keys of a case, each by its name: against the whole each of them fails.

`breakings.toml` of the promises leaves one element out at a time; then the attack that it answers succeeds.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

import pytest
from nacl.utils import random

from onion_app.crypto.casekeys import KeyName, note_key
from onion_app.crypto.keys import KEY_BYTES
from onion_app.crypto.sealing import open_seal
from onion_app.errors import NothingHere, Refused, SealBroken
from onion_app.vault.desk import circles
from onion_app.vault.desk.entries import entries_of
from onion_app.vault.mailbox.records import Message
from tests.keys.installation import Case, Installation
from tests.keys.intruder import Intruder, Row

FOR_THE_NEW_CODE: Final = "for the new code only"
MEET_US: Final = "Come to the house behind the mill."
YES: Final = "Publish it."


def begun(at: Installation) -> tuple[Case, Intruder]:
    """Let somebody ask; who attacks has copies of every row."""
    case = at.asks(at.circles["Listening"])
    at.intruder.looks()
    return case, at.intruder


def goes_and_is_out(at: Installation, handle: str) -> None:
    """Give the intruder every key that somebody holds, and shut them out."""
    at.intruder.circle_keys |= at.holds(handle)
    at.shut_out(handle)


def has_code(at: Installation, case: Case) -> None:
    """Give the intruder the first code, with all that it has opened."""
    at.intruder.looks()
    at.intruder.learns(at.world.author_keys(case.codes[0]))


def answered(at: Installation, handle: str, case: Case) -> Message | None:
    """Answer, if the desk lets anybody."""
    with suppress(Refused, NothingHere):
        message = at.answers(handle, case, FOR_THE_NEW_CODE)
        at.intruder.looks()
        return message
    return None


def opens_answer(at: Installation, handle: str, case: Case) -> bool:
    """Say whether the intruder opens the answer that somebody gives."""
    answer = answered(at, handle, case)
    return answer is not None and at.intruder.opens(answer)


def loses_answer(at: Installation, case: Case) -> bool:
    """Say whether Sara answers, and the author does not read it."""
    answer = answered(at, "sara", case)
    return answer is not None and answer.number not in at.reads(at.visit(case))


def is_believed(at: Installation, case: Case, text: str) -> bool:
    """Say whether Sara takes some words for the author's."""
    opened = at.opens("sara", case).messages
    return any(each.counts and text.encode() in (each.packed or b"") for each in opened)


def away_and_back(at: Installation, case: Case, row: Row | None = None, messages: list[Message] | None = None) -> None:
    """Take a case away while the chores run, and put it back."""
    row, messages = row or at.intruder.row(case.id), messages or at.intruder.messages_of(case.id)
    at.intruder.takes_away(case.id)
    at.chores()
    assert row is not None
    at.intruder.puts_row(row)
    at.intruder.puts_messages(messages)


def handed_and_back(at: Installation) -> bool:
    case, intruder = begun(at)
    at.hands_over("sara", case, at.circles["Law"])
    intruder.circle_keys |= at.holds("law")
    intruder.looks()
    at.hands_over("law", case, at.circles["Listening"])
    written = at.writes_back(case, "after it went back")
    intruder.looks()
    intruder.handed.pop((case.id, 2))  # sealed to others
    return intruder.opens(written)


def own_key_in_the_list(at: Installation) -> bool:
    case, intruder = begun(at)
    intruder.changes(case.id, codes=intruder.codes_of(case.id) + intruder.own)
    with suppress(SealBroken):
        intruder.forges(case.id, "visitor", KeyName(0, 1, 2), "Are you there?")
    return opens_answer(at, "sara", case)


def old_code_and_own_key(at: Installation) -> bool:
    case, intruder = begun(at)
    at.changes_code(case)
    at.opens("sara", case)
    has_code(at, case)
    intruder.changes(case.id, codes=intruder.codes_of(case.id) + intruder.own)
    with suppress(SealBroken):
        intruder.forges(case.id, "visitor", KeyName(0, 1, 3), "Are you there?")
    return opens_answer(at, "sara", case)


def moved_to_an_informer(at: Installation) -> bool:
    case, intruder = begun(at)
    at.comes("spy", at.circles["Health"])
    intruder.changes(case.id, home=at.circles["Health"], circle_id=at.circles["Health"])
    with suppress(Refused, NothingHere):
        at.hands_over("spy", case, at.circles["Law"])
    return bool(at.world.desk.rows("SELECT 1 FROM handed WHERE case_id = ?", (case.id,)))


def old_code_and_old_row(at: Installation) -> bool:
    case, intruder = begun(at)
    old = intruder.row(case.id)
    at.changes_code(case)
    at.opens("sara", case)
    assert old is not None
    intruder.puts_row(old)
    has_code(at, case)
    return opens_answer(at, "sara", case)


def old_code_and_old_row_after_shutting_out(at: Installation) -> bool:
    case, intruder = begun(at)
    old = intruder.row(case.id)
    at.changes_code(case)
    at.shut_out("dana")
    at.opens("sara", case)
    assert old is not None
    intruder.puts_row(old)
    has_code(at, case)
    return opens_answer(at, "sara", case)


def old_code_and_own_key_after_handing_over(at: Installation) -> bool:
    case, intruder = begun(at)
    at.changes_code(case)
    at.shut_out("dana")
    at.hands_over("sara", case, at.circles["Law"])
    has_code(at, case)
    intruder.changes(case.id, codes=intruder.codes_of(case.id)[:KEY_BYTES] + intruder.own)
    with suppress(SealBroken):
        intruder.forges(case.id, "visitor", KeyName(1, 1, 2), "Are you there?")
    return opens_answer(at, "law", case)


def answer_that_nobody_opens(at: Installation) -> bool:
    case, intruder = begun(at)
    intruder.changes(case.id, codes=intruder.codes_of(case.id) + intruder.own)
    return loses_answer(at, case)


def answer_into_nothing_by_one_shut_out(at: Installation) -> bool:
    case, intruder = begun(at)
    goes_and_is_out(at, "dana")
    at.writes_back(case)
    at.opens("sara", case)
    intruder.changes(case.id, codes=intruder.codes_of(case.id) + intruder.own)
    intruder.forges(case.id, "site", KeyName(0, 1, 2), "Are you there?", number=0)
    return loses_answer(at, case)


def away_and_back_after_handing_over(at: Installation) -> bool:
    case, intruder = begun(at)
    intruder.circle_keys |= at.holds("dana")
    at.hands_over("sara", case, at.circles["Law"])
    away_and_back(at, case)
    with suppress(NothingHere):
        written = at.writes_back(case, "for the circle that has it only")
        intruder.looks()
        return intruder.opens(written)
    return False


def away_and_back_after_a_new_code(at: Installation) -> bool:
    case, intruder = begun(at)
    row, messages = intruder.row(case.id), intruder.messages_of(case.id)
    at.changes_code(case)
    at.opens("sara", case)
    away_and_back(at, case, row, messages)
    has_code(at, case)
    return opens_answer(at, "sara", case)


def forged_answer(at: Installation) -> bool:
    case, intruder = begun(at)
    goes_and_is_out(at, "dana")
    intruder.forges(case.id, "circle", KeyName(0, 1, 1), MEET_US)
    return MEET_US in at.reads(at.visit(case)).values()


def forged_consent(at: Installation) -> bool:
    case, intruder = begun(at)
    goes_and_is_out(at, "dana")
    at.writes_back(case, "Do not publish it.")
    intruder.forges(case.id, "visitor", KeyName(0, 1, 1), YES)
    return is_believed(at, case, YES)


def replaced_consent(at: Installation) -> bool:
    case, intruder = begun(at)
    asked = at.writes_back(case, "Do not publish it.")
    at.opens("sara", case)
    goes_and_is_out(at, "dana")
    thanked = at.writes_back(case, "Thank you.")
    intruder.takes_away(case.id, asked.number, thanked.number)
    intruder.forges(case.id, "visitor", KeyName(0, 1, 1), YES)
    return is_believed(at, case, YES)


def notes_with_the_code(at: Installation) -> bool:
    case, intruder = begun(at)
    at.notes("sara", case)
    has_code(at, case)
    note = entries_of(at.world.desk, case.id)[0]
    circle_keys = circles.public_keys(at.world.desk, case.circle).values()
    keys = [note_key(private, case.id, public) for private in intruder.authors.values() for public in circle_keys]
    keys += intruder.message_keys(case.id, KeyName(0, note.generation, 1))
    for key in keys:
        with suppress(SealBroken):
            return bool(open_seal(key, note.sealed, note.place))
    return False


def erased_and_handed(at: Installation) -> bool:
    case, intruder = begun(at)
    at.hands_over("sara", case, at.circles["Law"])
    intruder.looks()
    at.erases(case)
    for handle in at.people:
        intruder.circle_keys |= at.holds(handle)
    left = [message for message in intruder.messages if message.case_id == case.id]
    return any(intruder.opens(message, knows_row=False) for message in left)


def mass_withdrawal(at: Installation) -> bool:
    case, intruder = begun(at)
    saved = at.saves_backup()
    intruder.withdraws(*(row[2] for row in intruder.all_rows()), case.id * 2)
    at.restores(saved)
    return not at.world.stores(case.codes[0])


def closed_and_erasing(at: Installation) -> bool:
    case, _ = begun(at)
    at.closes_door("dana", case)
    at.clock.wait(days=2)
    at.chores()
    with suppress(NothingHere):
        at.erases(case)
    return at.intruder.row(case.id) is not None


def visit_of_an_old_code(at: Installation) -> bool:
    case, _ = begun(at)
    theirs = at.visit(case)
    at.changes_code(case)
    at.answers("sara", case, FOR_THE_NEW_CODE)
    with suppress(NothingHere):
        at.writes(theirs, "I am still here, write to me.")
        return True
    return False


def founded_anew(at: Installation) -> bool:
    case, _ = begun(at)
    at.shut_out("sara")
    at.shut_out("dana")
    at.comes("noor", at.circles["Listening"])
    at.visit(case)
    return answered(at, "noor", case) is None


def restored_after_a_new_code(at: Installation) -> bool:
    case, _ = begun(at)
    saved = at.saves_backup()
    at.changes_code(case)
    at.opens("sara", case)
    at.restores(saved)
    has_code(at, case)
    return opens_answer(at, "sara", case)


def restored_after_coming_and_going(at: Installation) -> bool:
    case, intruder = begun(at)
    saved = at.saves_backup()
    at.comes("noor", at.circles["Listening"])
    goes_and_is_out(at, "noor")
    at.restores(saved)
    written = at.writes_back(case, "for those who are here")
    intruder.looks()
    return intruder.opens(written)


def old_form_after_a_new_code(at: Installation) -> bool:
    case, intruder = begun(at)
    at.changes_code(case)
    before = intruder.row(case.id)
    for circle in (case.circle, at.circles["Law"]):
        with suppress(NothingHere, Refused):
            at.sends(case.form, circle, f"Other words {random(4).hex()}")
    opens_again = at.world.stores(case.codes[0])
    return opens_again or not at.world.stores(case.codes[1]) or intruder.row(case.id) != before


ATTACKS: Final[tuple[Callable[[Installation], bool], ...]] = (
    handed_and_back,
    own_key_in_the_list,
    old_code_and_own_key,
    old_code_and_own_key_after_handing_over,
    moved_to_an_informer,
    old_code_and_old_row,
    old_code_and_old_row_after_shutting_out,
    answer_that_nobody_opens,
    answer_into_nothing_by_one_shut_out,
    away_and_back_after_handing_over,
    away_and_back_after_a_new_code,
    forged_answer,
    forged_consent,
    replaced_consent,
    notes_with_the_code,
    erased_and_handed,
    mass_withdrawal,
    closed_and_erasing,
    visit_of_an_old_code,
    founded_anew,
    restored_after_a_new_code,
    restored_after_coming_and_going,
    old_form_after_a_new_code,
)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_the_attack_fails(installation: Installation, attack: Callable[[Installation], bool]) -> None:
    assert not attack(installation)
