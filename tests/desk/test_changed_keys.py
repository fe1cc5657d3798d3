"""Somebody who writes the mailbox changes the keys of a case, or its words: the desk says so, and sends nothing."""

from dataclasses import replace

import pytest

from onion_app.crypto.casekeys import KeyName, case_id_of
from onion_app.crypto.keys import new_id, new_keypair
from onion_app.crypto.payloads import Consent
from onion_app.site import new_case
from onion_app.site.forms import Submission
from onion_app.vault.mailbox import case_keys, messages
from tests.desk.house import House, Volunteer, id_of, joins, listed, pairs_of, shuts_out
from tests.planting import Intruder
from tests.world import Author

ANSWER = "Come to the library at five."
LOW_ORDER = bytes(32)  # X25519 with it is refused


@pytest.fixture
def case(counsellor: Volunteer, author: Author) -> str:
    """Give a case whose author has changed the code, and which the counsellor, who is logged in, has taken since."""
    case = author.tells("They found my phone.", "ask")
    author.changes_code()
    author.writes_back("I have a new code.")
    counsellor.log_in()
    counsellor.take(case)
    return case


def replies(volunteer: Volunteer, case: str) -> None:
    """Send an answer from a form that was open before."""
    fields = [*volunteer.token, ("message", new_id().hex()), ("seen", "99"), ("text", ANSWER)]
    volunteer.post(f"/case/{case}/reply", fields)


def lists(intruder: Intruder) -> dict[str, list[bytes]]:
    """Change the list of the author's keys in each way that leaves the case its name."""
    first, second = intruder.row.codes
    own = new_keypair().public
    return {
        "shorter": [first],
        "the intruder's second": [first, own],
        "longer": [first, second, own],
        "twice the first": [first, first],
        "a point of low order": [first, second, LOW_ORDER],
        "another sign bit": [first, second[:-1] + bytes([second[-1] ^ 128])],
        "as long as can be": [first, second, *[own] * 14],
    }


def test_a_list_of_keys_that_was_changed_is_said_and_nothing_is_sent_under_it(
    counsellor: Volunteer, author: Author, case: str, intruder: Intruder
) -> None:
    stored = len(messages.messages_of(author.world.mailbox, author.case_id))
    for way, codes in lists(intruder).items():
        intruder.has_codes(*codes)
        page = counsellor.open_case(case)
        assert page.has(id="no-answer"), way
        assert not page.has("button", **{"class": "main"}), way
        assert ("They found my phone." in page.text, counsellor.status) == (True, 200), way
        replies(counsellor, case)
        assert "changed the keys" in counsellor.page.errors, way
        assert counsellor.page.first(id="text").raw_text.strip() == ANSWER, way
        assert len(messages.messages_of(author.world.mailbox, author.case_id)) == stored, way
        intruder.puts_back()
    assert not counsellor.open_case(case).has(id="no-answer")
    assert counsellor.press(f"/case/{case}/reply", text=ANSWER).errors == ""
    assert author.texts()[-1] == ANSWER


def test_a_case_that_is_not_named_by_its_row_opens_for_nobody_and_the_others_go_on(
    house: House, counsellor: Volunteer, author: Author, case: str, intruder: Intruder, law: bytes
) -> None:
    other = Author(house, author.circle_id)
    counsellor.take(other.writes("And me."))
    stored, token = messages.messages_of(house.mailbox, author.case_id), counsellor.token
    changed = {"codes": new_keypair().public + intruder.row.codes[1], "home": law, "mark": new_keypair().public}
    for column, value in changed.items():
        intruder.runs(f"UPDATE cases SET {column} = ? WHERE id = ?", value, author.case_id)
        for path in ("", "/ways-out", "/story"):
            page = counsellor.get(f"/case/{case}{path}")
            assert (page.status, page.has(id="keys-changed")) == (200, True), column
            assert "They found my phone." not in page.text
        for act in ("open", "take", "give-back", "close", "confirm", "ways-out/step-out", "ways-out/close-door"):
            assert counsellor.post(f"/case/{case}/{act}", token).has(id="keys-changed"), (column, act)
        replies(counsellor, case)
        assert counsellor.page.first(id="not-sent").having_class("text")[0].text == ANSWER
        draft = [*token, ("entry", new_id().hex()), ("title", "A title"), ("text", "A draft."), ("language", "en")]
        assert "A draft." in counsellor.post(f"/case/{case}/story/save", draft).first(id="not-sent").text
        # Among one's own cases the others are there, are opened, and are answered.
        page = counsellor.post("/mine/open", token)
        assert (case in listed(page, "mine"), len(page.having_class("keys-changed"))) == (False, 1)
        sent = counsellor.page.form_to("/mine/send").filled(**{f"text_{other.case_id.hex()}": f"{column} was changed"})
        theirs = [(f"text_{case}", ANSWER), (f"message_{case}", new_id().hex()), (f"seen_{case}", "99")]
        page = counsellor.post("/mine/send", [*sent, *theirs])
        assert page.having_class("stray")[0].having_class("text")[0].text == ANSWER
        assert other.texts()[-1] == f"{column} was changed"
        intruder.puts_back()
    assert messages.messages_of(house.mailbox, author.case_id) == stored


