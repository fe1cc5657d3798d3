"""Five testimonies on their way to the stories page, through the real onion and the real desk, in Firefox.

An editor writes, a second person approves. One author says yes, one says no, one takes everything back while it waits,
one takes the story back after it was read, and one story is taken down because somebody asked, and put back.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from onion_app.vault.desk import circles
from scripts.rehearsal.people import Volunteer
from tests.browser import DESKTOP, Browser, browsing
from tests.journeys.steps import (
    Photograph,
    Told,
    code_on,
    come_back,
    log_in,
    open_case,
    publish_now,
    queue_story,
    write_story,
)
from tests.rehearsal import Rehearsal
from tests.world import World

ALLOWED = Told(
    "ar",
    "ask",
    "أنا من حي الكرادة. طردني أبي من البيت. صديقتي سارة آوتني. اليوم لي غرفة وعمل.",
    "غرفة لي",
    "أنا من مدينة كبيرة. طردني أهلي من البيت. آوتني صديقة. اليوم لي غرفة وعمل.",
)
REFUSED = Told(
    "en",
    "ask",
    "My cousin Ali found my phone. I left that night. I do not want everybody to read this.",
    "The phone",
    "A relative found my phone. I left that night.",
)
ERASED_IN_QUEUE = Told(
    "en",
    "yes",
    "They waited for me at the school in Mosul. I ran. My teacher helped me.",
    "Somebody helped",
    "They waited for me. I ran. Somebody whom I trusted helped me.",
)
TAKEN_BACK = Told(
    "ar",
    "yes",
    "في آذار ٢٠٢٤ أوقفوني عند الحاجز. فتشوا هاتفي. خرجت بعد يومين.",
    "عند الحاجز",
    "أوقفوني في الطريق. فتشوا هاتفي. خرجت بعد أيام.",
)
DISPUTED = Told(
    "en",
    "yes",
    "Omar and I met every Thursday in the cafe. Nobody knew. Now I live far away and I am well.",
    "Every week",
    "We met every week. Nobody knew. Now I live far away and I am well.",
)


@dataclass(frozen=True)
class Circle:
    """The editor, who is a coordinator, and the second person, each before their own window."""

    editor: Browser
    second: Browser
    rehearsal: Rehearsal
    world: World

    def case_of(self, code: str) -> str:
        """Find the address at the desk of the case under a code."""
        return f"{self.rehearsal.desk_url}/case/{self.world.case_of(code).hex()}"


@pytest.fixture(scope="module")
def circle(rehearsal: Rehearsal, world: World) -> Iterator[Circle]:
    """Let a second person in, and seat both before their windows, logged in."""
    login = rehearsal.login
    first = next(each.id for each in circles.circles(world.desk) if each.name == login.circles[0])
    member = Volunteer(rehearsal.desk_url).enrol(world.invitation(first), "Dana")
    world.let_in(world.unlocked(login.handle, login.passphrase), first, "Dana")
    world.settle()  # she has been here long enough to be a second person
    with browsing(size=DESKTOP, private=True) as editor, browsing(size=DESKTOP, private=True) as second:
        log_in(editor, rehearsal.desk_url, login)
        log_in(second, rehearsal.desk_url, member.login)
        yield Circle(editor, second, rehearsal, world)


def approve(second: Browser, case: str) -> None:
    """Approve a draft as the second person."""
    open_case(second, case)
    second.press("The story of this case")
    assert second.shows("form[action$='/approve']"), second.text("main")
    second.press("I have read both")
    assert not second.shows(".errors"), second.text(".errors")


def finish(circle: Circle, told: Told) -> tuple[str, str]:
    """Let somebody tell, and two people of the circle make the story; give the code and the case's address."""
    code = circle.rehearsal.visitor(told.language).hand_in("tell", told.written, publish=told.publish)
    case = circle.case_of(code)
    write_story(circle.editor, case, told)
    approve(circle.second, case)
    circle.editor.go(f"{case}/story")
    return code, case


def titles(phone: Browser, rehearsal: Rehearsal, language: str) -> str:
    """Read the stories page."""
    phone.go(f"{rehearsal.site}/{language}/stories")
    return phone.text("main")


def test_five_testimonies_go_to_the_stories_page_and_back(
    rehearsal: Rehearsal, circle: Circle, phone: Browser, photograph: Photograph
) -> None:
    published_with_the_authors_yes(circle, phone, photograph)
    refused_by_its_author(circle, phone, photograph)
    erased_in_the_queue(circle, phone, photograph)
    taken_back_after_publication(circle, phone, photograph)
    taken_down_by_request_and_put_back(circle, phone, photograph)
    for language in ("en", "ar"):
        listed = titles(phone, rehearsal, language)
        photograph(phone, f"stories-{language}")
        for told in (ALLOWED, DISPUTED):
            assert told.title in listed
        for told in (REFUSED, ERASED_IN_QUEUE, TAKEN_BACK):
            assert told.title not in listed


