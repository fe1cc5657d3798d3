"""Case: reading, writing back, what is allowed, who was here before; and a new code."""

import re
from collections.abc import Callable
from datetime import date
from typing import get_args

import pytest

from onion_app.choices import CaseState
from onion_app.crypto.casekeys import KeyName
from onion_app.crypto.payloads import Text
from onion_app.days import DAY
from onion_app.vault.mailbox import case_keys, lifetime
from scripts.rehearsal.pages import Page
from scripts.rehearsal.people import Visitor
from tests.planting import Intruder
from tests.site.conftest import Place


def shown(page: Page) -> list[tuple[str, str]]:
    messages = page.every("article", **{"class": "message"})
    return [(message.get("data-from"), message.having_class("text")[0].raw_text) for message in messages]


def test_the_newest_message_stands_first_and_the_older_ones_are_folded(visitor: Visitor, place: Place) -> None:
    code = visitor.hand_in("tell", "They found my phone.")
    place.replies("We read every word.")
    page = visitor.come_back(code)
    assert shown(page) == [("us", "We read every word."), ("you", "They found my phone.")]
    assert (
        page.main_html.index("We read every word.")
        < page.main_html.index("<textarea")
        < page.main_html.index("<details>")
    )
    assert "From lamp, 4 October 2024" in page.main.text


def test_each_state_has_its_own_words(visitor: Visitor, place: Place) -> None:
    code, said = visitor.hand_in(), set[str]()
    for state in get_args(CaseState):
        lifetime.set_state(place.mailbox, place.case_ids()[0], state)
        said.add(visitor.come_back(code).first(id="state").text)
    assert len(said) == len(get_args(CaseState))


def test_a_day_that_was_promised_stands_in_the_newest_answer_that_counts(visitor: Visitor, place: Place) -> None:
    code = visitor.hand_in("ask", "Hello?")
    (case_id,) = place.case_ids()
    place.says(place.lamp, case_id, Text("Soon.", 20_000, sender="lamp", again_by=20_003))
    assert visitor.come_back(code).first(id="state").text == "We promised to write again by 7 October 2024."
    page = visitor.send(visitor.come_back(code), text="I wait.")
    assert "7 October 2024" in page.first(id="state").text
    intruder = Intruder(place, case_id)  # who holds the keys of the mailbox and of the circle, and is not the desk
    codes = case_keys.key_row(place.mailbox, case_id).codes
    sooner = Text("Tomorrow.", 20_000, sender="lamp", again_by=20_001)
    intruder.says(sooner, intruder.as_circle(place.pair, codes), place.pair.public, KeyName(0, 1, 1))
    assert "7 October 2024" in visitor.come_back(code).first(id="state").text
    place.replies("Here it is.")
    assert visitor.come_back(code).first(id="state").text == "There is an answer for you."


def test_writing_back_arrives_directly(visitor: Visitor, place: Place) -> None:
    code = visitor.hand_in("tell", "First.")
    place.replies()
    page = visitor.send(visitor.come_back(code), text="Second.")
    assert page.status == 200
    assert 'id="arrived"' in page.main_html
    assert shown(page)[0] == ("you", "Second.")
    assert page.box == ""
    assert place.texts() == ["First.", "We read every word.", "Second."]
    assert place.mailbox.rows("SELECT state, unread FROM cases") == [("new", 1)]


def test_an_empty_answer_is_not_stored(visitor: Visitor, place: Place) -> None:
    page = visitor.send(visitor.come_back(visitor.hand_in("tell", "First.")), text=" \n ")
    assert page.title == "Error: Messages"
    assert place.texts() == ["First."]


def test_messages_that_fill_pages_are_cut_into_parts_that_lose_none(visitor: Visitor, place: Place) -> None:
    place.clock.wait(days=1)
    code = visitor.hand_in("tell", "&" * 12_000)
    for number in range(6):
        place.replies(f"{number} " + "ب" * 11_000)
    pages = [visitor.come_back(code)]
    while "Still older messages" in pages[-1].main.text:
        pages.append(visitor.go(f"case?part={len(pages) + 1}"))
        assert len(pages[-1].html.encode()) < 131_000
    texts = [text for page in pages for _, text in shown(page)]
    assert [text[0] for text in texts] == ["5", "4", "3", "2", "1", "0", "&"]
    assert len(pages) > 2


@pytest.mark.parametrize("part", ["0", "-1", "99", "x", "٢", "9" * 5000, ""])
def test_a_part_that_is_not_there_shows_one_that_is(visitor: Visitor, part: str) -> None:
    visitor.come_back(visitor.hand_in("tell", "First."))
    page = visitor.go(f"case?part={part}")
    assert (page.status, shown(page)) == (200, [("you", "First.")])