def test_a_case_is_moved_to_no_other_circle(
    house: House, counsellor: Volunteer, case: str, intruder: Intruder, law: bytes, lawyer: Volunteer
) -> None:
    lawyer.log_in()
    intruder.runs("UPDATE cases SET circle_id = ?, state = 'new', unread = 1", law)
    lawyer.get(f"/circle/{law.hex()}/new")
    token = lawyer.token
    for act in ("open", "take", "note"):
        assert lawyer.post(f"/case/{case}/{act}", [*token, ("text", "x"), ("entry", "1" * 32)]).status == 404
    lawyer.post("/mine/take", [*token, (f"take_{case}", "1")])
    assert listed(lawyer.get("/mine"), "mine") == []
    assert "They found my phone." in counsellor.open_case(case).text
    assert listed(counsellor.get("/mine"), "mine") == [case]
    # Named anew for the other circle it is another case, which holds no word of this author.
    moved = case_id_of(intruder.row.codes[0], law, intruder.row.mark)
    intruder.runs("UPDATE cases SET id = ?, home = ?", moved, law)
    intruder.runs("UPDATE messages SET case_id = ?", moved)
    page = lawyer.open_case(moved.hex())
    assert len(page.having_class("broken")) == len(page.having_class("message")) == 3
    house.chores()
    assert counsellor.get(f"/case/{case}").status == 404


def test_somebody_who_was_shut_out_forges_no_consent_after_newer_words(
    house: House, coordinator: Volunteer, author: Author, case: str, intruder: Intruder, circle: bytes
) -> None:
    dana = joins(house, circle, "Dana", coordinator)
    [had] = pairs_of(house, dana, circle)
    shuts_out(house, coordinator, "Dana")
    author.allows("no")
    yes = Consent("yes", count=True, quote=True, day=house.today, mark=author.access.story_mark.hex())
    old, name = intruder.as_circle(had), KeyName(0, 1, 2)
    intruder.says(yes, old, had.public, name, "visitor")
    for _ in range(2):  # before somebody has read it, and after
        page = coordinator.open_case(case)
        assert [each.get("data-number") for each in page.having_class("doubted")] == ["5"]
        assert "Do not publish it" in page.first(id="consents").text
    # Added later, where nobody has read yet and nothing of the author's is newer, it is doubted as well.
    intruder.says(yes, old, had.public, name, "visitor")
    assert len(coordinator.open_case(case).having_class("doubted")) == 2
    # And they make no list of keys count: an answer goes to the author's own only.
    third = [*intruder.row.codes, new_keypair().public]
    intruder.has_codes(*third)
    intruder.says("Where are you?", intruder.as_circle(had, third), had.public, KeyName(0, 1, 3), "visitor")
    assert coordinator.open_case(case).has(id="no-answer")


def test_what_was_read_and_is_exchanged_counts_no_more_until_a_member_has_looked(
    house: House, counsellor: Volunteer, author: Author, case: str, intruder: Intruder, circle: bytes
) -> None:
    [pair] = pairs_of(house, counsellor, circle)
    counsellor.open_case(case)
    assert not counsellor.page.has(id="changed")
    before = counsellor.page.first(id="consents").text
    intruder.runs("DELETE FROM messages WHERE case_id = ? AND number = 2", author.case_id)
    yes = Consent("yes", count=True, quote=True, day=house.today, mark=author.access.story_mark.hex())
    intruder.says(yes, intruder.as_circle(pair), pair.public, KeyName(0, 1, 1), "visitor", 2)
    for _ in range(2):
        page = counsellor.open_case(case)
        assert page.has(id="changed")
        assert {each.get("data-number") for each in page.having_class("changed")} == {"1", "2", "3"}
        assert "The author said nothing about it" in page.first(id="consents").text
    assert counsellor.press(f"/case/{case}/reply", text="Did you say that?").errors == ""
    # What its author says anew counts.
    author.allows("no")
    assert "The author said nothing about it" not in counsellor.open_case(case).first(id="consents").text
    # Confirmed is what stood on the page, not what was put there since.
    looked_at = counsellor.page.form_to(f"/case/{case}/confirm").filled()
    intruder.runs("DELETE FROM messages WHERE case_id = ? AND number = 3", author.case_id)
    assert counsellor.post(f"/case/{case}/confirm", looked_at).has(id="changed")
    assert counsellor.page.errors
    page = counsellor.press(f"/case/{case}/confirm")
    assert not page.has(id="changed")
    assert page.first(id="consents").text not in ("", before)
    # So it is where nothing is left of all that was read.
    intruder.runs("DELETE FROM messages WHERE case_id = ?", author.case_id)
    counsellor.open_case(case)
    assert not counsellor.press(f"/case/{case}/confirm").has(id="changed")
    author.writes_back("It was me.")
    page = counsellor.open_case(case)
    assert not page.having_class("doubted") + page.having_class("changed")


