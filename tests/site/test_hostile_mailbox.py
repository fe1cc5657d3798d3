"""Whoever writes the mailbox changes rows of all kinds: authors go on reading and writing, and nobody reads along."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from onion_app.crypto.casekeys import KeyName, open_box, seal_stop, stop_root
from onion_app.crypto.codes import new_code
from onion_app.crypto.keys import keypair_from, new_id, new_key
from onion_app.crypto.payloads import FinalText, StoryLink
from onion_app.errors import DamagedFile, HalfWritten, NothingHere
from onion_app.site import author_actions
from onion_app.site.author_keys import CaseAccess
from onion_app.site.context import SiteFiles
from onion_app.vault.mailbox import case_keys, lifetime, withdrawals
from scripts.rehearsal.pages import Page
from scripts.rehearsal.people import Visitor
from tests import tables
from tests.planting import Intruder
from tests.site.conftest import Place
from tests.world import Author

MINE = new_key()  # a private key of the intruder's
X = keypair_from(MINE).public
# Points that no key follows from, or that stand for another: of low order, not canonical, the base point.
STRANGE = (
    bytes(32),
    bytes([1]) + bytes(31),
    bytes([0xED]) + b"\xff" * 30 + b"\x7f",
    b"\xff" * 32,
    bytes([9]) + bytes(31),
)
NOTHING = "There is nothing under this code."


@pytest.fixture
def code(visitor: Visitor, place: Place) -> str:
    """Give the newer of two codes of a case, under each of which there is an answer."""
    code = visitor.hand_in("tell", "They found my phone.", publish="yes")
    place.replies("We read every word.")
    new = visitor.new_code(code)
    place.replies("Are you safe?")
    return new


@pytest.fixture
def intruder(code: str, place: Place) -> Intruder:  # noqa: ARG001 - the case is there by then
    return Intruder(place, place.case_ids()[0])


def is_theirs_again(place: Place, intruder: Intruder) -> None:
    """See that the author's own values stand in the row."""
    row = case_keys.key_row(place.mailbox, intruder.case_id)
    assert (row.home, row.mark, row.codes) == (intruder.row.home, intruder.row.mark, intruder.row.codes)


def goes_on(visitor: Visitor, place: Place, intruder: Intruder, code: str) -> None:
    """See that an author reads everything, writes, and is answered, and that the row is theirs again."""
    page = visitor.come_back(code)
    assert page.status == 200
    for words in ("They found my phone.", "We read every word.", "Are you safe?"):
        assert words in page.main.text
    assert "damaged" not in page.main.text
    assert visitor.send(page, text="I am here.").has(id="arrived")
    place.replies("So are we.")
    assert "So are we." in visitor.go("case").main.text
    is_theirs_again(place, intruder)
    for keys in (intruder.as_author(MINE), intruder.as_author(MINE, MINE)):
        assert intruder.opens(keys) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda b: (*b, X),
        lambda b: (b[0], X),
        lambda b: (b[0], X, *b[1:]),
        lambda b: (X, *b[1:]),
        lambda _: (X,),
        lambda b: b[:1],
        lambda b: b[1:],
        lambda b: b[::-1],
        lambda b: (*b, *[X] * 14),
        lambda b: (*b, *[X] * 200),
        lambda b: (b[0][:31],),
        lambda _: (),
        *(lambda b, point=point: (b[0], point) for point in STRANGE),
    ],
)
def test_another_list_in_the_row_keeps_nobody_out_and_lets_nobody_in(
    visitor: Visitor, place: Place, intruder: Intruder, code: str, change: Callable[[Sequence[bytes]], Sequence[bytes]]
) -> None:
    intruder.has_codes(*change(intruder.row.codes))
    goes_on(visitor, place, intruder, code)


@pytest.mark.parametrize("column", ["home", "mark", "codes", "box", "stop"])
@pytest.mark.parametrize("value", [b"", b"short", bytes(100_000)], ids=["empty", "short", "long"])
def test_what_is_planted_while_a_visit_lasts_stops_nobody_from_writing(
    visitor: Visitor, place: Place, intruder: Intruder, code: str, column: str, value: bytes
) -> None:
    page = visitor.come_back(code)
    intruder.runs(f"UPDATE cases SET {column} = ?", value)
    page = visitor.send(page, text="I am here.")
    assert page.has(id="arrived")
    assert "They found my phone." in page.main.text
    is_theirs_again(place, intruder)