def test_the_page_fits_with_the_longest_message_and_the_longest_answer(visitor: Visitor, place: Place) -> None:
    code = visitor.hand_in("tell", "&" * 12_000)
    place.replies("<" * 12_000)
    page = visitor.send(visitor.come_back(code), text="'" * 20_000)
    assert page.box == "'" * 20_000
    assert len(page.html.encode()) < 131_000
    assert "You will see your messages again" in page.main.text


def test_the_last_opening_is_the_one_before_this(visitor: Visitor, place: Place, come: Callable[[], Visitor]) -> None:
    code = visitor.hand_in()
    first = visitor.come_back(code)
    assert "Nobody has opened this with your code before." in first.main.text
    place.clock.wait(days=3)
    second = come().come_back(code)
    assert "Last opened on 4 October 2024, by somebody with this code. Not you?" in second.main.text
    place.clock.wait(days=4)
    third = come()
    assert "Last opened on 7 October 2024" in third.come_back(code).main.text
    assert "Last opened on 7 October 2024" in third.go("case").main.text
    assert place.mailbox.rows("SELECT count(*) FROM messages WHERE number = 0") == [(1,)]


def test_consents_come_filled_and_are_saved_once_as_sealed_messages(visitor: Visitor, place: Place) -> None:
    case = visitor.come_back(visitor.hand_in(publish="ask", count="1"))
    fields = case.form_doing("consents").values
    assert (fields["publish"], fields["count"]) == ("ask", "1")
    assert "quote" not in fields
    for _ in range(2):
        visitor.send(case.form_doing("consents"), count=None, publish="no")
    assert place.consents() == [("ask", True, False), ("no", False, False)]


def test_a_request_has_no_consents_and_made_up_ones_are_not_stored(visitor: Visitor, place: Place) -> None:
    case = visitor.come_back(visitor.hand_in("ask", "May I talk to somebody?"))
    assert not case.has(value="consents")
    visitor.send(case, do="consents", publish="yes")
    assert place.consents() == []


def test_the_month_of_erasing_is_named(visitor: Visitor, place: Place) -> None:
    code = visitor.hand_in()
    place.put(retention_days=30)
    assert re.search(r"erased automatically around (October|November) 2024", visitor.come_back(code).main.text)


def test_another_group_is_named_only_where_one_reads_it(visitor: Visitor, place: Place) -> None:
    code = visitor.hand_in()
    place.replies()
    page = visitor.come_back(code)
    assert "The people who answered you may be among those who read this." in page.main.text
    lawyer = place.enrol(place.circle("Law", topics=("law",)), "lawyer")
    place.follow()
    code = visitor.hand_in("ask", topic="law")
    place.answers(lawyer, place.case_of(code), "Come on Monday.")
    page = visitor.come_back(code)
    assert "The group that answered you does not see it." in page.main.text
    asked = visitor.send(page, go="ask/answer", text="words that stay")
    assert asked.form_with("danger").value("topic") == "answer"
    assert visitor.send(asked.form_with("again")).box == "words that stay"


def test_nobody_is_asked_what_is_wrong_with_an_answer_before_there_is_one(visitor: Visitor, place: Place) -> None:
    code = visitor.hand_in()
    page = visitor.write_back(visitor.come_back(code), "Something more.")
    for word in ("Something is wrong", "Something wrong with an answer?", "Write to us about it", "answered you"):
        assert word not in page.main.text
    assert "#wrong" not in page.main_html
    place.replies()
    page = visitor.write_back(visitor.come_back(code), "And more.")
    assert page.main_html.count('href="#wrong"') == page.main_html.count('id="wrong"') == 1


def test_what_its_author_decided_is_not_overwritten_by_somebody_who_looks(visitor: Visitor, place: Place) -> None:
    code = visitor.hand_in(publish="ask")
    place.proposes("A title", "A text.")
    said = visitor.send(visitor.come_back(code).form_doing("verdict yes"))
    for state in ("new", "reading", "asking"):
        lifetime.set_state(place.mailbox, place.case_ids()[0], state)
        assert visitor.go("case").first(id="state").text == "You said yes. We prepare it for publishing.", said.heading


def test_a_circle_without_a_key_takes_nothing_and_loses_nothing(visitor: Visitor, place: Place) -> None:
    case = visitor.come_back(code := visitor.hand_in("tell", "Before."))
    place.has_nobody()
    page = visitor.send(case, text="After.")
    assert (page.status, page.heading, page.box) == (503, "We cannot take this right now.", "After.")
    assert "Before." in visitor.come_back(code).main.text


