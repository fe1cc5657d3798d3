"""A counsellor's day and a coordinator's at the desk, each before a private window of Firefox without JavaScript.

A volunteer is invited and let in after both screens show the same four words; answers ten people at once; hands one
over and stops. Later the volunteer is shut out: all of it opens to who is left, and the browser's folder holds none.
"""

import itertools
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.rehearsal.people import Login, Visitor, Volunteer
from scripts.rehearsal.wire import through_unix
from tests.browser import DESKTOP, Browser, browsing
from tests.journeys.steps import (
    ALARMS,
    Photograph,
    add_circle,
    answer_in,
    hand_over,
    invitation_to,
    log_in,
    open_case,
    shut_out,
)
from tests.marks import files_with
from tests.rehearsal import Rehearsal

ASKED = "I have hardly slept since my sister found out. I only want to talk to somebody."
ANSWER = "I have read every word. You are not alone with this. I write to you again within {number} days."
NOTE = "Needs somebody who knows the law about identity papers."
PEOPLE = 10
SOON = 3  # days
LOADS = 4  # pages after the login, on a slow line

COUNT = """
gBrowser.pageLoads = 0;
gBrowser.addProgressListener({
  onLocationChange(progress, request, location, flags) {
    if (progress.isTopLevel && !(flags & Ci.nsIWebProgressListener.LOCATION_CHANGE_SAME_DOCUMENT)) gBrowser.pageLoads++;
  },
  QueryInterface: ChromeUtils.generateQI(["nsIWebProgressListener", "nsISupportsWeakReference"]),
});
"""


@pytest.fixture
def coordinator() -> Iterator[Browser]:
    """Open the coordinator's window."""
    with browsing(size=DESKTOP, private=True) as browser:
        yield browser


@pytest.fixture
def volunteer() -> Iterator[Browser]:
    """Open the window of somebody who has an invitation."""
    with browsing(size=DESKTOP, private=True) as browser:
        yield browser


def waiting_people(rehearsal: Rehearsal) -> list[tuple[Visitor, str]]:
    """Let ten people ask for help today, and give them with their codes."""
    socket = Path(rehearsal.printed["site_socket"])
    people = [Visitor(through_unix(socket), rehearsal.onion) for _ in range(PEOPLE)]
    asked = {"topic": "talk", "danger": "yes", "answer_in": "en"}
    return [(person, person.hand_in("ask", ASKED, **asked)) for person in people]


def enrol_in_arabic(volunteer: Browser, rehearsal: Rehearsal, code: str, photograph: Photograph) -> Login:
    """Redeem an invitation, write down what is shown, and log in."""
    volunteer.go(f"{rehearsal.desk_url}/join?lang=ar")
    volunteer.type_into("invitation", code)
    volunteer.press_main()
    photograph(volunteer, "enrol")
    secret = volunteer.text("#totp-secret").replace(" ", "")
    sheet = "".join(volunteer.text("#code").split())
    login = Login("Hêvî", volunteer.text("#new-passphrase"), secret)
    line = 4 * int(volunteer.find("label[data-line]").get_attribute("data-line"))
    volunteer.type_into("handle", login.handle)
    volunteer.type_into("line", sheet[line - 4 : line])
    volunteer.type_into("totp", login.unused_digits(time.time))
    volunteer.press_main()
    assert volunteer.shows("#welcome"), volunteer.text("main")
    log_in(volunteer, rehearsal.desk_url, login, "ar")
    return login


def let_in(coordinator: Browser, volunteer: Browser, rehearsal: Rehearsal, photograph: Photograph) -> None:
    """Compare the words on both screens, and let the newcomer in."""
    words = volunteer.text("#four-words")
    assert len(words.split()) == 4
    photograph(volunteer, "waiting")
    assert not volunteer.shows("article.circle")
    coordinator.go(f"{rehearsal.desk_url}/circles?lang=en")
    assert coordinator.text(".newcomer .words") == words
    photograph(coordinator, "the-same-words")
    coordinator.press_in(".newcomer button")
    if coordinator.shows(".newcomer"):  # the chores may hold the desk's file for so long that it says: press again
        assert coordinator.shows(".errors"), coordinator.text("main")
        coordinator.press_in(".newcomer button")
    volunteer.go(f"{rehearsal.desk_url}/?lang=ar")
    assert volunteer.shows("article.circle"), f"{coordinator.text('main')} / {volunteer.text('main')}"
    photograph(volunteer, "let-in")


def start_counting(browser: Browser) -> None:
    """Let Firefox count the pages that it loads from now on."""
    with browser.driver.using_context("chrome"):
        browser.driver.execute_script(COUNT)


def loads(browser: Browser) -> int:
    """Say how many pages were loaded since."""
    with browser.driver.using_context("chrome"):
        return int(browser.driver.execute_script("return gBrowser.pageLoads"))