@pytest.mark.parametrize("column", ["home", "mark", "circle_id"])
def test_a_case_moved_by_its_row_is_still_its_own_circles(
    visitor: Visitor, place: Place, intruder: Intruder, code: str, column: str
) -> None:
    theirs = place.circle("Informers")
    place.enrol(theirs, "informer")
    value = X if column == "mark" else theirs
    intruder.runs(f"UPDATE cases SET {column} = ?", value)
    goes_on(visitor, place, intruder, code)


@pytest.mark.parametrize(
    ("column", "value"),
    [("state", "gone"), ("kind", "song"), ("topic", "weather"), ("answer_in", "fr"), ("unread", 7), ("urgent", -1),
     ("received_day", 2**60), ("last_day", -(2**60)), ("spread", 2**40)],
)  # fmt: skip
def test_a_queue_column_of_no_value_of_ours_loses_no_words_and_the_code_erases(
    visitor: Visitor, place: Place, intruder: Intruder, code: str, column: str, value: int | str
) -> None:
    page = visitor.come_back(code)
    intruder.runs(f"UPDATE cases SET {column} = ?", value)
    answer = visitor.send(page, text="I am here.")
    assert answer.status in (200, 503)
    assert "I am here." in answer.html
    assert visitor.send(visitor.ask_to_erase(code)).heading == "Erased."
    assert place.count("cases") == 0


@pytest.mark.parametrize("column", ["box", "tag"])
def test_what_a_code_leads_to_opens_nothing_when_it_is_put_into_another_row(
    visitor: Visitor, place: Place, intruder: Intruder, code: str, column: str, come: Callable[[], Visitor]
) -> None:
    other = place.case_of(come().hand_in("tell", "Another story."))
    (value,) = place.mailbox.rows(f"SELECT {column} FROM cases WHERE id = ?", (intruder.case_id,))[0]
    intruder.runs(f"UPDATE cases SET {column} = ? WHERE id = ?", secrets.token_bytes(32), intruder.case_id)
    intruder.runs(f"UPDATE cases SET {column} = ? WHERE id = ?", value, other)
    assert visitor.come_back(code).heading == NOTHING
    assert "Another story." not in visitor.send(visitor.ask_to_erase(code)).main.text


@pytest.mark.parametrize("box", [None, b"", bytes(89), bytes(600)])
def test_a_damaged_box_is_the_one_text(visitor: Visitor, intruder: Intruder, code: str, box: bytes | None) -> None:
    intruder.runs("UPDATE cases SET box = ?", box)
    assert visitor.come_back(code).heading == NOTHING


def says_as_circle(place: Place, intruder: Intruder, words: str) -> bytes:
    """Write an answer with the circle's own key, as a member could who writes the mailbox as well."""
    pair = place.pair
    return intruder.says(words, intruder.as_circle(pair), pair.public, KeyName(0, 1, 2))


def test_no_question_and_no_story_comes_from_an_answer_without_a_mark(
    visitor: Visitor, place: Place, intruder: Intruder, code: str
) -> None:
    pair = place.pair
    for payload in (FinalText("A title", "Planted words.", "en", 20_000), StoryLink(new_id().hex())):
        intruder.says(payload, intruder.as_circle(pair), pair.public, KeyName(0, 1, 2))
    intruder.runs("UPDATE cases SET state = 'published'")
    page = visitor.come_back(code)
    assert "Planted words." not in page.html
    assert not page.has(id="proposal")
    assert not page.has(value="take_back")


@pytest.mark.parametrize("moved", ["id", "case"])
def test_the_mark_of_another_answer_makes_nothing_true(
    visitor: Visitor, place: Place, intruder: Intruder, code: str, moved: str, come: Callable[[], Visitor]
) -> None:
    planted = says_as_circle(place, intruder, "Come to the bridge at eight.")
    if moved == "id":  # under the id of an answer that was written here
        (answer,) = place.mailbox.rows("SELECT id FROM messages WHERE author = 'circle' ORDER BY number LIMIT 1")[0]
        intruder.runs("DELETE FROM messages WHERE id = ?", answer)
        intruder.runs("UPDATE messages SET id = ? WHERE id = ?", answer, planted)
    else:  # marked, as if it had been written in another case
        other = place.case_of(come().hand_in("tell", "Another story."))
        with place.shown.writing():
            mark = new_key()
            place.shown.run("INSERT INTO replies (message_id, case_id, mark) VALUES (?, ?, ?)", (planted, other, mark))
    page = visitor.come_back(code)
    assert page.status == 200
    assert "Come to the bridge" not in page.html