def test_a_damaged_message_does_not_hide_the_others(visitor: Visitor, place: Place) -> None:
    code = visitor.hand_in("tell", "First.")
    place.replies("Second.")
    with place.mailbox.writing():
        place.mailbox.run("UPDATE messages SET sealed = ? WHERE number = 1", (bytes(2089),))
    page = visitor.come_back(code)
    assert "Second." in page.main.text
    assert "This message is damaged and cannot be shown." in page.main.text


def test_writing_into_a_case_erased_meanwhile_says_so(visitor: Visitor, come: Callable[[], Visitor]) -> None:
    code = visitor.hand_in()
    case = visitor.come_back(code)
    come().erase_without_opening(code)
    page = visitor.send(case, text="Are you there?")
    assert page.heading == "Erased."
    assert "Are you there?" not in page.html
    assert visitor.go("case").heading == "Come back with my code"


def test_who_had_a_case_before_a_backup_was_restored_is_told_what_may_be_here_again(
    visitor: Visitor, place: Place
) -> None:
    code = visitor.hand_in()
    assert not visitor.come_back(code).has(id="restored")
    place.put(restored=place.today)
    said = visitor.go("case").first(id="restored").text
    assert "copy made on 4 October 2024" in said
    assert "What you erased or changed after that day, your code too, may be here again" in said
    place.put(restored=place.today - 1)  # from before there was this case
    assert not visitor.go("case").has(id="restored")


def test_until_a_line_was_typed_the_old_code_works(visitor: Visitor, come: Callable[[], Visitor]) -> None:
    old = visitor.hand_in()
    page = visitor.send(visitor.come_back(old).form_doing("new_code"))
    wrong = visitor.send(page, line="12")
    assert wrong.code == page.code
    assert wrong.title == "Error: Messages"
    assert come().come_back(old).heading == "Your messages"
    assert come().come_back(page.code).heading == "There is nothing under this code."
    visitor.send(wrong, line=page.code[-4:])
    assert come().come_back(old).heading == "There is nothing under this code."
    assert come().come_back(page.code).heading == "Your messages"


def test_the_visit_goes_on_under_the_new_code(visitor: Visitor, place: Place) -> None:
    page = visitor.send(visitor.come_back(visitor.hand_in("tell", "First.")).form_doing("new_code"))
    case = visitor.send(page, line=page.code[-4:])
    visitor.send(case, text="Second.")
    assert place.texts() == ["First.", "Second."]


def test_an_older_page_brings_no_code_back_that_was_replaced(visitor: Visitor, come: Callable[[], Visitor]) -> None:
    old = visitor.send(visitor.come_back(visitor.hand_in("tell", "First.")).form_doing("new_code"))
    visitor.confirm(old)
    newest = visitor.send(visitor.go("case").form_doing("new_code"))
    visitor.confirm(newest)
    again = visitor.confirm(old)  # by Back and Resend, or by somebody who made them tell it
    assert again.heading == "Your new code"
    assert again.code not in (old.code, newest.code)
    assert come().come_back(old.code).heading == "There is nothing under this code."
    assert "First." in come().come_back(newest.code).main.text
    assert visitor.confirm(again).has(id="changed")
    assert "First." in come().come_back(again.code).main.text


def test_a_new_code_that_is_sent_twice_at_once_is_said_to_work(visitor: Visitor, come: Callable[[], Visitor]) -> None:
    """Attack: pressed twice, the browser throws the first answer away, and with it the cookie that came with that."""
    page = visitor.send(visitor.come_back(visitor.hand_in("tell", "First.")).form_doing("new_code"))
    cookies = dict(visitor.cookies)
    visitor.confirm(page)
    visitor.cookies = dict(cookies)
    again = visitor.confirm(page)
    assert again.heading == "Come back with my code"
    assert "The new code works now." in again.main.text
    assert "First." not in again.main.text
    assert page.code not in again.html
    assert visitor.come_back(page.code).heading == "Your messages"
    visitor.cookies = dict(cookies)
    kept = visitor.confirm(page, text="Not sent.")
    assert (kept.box, kept.code) == ("Not sent.", "")
    assert "Not sent." in visitor.send(kept, code=page.code).main.text
    newer = come().new_code(page.code)
    visitor.cookies = dict(cookies)
    nothing = visitor.confirm(page, text="Not sent.")
    assert nothing.heading == "There is nothing under this code."
    assert "Not sent." not in nothing.html
    assert come().come_back(newer).heading == "Your messages"


def test_the_form_of_one_case_gives_no_new_code_to_another(visitor: Visitor, come: Callable[[], Visitor]) -> None:
    first, second = come().hand_in("tell", "The first."), come().hand_in("tell", "The second.")
    page = visitor.send(visitor.come_back(first).form_doing("new_code"))
    visitor.come_back(second)
    other = visitor.send(page, line=page.code[-4:])
    assert other.has(id="another")
    assert other.code == ""
    for code in (first, second):
        assert come().come_back(code).heading == "Your messages"


