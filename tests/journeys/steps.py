"""Steps that more than one journey takes, each as a person does it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from onion_app.vault.shown.reading import name_of
from scripts.rehearsal.people import Login
from tests.browser import Browser
from tests.served import Site
from tests.world import World

Photograph = Callable[[Browser, str], None]

# What the desk says beside whatever does not fit to its own rows, or does not open.
ALARMS = (
    "article:is(.doubted, .changed, .forged, .closed, .broken), .gap, #missing, #changed, #no-answer, #keys-changed"
)
LAPTOP = (1280, 800)
CHECKS = ("names", "places", "others", "true", "grown")


class Told(NamedTuple):
    """What somebody told, in which language, what may be done with it, and what is made of it."""

    language: str
    publish: str
    written: str
    title: str
    edited: str


@dataclass
class Desk:
    """A desk over the files of a site, and what was sent to it."""

    site: Site
    url: str
    case: str
    sent: list[str] = field(default_factory=list)


class Counted:
    """Somebody before the desk, whose pages and taps are counted."""

    def __init__(self, browser: Browser) -> None:
        """Begin to count."""
        self.browser, self.pages, self.taps = browser, 0, 0

    def goes(self, selector: str) -> None:
        """Press what leads to another page."""
        self.browser.press_in(selector)
        self.taps += 1
        self.sees()

    def sees(self) -> None:
        """See the page that has come."""
        self.pages += 1
        wide = self.browser.find("html").get_property("scrollWidth")
        assert wide <= LAPTOP[0], self.browser.url

    def types(self, name: str, text: str) -> None:
        """Type into a field in place of what stands there."""
        self.browser.type_into(name, text)
        self.taps += 1

    def ticks(self, selector: str) -> None:
        """Tick or choose."""
        self.browser.find(selector).click()
        self.taps += 1


def log_in(
    browser: Browser, desk_url: str, login: Login, language: str = "en", clock: Callable[[], float] = time.time
) -> None:
    """Log in with handle, passphrase and six digits; once more where these grew too old on the way."""
    for _ in range(2):
        browser.go(f"{desk_url}/login?lang={language}")
        browser.type_into("handle", login.handle)
        browser.type_into("passphrase", login.passphrase)
        browser.type_into("totp", login.unused_digits(clock))
        browser.press_main()
        if not browser.shows(".errors"):
            break
    assert browser.shows("article.circle, #waiting"), browser.text("main")


def add_circle(coordinator: Browser, desk_url: str, name: str, topic: str) -> None:
    """Add a circle, whose first member comes with an invitation."""
    coordinator.go(f"{desk_url}/circles/new?lang=en")
    coordinator.type_into("name", name)
    coordinator.find(f"#add [name=topic_{topic}]").click()
    coordinator.press_in("#add button")


def begin_anew(coordinator: Browser, desk_url: str, circle: str, world: World) -> None:
    """Let a circle that everybody has left begin anew; the operator agrees."""
    coordinator.go(f"{desk_url}/circles")
    card = next(card for card in coordinator.every(".gathering") if circle in card.text)
    card.find_element("css selector", ".routes summary").click()
    coordinator.follow(card.find_element("css selector", "form[action$='/anew'] button:not([disabled])"))
    assert coordinator.shows("#waits")
    assert world.agrees(None, kind="founding")


def invitation_to(coordinator: Browser, desk_url: str, circle: str) -> str:
    """Invite one person to a circle, and copy the code."""
    coordinator.go(f"{desk_url}/circles")
    card = next(card for card in coordinator.every(".gathering") if circle in card.text)
    circle_id = card.get_attribute("data-circle")
    coordinator.press_in(f"form[action='/circles/{circle_id}/invite'] button")
    return "".join(coordinator.text("#code").split())


def shut_out(coordinator: Browser, desk_url: str, handle: str, photograph: Photograph) -> None:
    """Shut somebody out of everything."""
    coordinator.go(f"{desk_url}/circles?lang=en")
    member = next(line for line in coordinator.every(".members li") if handle in line.text)
    member.find_element("css selector", "summary").click()
    photograph(coordinator, f"shutting-out-{handle}")
    coordinator.follow(member.find_element("css selector", "button:not([disabled])"))


def open_case(browser: Browser, case: str) -> None:
    """Open a case at the desk, past its cover if something in it is new."""
    browser.go(case)
    if browser.shows("#cover"):
        browser.press_in("#cover button.main")


def answer_in(browser: Browser, case: str, answer: str) -> None:
    """Open a case, take it unless it is taken, and answer."""
    open_case(browser, case)
    if browser.shows("button[formaction$='/take']"):
        browser.press_in("button[formaction$='/take']")
    browser.type_into("text", answer)
    browser.press_in("#send")


def hand_over(browser: Browser, circle: str, photograph: Photograph) -> None:
    """Hand the case that is open to another circle."""
    browser.press_in("main button[value$='/ways-out']")
    browser.find("#circle").send_keys(circle)
    photograph(browser, "ways-out")
    browser.press_in("form[action$='/hand-over'] button")
    assert not browser.shows(".errors"), browser.text(".errors")


def write_story(editor: Browser, case: str, told: Told) -> None:
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


def queue_story(editor: Browser, case: str) -> str:
    """Queue a story that is ready, and give the address of its own page at the desk."""
    editor.go(f"{case}/story")
    editor.press("Queue it")
    assert editor.find("#standing").get_attribute("data-step") == "queued"
    editor.press("The story as readers see it")
    return editor.url


def publish_now(editor: Browser, page: str) -> str:
    """Publish a queued story at once, and give its name in paths."""
    editor.go(page)
    editor.press("Publish it now")
    assert editor.find("#story").get_attribute("data-state") == "public"
    return name_of(bytes.fromhex(page.rpartition("/")[2]))


def code_on(browser: Browser) -> str:
    """Read the seven lines of the code, as somebody copies them by hand."""
    code = "".join(browser.text("#code").split())
    assert len(code) == 28
    assert code.isascii()
    assert code.isdigit()
    return code


def asks(phone: Browser, site: str, language: str, text: str, topic: str) -> str:
    """Ask for help, see that it has arrived, leave, and give the code."""
    phone.go(f"{site}/{language}/ask")
    phone.type_into("text", text)
    phone.press_main()
    phone.find("details:has([name=topic]) summary").click()
    phone.choose("topic", topic)
    code = code_on(phone)
    phone.type_into("line", code[24:])
    phone.press_main()
    assert phone.shows("#arrived")
    phone.press_in("header button")
    return code


def press_foot(browser: Browser, path: str) -> None:
    """Go one of the ways that stand below every page; beside a box they are buttons of its form."""
    browser.press_in(f"footer :is(a[href^='{path}?'], button[value='{path.split('/', 2)[2]}'])")


def open_with(browser: Browser, language: str, code: str) -> None:
    """Come back with a code, from whatever page, by the address."""
    browser.go("/".join(browser.url.split("/")[:3]) + f"/{language}/return")
    browser.type_into("code", code)
    browser.press_main()


def come_back(phone: Browser, site: str, language: str, code: str) -> None:
    """Come to the site with a code, and open the case under it."""
    phone.go(f"{site}/{language}/return")
    phone.type_into("code", code)
    phone.press_main()
    assert phone.shows("#state"), phone.text("main")


def nothing_under(browser: Browser, language: str, code: str) -> str:
    """See that a code opens nothing, and give what the page says."""
    open_with(browser, language, code)
    assert not browser.shows("#state")
    assert not browser.shows("article.message")
    return browser.text("main")


def get_new_code(phone: Browser, photograph: Photograph) -> str:
    """Replace the code of the case that is open by a new one."""
    phone.press_in("main button[value=new_code]")
    code = code_on(phone)
    photograph(phone, "new-code")
    phone.type_into("line", code[24:])
    phone.press_main()
    assert phone.shows("#changed")
    photograph(phone, "new-code-works")
    return code


def write_back(phone: Browser, text: str) -> None:
    """Write another message in the case that is open."""
    phone.type_into("text", text)
    phone.press_main()
    assert phone.shows("#arrived")
    assert text in phone.text("article.message[data-from=you]")


def erase_without_opening(phone: Browser, language: str, code: str) -> None:
    """Type a code, and erase what is under it unseen."""
    press_foot(phone, f"/{language}/return")
    phone.type_into("code", code)
    phone.press_in("main button[name=erase]")
    assert not phone.shows("article.message")
    phone.press_main()