WILD: list[tuple[str, int | str | bytes]] = [
    ("number", 10_000), ("number", -1), ("number", 2**62), ("turn", 1), ("turn", 300), ("generation", 0),
    ("generation", 9), ("generation", 2**40), ("codes", 0), ("codes", 3), ("codes", 17), ("author", "god"),
    ("sealed", b""), ("sealed", bytes(100_000)), ("id", b"short"),
]  # fmt: skip


def test_messages_under_wild_numbers_hide_no_others_and_stop_nobody(
    visitor: Visitor, place: Place, intruder: Intruder, code: str
) -> None:
    keys, pair = intruder.as_author(MINE), place.pair
    for at, (column, value) in enumerate(WILD, start=5_000):
        planted = intruder.says("Planted.", keys, pair.public, KeyName(0, 1, 1), "visitor", at=at)
        intruder.runs(f"UPDATE messages SET {column} = ? WHERE id = ?", value, planted)
    page = visitor.come_back(code)
    assert page.status == 200
    for words in ("They found my phone.", "We read every word.", "Are you safe?"):
        assert words in page.main.text
    assert "Planted." not in page.main.text
    assert visitor.send(page, text="I am here.").has(id="arrived")
    assert intruder.reads(intruder.as_circle(pair))[-1] == "I am here."
    place.replies("So are we.")
    assert "So are we." in visitor.go("case").main.text


def test_what_is_planted_as_message_0_is_no_day_and_is_written_over(
    visitor: Visitor, place: Place, intruder: Intruder, code: str
) -> None:
    def plants() -> None:
        intruder.runs("DELETE FROM messages WHERE number = 0")
        intruder.says("Planted.", intruder.as_author(MINE), place.pair.public, KeyName(0, 1, 1), "site", at=0)

    plants()
    assert "Nobody has opened this with your code before." in visitor.come_back(code).main.text
    assert place.mailbox.rows("SELECT codes FROM messages WHERE number = 0") == [(2,)]
    plants()
    assert "damaged" not in visitor.go("case").main.text


# --- a visit asks again with each page ---


def _types_the_line(visitor: Visitor, page: Page) -> Page:
    shown = visitor.send(page.form_doing("new_code"))
    return visitor.send(shown, line=shown.code[-4:]) if shown.code else shown


def _is_sure(visitor: Visitor, page: Page) -> Page:
    asked = visitor.send(page.form_doing("erase"))
    return visitor.send(asked) if asked.heading == "Erase everything?" else asked