def test_the_seventeenth_code_is_refused_with_a_sentence_and_the_sixteenth_goes_on(
    visitor: Visitor, come: Callable[[], Visitor]
) -> None:
    code = visitor.hand_in("tell", "First.")
    for _ in range(14):
        code = visitor.new_code(code)
    pages = [visitor.send(visitor.go("case").form_doing("new_code")) for _ in range(2)]
    first, second = (visitor.send(page, line=page.code[-4:]) for page in pages)
    assert first.has(id="changed")
    assert second.has(id="no-more-codes")
    assert visitor.send(second.form_doing("new_code")).has(id="no-more-codes")
    assert "write to us anew" in visitor.page.main.text
    assert visitor.send(pages[0], line=pages[0].code[-4:]).has(id="changed"), "sent twice it is done"
    case = come().come_back(pages[0].code)
    assert "First." in case.main.text
    assert come().come_back(pages[1].code).heading == "There is nothing under this code."


def test_a_new_code_works_while_nobody_is_in_the_circle(
    visitor: Visitor, place: Place, come: Callable[[], Visitor]
) -> None:
    code = visitor.hand_in("tell", "First.")
    place.has_nobody()
    assert "First." in come().come_back(visitor.new_code(code)).main.text


def test_details_in_what_is_added_to_a_testimony_are_shown_once_before_it_is_sent(
    visitor: Visitor, place: Place
) -> None:
    case = visitor.come_back(visitor.hand_in("tell", "They know."))
    shown = visitor.write_back(case, "Call 0770 123 4567.")
    assert place.texts() == ["They know."], "nothing is sent without a word"
    assert "0770 123 4567" in shown.first(id="details").text
    assert shown.box == "Call 0770 123 4567."
    more = visitor.write_back(shown, "Call 0770 123 4567, in Basra.")
    assert "Basra" in more.first(id="details").text
    assert visitor.send(more.form_with("text")).has(id="arrived")
    assert place.texts() == ["They know.", "Call 0770 123 4567, in Basra."]


def test_what_is_added_to_a_request_is_sent_as_it_is(visitor: Visitor) -> None:
    case = visitor.come_back(visitor.hand_in("ask", "Please."))
    assert visitor.write_back(case, "Call 0770 123 4567.").has(id="arrived")


def test_older_messages_keep_what_is_being_written(visitor: Visitor) -> None:
    visitor.come_back(visitor.hand_in("tell", "ا" * 12_000))
    for _ in range(3):
        visitor.write_back(visitor.go("case"), "ب" * 12_000)
    page = visitor.send(visitor.go("case").form_with("text"), text="Half a", part="2")
    assert page.box == "Half a"
    assert "Newest messages" in page.main.text
    assert "/en/case?" not in page.html, "no link beside the box"


def test_what_its_author_decided_stays_whatever_the_circle_does(visitor: Visitor, place: Place) -> None:
    code = visitor.hand_in(publish="ask")
    place.proposes("A title", "A text.")
    visitor.send(visitor.come_back(code).form_doing("verdict yes"))
    (case_id,) = place.case_ids()
    lifetime.set_state(place.mailbox, case_id, "answered")
    said = "You said yes. We prepare it for publishing. There is an answer for you."
    assert visitor.go("case").first(id="state").text == said
    visitor.send(visitor.go("case").form_doing("consents"), publish="no")
    lifetime.set_state(place.mailbox, case_id, "answered")
    assert visitor.go("case").first(id="state").text == "You took it back. There is an answer for you."
    for state in ("new", "reading", "asking", "ready"):
        lifetime.set_state(place.mailbox, case_id, state)
        assert visitor.go("case").first(id="state").text == "You took it back."
    visitor.send(visitor.go("case").form_doing("consents"), publish="ask")
    assert visitor.go("case").first(id="state").text == "It will be published in the next weeks."


def test_who_never_allowed_anything_took_nothing_back(visitor: Visitor) -> None:
    assert visitor.come_back(visitor.hand_in(publish="no")).first(id="state").text == (
        "It has arrived; nobody has read it yet."
    )


def test_a_day_is_one_of_iraq_after_midnight_there(visitor: Visitor, place: Place) -> None:
    code = visitor.hand_in()
    place.clock.now = (date(2024, 11, 29).toordinal() - date(1970, 1, 1).toordinal()) * DAY + 22.5 * 3600
    visitor.come_back(code)
    visitor.leave()
    assert "Last opened on 30 November 2024, by somebody with this code." in visitor.come_back(code).main.text
