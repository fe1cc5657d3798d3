"""Working on a case: queue, cover, taking, answering, notes, closing."""

from onion_app.crypto.casekeys import reply_mark
from onion_app.crypto.payloads import Text
from onion_app.desk import phrases
from onion_app.vault.desk import audit, entries
from onion_app.vault.desk.taken import take_case, taken_by
from onion_app.vault.mailbox import lifetime, messages
from onion_app.vault.shown.routing import reply_marks
from scripts.rehearsal.pages import Page
from tests.desk.house import House, Volunteer, listed
from tests.world import Author


def messages_on(page: Page) -> list[str]:
    return [text.text for article in page.having_class("message") for text in article.having_class("text")]


def lines_on(page: Page) -> list[str]:
    """Read the day's list."""
    return [line.text for line in page.having_class("line")]


def test_the_first_page_gives_counts_and_no_word_of_any_case(counsellor: Volunteer, author: Author) -> None:
    author.writes("They found my phone.", danger="yes")
    page = counsellor.log_in()
    assert lines_on(page) == ["1 urgent, nobody has read it", "1 unread"]
    assert "16 February 2026" in page.having_class("oldest")[0].text
    assert "phone" not in page.text


def test_a_case_is_answered_from_the_queue_on(house: House, counsellor: Volunteer, author: Author, case: str) -> None:
    queue = f"/circle/{author.circle_id.hex()}"
    assert listed(counsellor.get(f"{queue}/new")) == [case]
    assert messages_on(counsellor.open_case(case)) == ["Hello?"]
    page = counsellor.reply(case, "I am here.\nTell me.")
    assert messages_on(page) == ["I am here. Tell me.", "Hello?"]
    assert author.payloads()[-1] == Text("I am here.\nTell me.", 20_500, sender="Sara")
    sent = messages.messages_of(house.mailbox, author.case_id)[-1]
    assert reply_marks(house.shown, author.case_id) == {sent.id: reply_mark(sent.sealed)}
    assert not page.having_class("forged")
    assert listed(counsellor.get(f"{queue}/waiting")) == [case]


def test_what_a_case_contains_is_said_before_it_opens(house: House, counsellor: Volunteer, author: Author) -> None:
    case = author.tells("Something hard to read.", "ask")
    counsellor.log_in()
    page = counsellor.get(f"/case/{case}")
    assert "Something hard" not in page.text
    assert "1 message from the author" in page.first(id="cover").text
    assert "danger" not in page.first(id="cover").text  # nobody asked its author
    assert lifetime.read_case(house.mailbox, author.case_id).unread
    assert lifetime.read_case(house.mailbox, author.case_id).answer_in == "any"
    page = counsellor.press(f"/case/{case}/open")
    assert messages_on(page) == ["Something hard to read."]
    assert "Answer in: Arabic" in page.text  # the language of the page, out of the sealed message
    assert "seen the final text and said yes" in page.first(id="consents").text
    assert not lifetime.read_case(house.mailbox, author.case_id).unread


def test_nobody_reads_a_case_past_the_audit(house: House, counsellor: Volunteer, author: Author, case: str) -> None:
    token = counsellor.token
    for act in ("reply", "note", "phrase", "take"):
        page = counsellor.post(f"/case/{case}/{act}", [*token, ("text", "x")])
        assert page.has(id="cover")
        assert "Hello?" not in page.text
    counsellor.open_case(case)
    assert "opened a case" in {row.what for row in audit.audit_of(house.desk, author.circle_id)[0]}


def test_only_who_has_taken_a_case_can_reply(counsellor: Volunteer, author: Author, case: str) -> None:
    page = counsellor.open_case(case)
    assert not page.has("button", formaction=f"/case/{case}/phrase")
    fields = [*counsellor.token, ("message", "0" * 32), ("seen", "2"), ("text", "Not mine to send")]
    page = counsellor.post(f"/case/{case}/reply", fields)
    assert "Take this case first" in page.errors
    assert page.first(id="text").raw_text.strip() == "Not mine to send"
    assert author.texts() == ["Hello?"]


def test_a_case_that_somebody_else_has_taken_is_theirs(
    house: House, counsellor: Volunteer, author: Author, case: str, circle: bytes
) -> None:
    take_case(house.desk, author.case_id, house.enrol(circle, "Dana").id, house.today)
    assert "Taken by Dana" in counsellor.open_case(case).text
    token = counsellor.token
    for act in ("take", "give-back", "close", "reply"):
        counsellor.post(f"/case/{case}/{act}", [*token, ("message", "0" * 32), ("seen", "2"), ("text", "x")])
        assert "Somebody else of the circle" in counsellor.page.errors


def test_a_case_is_given_back(house: House, counsellor: Volunteer, author: Author, taken: str) -> None:
    assert "1 that I have taken" in lines_on(counsellor.get("/"))
    assert listed(counsellor.get(f"/circle/{author.circle_id.hex()}/mine")) == [taken]
    counsellor.press_on(f"/case/{taken}", f"/case/{taken}/give-back")
    assert taken_by(house.desk, [author.case_id]) == {}