ACTS: dict[str, Callable[[Visitor, Page], Page]] = {
    "read": lambda visitor, _: visitor.go("case"),
    "write": lambda visitor, page: visitor.send(page, text="I am the author."),
    "consents": lambda visitor, page: visitor.send(page.form_doing("consents"), publish="ask"),
    "new code": _types_the_line,
    "erase": _is_sure,
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("ended_by", ["new code", "new code, old tag planted", "closed", "gone", "erased"])
def test_the_visit_of_an_old_code_or_behind_a_closed_door_is_over_with_every_act(
    visitor: Visitor, place: Place, come: Callable[[], Visitor], act: str, ended_by: str
) -> None:
    code = visitor.hand_in("tell", "They found my phone.")
    thief = come()
    page = thief.come_back(code)
    match ended_by:
        case "new code":
            visitor.new_code(code)
        case "new code, old tag planted":
            visitor.new_code(code)
            other = place.case_of(come().hand_in("tell", "Another story."))
            Intruder(place, other).runs("UPDATE cases SET tag = ? WHERE id = ?", place.author_keys(code).tag, other)
        case "erased":
            visitor.erase_without_opening(code)
        case door:
            place.closes_the_door(door)
    tables = [f"SELECT * FROM {table}" for table in ("cases", "messages", "withdrawn")]
    before = [place.mailbox.rows(table) for table in tables]
    answer = ACTS[act](thief, page)
    assert answer.heading == ("Erased." if ended_by == "erased" and act != "read" else NOTHING)
    assert "They found my phone." not in answer.html
    assert [place.mailbox.rows(table) for table in tables] == before


@pytest.mark.parametrize(
    "act",
    [
        lambda files, access: author_actions.change_code(files, access, new_code()),
        author_actions.take_story_back,
        author_actions.erase,
    ],
)
def test_each_act_asks_by_itself_whether_the_code_still_leads_there(
    place: Place, act: Callable[[SiteFiles, CaseAccess], object]
) -> None:
    author = Author(place, place.circle_id)
    author.tells("They found my phone.")
    before = author.access
    author.changes_code()
    with pytest.raises(NothingHere):
        act(author.files, before)
    assert place.case_of(author.code) == before.case_id


# --- taking back ---


@pytest.mark.parametrize("damaged", ["nothing", "stop", "box", "mark", "stop of another", "stop and box"])
@pytest.mark.parametrize("door", ["open", "closed"])
def test_the_code_erases_whatever_was_damaged_and_gives_both_proofs_while_it_can(
    visitor: Visitor, place: Place, intruder: Intruder, code: str, damaged: str, door: str
) -> None:
    if door == "closed":
        place.closes_the_door()
    for column in ("stop", "box"):
        if column in damaged.split():
            intruder.runs(f"UPDATE cases SET {column} = ?", secrets.token_bytes(73 if column == "stop" else 121))
    if damaged == "mark":
        intruder.runs("UPDATE cases SET mark = ?", X)
    if damaged == "stop of another":  # by somebody who had the code, too
        stop = seal_stop(place.author_keys(code).stop, intruder.case_id, stop_root(MINE))
        intruder.runs("UPDATE cases SET stop = ?", stop)
    assert visitor.send(visitor.ask_to_erase(code)).heading == "Erased."
    assert place.count("cases") == place.count("messages") == 0
    marks = withdrawals.withdrawn_among(place.mailbox, place.shown, [intruder.row.mark])
    if damaged == "stop and box":
        assert place.count("withdrawn") == 0
    else:
        assert (marks, place.count("withdrawn")) == ({intruder.row.mark}, 2)


def test_a_case_that_is_gone_and_was_put_back_is_not_there_for_its_code(
    visitor: Visitor, place: Place, intruder: Intruder, code: str
) -> None:
    place.closes_the_door("gone")
    assert visitor.come_back(code).heading == NOTHING
    assert visitor.send(visitor.ask_to_erase(code)).heading == NOTHING
    assert place.case_ids() == [intruder.case_id]


def test_a_damaged_stop_is_made_anew_when_its_author_comes_back(
    visitor: Visitor, place: Place, intruder: Intruder, code: str
) -> None:
    intruder.runs("UPDATE cases SET stop = ?", bytes(73))
    visitor.come_back(code)
    place.closes_the_door()
    intruder.runs("UPDATE cases SET box = NULL")
    assert visitor.send(visitor.ask_to_erase(code)).heading == "Erased."
    assert withdrawals.withdrawn_among(place.mailbox, place.shown, [intruder.row.mark])


def test_the_site_can_write_nothing_into_what_it_is_shown(visitor: Visitor, place: Place) -> None:
    visitor.hand_in()
    shown = place.apps[0].extensions["site"].shown.here()
    with pytest.raises((HalfWritten, DamagedFile)), shown.writing():
        shown.run("UPDATE circle_keys SET public_key = ?", (X,))
    assert place.public_key(place.circle_id) == place.pair.public


def test_a_no_is_stored_also_where_somebody_with_the_old_code_has_planted_the_same(
    visitor: Visitor, place: Place, intruder: Intruder, code: str
) -> None:
    """Else the author would see it hold, and the desk, which knows the planted one, would go on with the yes."""
    before = place.opens(place.lamp, intruder.case_id).consent
    assert before is not None
    keys, (box,) = place.author_keys(code), place.mailbox.ids("SELECT box FROM cases")
    old = open_box(keys.box, intruder.case_id, box)[1][0]
    no = replace(before, publish="no")
    intruder.says(no, intruder.as_author(old), place.public_key(place.circle_id), KeyName(0, 1, 1), "visitor")
    page = visitor.come_back(code)
    for _ in range(2):
        page = visitor.send(page.form_doing("consents"), count=None, quote=None, publish="no")
    consent = place.opens(place.lamp, intruder.case_id).consent
    assert consent is not None
    assert consent.publish == "no"
    assert len(place.consents()) == 3, "the first, the planted one, and one of their own"


@pytest.mark.parametrize("column", ["circle_id", "kind", "topic", "answer_in", "state", "unread", "urgent", "last_day"])
@pytest.mark.parametrize("value", [b"\xff", 1.5, None, "9" * 5_000])
def test_whatever_the_facts_of_a_case_are_made_of_its_author_reads_and_writes(
    visitor: Visitor, place: Place, code: str, intruder: Intruder, column: str, value: object
) -> None:
    file = place.state.mailbox / "mailbox.db"
    with tables.past_strict(file, place.keys.mailbox) as link:
        link.execute(f"UPDATE cases SET {column} = ?", (value,))
    page = visitor.come_back(code)
    assert "Are you safe?" in page.text
    assert "It has arrived" in visitor.write_back(page, "I am.").text
    assert "I am." in visitor.come_back(code).text
    assert lifetime.read_case(place.mailbox, intruder.case_id).unread
