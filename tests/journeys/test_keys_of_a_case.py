"""What the keys of a case do for the people at both ends of it, through the real onion and the real desk, in Firefox.

A question goes to another circle and comes back, and its code is changed meanwhile; a door is closed, opened and closed
again; a volunteer is shut out, then the last one of the circle, and others found it anew. Whoever may read opens all
that is theirs, without an alarm, and nobody else sees a word.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from onion_app.vault.desk import circles
from scripts.rehearsal.people import Volunteer
from tests.browser import DESKTOP, Browser, browsing
from tests.journeys.steps import (
    ALARMS,
    Photograph,
    add_circle,
    answer_in,
    asks,
    begin_anew,
    come_back,
    erase_without_opening,
    get_new_code,
    hand_over,
    invitation_to,
    log_in,
    nothing_under,
    open_case,
    shut_out,
    write_back,
)
from tests.rehearsal import Rehearsal
from tests.world import World

CLINIC = "Clinic"
IN_SORANI = "خوشکەکەم مۆبایلەکەمی خوێندووەتەوە. نازانم چی بکەم."
IN_BADINI = "کەسەک رێیا من دزانیت. ئەز ژ مال دەرنەکەتم."
IN_ENGLISH = "The doctor wrote my name down and asked where I live."
NOTE = "Somebody who knows about hospitals should read this."


@dataclass(frozen=True)
class Desk:
    """The coordinator, who works in the first circle, and a window of the other circle, each logged in."""

    rehearsal: Rehearsal
    world: World
    coordinator: Browser
    clinic: Browser
    second: Volunteer  # the other one of that circle

    @property
    def first(self) -> str:
        """The name of the first circle."""
        return self.rehearsal.login.circles[0]

    def case_of(self, code: str) -> str:
        """Find the address at the desk of the case under a code."""
        return f"{self.rehearsal.desk_url}/case/{self.world.case_of(code).hex()}"


def enrol(coordinator: Browser, desk_url: str, handle: str) -> Volunteer:
    """Let somebody redeem an invitation to the other circle."""
    return Volunteer(desk_url).enrol(invitation_to(coordinator, desk_url, CLINIC), handle)


@pytest.fixture(scope="module")
def desk(rehearsal: Rehearsal, world: World) -> Iterator[Desk]:
    """Add a circle of two, and seat its first member and the coordinator before their windows."""
    with browsing(size=DESKTOP, private=True) as coordinator, browsing(size=DESKTOP, private=True) as clinic:
        log_in(coordinator, rehearsal.desk_url, rehearsal.login)
        add_circle(coordinator, rehearsal.desk_url, CLINIC, "health")
        member, second = (enrol(coordinator, rehearsal.desk_url, handle) for handle in ("Shilan", "Dilan"))
        circle = next(each.id for each in circles.circles(world.desk) if each.name == CLINIC)
        world.let_in(world.unlocked("Shilan", member.login.passphrase), circle, "Dilan")
        second.log_in()
        log_in(clinic, rehearsal.desk_url, member.login)
        yield Desk(rehearsal, world, coordinator, clinic, second)


def reads(browser: Browser, *texts: str) -> None:
    """See that all of this is there, and nothing is said to be wrong."""
    page = browser.text("main")
    for text in texts:
        assert text in page or text in browser.source, text
    assert not browser.shows(ALARMS), page


def is_hidden_from(browser: Browser, case: str, *texts: str) -> None:
    """See that somebody whose circle does not have a case is shown nothing of it."""
    open_case(browser, case)
    assert not browser.shows("article.message, #cover, #notes")
    assert not [text for text in texts if text in browser.source]


def test_a_question_goes_to_another_circle_and_comes_back(desk: Desk, phone: Browser, photograph: Photograph) -> None:
    site, narin, shilan = desk.rehearsal.site, desk.coordinator, desk.clinic
    code = asks(phone, site, "ckb", IN_SORANI, "talk")
    case = desk.case_of(code)
    answer_in(narin, case, "First answer.")
    narin.find("#note").send_keys(NOTE)
    narin.press_in("#new-note button")
    come_back(phone, site, "ckb", code)
    reads(phone, IN_SORANI, "First answer.")
    write_back(phone, "More of it.")

    before = desk.rehearsal.visitor("ckb")
    page = before.come_back(code)
    new_code = get_new_code(phone, photograph)
    said = before.write_back(page, "From whoever has the old code.").main.text
    assert "More of it." not in said
    nothing = nothing_under(phone, "ckb", code)
    photograph(phone, "nothing-under-the-old-code")
    come_back(phone, site, "ckb", new_code)
    reads(phone, IN_SORANI, "First answer.", "More of it.")
    assert "From whoever has the old code." not in phone.source

    open_case(narin, case)
    reads(narin, IN_SORANI, "First answer.", "More of it.", NOTE)
    hand_over(narin, CLINIC, photograph)
    is_hidden_from(narin, case, IN_SORANI, "First answer.", "More of it.", NOTE)
    photograph(narin, "handed-over")
    answer_in(shilan, case, "Second answer.")
    reads(shilan, IN_SORANI, "First answer.", "More of it.", "another circle")
    photograph(shilan, "from-another-circle")
    assert not [hidden for hidden in (NOTE, desk.rehearsal.login.handle) if hidden in shilan.source]
    come_back(phone, site, "ckb", new_code)
    reads(phone, "First answer.", "Second answer.", "Shilan", desk.rehearsal.login.handle)
    photograph(phone, "answers-of-two-circles")
    write_back(phone, "To both of you.")

    open_case(shilan, case)
    hand_over(shilan, desk.first, photograph)
    is_hidden_from(shilan, case, IN_SORANI, "Second answer.", "To both of you.")
    answer_in(narin, case, "Third answer.")
    reads(narin, IN_SORANI, "First answer.", "More of it.", "Second answer.", "To both of you.", NOTE)
    assert "Shilan" not in narin.text("main")
    photograph(narin, "back-again")
    come_back(phone, site, "ckb", new_code)
    reads(phone, IN_SORANI, "First answer.", "More of it.", "Second answer.", "To both of you.", "Third answer.")
    assert nothing_under(phone, "ckb", code) == nothing


def close_door(member: Browser, case: str) -> None:
    """Close the author's door, by the word."""
    member.go(f"{case}/ways-out/close-door")
    member.type_into("word", "close")
    member.press_in("form[action$='/close-door'] button.main")
    assert not member.shows(".errors"), member.text(".errors")