def published_with_the_authors_yes(circle: Circle, phone: Browser, photograph: Photograph) -> None:
    editor = circle.editor
    code, case = finish(circle, ALLOWED)
    photograph(editor, "to-be-asked")
    editor.go(f"{case}/story?lang=ar")
    photograph(editor, "to-be-asked-in-arabic")
    editor.go(f"{case}/story?lang=en")
    editor.press("Ask the author")
    come_back(phone, circle.rehearsal.site, "ar", code)
    assert ALLOWED.edited in phone.text("#proposal")
    photograph(phone, "the-author-is-asked")
    phone.press_in("#proposal button[value='verdict yes']")
    assert phone.shows("#decided")
    open_case(editor, case)
    photograph(editor, "case-with-the-yes")
    story = publish_now(editor, queue_story(editor, case))
    photograph(editor, "story-on-the-site")
    phone.go(f"{circle.rehearsal.site}/ar/stories/{story}")
    assert ALLOWED.title in phone.text("h1")
    assert ALLOWED.edited in phone.text("#story")
    photograph(phone, "story")


def refused_by_its_author(circle: Circle, phone: Browser, photograph: Photograph) -> None:
    editor = circle.editor
    code, case = finish(circle, REFUSED)
    editor.press("Ask the author")
    come_back(phone, circle.rehearsal.site, "en", code)
    phone.press_in("#proposal button[value='verdict no']")
    assert phone.shows("#decided")
    open_case(editor, case)
    editor.press("The story of this case")
    assert editor.find("#standing").get_attribute("data-step") == "refused"
    assert not editor.shows("#editor")
    photograph(editor, "refused")


def erased_in_the_queue(circle: Circle, phone: Browser, photograph: Photograph) -> None:
    editor = circle.editor
    code, case = finish(circle, ERASED_IN_QUEUE)
    photograph(editor, "ready")
    page = queue_story(editor, case)
    editor.go(f"{circle.rehearsal.desk_url}/stories")
    assert ERASED_IN_QUEUE.title in editor.text("main")
    photograph(editor, "queue-of-stories")
    phone.go(f"{circle.rehearsal.site}/en/return")
    phone.type_into("code", code)
    phone.press_in("main button[name=erase]")
    phone.press_main()
    for gone in (page, f"{case}/story"):
        editor.go(gone)
        assert ERASED_IN_QUEUE.title not in editor.text()
        assert not editor.shows("#story, #standing")


def taken_back_after_publication(circle: Circle, phone: Browser, photograph: Photograph) -> None:
    editor, site = circle.editor, circle.rehearsal.site
    code, case = finish(circle, TAKEN_BACK)
    story = publish_now(editor, queue_story(editor, case))
    assert TAKEN_BACK.title in titles(phone, circle.rehearsal, "ar")
    come_back(phone, circle.rehearsal.site, "ar", code)
    photograph(phone, "published-case")
    phone.press_in("main button[value=take_back]")
    assert phone.shows("#taken-back")
    photograph(phone, "taken-back")
    phone.go(f"{site}/ar/stories/{story}")
    assert TAKEN_BACK.title not in phone.text()
    open_case(editor, case)
    editor.go(f"{case}/story")
    assert editor.find("#standing").get_attribute("data-step") == "forbidden"


def taken_down_by_request_and_put_back(circle: Circle, phone: Browser, photograph: Photograph) -> None:
    editor, site = circle.editor, circle.rehearsal.site
    _, case = finish(circle, DISPUTED)
    story = publish_now(editor, queue_story(editor, case))
    phone.go(f"{site}/en/stories/{story}")
    phone.press("Ask us to take this down")
    phone.type_into("text", "This is about me. Please take it down.")
    phone.press_main()
    code = code_on(phone)
    phone.type_into("line", code[24:])
    phone.press_main()
    open_case(editor, circle.case_of(code))
    photograph(editor, "request-to-take-down")
    editor.press("The story that this is about")
    editor.press("Take it down at once")
    photograph(editor, "taken-down")
    phone.go(f"{site}/en/stories/{story}")
    assert DISPUTED.title not in phone.text()
    assert DISPUTED.title not in titles(phone, circle.rehearsal, "en")
    editor.press("Put it back")
    phone.go(f"{site}/en/stories/{story}")
    assert DISPUTED.title in phone.text("h1")
