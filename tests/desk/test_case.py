"""Working on a case: queue, cover, taking, answering, notes, closing."""

from onion_app.crypto.payloads import Text, unpack
from onion_app.crypto.sealing import Place, open_seal
from onion_app.desk import phrases
from onion_app.vault.desk import audit, entries, taken
from onion_app.vault.mailbox import lifetime, messages
from onion_app.web.app import Hardened
from tests.desk.actors import Author, House, Volunteer
from tests.pages import Element


def messages_on(page: Element) -> list[str]:
    return [
        article.having_class("text")[0].text for article in page.having_class("message") if article.having_class("text")
    ]


def counts_on(page: Element) -> list[str]:
    return [page.having_class(name)[0].text for name in ("unread", "urgent", "oldest", "mine")]


def test_the_first_page_gives_counts_and_no_word_of_any_case(counsellor: Volunteer, author: Author) -> None:
    author.writes("They found my phone.", urgent=2)
    page = counsellor.logs_in()
    assert counts_on(page) == ["1", "1", "16 February 2026", "0"]
    assert "phone" not in page.text


def test_a_case_is_answered_from_the_queue_to_the_reply(counsellor: Volunteer, author: Author) -> None:
    case = author.writes("I need somebody to talk to.")
    counsellor.logs_in()
    page = counsellor.goes_to(f"/circle/{author.circle_id.hex()}/new")
    assert [line.get("data-case") for line in page.having_class("case")] == [case]
    page = counsellor.opens(case)
    assert messages_on(page) == ["I need somebody to talk to."]
    assert "seen the final text and said yes" in page.first(id="consents").text
    counsellor.presses(f"/case/{case}/take")
    page = counsellor.presses(f"/case/{case}/reply", text="I am here.\nTell me.")
    assert messages_on(page) == ["I am here. Tell me.", "I need somebody to talk to."]
    sent = messages.messages_of(author.house.mailbox, author.case_id)[-1]
    place = Place(author.case_id, 1, sent.id, sent.number, "circle")
    assert unpack(open_seal(author.key, sent.sealed, place)) == Text("I am here.\nTell me.", 20_500, sender="Sara")
    assert entries.replies_of(author.house.desk, author.case_id) == {sent.id: entries.reply_mark(sent.sealed)}
    assert not page.having_class("forged")
    page = counsellor.goes_to(f"/circle/{author.circle_id.hex()}/waiting")
    assert [line.get("data-case") for line in page.having_class("case")] == [case]


def test_what_a_case_contains_is_said_before_it_opens(counsellor: Volunteer, author: Author) -> None:
    case = author.writes("Something hard to read.", kind="testimony", topic="testimony", urgent=0)
    counsellor.logs_in()
    page = counsellor.goes_to(f"/case/{case}")
    assert "Something hard" not in page.text
    assert "1 message from the author" in page.first(id="cover").text
    assert "danger" not in page.first(id="cover").text  # nobody asked its author
    assert lifetime.read_case(author.house.mailbox, author.case_id).unread
    page = counsellor.presses(f"/case/{case}/open")
    assert "Something hard to read." in messages_on(page)
    assert not lifetime.read_case(author.house.mailbox, author.case_id).unread


def test_nobody_reads_a_case_past_the_audit(counsellor: Volunteer, author: Author) -> None:
    case = author.writes("For your eyes.")
    counsellor.logs_in()
    token = counsellor.form("/logout").value("csrf_token")
    for act in ("reply", "note", "phrase", "take"):
        page = counsellor.sends(f"/case/{case}/{act}", [("csrf_token", token), ("text", "x")])
        assert page.has(id="cover")
        assert "For your eyes." not in page.text
    counsellor.opens(case)
    assert "opened a case" in {row.what for row in audit.audit_of(author.house.desk, author.circle_id, 0)}


