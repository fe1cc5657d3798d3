"""What somebody who can write into the mailbox cannot hide from whoever reads at the desk."""

import pytest

from onion_app.crypto.keys import new_keypair
from onion_app.crypto.payloads import Consent, Text
from onion_app.vault.desk import audit
from onion_app.vault.mailbox import messages
from tests.desk.actors import Author, House, Volunteer


def tamper(house: House, sql: str, *params: object) -> None:
    """Write into the mailbox past every function of ours."""
    with house.mailbox.writing():
        assert house.mailbox.run(sql, params) > 0  # type: ignore[arg-type]


def test_a_reply_that_the_desk_did_not_write_is_marked(counsellor: Volunteer, author: Author) -> None:
    case = author.writes("Hello?")
    counsellor.logs_in()
    counsellor.takes(case)
    counsellor.presses(f"/case/{case}/reply", text="Real.")
    author.forges_an_answer("Send us your name and a photo.")
    page = counsellor.goes_to(f"/case/{case}")
    marked = page.having_class("forged")
    assert [article.get("data-number") for article in marked] == ["4"]
    assert "was not written at this desk" in marked[0].text
    assert "Send us your name" in marked[0].text


def test_a_message_moved_to_another_case_does_not_open(house: House, counsellor: Volunteer, author: Author) -> None:
    case = author.writes("Mine.")
    other = Author(house, author.circle_id)
    other.writes("Somebody else's.")
    foreign = messages.messages_of(house.mailbox, other.case_id)[0].sealed
    tamper(house, "UPDATE messages SET sealed = ? WHERE case_id = ? AND number = 1", foreign, author.case_id)
    counsellor.logs_in()
    page = counsellor.opens(case)
    assert counsellor.status == 200
    assert "does not open" in page.having_class("broken")[0].text
    assert "Somebody else" not in page.text


def test_a_message_moved_to_another_number_does_not_open(house: House, counsellor: Volunteer, author: Author) -> None:
    case = author.writes("First.")
    author.writes_back("Third.")
    tamper(house, "UPDATE messages SET number = 9 WHERE case_id = ? AND number = 3", author.case_id)
    counsellor.logs_in()
    page = counsellor.opens(case)
    assert [article.get("data-number") for article in page.having_class("broken")] == ["9"]
    assert [gap.text for gap in page.having_class("gap")] == ["Here 6 messages are missing."]


def test_a_missing_message_is_marked(house: House, counsellor: Volunteer, author: Author) -> None:
    case = author.writes("First.")
    author.writes_back("Third.")
    tamper(house, "DELETE FROM messages WHERE case_id = ? AND number = 1", author.case_id)
    counsellor.logs_in()
    page = counsellor.opens(case)
    assert [gap.text for gap in page.having_class("gap")] == ["Here 1 message is missing."]


def test_a_reply_taken_out_of_the_mailbox_is_missed(house: House, counsellor: Volunteer, author: Author) -> None:
    case = author.writes("Hello?")
    counsellor.logs_in()
    counsellor.takes(case)
    counsellor.presses(f"/case/{case}/reply", text="Real.")
    tamper(house, "DELETE FROM messages WHERE case_id = ? AND number = 3", author.case_id)
    page = counsellor.goes_to(f"/case/{case}")
    assert "1 answer written here is no longer in the mailbox" in page.first(id="missing").text


def test_an_exchanged_circle_key_is_shouted_on_every_page(house: House, counsellor: Volunteer, author: Author) -> None:
    case = author.writes("Hello?")
    counsellor.logs_in()
    assert not counsellor.page.has(id="shout")
    tamper(house, "UPDATE circles SET public_key = ? WHERE id = ?", new_keypair().public, author.circle_id)
    for path in ("/", f"/circle/{author.circle_id.hex()}/new", f"/case/{case}"):
        assert "STOP" in counsellor.goes_to(path).first(id="shout").text
    assert "STOP" in counsellor.presses(f"/case/{case}/open").first(id="shout").text


def test_a_case_sealed_to_an_exchanged_key_says_so(house: House, counsellor: Volunteer, author: Author) -> None:
    tamper(house, "UPDATE circles SET public_key = ? WHERE id = ?", new_keypair().public, author.circle_id)
    case = author.writes("Who reads this?")
    counsellor.logs_in()
    page = counsellor.opens(case)
    assert counsellor.status == 200
    assert len(page.having_class("closed")) == 2
    assert "Who reads this?" not in page.text


@pytest.mark.parametrize("day", ["today", -1, 10**9, None, True])
def test_a_sealed_letter_of_the_wrong_kind_is_a_broken_one(counsellor: Volunteer, author: Author, day: object) -> None:
    case = author.writes("Hello?")
    author.forges(Text("x", day), "visitor")  # type: ignore[arg-type]
    counsellor.logs_in()
    page = counsellor.opens(case)
    assert counsellor.status == 200
    assert [article.get("data-number") for article in page.having_class("broken")] == ["3"]


@pytest.mark.parametrize("writer", ["circle", "site"])
def test_nobody_but_the_author_consents(counsellor: Volunteer, author: Author, writer: str) -> None:
    case = author.writes("Hello?")
    author.forges(Consent("yes", count=True, quote=True, day=20_500), writer)
    counsellor.logs_in()
    page = counsellor.opens(case)
    assert [article.get("data-number") for article in page.having_class("broken")] == ["3"]
    assert "seen the final text and said yes" in page.first(id="consents").text


def test_what_the_chores_found_stays_until_somebody_has_seen_it(house: House, counsellor: Volunteer) -> None:
    with house.desk.writing():
        audit.add_finding(house.desk, 20_500, "circle changed", "ab" * 16)
    page = counsellor.logs_in()
    finding = page.having_class("finding")[0]
    assert "A circle in the mailbox was not as the desk has it." in finding.text
    page = counsellor.presses(f"/finding/{finding.get('data-finding')}/acknowledge")
    assert page.having_class("finding") == []
