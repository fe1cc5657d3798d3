"""Somebody with the mailbox key plants keys in a case: its author goes on, and nothing is sealed to the intruder."""

from collections.abc import Callable, Sequence

import pytest

from onion_app.crypto.epochs import AUTHOR_HOLDER
from onion_app.crypto.keys import new_id
from scripts.rehearsal.people import Visitor
from tests.planting import Intruder
from tests.site.conftest import Place


@pytest.mark.parametrize(
    ("where", "numbers"), [("both", (2,)), ("author", (2, 7)), ("circle", range(2, 30)), ("both", (2**31 - 1,))]
)
def test_its_author_writes_under_no_planted_key(
    visitor: Visitor, come: Callable[[], Visitor], place: Place, numbers: Sequence[int], where: str
) -> None:
    code = visitor.hand_in("tell", "They found my phone.")
    intruder = Intruder(place, place.case_ids()[0])
    holders = {"both": (), "author": (AUTHOR_HOLDER,), "circle": (place.circle_id,)}[where]
    for number in numbers:
        intruder.plants(number, *holders, says="Send us your name.")
    page = come().come_back(code)
    assert "They found my phone." in page.main.text
    assert "Send us your name." not in page.main.text
    assert page.main.text.count("This message is damaged and cannot be shown.") == len(numbers)
    answered = visitor.send(visitor.come_back(code), text="Are you there?")
    assert answered.status == 200
    assert "Are you there?" in answered.main.text
    assert set(intruder.reads()) == {"Send us your name."}
    assert place.texts() == ["They found my phone.", "Are you there?"]
    # A new key of the circle begins an epoch beside what was planted, and neither is read by the intruder.
    place.gives_the_circle_a_new_key()
    assert "Still me." in visitor.send(answered, text="Still me.").main.text
    assert set(intruder.reads()) == {"Send us your name."}
    assert place.texts() == ["Still me."]


def test_rows_of_no_shape_of_ours_keep_nobody_out(visitor: Visitor, place: Place) -> None:
    code = visitor.hand_in("tell", "They found my phone.")
    intruder = Intruder(place, place.case_ids()[0])
    intruder.plants(2, at=2**63 - 1)
    intruder.plants(2, AUTHOR_HOLDER, at=3)
    intruder.runs("UPDATE case_keys SET wrap = x'00' WHERE epoch = 3")
    page = visitor.come_back(code)
    assert "They found my phone." in page.main.text
    assert "Written." in visitor.send(page, text="Written.").main.text


def test_without_any_key_of_theirs_an_author_still_sees_and_erases_the_case(visitor: Visitor, place: Place) -> None:
    code = visitor.hand_in("tell", "They found my phone.")
    intruder = Intruder(place, place.case_ids()[0])
    intruder.plants(1, says="Write to us again, here.")
    page = visitor.come_back(code)
    assert page.status == 200
    assert "Write to us again, here." not in page.main.text
    kept = visitor.send(page, text="What happened?")
    assert kept.status == 503
    assert kept.box == "What happened?"
    assert visitor.send(visitor.go("case").form_doing("new_code")).heading == "Your new code"
    assert intruder.reads() == ["Write to us again, here."]
    assert visitor.send(visitor.send(visitor.go("case").form_doing("erase"))).heading == "Erased."


def test_a_case_moved_to_another_circle_is_still_written_to_its_own(visitor: Visitor, place: Place) -> None:
    code = visitor.hand_in("tell", "They found my phone.")
    intruder, theirs = Intruder(place, place.case_ids()[0]), new_id()
    intruder.runs("INSERT INTO circles VALUES (?, ?, '[]', '[]', 0, 0)", theirs, intruder.pair.public)
    intruder.runs("UPDATE cases SET circle_id = ?", theirs)
    place.gives_the_circle_a_new_key()  # so that an epoch begins
    assert "Are you there?" in visitor.send(visitor.come_back(code), text="Are you there?").main.text
    intruder.circle_id = theirs
    assert intruder.reads() == []
    assert place.texts() == ["Are you there?"]


def test_the_old_code_reads_nothing_that_was_written_after_a_new_one(visitor: Visitor, place: Place) -> None:
    code = visitor.hand_in("tell", "They found my phone.")
    thief = Intruder(place, place.case_ids()[0])
    thief.had(place.author_keys(code).author, AUTHOR_HOLDER)
    new = visitor.new_code(code)
    place.replies("We read every word.")
    case = visitor.come_back(new)
    visitor.send(case, text="Nobody has this code.")
    assert thief.reads() == ["They found my phone."]
    assert "We read every word." in case.main.text