def test_only_who_has_taken_a_case_can_reply(
    house: House, app: Hardened, counsellor: Volunteer, author: Author
) -> None:
    case = author.writes("Hello?")
    counsellor.logs_in()
    page = counsellor.opens(case)
    assert not page.has("button", formaction=f"/case/{case}/phrase")
    token = counsellor.form("/logout").value("csrf_token")
    fields = [("csrf_token", token), ("message", "0" * 32), ("seen", "2"), ("text", "Not mine to send")]
    page = counsellor.sends(f"/case/{case}/reply", fields)
    assert "Take this case first" in counsellor.mistakes
    assert page.first(id="text").raw_text.strip() == "Not mine to send"
    assert len(messages.messages_of(house.mailbox, author.case_id)) == 2
    assert app.name


def test_a_case_that_somebody_else_has_taken_is_theirs(counsellor: Volunteer, author: Author) -> None:
    case = author.writes("Hello?")
    other = b"o" * 16
    with author.house.desk.writing():
        author.house.desk.run(
            "INSERT INTO moderators (id, handle, public_key, secrets, coordinator, state, joined_day) "
            "VALUES (?, ?, ?, ?, 0, 'active', 20500)",
            (other, "Dana", b"p" * 32, b"s"),
        )
    taken.take_case(author.house.desk, author.case_id, other, 20_500)
    counsellor.logs_in()
    page = counsellor.opens(case)
    assert "Taken by Dana" in page.text
    token = counsellor.form("/logout").value("csrf_token")
    for act in ("take", "give-back", "close", "reply"):
        fields = [("csrf_token", token), ("message", "0" * 32), ("seen", "2"), ("text", "x")]
        counsellor.sends(f"/case/{case}/{act}", fields)
        assert "Somebody else of the circle" in counsellor.mistakes


def test_a_case_is_given_back(counsellor: Volunteer, author: Author) -> None:
    case = author.writes("Hello?")
    counsellor.logs_in()
    counsellor.takes(case)
    assert counts_on(counsellor.goes_to("/"))[3] == "1"
    page = counsellor.goes_to(f"/circle/{author.circle_id.hex()}/mine")
    assert len(page.having_class("case")) == 1
    counsellor.goes_to(f"/case/{case}")
    counsellor.presses(f"/case/{case}/give-back")
    assert taken.taken_by(author.house.desk, [author.case_id]) == {}


def test_a_reply_sent_twice_is_one_reply(counsellor: Volunteer, author: Author) -> None:
    case = author.writes("Hello?")
    counsellor.logs_in()
    counsellor.takes(case)
    fields = counsellor.form(f"/case/{case}/reply").filled(text="Once")
    for _ in range(2):
        counsellor.sends(f"/case/{case}/reply", fields)
        assert counsellor.mistakes == ""
    assert len(messages.messages_of(author.house.mailbox, author.case_id)) == 3
    changed = [(name, "Changed after sending" if name == "text" else value) for name, value in fields]
    page = counsellor.sends(f"/case/{case}/reply", changed)
    assert messages_on(page)[:2] == ["Changed after sending", "Once"]


def test_no_answer_goes_out_past_a_message_that_nobody_has_read(counsellor: Volunteer, author: Author) -> None:
    case = author.writes("Hello?")
    counsellor.logs_in()
    counsellor.takes(case)
    fields = counsellor.form(f"/case/{case}/reply").filled(text="Come to the address you gave.")
    author.writes_back("They are at my door, do not answer that.")
    page = counsellor.sends(f"/case/{case}/reply", fields)
    assert "has written again" in counsellor.mistakes
    assert page.has(id="cover")
    page = counsellor.presses(f"/case/{case}/open")
    assert page.first(id="text").raw_text.strip() == "Come to the address you gave."
    assert messages_on(page)[0] == "They are at my door, do not answer that."
    page = counsellor.presses(f"/case/{case}/reply", text="Understood.")
    assert messages_on(page)[0] == "Understood."


