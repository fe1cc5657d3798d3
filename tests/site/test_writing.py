"""Tell, ask and check: nothing is sent before one line of the code was typed back, and no text is lost."""

import re
from collections.abc import Callable

import pytest

from onion_app.choices import LANGUAGE_CODES, TOPICS
from onion_app.vault.desk.circles import set_routes
from onion_app.vault.shown.reading import name_of
from scripts.rehearsal.pages import Form
from scripts.rehearsal.people import Visitor
from tests.site.conftest import Place

STORY = "0123456z"
WELL = {"topic": "safety", "answer_in": "ckb"}


def test_tell_is_one_box_and_one_button(visitor: Visitor) -> None:
    page = visitor.go("tell")
    fields = page.form().values
    assert set(fields) == {"csrf_token", "text"}
    assert page.main_html.count("<button") == 2, "one to press, and before it the one that nobody can press"
    assert len(page.form().buttons) == 1
    assert page.main_html.count('<input type="hidden"') == 1


def test_going_on_shows_the_check_page_and_stores_nothing(visitor: Visitor, place: Place) -> None:
    check = visitor.check("tell", "They found my phone.")
    assert check.heading == "Not sent yet"
    assert check.title == "Check"
    assert check.box == "They found my phone."
    assert place.count("cases") == place.count("messages") == 0


def test_an_empty_text_is_asked_for_again(visitor: Visitor, place: Place) -> None:
    for text in ("", "  \n\t \u2003"):
        page = visitor.check("tell", text)
        assert page.title == "Error: Write"
        assert page.first(id="errors").has("a", href="#text-field")
        assert page.first(id="text-wrong").text in page.errors
        assert page.first(id="text-field").get("aria-invalid") == "true"
    assert place.count("cases") == 0


def test_a_text_too_long_is_kept_whole_and_shows_where_it_becomes_too_long(visitor: Visitor) -> None:
    text = "a" * 11_990 + "LAST-FIT. " + "FIRST-NOT " + "b" * 490
    page = visitor.check("tell", text)
    assert page.box == text
    assert "This is 500 letters too long." in page.errors
    before, after = page.main.text.split("This part does not fit:")
    assert before.rstrip().endswith("LAST-FIT.")
    assert after.strip().startswith("FIRST-NOT b")


def test_a_letter_is_a_code_point_after_nfc(visitor: Visitor) -> None:
    assert visitor.check("tell", "e\u0301" * 12_000).heading == "Not sent yet"
    assert visitor.check("tell", "\U0001f600" * 12_000).heading == "Not sent yet"


def test_a_draft_that_is_over_is_said_to_be_gone(visitor: Visitor, place: Place) -> None:
    visitor.check("tell", "They found my phone.")
    page = visitor.go("tell")
    place.clock.wait(minutes=16)
    gone = visitor.send(Form.of(page.first("aside").first("form")), draft="show")
    assert "What you were writing is no longer here." in gone.main.text
    assert "They found" not in gone.html


def test_what_was_sent_is_no_draft_any_more(visitor: Visitor) -> None:
    visitor.hand_in()
    assert "You were writing something." not in visitor.go("tell").html


def test_nobody_else_sees_what_is_being_written(visitor: Visitor, come: Callable[[], Visitor]) -> None:
    visitor.check("tell", "They found my phone.")
    other = come()
    assert "You were writing something." not in other.go("tell").html


@pytest.mark.parametrize(
    ("said", "stored"),
    [
        ({}, ("unknown", "any", 1)),
        ({"danger": "perhaps", "topic": "weather", "answer_in": "fr"}, ("unknown", "any", 1)),
        ({"answer_in": "en"}, ("unknown", "any", 1)),  # the page's own: it lies in the sealed message, not in the row
        ({"danger": "yes"} | WELL, ("safety", "ckb", 2)),
        ({"danger": "unknown"} | WELL, ("safety", "ckb", 1)),
        ({"danger": "no"} | WELL, ("safety", "ckb", 0)),
    ],
)
def test_what_is_said_is_stored_and_what_is_no_choice_is_the_careful_one(
    visitor: Visitor, place: Place, said: dict[str, str], stored: tuple[str, str, int]
) -> None:
    visitor.hand_in("ask", "May I talk to somebody?", **said)
    assert place.mailbox.rows("SELECT topic, answer_in, urgent FROM cases WHERE kind = 'request'") == [stored]


