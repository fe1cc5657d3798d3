"""The page of a case: whatever is pressed there, words and choices that were not sent stand in their boxes again."""

from collections.abc import Callable, Iterator

import pytest

from onion_app.crypto.payloads import Consent, Quoted, QuoteQuestion, StoryLink
from onion_app.vault.mailbox import lifetime
from scripts.rehearsal.pages import Form, Page
from scripts.rehearsal.people import Visitor
from tests.site.conftest import Place

WORDS, CHANGE = "\nHalf a <b>sentence</b>\n and the next", "Not the phone."
CHOSEN = {"publish": "ask", "count": "1", "quote": None}  # saved was: yes, no, yes
BETWEEN = ("Your new code", "Erase everything?")


def told(visitor: Visitor, place: Place) -> str:
    code = visitor.hand_in("tell", "They found my phone.", publish="yes", quote="1")
    place.replies()
    return code


def asked_about_words(visitor: Visitor, place: Place) -> str:
    code = told(visitor, place)
    (case_id,) = place.case_ids()
    place.says(place.lamp, case_id, QuoteQuestion(["Ours."], ["Theirs."], "en", "un", place.today))
    place.says(place.lamp, case_id, Quoted(bytes(16).hex(), ["Ours."], "en", "un", 19_997))
    return code


def asked_for_a_yes(visitor: Visitor, place: Place) -> str:
    code = told(visitor, place)
    place.proposes("A phone", "Somebody found a phone.")
    return code


def published(visitor: Visitor, place: Place) -> str:
    code = told(visitor, place)
    (consent,) = (each for each in place.read_by(place.pair) if isinstance(each, Consent))
    story = place.show({"en": ("A phone", "Somebody found a phone.")}, mark=bytes.fromhex(consent.mark))
    place.says(place.lamp, place.case_ids()[0], StoryLink(story.hex()))
    lifetime.set_state(place.mailbox, place.case_ids()[0], "published")
    return code


def older(visitor: Visitor, place: Place) -> str:
    code = told(visitor, place)
    for _ in range(8):
        place.replies("ب" * 11_000)
    return code


ACTS = {"asked_about_words": {"quote"}, "asked_for_a_yes": {"verdict"}, "published": {"take_back"}}
STATES = (told, asked_about_words, asked_for_a_yes, published, older)


def buttons(page: Page) -> Iterator[Form]:
    """Give the form once for each button that sends it, wherever that stands."""
    form = page.form_with("text")
    for each in page.every("button"):
        inside = any(each is found for found in form.element.walk())
        if "disabled" not in each.attributes and (inside or each.get("form") == form.element.get("id")):
            yield Form(form.action, form.fields, [(each.get("name"), each.get("value"))], form.element)


def back_from(visitor: Visitor, page: Page) -> Page:
    """Go back from a page between two of the case, by its own button."""
    if page.heading in BETWEEN:
        assert WORDS in page.html.replace("\r\n", "\n").replace("&lt;", "<").replace("&gt;", ">")
        return visitor.send(page.form_with("do"), 1)
    if page.has(id="written"):
        return visitor.send(page.form_with("again"))
    return page


@pytest.mark.parametrize("state", STATES)
def test_whatever_is_pressed_words_and_choices_that_were_not_sent_come_back(
    visitor: Visitor, place: Place, state: Callable[[Visitor, Place], str]
) -> None:
    code, pressed = state(visitor, place), set[tuple[str, str]]()
    while form := next((each for each in buttons(visitor.come_back(code)) if each.buttons[0] not in pressed), None):
        name, value = form.buttons[0]
        typed = CHOSEN | {"text": WORDS} | ({"change": CHANGE} if form.element.has(id="change-field") else {})
        back = back_from(visitor, visitor.send(form, **typed))
        pressed.add((name, value))
        assert back.heading == "Your messages", (name, value)
        fields = {each: value.replace("\r\n", "\n") for each, value in back.form_with("text").fields}
        assert fields["text"] == (WORDS if name else ""), (name, value)
        assert [fields.get(each) for each in CHOSEN] == list(CHOSEN.values()), (name, value)
        assert back.has(id="unsaved") == (value != "consents"), (name, value)
        if "change" in typed and not value.startswith("verdict"):
            assert fields["change"] == CHANGE, (name, value)
        visitor.send(back.form_doing("consents"), publish="yes", count=None, quote="1", text="", change="")
        if state is asked_for_a_yes and not back.has(id="proposal"):
            place.proposes("A phone", "Somebody found a phone.")
    acts = {value.partition(" ")[0] for name, value in pressed if name == "do"}
    assert acts - {"new_code", "erase", "consents"} == ACTS.get(state.__name__, set())
    assert {("", ""), ("do", "new_code"), ("do", "erase"), ("do", "consents"), ("go", "guides/now")} <= pressed


def test_words_are_gone_with_what_is_erased_and_stand_under_a_new_code(visitor: Visitor, place: Place) -> None:
    case = visitor.come_back(told(visitor, place))
    new = visitor.send(case.form_doing("new_code"), text=WORDS, **CHOSEN)
    wrong = visitor.send(new, line="0")
    case = visitor.confirm(visitor.send(visitor.send(wrong, go="guides").form_with("again")))
    assert case.has(id="changed")
    assert case.box.replace("\r\n", "\n") == WORDS
    asked = visitor.send(case.form_doing("erase"))
    assert visitor.send(visitor.send(asked, go="protects").form_with("again")).has(id="unsaved")
    assert visitor.send(asked).heading == "Erased."
    assert "sentence" not in visitor.page.html
    assert visitor.send(asked).heading == "Erased."
    assert "sentence" not in visitor.page.html


def test_choices_of_an_older_page_that_nobody_has_changed_are_not_shown_for_those_that_hold(
    visitor: Visitor, place: Place
) -> None:
    older_page = visitor.come_back(told(visitor, place))
    visitor.send(older_page.form_doing("consents"), publish="no", quote=None)
    page = visitor.write_back(older_page, "")
    assert page.form_with("text").value("publish") == "no"
    assert not page.has(id="unsaved")


@pytest.mark.parametrize("act", ["", "consents", "verdict change", "new_code", "erase"])
def test_both_boxes_and_the_choices_outlast_the_visit(visitor: Visitor, place: Place, act: str) -> None:
    code = asked_for_a_yes(visitor, place)
    page = visitor.come_back(code)
    place.clock.wait(minutes=20)
    expired = visitor.send(page.form_with("text"), do=act or None, part="1", text=WORDS, change=CHANGE, **CHOSEN)
    assert CHANGE in expired.main.text
    back = visitor.send(expired.form_with("code"), code=code)
    back = back_from(visitor, back)
    fields = back.form_with("text").values
    assert fields["publish"] == "ask"
    words = "".join(fields.values()) + back.main.text
    assert "and the next" in words
    assert CHANGE in words or act == "verdict change"


def test_the_longest_words_in_both_boxes_come_back_beside_the_longest_text_and_messages(
    visitor: Visitor, place: Place
) -> None:
    code, words = visitor.hand_in("tell", "ب" * 12_000, publish="ask"), "ت" * 12_000
    place.proposes("ث" * 80, "ج" * 12_000)
    case = visitor.come_back(code)
    for act in ("consents", "new_code", "erase"):
        page = visitor.send(case.form_doing(act), text=words, change=words)
        assert len(page.html.encode()) < 131_000
        page = page if act == "consents" else visitor.send(page.form_with("do"), 1)
        fields = page.form_with("text").values
        assert (page.status, fields["text"], fields["change"]) == (200, words, words), act
        assert len(page.html.encode()) < 131_000