def test_a_set_phrase_is_offered_in_the_authors_language_and_not_sent(counsellor: Volunteer, author: Author) -> None:
    case = author.writes("مرحبا")
    counsellor.logs_in()
    counsellor.takes(case)
    form = counsellor.form(f"/case/{case}/phrase")
    assert form.value("phrase_in") == "ar"
    page = counsellor.presses(f"/case/{case}/phrase", phrase="not_your_fault", text="أهلًا")
    assert page.first(id="text").raw_text.strip() == f"أهلًا\n\n{phrases.PHRASES['not_your_fault']['ar']}"
    page = counsellor.presses(f"/case/{case}/phrase", phrase="received", phrase_in="en", text="")
    assert "by 19 February 2026." in page.first(id="text").raw_text
    assert len(messages.messages_of(author.house.mailbox, author.case_id)) == 2


def test_a_note_is_sealed_and_seen_by_the_circle_only(counsellor: Volunteer, author: Author) -> None:
    case = author.writes("Hello?")
    counsellor.logs_in()
    counsellor.opens(case)
    page = counsellor.presses(f"/case/{case}/note", text="Speaks Badini. Wants a woman.")
    assert "Wants a woman" in page.first(id="notes").text
    entry = entries.entries_of(author.house.desk, author.case_id)[0]
    assert b"Badini" not in entry.sealed
    assert "Badini" in unpack(open_seal(author.key, entry.sealed, Place(author.case_id, 1, entry.id, 1, "note"))).text  # type: ignore[union-attr]


def test_a_closed_case_comes_back_when_its_author_writes(counsellor: Volunteer, author: Author) -> None:
    case = author.writes("Hello?")
    counsellor.logs_in()
    counsellor.takes(case)
    counsellor.presses(f"/case/{case}/reply", text="Here.")
    counsellor.presses(f"/case/{case}/close")
    page = counsellor.goes_to(f"/circle/{author.circle_id.hex()}/closed")
    assert len(page.having_class("case")) == 1
    author.writes_back("One thing more.")
    page = counsellor.goes_to(f"/circle/{author.circle_id.hex()}/new")
    assert len(page.having_class("case")) == 1


def test_urgent_cases_come_first_and_a_page_holds_25(
    house: House, counsellor: Volunteer, author: Author, circle: bytes
) -> None:
    for _ in range(27):
        Author(house, circle).writes("Hello?", urgent=0)
    urgent = author.writes("Now!", urgent=2)
    counsellor.logs_in()
    page = counsellor.goes_to(f"/circle/{circle.hex()}/new")
    listed = [line.get("data-case") for line in page.having_class("case")]
    assert len(listed) == 25
    assert listed[0] == urgent
    page = counsellor.goes_to(f"/circle/{circle.hex()}/new?page=2")
    assert len(page.having_class("case")) == 3


def test_an_empty_or_overlong_box_is_said_and_kept(counsellor: Volunteer, author: Author) -> None:
    case = author.writes("Hello?")
    counsellor.logs_in()
    counsellor.takes(case)
    counsellor.presses(f"/case/{case}/reply", text="  \n ")
    assert "box is empty" in counsellor.mistakes
    long = "ب" * 12_001
    page = counsellor.presses(f"/case/{case}/reply", text=long)
    assert "too long" in counsellor.mistakes
    assert page.first(id="text").raw_text.strip() == long
    page = counsellor.presses(f"/case/{case}/reply", text="😀" * 12_000)
    assert counsellor.mistakes == ""
    assert len(messages_on(page)[0]) == 12_000
    page = counsellor.presses(f"/case/{case}/reply", text="a\x01b\r\nc" * 2_500)
    assert page.having_class("text")[0].raw_text.startswith("ab\ncab")


def test_typed_markup_is_shown_as_typed(counsellor: Volunteer, author: Author) -> None:
    case = author.writes("<b>bold</b> & <script>alert(1)</script>")
    counsellor.logs_in()
    page = counsellor.opens(case)
    assert messages_on(page) == ["<b>bold</b> & <script>alert(1)</script>"]
    assert not page.has("script")