def test_a_letter_in_any_language_goes_to_who_reads_that_of_its_page(come: Callable[[], Visitor], place: Place) -> None:
    ids = {code: place.circle(code, topics=("talk",)) for code in ("ar", "ckb", "kmr")}
    for code, circle_id in ids.items():
        place.enrol(circle_id, code)
        with place.desk.writing():
            set_routes(place.desk, circle_id, ("talk",), (code,))
    place.follow()
    somebody = come()
    somebody.language = "ckb"
    for _ in range(8):
        somebody.hand_in("ask", "سڵاو", topic="talk", answer_in="any")
    assert place.mailbox.rows("SELECT DISTINCT circle_id, answer_in FROM cases") == [(ids["ckb"], "any")]


@pytest.mark.parametrize(
    ("story", "named"),
    [(STORY, f"\n\n/stories/{STORY}"), *((bad, "") for bad in ("", "../../x", "<b>", STORY.upper(), STORY + "0"))],
)
def test_only_an_id_of_a_story_stays_with_the_request(visitor: Visitor, place: Place, story: str, named: str) -> None:
    visitor.confirm(visitor.send(visitor.go("ask?topic=story"), text="It is about me.", story=story))
    assert place.texts() == [f"It is about me.{named}"]


def test_the_check_page_of_a_request_asks_for_no_consents(visitor: Visitor, place: Place) -> None:
    check = visitor.check("ask", "May I talk to somebody?", topic="health", answer_in="en")
    assert 'name="publish"' not in check.main_html
    visitor.confirm(check, publish="yes", count="1")
    assert place.consents() == []


def test_days_to_answer_come_from_the_settings(visitor: Visitor, place: Place) -> None:
    place.put(answer_days={"health": 12, "unknown": 5, "urgent": 2, "testimony": 1, "story": 1})
    check = visitor.check("ask", "Help.")
    assert "Usually in 3 to 12 days." in check.main.text, "of the topics that can be chosen there"
    assert "in about 12 days" in visitor.confirm(check, topic="health").main.text
    story = place.show({"en": ("A story", "Told.")})
    assert "usually within 2 days" in visitor.go(f"ask?topic=story&story={name_of(story)}").main.text


@pytest.mark.parametrize(("days", "said"), [(1, "Usually in 1 day."), (3, "Usually in 3 days."), (30, "in 30 days.")])
def test_where_every_topic_promises_the_same_one_number_says_it(
    visitor: Visitor, place: Place, days: int, said: str
) -> None:
    place.put(answer_days=dict.fromkeys(TOPICS, days) | {"urgent": 2})
    assert said in visitor.check("ask", "Help.").main.text
    visitor.language = "ar"
    assert len(re.findall("عادةً خلال [^.]*", visitor.check("ask", "Help.").main.text)) == 1


def test_what_is_about_one_story_or_course_is_promised_the_days_of_that(visitor: Visitor, place: Place) -> None:
    place.put(answer_days={"story": 4, "training": 9})
    for asked, said in (
        ("topic=story&story=" + STORY, "Usually in 4 days."),
        ("topic=training&course=rivers", "in 9 days."),
    ):
        check = visitor.send(visitor.go(f"ask?{asked}").form_with("text"), text="Help.")
        assert said in check.main.text


@pytest.mark.parametrize("language", LANGUAGE_CODES)
@pytest.mark.parametrize(("path", "count"), [("tell", 3), ("ask", 3), (f"ask?topic=story&story={STORY}", 2)])
def test_the_steps_of_check_are_numbered_without_a_gap(visitor: Visitor, path: str, count: int, language: str) -> None:
    visitor.language = language
    check = visitor.send(visitor.go(path).form_with("text"), text="It is about me.")
    unfolded = re.sub(r"</summary>.*?</details>", "", check.main_html, flags=re.DOTALL)
    for html in (check.main_html, unfolded):
        found = re.findall(r"<h2[^>]*>(?:<label[^>]*>)?([0-9٠-٩])\. ", html)
        assert [int(each) for each in found] == list(range(1, count + 1))