def test_a_reply_sent_twice_is_one_reply(counsellor: Volunteer, author: Author, taken: str) -> None:
    fields = counsellor.page.form_to(f"/case/{taken}/reply").filled(text="Once")
    for _ in range(2):
        assert counsellor.post(f"/case/{taken}/reply", fields).errors == ""
    assert author.texts() == ["Hello?", "Once"]
    changed = [(name, "Changed after sending" if name == "text" else value) for name, value in fields]
    counsellor.post(f"/case/{taken}/reply", changed)
    assert author.texts() == ["Hello?", "Once", "Changed after sending"]
    # The id of an answer, in the form of another case, makes another answer: the first one goes on being ours.
    other = Author(author.world, author.circle_id)
    counsellor.take(other.writes("And me."))
    counsellor.post(f"/case/{other.case_id.hex()}/reply", fields)
    assert other.texts() == ["And me.", "Once"]
    assert author.texts() == ["Hello?", "Once", "Changed after sending"]


def test_no_answer_goes_out_past_a_message_nobody_has_read(counsellor: Volunteer, author: Author, taken: str) -> None:
    fields = counsellor.page.form_to(f"/case/{taken}/reply").filled(text="Come to the place you named.")
    author.writes_back("They are at my door, do not answer that.")
    page = counsellor.post(f"/case/{taken}/reply", fields)
    assert "has written again" in page.errors
    assert page.has(id="cover")
    page = counsellor.press(f"/case/{taken}/open")
    assert page.first(id="text").raw_text.strip() == "Come to the place you named."
    assert messages_on(page)[0] == "They are at my door, do not answer that."
    assert messages_on(counsellor.press(f"/case/{taken}/reply", text="Understood."))[0] == "Understood."


def test_a_set_phrase_is_offered_and_not_sent(counsellor: Volunteer, author: Author, taken: str) -> None:
    assert counsellor.page.form_to(f"/case/{taken}/phrase").value("phrase_in") == "ar"
    page = counsellor.press(f"/case/{taken}/phrase", phrase="not_your_fault", text="أهلًا")
    assert page.first(id="text").raw_text.strip() == f"أهلًا\n\n{phrases.PHRASES['not_your_fault']['ar']}"
    page = counsellor.press(f"/case/{taken}/phrase", phrase="received", phrase_in="en", text="")
    assert "by 19 February 2026." in page.first(id="text").raw_text
    assert author.texts() == ["Hello?"]


def test_a_note_is_sealed_and_sent_twice_it_is_one(
    house: House, counsellor: Volunteer, author: Author, taken: str
) -> None:
    fields = counsellor.page.form_to(f"/case/{taken}/note").filled(note="Speaks Badini. Wants a woman.")
    for _ in range(2):
        assert "Wants a woman" in counsellor.post(f"/case/{taken}/note", fields).first(id="notes").text
    (entry,) = entries.entries_of(house.desk, author.case_id)
    assert b"Badini" not in entry.sealed
    # The id of this note, in the form of another case, keeps nothing there and changes nothing here.
    other = Author(house, author.circle_id).writes("And me.")
    assert counsellor.post(f"/case/{other}/note", fields).status == 404
    assert entries.entries_of(house.desk, author.case_id) == [entry]


def test_a_closed_case_comes_back_when_its_author_writes(counsellor: Volunteer, author: Author, taken: str) -> None:
    counsellor.press(f"/case/{taken}/reply", text="Here.")
    counsellor.press(f"/case/{taken}/close")
    queue = f"/circle/{author.circle_id.hex()}"
    assert listed(counsellor.get(f"{queue}/closed")) == [taken]
    author.writes_back("One thing more.")
    assert listed(counsellor.get(f"{queue}/new")) == [taken]


def test_an_empty_or_overlong_box_is_said_and_kept(counsellor: Volunteer, taken: str) -> None:
    assert "box is empty" in counsellor.press(f"/case/{taken}/reply", text="  \n ").errors
    long = "ب" * 12_001
    page = counsellor.press(f"/case/{taken}/reply", text=long)
    assert "too long" in page.errors
    assert page.first(id="text").raw_text.strip() == long
    page = counsellor.press(f"/case/{taken}/reply", text="😀" * 12_000)
    assert page.errors == ""
    assert len(messages_on(page)[0]) == 12_000
    page = counsellor.press(f"/case/{taken}/reply", text="a\x01b\r\nc" * 2_500)
    assert page.having_class("text")[0].raw_text.startswith("ab\ncab")


def test_typed_markup_is_shown_as_typed(counsellor: Volunteer, author: Author) -> None:
    case = author.writes("<b>bold</b> & <script>alert(1)</script>")
    counsellor.log_in()
    page = counsellor.open_case(case)
    assert messages_on(page) == ["<b>bold</b> & <script>alert(1)</script>"]
    assert not page.has("script")
