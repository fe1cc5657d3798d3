"""Five testimonies on their way to the stories page, through the real onion and the real desk, in Firefox.

An editor writes, a second person approves. One author says yes, one says no, one takes everything back while it waits,
one takes the story back after it was read, and one story is taken down because somebody asked, and put back.
"""

import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import pytest

from onion_app.crypto import codes
from onion_app.crypto.codes import invitation_digest, new_code
from onion_app.crypto.keyslots import VaultKeys, open_slots
from onion_app.vault import settings
from onion_app.vault.database import open_desk, open_mailbox
from onion_app.vault.desk import circles, invitations
from onion_app.vault.mailbox import lifetime
from tests.browser import DESKTOP, Browser, browsing
from tests.house import Member, enrol
from tests.journeys.steps import Photograph, code_on, log_in
from tests.membership import let_in
from tests.people import Volunteer
from tests.rehearsal import Rehearsal

DAY = 86_400
CHECKS = ("names", "places", "others", "true", "grown")


@dataclass(frozen=True)
class Told:
    """What somebody told, in which language, what may be done with it, and what is made of it."""

    language: str
    publish: str
    written: str
    title: str
    edited: str


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

    def case_of(self, code: str) -> str:
        """Find the address at the desk of the case under a code."""
        mailbox = open_mailbox(self.rehearsal.state / "mailbox", keys(self.rehearsal).mailbox)
        found = lifetime.find_by_tag(mailbox, codes.derive(code, settings.read_settings(mailbox).code_salt).tag)
        mailbox.close()
        return f"{self.rehearsal.desk_url}/case/{found.id.hex()}"


def keys(rehearsal: Rehearsal) -> VaultKeys:
    """Open the file of keys, as the operator of the rehearsal could."""
    kept = json.loads((rehearsal.state / "rehearsal.json").read_text(encoding="utf-8"))
    return open_slots((rehearsal.state / "vault.key").read_text(), kept["passphrase"])


def second_member(rehearsal: Rehearsal) -> Member:
    """Let somebody enrol and into the editor's circle."""
    desk = open_desk(rehearsal.state / "desk", keys(rehearsal).desk)
    circle, code = circles.circles(desk)[0], new_code()
    expires = int(time.time()) // DAY + 7
    invitation = invitations.Invitation(secrets.token_bytes(16), circle.id, False, None, expires, "open", None)  # noqa: FBT003
    invitations.add_invitation(desk, invitation, invitation_digest(code))
    member = enrol(Volunteer(rehearsal.desk_url), code, "Dana")
    let_in(desk, circle.id, rehearsal.login["handle"], rehearsal.login["passphrase"], "Dana")
    desk.close()
    return member


@pytest.fixture(scope="module")
def circle(rehearsal: Rehearsal) -> Iterator[Circle]:
    """Seat both before their windows, logged in."""
    member = second_member(rehearsal)
    with browsing(size=DESKTOP, private=True) as editor, browsing(size=DESKTOP, private=True) as second:
        log_in(editor, rehearsal, rehearsal.login)
        log_in(second, rehearsal, asdict(member))
        yield Circle(editor, second, rehearsal)


def open_case(browser: Browser, case: str) -> None:
    """Open a case, past its cover if something in it is new."""
    browser.go(case)
    if browser.shows("#cover"):
        browser.press_in("#cover button.main")


def write(editor: Browser, case: str, told: Told) -> None:
    """Take a case, write the draft of its story and call it finished."""
    open_case(editor, case)
    assert told.written in editor.text("main")
    editor.press("Take it")
    editor.press("The story of this case")
    editor.type_into("title", told.title)
    editor.type_into("text", told.edited)
    editor.choose("language", told.language)
    for name in CHECKS:
        editor.tick(f"check_{name}")
    editor.press("It is finished")
    assert not editor.shows(".errors"), editor.text(".errors")


def approve(second: Browser, case: str) -> None:
    """Approve a draft as the second person."""
    open_case(second, case)
    second.press("The story of this case")
    second.press("I have read both")
    assert not second.shows(".errors"), second.text(".errors")


def finish(circle: Circle, told: Told) -> tuple[str, str]:
    """Let somebody tell, and two people of the circle make the story; give the code and the case's address."""
    code = circle.rehearsal.visitor(told.language).hand_in("tell", told.written, publish=told.publish)
    case = circle.case_of(code)
    write(circle.editor, case, told)
    approve(circle.second, case)
    circle.editor.go(f"{case}/story")
    return code, case