def press_way_out(member: Browser, case: str, form: str) -> None:
    """Go to the ways out of a case, and press one."""
    member.go(f"{case}/ways-out")
    member.press_in(f"form[action$='/{form}'] button")
    assert not member.shows(".errors"), member.text(".errors")


def test_a_door_is_closed_and_opened_and_erasing_always_works(
    desk: Desk, phone: Browser, photograph: Photograph
) -> None:
    site, narin = desk.rehearsal.site, desk.coordinator
    code = asks(phone, site, "kmr", IN_BADINI, "safety")
    case = desk.case_of(code)
    answer_in(narin, case, "We read it.")
    inside = desk.rehearsal.visitor("kmr")
    page = inside.come_back(code)
    close_door(narin, case)
    assert narin.shows("#door-closed")
    photograph(narin, "door-closed")
    phone.go(f"{site}/kmr/")
    nothing = nothing_under(phone, "kmr", code)
    photograph(phone, "door-closed")
    assert "We read it." not in inside.write_back(page, "Let me in.").main.text
    narin.go(case)
    assert narin.shows("#no-answer")
    assert "Let me in." not in narin.source
    photograph(narin, "case-behind-a-closed-door")

    press_way_out(narin, case, "open-door")
    assert not narin.shows("#door-closed")
    come_back(phone, site, "kmr", code)
    reads(phone, IN_BADINI, "We read it.")
    write_back(phone, "Here again.")
    answer_in(narin, case, "And we.")
    reads(narin, IN_BADINI, "We read it.", "Here again.")
    come_back(phone, site, "kmr", code)
    reads(phone, "And we.")

    close_door(narin, case)
    assert nothing_under(phone, "kmr", code) == nothing
    erase_without_opening(phone, "kmr", code)
    assert not phone.shows("a.first")
    photograph(phone, "erased")
    assert nothing_under(phone, "kmr", code) == nothing
    is_hidden_from(narin, case, IN_BADINI, "We read it.", "Here again.")


def is_logged_out(volunteer: Volunteer, case: str) -> bool:
    return all(volunteer.get(path).has(name="passphrase") for path in ("/", case))


def test_volunteers_are_shut_out_and_a_circle_is_founded_anew(
    desk: Desk, phone: Browser, photograph: Photograph
) -> None:
    site, desk_url, clinic = desk.rehearsal.site, desk.rehearsal.desk_url, desk.clinic
    code = asks(phone, site, "en", IN_ENGLISH, "health")
    case = desk.case_of(code)
    at = case.removeprefix(desk_url)
    assert IN_ENGLISH in desk.second.open_case(at.rpartition("/")[2]).main.text
    shut_out(desk.coordinator, desk_url, "Dilan", photograph)
    assert is_logged_out(desk.second, at)
    come_back(phone, site, "en", code)
    write_back(phone, "Written after that.")
    answer_in(clinic, case, "One of us has left.")
    reads(clinic, IN_ENGLISH, "Written after that.")
    come_back(phone, site, "en", code)
    reads(phone, IN_ENGLISH, "Written after that.", "One of us has left.")

    shut_out(desk.coordinator, desk_url, "Shilan", photograph)
    phone.type_into("text", "Is nobody there?")
    phone.press_main()
    assert phone.value_of("text") == "Is nobody there?"
    photograph(phone, "nobody-is-in-the-circle")
    begin_anew(desk.coordinator, desk_url, CLINIC, desk.world)
    log_in(clinic, desk_url, enrol(desk.coordinator, desk_url, "Hana").login)
    open_case(clinic, case)
    assert len(clinic.every("article.closed")) == 3
    assert not [text for text in (IN_ENGLISH, "Written after that.", "One of us has left.") if text in clinic.source]
    photograph(clinic, "founded-anew")
    clinic.press_in("button[formaction$='/take']")
    assert clinic.shows("#no-answer")
    assert not clinic.shows("#send")
    photograph(clinic, "its-author-must-come-back-first")

    come_back(phone, site, "en", code)
    reads(phone, IN_ENGLISH, "Written after that.", "One of us has left.")
    answer_in(clinic, case, "We are new here.")
    come_back(phone, site, "en", code)
    reads(phone, IN_ENGLISH, "One of us has left.", "We are new here.")
    write_back(phone, "Then I tell it once more.")
    open_case(clinic, case)
    assert "Then I tell it once more." in clinic.text("main")
    assert len(clinic.every("article.closed")) == 3
    photograph(clinic, "its-author-came-back")
