"""`scripts/pictures`: rehearse, let people come to the site and to the desk, and keep what their screens show."""

import base64
import tempfile
from pathlib import Path

from scripts.rehearsal.people import Login, Volunteer
from tests.browser import PHONE, Browser, browsing
from tests.journeys.steps import invitation_to, log_in, open_case
from tests.pictures.png import with_few_colours
from tests.rehearsal import ROOT, Rehearsal, rehearsing

IMAGES = ROOT / "docs" / "images"
SCREEN, HALF_A_SCREEN, HIGH_SCREEN = (1280, 800), (1280, 500), (1280, 1000)  # the last holds letter and answer
ASKED = "I have hardly slept since my sister found out. I only want to talk to somebody."
ANSWER = "I have read every word. You are not alone with this. Write here whenever you like."
NEWCOMER = "Hêvî"
SHIFT = "\ue008"


def keep(browser: Browser, name: str) -> None:
    """Keep what the window shows."""
    picture = base64.b64decode(browser.driver.screenshot(full=False))
    (IMAGES / f"{name}.png").write_bytes(with_few_colours(picture))


def on_a_phone(rehearsal: Rehearsal) -> None:
    """Come to the site, in Arabic, to tell something."""
    with browsing(rehearsal.socks_port, size=PHONE) as phone:
        phone.go(f"{rehearsal.site}/ar/tell")
        keep(phone, "tell-ar")


def one_waits_to_be_let_in(rehearsal: Rehearsal, invitation: str) -> Login:
    """Enrol, and see the four words that somebody of the circle will ask for."""
    login = Volunteer(rehearsal.desk_url).enrol(invitation, NEWCOMER).login
    with browsing(size=HALF_A_SCREEN, private=True) as newcomer:
        log_in(newcomer, rehearsal.desk_url, login, "ar")
        keep(newcomer, "four-words-ar")
    return login


def answers(coordinator: Browser, rehearsal: Rehearsal) -> None:
    """Take three cases, begin an answer with a set phrase, and write another one among one's own."""
    coordinator.go(f"{rehearsal.desk_url}/?lang=en")
    coordinator.press_in("article.circle h2 a")
    cases = [row.get_attribute("data-case") for row in coordinator.every(".case")]
    for case in cases:
        open_case(coordinator, f"{rehearsal.desk_url}/case/{case}")
        coordinator.press_in("button[formaction$='/take']")
    coordinator.fit(HIGH_SCREEN)
    coordinator.press("Put it in the box")
    coordinator.find("header .way").send_keys(SHIFT)  # the page has gone down to the box: up again
    keep(coordinator, "desk")
    coordinator.fit(SCREEN)
    coordinator.go(f"{rehearsal.desk_url}/mine")
    coordinator.press("Open all of them")
    coordinator.find("textarea").send_keys(ANSWER)
    keep(coordinator, "my-cases")


def main() -> None:
    """Make them all."""
    with tempfile.TemporaryDirectory() as folder, rehearsing(Path(folder)) as rehearsal:
        on_a_phone(rehearsal)
        for danger in ("no", "yes", "no"):
            rehearsal.visitor("en").hand_in("ask", ASKED, topic="talk", danger=danger, answer_in="en")
        with browsing(size=SCREEN, private=True) as coordinator:
            log_in(coordinator, rehearsal.desk_url, rehearsal.login)
            answers(coordinator, rehearsal)
            one_waits_to_be_let_in(rehearsal, invitation_to(coordinator, rehearsal.desk_url, "First circle"))
            coordinator.go(f"{rehearsal.desk_url}/circles?lang=en")
            keep(coordinator, "four-words")


main()