def queue(editor: Browser, case: str) -> str:
    """Queue a story that is ready, and give the address of its own page at the desk."""
    editor.go(f"{case}/story")
    editor.press("Queue it")
    assert editor.find("#standing").get_attribute("data-step") == "queued"
    editor.press("The story as readers see it")
    return editor.url


def publish_now(editor: Browser, page: str) -> str:
    """Publish a queued story at once, and give its id."""
    editor.go(page)
    editor.press("Publish it now")
    assert editor.find("#story").get_attribute("data-state") == "public"
    return page.rpartition("/")[2]


def come_back(phone: Browser, rehearsal: Rehearsal, language: str, code: str) -> None:
    """Open the case under a code."""
    phone.go(f"{rehearsal.site}/{language}/return")
    phone.type_into("code", code)
    phone.press_main()
    assert phone.url.endswith("/case")


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
    come_back(phone, circle.rehearsal, "ar", code)
    assert ALLOWED.edited in phone.text("#proposal")
    photograph(phone, "the-author-is-asked")
    phone.press_in("#proposal button[value=yes]")
    assert phone.shows("#decided")
    open_case(editor, case)
    photograph(editor, "case-with-the-yes")
    story = publish_now(editor, queue(editor, case))
    photograph(editor, "story-on-the-site")
    phone.go(f"{circle.rehearsal.site}/ar/stories/{story}")
    assert ALLOWED.title in phone.text("h1")
    assert ALLOWED.edited in phone.text("#story")
    photograph(phone, "story")


def refused_by_its_author(circle: Circle, phone: Browser, photograph: Photograph) -> None:
    editor = circle.editor
    code, case = finish(circle, REFUSED)
    editor.press("Ask the author")
    come_back(phone, circle.rehearsal, "en", code)
    phone.press_in("#proposal button[value=no]")
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
    page = queue(editor, case)
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
    story = publish_now(editor, queue(editor, case))
    assert TAKEN_BACK.title in titles(phone, circle.rehearsal, "ar")
    come_back(phone, circle.rehearsal, "ar", code)
    photograph(phone, "published-case")
    phone.press_in("main form:has(input[value=take_back]) button")
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
    story = publish_now(editor, queue(editor, case))
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


def test_a_guide_is_written_shown_first_published_and_read(
    rehearsal: Rehearsal, circle: Circle, phone: Browser, photograph: Photograph
) -> None:
    editor = circle.editor
    editor.go(f"{rehearsal.desk_url}/guides")
    photograph(editor, "guides")
    editor.type_into("slug", "quiet-days")
    editor.press("Begin it")
    guide = editor.url.partition("?")[0]
    editor.go(f"{guide}?language=en")
    editor.type_into("title", "Quiet days")
    editor.type_into("text", "1. Drink water.\n2. Sleep.\n3. See *one* person.\n\n## And then?\n\nWait <b>one</b> day.")
    editor.press("Show me first")
    assert [item.text for item in editor.every("#preview li")] == ["Drink water.", "Sleep.", "See one person."]
    assert not editor.every("#preview b")
    photograph(editor, "guide-shown-first")
    editor.press("Keep it")
    editor.press("I have checked this version")
    editor.press("Publish it now")
    photograph(editor, "guide-published")
    phone.go(f"{rehearsal.site}/en/guides/quiet-days")
    assert phone.text("h1") == "Quiet days"
    assert rehearsal.login["handle"] in phone.text("main")
    photograph(phone, "guide")


def test_a_setting_changes_the_site_at_once(
    rehearsal: Rehearsal, circle: Circle, phone: Browser, photograph: Photograph
) -> None:
    editor = circle.editor
    editor.go(f"{rehearsal.desk_url}/settings")
    photograph(editor, "settings")
    before = editor.value_of("find_en")
    editor.type_into("find_en", "Ask whoever told you about us.")
    editor.press_in("#how_to_find_us button")
    assert editor.shows("#done")
    phone.go(f"{rehearsal.site}/en/protects")
    assert "Ask whoever told you about us." in phone.text("main")
    editor.type_into("retention_days", "7")
    editor.press_in("#retention button")
    assert editor.shows(".errors")
    photograph(editor, "setting-refused")
    editor.go(f"{rehearsal.desk_url}/settings?lang=ar")
    photograph(editor, "settings-in-arabic")
    editor.go(f"{rehearsal.desk_url}/settings?lang=en")
    editor.type_into("find_en", before)
    editor.press_in("#how_to_find_us button")
    assert editor.shows("#done")