def test_an_answer_that_was_taken_away_is_missed_and_its_number_holds_no_words_of_an_author(
    house: House, coordinator: Volunteer, case: str, intruder: Intruder, circle: bytes
) -> None:
    dana = joins(house, circle, "Dana", coordinator)
    [had] = pairs_of(house, dana, circle)
    shuts_out(house, coordinator, "Dana")
    coordinator.reply(case, ANSWER)
    intruder.runs("DELETE FROM messages WHERE author = 'circle'")
    intruder.says("Publish it.", intruder.as_circle(had), had.public, KeyName(0, 1, 2), "visitor")
    page = coordinator.open_case(case)
    assert page.has(id="missing")
    assert page.having_class("doubted")[0].having_class("text")[0].text == "Publish it."


def test_a_code_that_somebody_took_away_is_said_loudly(
    counsellor: Volunteer, author: Author, case: str, intruder: Intruder
) -> None:
    with author.world.mailbox.writing():
        case_keys.write_key_row(author.world.mailbox, replace(intruder.row, tag=None, box=None, stop=None))
    assert "alarm" in counsellor.open_case(case).first(id="no-answer").classes
    replies(counsellor, case)
    assert "Somebody has changed the keys" in counsellor.page.errors


def test_a_case_of_a_text_without_return_is_answered_by_nobody(counsellor: Volunteer, author: Author) -> None:
    alone = Submission("ask", "Hello?", topic="talk", no_return=True)
    new_case.send_case(author.files, new_case.prepare(), alone, "ar")
    [(case_id,)] = author.world.mailbox.rows("SELECT id FROM cases WHERE tag IS NULL")
    assert isinstance(case_id, bytes)
    case = case_id.hex()
    counsellor.log_in()
    counsellor.take(case)
    page = counsellor.open_case(case)
    assert page.has(id="no-answer")
    replies(counsellor, case)
    assert "does not come back" in counsellor.page.errors
    assert counsellor.page.first(id="text").raw_text.strip() == ANSWER
    page = counsellor.press_on("/mine", "/mine/send", **{f"text_{case}": ANSWER})
    assert "does not come back" in counsellor.page.errors
    assert page.first(id=f"text_{case}").raw_text.strip() == ANSWER


def test_a_member_whose_newest_grant_does_not_open_answers_nothing_under_an_older_key(
    house: House, coordinator: Volunteer, author: Author, case: str, circle: bytes
) -> None:
    joins(house, circle, "Dana", coordinator)
    shuts_out(house, coordinator, "Dana")
    coordinator.open_case(case)
    with house.desk.writing():
        sara = bytes.fromhex(id_of(house, "Sara"))
        spoil = "UPDATE circle_grants SET sealed = ? WHERE moderator_id = ? AND generation = 2"
        house.desk.run(spoil, (bytes(120), sara))
    page = coordinator.get(f"/case/{case}")
    assert ("They found my phone." in page.text, page.has(id="no-answer")) == (True, True)
    replies(coordinator, case)
    assert "circle's key has changed" in coordinator.page.errors
    fields = coordinator.page.form_to(f"/case/{case}/note").filled(note="Lives with his sister.")
    page = coordinator.post(f"/case/{case}/note", fields)
    assert "circle's key has changed" in coordinator.page.errors
    assert page.first(id="note").raw_text.strip() == "Lives with his sister."
    author.writes_back("Are you there?")
    assert coordinator.press_on(f"/case/{case}", f"/case/{case}/open").has(id="cover")
    assert "circle's key has changed" in coordinator.page.errors
    page = coordinator.press_on("/mine", "/mine/open")
    assert (listed(page, "mine"), "circle's key has changed" in coordinator.page.errors) == ([case], True)
