"""What somebody who can write into the mailbox cannot hide from whoever reads at the desk."""

import pytest

from onion_app.crypto.keys import new_keypair
from onion_app.crypto.payloads import Consent, Text
from onion_app.vault.desk import audit
from onion_app.vault.mailbox import messages
from tests.desk.house import House, Volunteer
from tests.planting import Intruder
from tests.world import Author

EXCHANGE = "UPDATE circles SET public_key = ?"


@pytest.fixture
def case(author: Author, counsellor: Volunteer) -> str:
    """Give a case of a text, what its author allows, and another text."""
    case = author.tells("First.", "ask")
    author.writes_back("Third.")
    counsellor.log_in()
    return case


def numbers(counsellor: Volunteer, kind: str) -> list[str]:
    return [article.get("data-number") for article in counsellor.page.having_class(kind)]


def test_a_reply_that_the_desk_did_not_write_is_marked(
    counsellor: Volunteer, author: Author, case: str, intruder: Intruder
) -> None:
    counsellor.reply(case, "Real.")
    intruder.forges(author, Text("Send us your name and a photo.", 20_500, sender="Sara"), "circle")
    page = counsellor.get(f"/case/{case}")
    assert numbers(counsellor, "forged") == ["5"]
    assert "Send us your name" in page.having_class("forged")[0].text


def test_a_message_moved_to_another_case_does_not_open(
    house: House, counsellor: Volunteer, author: Author, case: str, intruder: Intruder
) -> None:
    other = Author(house, author.circle_id)
    other.writes("Somebody else's.")
    foreign = messages.messages_of(house.mailbox, other.case_id)[0].sealed
    intruder.runs("UPDATE messages SET sealed = ? WHERE case_id = ? AND number = 1", foreign, author.case_id)
    page = counsellor.open_case(case)
    assert (counsellor.status, numbers(counsellor, "broken")) == (200, ["1"])
    assert "Somebody else" not in page.text


@pytest.mark.parametrize(
    ("done", "broken", "missing"),
    [
        ("UPDATE messages SET number = 9 WHERE number = 3", ["9"], "6 messages are"),
        ("DELETE FROM messages WHERE number = 1", [], "1 message is"),
    ],
)
def test_a_message_that_is_moved_or_missing_is_marked(
    counsellor: Volunteer, case: str, intruder: Intruder, done: str, broken: list[str], missing: str
) -> None:
    intruder.runs(done)
    page = counsellor.open_case(case)
    assert numbers(counsellor, "broken") == broken
    assert [gap.text for gap in page.having_class("gap")] == [f"Here {missing} missing."]


@pytest.mark.parametrize(("number", "said"), [(1, "رسالة ناقصة"), (2, "رسالتان"), (3, "٣ رسائل"), (11, "١١ رسالة")])
def test_a_gap_is_counted_the_arabic_way(
    counsellor: Volunteer, case: str, intruder: Intruder, number: int, said: str
) -> None:
    intruder.runs("UPDATE messages SET number = ? WHERE number = 3", 3 + number)
    counsellor.get("/?lang=ar")
    assert said in counsellor.open_case(case).having_class("gap")[0].text


def test_a_reply_taken_out_of_the_mailbox_is_missed(counsellor: Volunteer, case: str, intruder: Intruder) -> None:
    counsellor.reply(case, "Real.")
    assert not counsellor.page.has(id="missing")
    intruder.runs("DELETE FROM messages WHERE author = 'circle'")
    assert counsellor.get(f"/case/{case}").has(id="missing")


def test_an_exchanged_circle_key_is_shouted_on_every_page(
    counsellor: Volunteer, author: Author, case: str, intruder: Intruder
) -> None:
    assert not counsellor.page.has(id="shout")
    intruder.runs(EXCHANGE, new_keypair().public)
    for path in ("/", f"/circle/{author.circle_id.hex()}/new", f"/case/{case}"):
        assert counsellor.get(path).has(id="shout")
    assert counsellor.press(f"/case/{case}/open").has(id="shout")


def test_a_case_sealed_to_an_exchanged_key_says_so(counsellor: Volunteer, author: Author, intruder: Intruder) -> None:
    intruder.runs(EXCHANGE, new_keypair().public)
    page = counsellor.open_case(author.tells("Who reads this?"))
    assert (counsellor.status, len(page.having_class("closed"))) == (200, 2)
    assert "Who reads this?" not in page.text


@pytest.mark.parametrize("day", ["today", -1, 10**9, None, True])
def test_a_sealed_letter_of_the_wrong_kind_is_a_broken_one(
    counsellor: Volunteer, author: Author, case: str, intruder: Intruder, day: object
) -> None:
    intruder.forges(author, Text("x", day), "visitor")  # type: ignore[arg-type]
    counsellor.open_case(case)
    assert (counsellor.status, numbers(counsellor, "broken")) == (200, ["4"])


@pytest.mark.parametrize("writer", ["circle", "site"])
def test_nobody_but_the_author_consents(
    counsellor: Volunteer, author: Author, case: str, intruder: Intruder, writer: str
) -> None:
    before = counsellor.open_case(case).first(id="consents").text
    intruder.forges(author, Consent("yes", count=True, quote=True, day=20_500), writer)
    page = counsellor.open_case(case)
    assert numbers(counsellor, "broken") == ["4"]
    assert page.first(id="consents").text == before


def test_what_the_chores_found_stays_until_somebody_has_seen_it(house: House, counsellor: Volunteer) -> None:
    with house.desk.writing():
        audit.add_finding(house.desk, 20_500, "circle changed", "ab" * 16)
    finding = counsellor.log_in().having_class("finding")[0].get("data-finding")
    assert counsellor.press(f"/finding/{finding}/acknowledge").having_class("finding") == []
