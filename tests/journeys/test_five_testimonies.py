"""An editor with five testimonies and a slow line: from the first page to five stories in the queue, counted."""

import pytest

from onion_app.vault.desk.stories import state_of, story_of
from onion_app.vault.shown.reading import versions_of
from scripts.rehearsal.people import Login
from tests.browser import browsing
from tests.journeys.steps import CHECKS, LAPTOP, Counted, Desk, Photograph, log_in

TOLD = "Ahmed from Basra hit me in 2019. I ran away.\nNow I am safe, number {number}."
EDITED = "Somebody in a city hit me. I ran away, and I am safe."
FIVE = 5
MOST_PAGES = 3 + 5 * FIVE  # three for all of them, and five for each
MOST_TAPS = 3 + FIVE + 12 * FIVE


def makes_a_story(editor: Counted, case: str, title: str, photograph: Photograph) -> None:
    """From the page with all cases: edit one beside its original, call it finished, queue it, and come back."""
    editor.goes(f"section[data-case='{case}'] h2 button")
    editor.goes(f"#case button[value$='/{case}/story']")
    photograph(editor.browser, "draft")
    assert editor.browser.shows("#details, #original")
    editor.types("title", title)
    editor.types("text", EDITED)
    for name in CHECKS:
        editor.ticks(f"[name=check_{name}]")
    editor.goes("button[name=finished]")
    assert not editor.browser.shows(".errors"), editor.browser.text(".errors")
    photograph(editor.browser, "finished")
    editor.goes("#standing button[formaction$='/queue']")
    assert editor.browser.find("#standing").get_attribute("data-step") == "queued"
    editor.goes("header button[value='/mine']")


@pytest.mark.parametrize("language", ["en", "ar"])
def test_five_testimonies_become_five_stories(desk: Desk, photograph: Photograph, language: str) -> None:
    who, site = desk.site.member_of_first, desk.site
    codes = [site.visitor().hand_in("tell", TOLD.format(number=number), publish="yes") for number in range(FIVE)]
    cases = [site.case_of(code) for code in codes]
    with browsing(size=LAPTOP, private=True) as browser:
        log_in(browser, desk.url, Login(who.handle, who.passphrase, who.totp), language)
        editor = Counted(browser)
        editor.goes(".line.unread")
        photograph(browser, "queue")
        for case in cases:
            editor.ticks(f"[name=take_{case.hex()}]")
        editor.goes("button.main.above")
        editor.goes("button[formaction*='/mine/open']")
        photograph(browser, "mine")
        for number, case in enumerate(cases):
            makes_a_story(editor, case.hex(), f"I am safe {number}", photograph if not number else lambda *_: None)
        photograph(browser, "done")
    assert editor.pages <= MOST_PAGES
    assert editor.taps <= MOST_TAPS
    stories = [story_of(site.desk, case) for case in cases]
    assert [state_of(versions_of(site.desk, story.id)) for story in stories if story] == ["queued"] * FIVE