def test_with_danger_no_page_says_two_times(visitor: Visitor) -> None:
    check = visitor.check("ask", "Help.", danger="yes")
    assert "Usually" not in check.main.text
    assert check.main.text.count("within a day") == 1
    assert "days" not in visitor.confirm(check).main.text


def test_a_link_can_choose_the_topic_and_nothing_else(visitor: Visitor) -> None:
    page = visitor.go(f"ask?topic=story&story={STORY}&danger=no&text=planted")
    fields = page.form().values
    assert (fields["topic"], fields["story"], fields["text"]) == ("story", STORY, "")
    assert "danger" not in fields
    assert visitor.go("ask?topic=law&danger=yes").form().value("danger") == "unknown"


def test_an_empty_request_keeps_every_choice(visitor: Visitor) -> None:
    page = visitor.check("ask", "", topic="law", danger="no", answer_in="kmr")
    fields = page.form().values
    assert page.title == "Error: Write"
    assert (fields["topic"], fields["danger"], fields["answer_in"]) == ("law", "no", "kmr")


def test_in_arabic_the_same_code_stands_beside_it_in_arabic_digits(visitor: Visitor) -> None:
    visitor.language = "ar"
    check = visitor.check()
    assert check.main.every("ol")[1].lines == check.code.translate({ord(str(n)): 0x660 + n for n in range(10)})


def test_the_line_may_be_typed_in_any_digits(come: Callable[[], Visitor]) -> None:
    for zero in (ord("0"), 0x660, 0x6F0):
        visitor = come()
        check = visitor.check()
        typed = " ".join(chr(zero + int(digit)) for digit in check.code[-4:])
        assert visitor.send(check, line=typed).heading == "It has arrived."


def test_final_text_and_no_return_contradict_each_other(visitor: Visitor, place: Place) -> None:
    check = visitor.check()
    page = visitor.send(check, publish="ask", no_return="1")
    assert page.main_html.count("we need you to come back") == 2
    assert page.form().value("publish") == "ask"
    assert place.count("cases") == 0
    quoted = visitor.send(page, publish="yes", quote="1", no_return="1")
    assert quoted.main_html.count("we show you the words first") == 3
    assert visitor.send(page, publish="yes", no_return="1").heading == "It has arrived."


def test_under_18_nothing_is_published_or_quoted_whatever_is_wished(visitor: Visitor, place: Place) -> None:
    check, wishes = visitor.check(), {"publish": "ask", "quote": "1", "count": "1", "under_18": "1"}
    assert visitor.confirm(check, **wishes).heading == "It has arrived."
    assert place.consents() == [("no", True, False)]
    case = visitor.come_back(check.code)
    visitor.send(case.form_doing("consents"), **(wishes | {"publish": "yes"}))
    assert place.consents() == [("no", True, False)]
    visitor.send(case.form_doing("consents"), **(wishes | {"publish": "yes", "under_18": None}))
    assert place.consents()[-1] == ("yes", True, True)


def test_a_button_beside_a_box_shows_its_page_and_leads_back_to_the_words(visitor: Visitor) -> None:
    check = visitor.check("tell", "They found my phone.")
    for page, again in ((visitor.go("tell"), "Tell what happened"), (check, "Not sent yet")):
        for go in ("", "guides/now", "ask", "return", "stories", "guides", "protects"):
            shown = visitor.send(page, go=go, text=f"words of {go}", publish="yes")
            assert (shown.status, shown.heading != again) == (200, True)
            back = visitor.send(shown.form_with("again"))
            assert (back.heading, back.box) == (again, f"words of {go}")
    assert back.form().value("publish") == "yes"
    assert back.code == check.code