def answer_ten(volunteer: Browser, photograph: Photograph) -> None:
    """From the first page: tick ten cases, open them, write into ten boxes, and send once."""
    start_counting(volunteer)
    volunteer.press_in("article.circle h2 a")
    ticks = volunteer.every(".case.urgent-2 input[type=checkbox]")
    for tick in ticks[:PEOPLE]:
        tick.click()
    photograph(volunteer, "queue")
    volunteer.press("Take the ticked ones")
    assert ASKED not in volunteer.text("main")
    photograph(volunteer, "my-cases")
    volunteer.press("Open all of them")
    boxes = volunteer.every("section.mine textarea")
    assert len(boxes) == PEOPLE
    for number, box in enumerate(boxes, SOON):
        box.send_keys(ANSWER.format(number=number))
    assert volunteer.text("main").count(ASKED) == PEOPLE
    photograph(volunteer, "my-cases-opened")
    volunteer.press_main()
    assert volunteer.shows("#sent")
    assert not volunteer.shows(".errors")
    assert loads(volunteer) == LOADS
    photograph(volunteer, "my-cases-sent")


def everybody_reads_an_answer(people: list[tuple[Visitor, str]]) -> None:
    """See that each of the ten got another one of the ten answers."""
    said = [visitor.come_back(code).main.text for visitor, code in people]
    numbers = [re.findall(r"again within (\d+) days", page) for page in said]
    assert sorted(map(int, itertools.chain(*numbers))) == list(range(SOON, SOON + PEOPLE))
    assert {len(found) for found in numbers} == {1}


def hand_one_over_and_stop(volunteer: Browser, rehearsal: Rehearsal, photograph: Photograph) -> None:
    """Keep a note in a case, hand the case to the lawyers, and give all the others back."""
    volunteer.go(f"{rehearsal.desk_url}/mine?lang=ar")
    photograph(volunteer, "my-cases-in-arabic")
    volunteer.press_in("section.mine h2 button")
    case = volunteer.url
    volunteer.find("#note").send_keys(NOTE)
    volunteer.press_in("#new-note button")
    assert NOTE in volunteer.text("#notes")
    photograph(volunteer, "note")
    hand_over(volunteer, "Law", photograph)
    assert len(volunteer.every("section.mine")) == PEOPLE - 1
    volunteer.go(case)
    assert NOTE not in volunteer.source
    volunteer.go(f"{rehearsal.desk_url}/mine")
    volunteer.press_in("button[formaction$='/mine/stop']")
    assert not volunteer.shows(".line.mine")
    photograph(volunteer, "stopped")


def nothing_opens(volunteer: Browser, rehearsal: Rehearsal, case: str, photograph: Photograph) -> None:
    """See that the window that is still open leads to the login, and no further."""
    volunteer.find("#note").send_keys("Still me.")
    volunteer.press_in("#new-note button")
    assert volunteer.shows("[name=passphrase]")
    photograph(volunteer, "shut-out")
    for page in (case, f"{rehearsal.desk_url}/", f"{rehearsal.desk_url}/mine"):
        volunteer.go(page)
        assert volunteer.shows("[name=passphrase]"), page


def folder_holds_none_of(browser: Browser, words: list[str]) -> None:
    """Quit Firefox, and look for these words in every file of its profile, cache and home."""
    browser.quit()
    kept = {file.name for file in browser.home.rglob("*")}
    assert {"places.sqlite", "prefs.js"} <= kept
    assert "sessionstore.jsonlz4" not in kept  # packed, so that nothing would be found in it
    for word in words:
        assert files_with(word, browser.home) == []


def test_a_day_at_the_desk(
    rehearsal: Rehearsal, coordinator: Browser, volunteer: Browser, photograph: Photograph
) -> None:
    log_in(coordinator, rehearsal.desk_url, rehearsal.login)
    add_circle(coordinator, rehearsal.desk_url, "Law", "law")
    Volunteer(rehearsal.desk_url).enrol(invitation_to(coordinator, rehearsal.desk_url, "Law"), "Rojin")
    circle = rehearsal.login.circles[0]
    code = invitation_to(coordinator, rehearsal.desk_url, circle)
    photograph(coordinator, "invitation")
    login = enrol_in_arabic(volunteer, rehearsal, code, photograph)
    let_in(coordinator, volunteer, rehearsal, photograph)

    people = waiting_people(rehearsal)
    volunteer.go(f"{rehearsal.desk_url}/?lang=en")
    answer_ten(volunteer, photograph)
    everybody_reads_an_answer(people)
    hand_one_over_and_stop(volunteer, rehearsal, photograph)
    cookies = [cookie["value"][-20:] for cookie in volunteer.cookies()]
    volunteer.press_in("header form button")

    log_in(volunteer, rehearsal.desk_url, login)
    volunteer.press_in("article.circle h2 a")
    volunteer.go(f"{rehearsal.desk_url}/circle/{volunteer.url.split('/')[-2]}/waiting")
    case = volunteer.find(".case .what a").get_property("href")
    open_case(volunteer, case)
    cookies += [cookie["value"][-20:] for cookie in volunteer.cookies()]
    shut_out(coordinator, rehearsal.desk_url, login.handle, photograph)
    assert f"{login.handle} was shut out" in coordinator.text("main")
    nothing_opens(volunteer, rehearsal, case, photograph)
    answer_in(coordinator, case, ANSWER.format(number=PEOPLE))
    assert not coordinator.shows(ALARMS), coordinator.text("main")
    photograph(coordinator, "after-somebody-was-shut-out")

    host = rehearsal.desk_url.removeprefix("http://")
    texts = [ASKED[:25], ANSWER[:25], NOTE[:25]]
    folder_holds_none_of(volunteer, [*texts, host, host.partition(".")[0], "__Host-desk", *cookies])
