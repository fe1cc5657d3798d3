"""Every form of the site and the desk, found from the templates: none lacks its token, and Enter sends none of them."""

import re
from pathlib import Path

import pytest

import onion_app
from scripts.rehearsal.pages import Element, Page
from scripts.rehearsal.people import Visitor
from tests.served import serving
from tests.ways import use_every_form

ROOMS = Path(onion_app.__file__).parent
TEMPLATES = sorted(ROOMS.glob("*/templates/*.html"))
NOBODY_CAN_PRESS = "<button disabled hidden></button>"
# A tag of a form, in which our own braces may stand, and what comes after it.
FORM = re.compile(r"<form\b(?P<tag>(?:\{\{.*?\}\}|[^>])*)>\s*(?P<begins>.*)", re.IGNORECASE)
TOKEN = re.compile(r"(?:\{% if posted %\})?\{\{-? (?:parts\.|fields\.)?token(?:_of)?\((?:[\w.]*|url_for\(.*?\))\) \}\}")


def forms() -> list[tuple[str, str, str]]:
    """List each form: its template, its tag and what it begins with."""
    found = []
    for path in TEMPLATES:
        text = path.read_text("utf-8")
        found += [(path.name, each["tag"], text[each.start("begins") :]) for each in FORM.finditer(text)]
    return found


def test_every_form_that_sends_begins_with_its_token_and_what_enter_presses() -> None:
    sending = [each for each in forms() if 'method="get"' not in each[1]]
    assert len(sending) > 50
    for name, tag, begins in sending:
        if 'action="/leave"' in tag:
            assert begins.startswith(NOBODY_CAN_PRESS), (name, tag)
        else:
            assert "method=" in tag, (name, tag)
            assert TOKEN.match(begins), (name, tag, begins[:80])


@pytest.mark.parametrize("room", ["site/templates/parts.html", "desk/templates/fields.html"])
def test_the_token_comes_after_a_button_that_nobody_can_press(room: str) -> None:
    macro = re.search(
        r"\{% macro token\((?:field='')?\) %\}(.*?)\{% endmacro %\}", (ROOMS / room).read_text("utf-8"), re.DOTALL
    )
    assert macro
    assert macro[1].startswith(NOBODY_CAN_PRESS)


def test_no_page_of_the_site_has_a_form_that_enter_sends_or_that_does_not_say_what_it_is_for() -> None:
    with serving() as site:
        visitor = site.visitor()
        use_every_form(visitor)
        pages = visitor.pages()
        visitor = site.visitor()
        case = visitor.come_back(visitor.hand_in())
        pages += [visitor.write_back(case, ""), visitor.send(case.form_doing("new_code")), *asks_again(visitor)]
    found = [(page, form) for page in pages for form in page.every("form") if form.get("method") == "post"]
    assert len(found) > 60
    for page, form in found:
        buttons = buttons_of(page, form)
        assert cannot_be_pressed(buttons[0]), (form.get("action"), buttons[0].text)
        assert not all(map(cannot_be_pressed, buttons)), form.get("action")
        if form.get("action") != "/leave":
            assert form.first("input", name="csrf_token").get("value"), form.get("action")


def buttons_of(page: Page, form: Element) -> list[Element]:
    """List the buttons of a form in the order of the page, which is that of Enter: those that stand elsewhere, too."""
    inside, name = form.every("button"), form.get("id")
    return [each for each in page.every("button") if each in inside or (name and each.get("form") == name)]


def asks_again(visitor: Visitor) -> list[Page]:
    """Meet a page that refuses, with and without words."""
    form = visitor.go("tell").form_with("text")
    visitor.cookies.clear()
    return [visitor.send(form, text="words"), visitor.post("/en/ask", [("text", "words")])]


def cannot_be_pressed(button: Element) -> bool:
    return {"disabled", "hidden"} <= set(button.attributes)