def test_a_detail_that_is_new_on_the_check_page_is_shown_before_anything_is_sent(
    visitor: Visitor, place: Place
) -> None:
    check = visitor.check("tell", "They found my phone in Najaf.")
    once = visitor.confirm(check, text="They found my phone in Najaf. Call 0770 123 4567.")
    assert (once.heading, once.has(id="added"), place.count("cases")) == ("Not sent yet", True, 0)
    assert visitor.confirm(once).heading == "It has arrived."


def test_a_detail_that_came_before_a_look_at_another_page_is_shown_as_new(visitor: Visitor) -> None:
    check = visitor.check("tell", "They found my phone in Najaf.")
    beside = visitor.send(check, go="guides/now", text="They found my phone in Najaf. Call 0770 123 4567.")
    assert visitor.send(beside.form_with("again")).has(id="added")
    beside = visitor.send(check, go="guides/now", text="They found my phone in Najaf.")
    assert not visitor.send(beside.form_with("again")).has(id="added")


@pytest.mark.parametrize(("danger", "urgent"), [("yes", 2), ("unknown", 1), ("no", 0), (None, 0)])
def test_a_testimony_stands_among_the_urgent_where_its_author_says_so_before_sending(
    visitor: Visitor, place: Place, danger: str | None, urgent: int
) -> None:
    check = visitor.check("tell", "I do not want to live.")
    assert "danger" not in check.form_with("line").values, "nothing is chosen there"
    sent = visitor.confirm(check, danger=danger)
    assert place.mailbox.rows("SELECT urgent FROM cases") == [(urgent,)]
    assert ("Somebody will see this first." in sent.main.text) == (danger == "yes")
    assert sent.has(value="1", name="urgent") != (danger == "yes")


@pytest.mark.parametrize("text", ["", "It is about me."])
def test_a_story_is_taken_down_by_a_page_of_its_own_that_needs_no_word(
    visitor: Visitor, place: Place, text: str
) -> None:
    name = name_of(place.show({"en": ("A phone", "Told."), "ar": ("هاتف", "كلمات.")}))
    link = next(each for each in visitor.go(f"stories/{name}").every("a") if each.text == "Ask us to take this down")
    page = visitor.get(link.get("href"))
    assert page.heading == "Take this story down"
    assert "A phone" in page.main.text
    assert not page.has(name="danger", type="radio")
    check = visitor.send(page.form_with("text"), text=text)
    assert "About:" not in check.main.text
    visitor.confirm(check)
    assert place.texts() == [f"{text}\n\n/stories/{name}".removeprefix("\n\n")]
    assert place.mailbox.rows("SELECT topic FROM cases") == [("story",)]


def test_a_teller_says_after_sending_that_they_are_in_danger(visitor: Visitor, place: Place) -> None:
    sent = visitor.confirm(visitor.check("tell", "Words."))
    for _ in range(2):
        assert visitor.send(sent.form_with("urgent")).has(id="urgent")
    assert [text for text in place.texts() if "hurt today" in text] == ["I could be hurt today or tomorrow."]
    alone = visitor.confirm(visitor.check("tell", "Other words."), no_return="1")
    assert visitor.send(alone.form_with("urgent")).has(id="urgent")
    assert place.mailbox.rows("SELECT urgent FROM cases") == [(2,), (2,)]


def test_a_text_emptied_or_grown_on_the_check_page_is_not_sent(visitor: Visitor, place: Place) -> None:
    check = visitor.check()
    assert "Nothing is written" in visitor.confirm(check, text="").errors
    long = visitor.confirm(check, text="b" * 12_002)
    assert "2 letters too long" in long.errors
    assert (long.box, long.code) == ("b" * 12_002, check.code)
    assert place.count("cases") == 0


def test_a_page_names_the_days_that_hold_for_somebody_in_danger(visitor: Visitor, place: Place) -> None:
    place.put(answer_days={"unknown": 5, "urgent": 3})
    page = visitor.check("ask", "They are at the door.", danger="yes")
    assert "We try to answer within 3 days. At night there may be nobody here." in page.main.text
    sent = visitor.confirm(page)
    assert "Come back with your code in about 3 days. At night there may be nobody here." in sent.main.text
    assert "tomorrow" not in sent.main.text.replace("today or tomorrow", "")
