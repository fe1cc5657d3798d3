"""What a circle does after a message came, over its days, in one house behind its onion: Firefox without JavaScript.

At first nobody but one coordinator is there. Two people decide; then a testimony is counted and quoted, somebody is
answered and promised a day, everybody is warned. Where an author erases, the whole house is killed at that moment and
launched again on a later day.
"""

import time
from collections.abc import Iterator

import pytest

from onion_app.choices import QUOTE_DAYS
from onion_app.days import DAY
from onion_app.desk.periods import periods_to_try
from onion_app.vault.desk.circles import circles
from scripts.rehearsal.network import PrivateNetwork
from scripts.rehearsal.people import Login, Volunteer
from scripts.rehearsal.wire import through_loopback
from tests.browser import DESKTOP, PHONE, Browser, browsing
from tests.house import House, housed
from tests.journeys import afterwards, deciding, erased
from tests.journeys.afterwards import CUT, GIVEN, PROMISED, REFUSED, TOLD, After
from tests.journeys.steps import Photograph, add_circle, invitation_to, log_in
from tests.world import World


def in_a_past_quarter(today: int) -> int:
    """Give how many days ahead of today a house begins that sees the end of a quarter before its words may go."""
    last_day = periods_to_try(None, today)[0].last_day
    return last_day - QUOTE_DAYS // 2 - today


@pytest.fixture(scope="module")
def home(private_network: PrivateNetwork) -> Iterator[House]:
    """Launch a house in the past, to which nobody but its first coordinator has ever come."""
    with housed(private_network, in_a_past_quarter(int(time.time() // DAY))) as home:
        yield home


@pytest.fixture(scope="module")
def own(home: House) -> Login:
    """Enrol the first coordinator."""
    return Volunteer(home.desk_url).enrol(home.printed["invitation"], "Noor").login


@pytest.fixture(scope="module")
def coordinator() -> Iterator[Browser]:
    """Open the coordinator's window."""
    with browsing(size=DESKTOP, private=True) as browser:
        yield browser


@pytest.fixture(scope="module")
def second() -> Iterator[Browser]:
    """Open the window of the second person, whoever it is."""
    with browsing(size=DESKTOP, private=True) as browser:
        yield browser


@pytest.fixture(scope="module")
def window(home: House) -> Iterator[Browser]:
    """Open the phone of those who come through the onion."""
    with browsing(home.socks_port, size=PHONE) as browser:
        yield browser


@pytest.fixture
def world(home: House) -> Iterator[World]:
    """Look behind the pages, as the operator could."""
    with home.world() as world:
        yield world


def enrolled(home: House, code: str, handle: str) -> Login:
    """Enrol somebody who was invited, without looking."""
    newcomer = Volunteer(home.desk_url, through_loopback(home.desk_port))
    return newcomer.enrol(code, handle).login


def test_two_people_decide_and_one_objects(
    home: House, own: Login, world: World, coordinator: Browser, second: Browser, photograph: Photograph
) -> None:
    address = home.desk_url
    log_in(coordinator, address, own)
    first = coordinator.text("article.circle h2")
    add_circle(coordinator, address, "Law", "law")
    assert not coordinator.shows("#waits"), "nobody else has ever come: it holds at once"
    login = enrolled(home, invitation_to(coordinator, address, "Law"), "روژین")
    world.settle()
    log_in(second, address, login, "ar")
    assert "قبل أن يكون هناك شخص ثانٍ" in second.text("#decided"), "what was set until she came"
    photograph(second, "set-before-she-came")
    desk = deciding.Desk(address, coordinator, second, world, first, (own.handle, login.handle), photograph)
    deciding.words_that_visitors_read(desk)
    deciding.topics_that_are_taken_away(desk)
    assert "takes away" in deciding.operator_agrees(home)
    assert deciding.topics(world, first) == ("law",)
    for reader, name in ((coordinator, "coordinators"), (second, "lawyers")):
        reader.go(address)
        assert reader.shows("#decided")
        assert not reader.shows("#proposed")
        photograph(reader, f"{name}-first-page-afterwards")
    coordinator.go(f"{address}/proposals?lang=en")
    decided = {each.get_attribute("data-kind") for each in coordinator.every(".decision")}
    assert decided >= {"new_circle", "find_us", "circle"}, "what she set alone, and what two decided"
    photograph(coordinator, "what-was-decided")


@pytest.fixture
def after(
    home: House, own: Login, coordinator: Browser, second: Browser, phone: Browser, photograph: Photograph
) -> After:
    """Let a second coordinator come, who reads Arabic, and sit both down."""
    with home.world() as world:
        circle = next(each.id for each in circles(world.desk) if each.catch_all)
        dana = enrolled(home, world.invitation(circle, coordinator=True), "Dana")
        world.let_in(world.unlocked(own.handle, own.passphrase), circle, "Dana")
        world.settle()
    after = After(home, own, dana, coordinator, second, phone, photograph)
    coordinator.go(home.desk_url)
    if coordinator.shows("[name=passphrase]"):
        log_in(coordinator, home.desk_url, own)
    log_in(second, home.desk_url, dana, "ar")
    return after


def test_what_is_told_is_counted_quoted_and_erased_and_no_word_of_it_is_left(after: After) -> None:
    home, first, other = after.home, after.first, after.other
    after.tells()
    after.others_tell()
    afterwards.sets_facts(first, after.case("author"), after.photograph)
    after.words_are_chosen()
    after.is_answered()
    after.everybody_is_warned()
    gone = after.case("chosen")
    after.erases_and_the_house_dies("chosen", PROMISED + 1)

    # Digits are typed once: whoever has logged in less often sits down.
    log_in(other, after.desk, after.dana)
    other.go(f"{gone}/quotation")
    after.photograph(other, "gone-before-the-second-person")
    assert not other.shows("form[action$='/agree']")
    after.day_is_past()
    after.erases_and_the_house_dies("agreed", PROMISED)

    log_in(first, after.desk, after.noor)
    after.photograph(first, "a-circle-does-not-answer")
    assert first.shows(".silent")
    first.go(f"{after.desk}/quotations")
    after.photograph(first, "waiting")
    assert GIVEN in first.text("main")
    assert CUT["agreed"][1] not in first.text("main")
    assert not first.shows("[name^='give_']"), "before their fourteen days"
    assert home.stop() == 0
    home.goes_on(QUOTE_DAYS)

    log_in(other, after.desk, after.dana, "ar")
    afterwards.makes_a_table(other, after.desk, after.photograph)
    taken_back, told = after.case_id("given"), after.case_id("author")
    pieces = erased.sealed_of(home, taken_back)
    after.words_are_given()
    home.dies()
    home.goes_on(0)
    erased.nothing_is_left(home, taken_back, pieces, *CUT["given"])
    after.comes_back("author")
    after.photograph(after.phone, "what-was-quoted")
    assert GIVEN in after.phone.text("#quoted")
    assert not after.phone.shows("#quote-question")
    pieces = erased.sealed_of(home, told)
    after.phone.press_in("main button[value=erase]")
    after.phone.press_main()
    home.dies()
    home.goes_on(0)
    erased.nothing_is_left(home, told, pieces, TOLD, REFUSED, GIVEN)
    log_in(first, after.desk, after.noor)
    first.go(f"{after.desk}/quotations")
    after.photograph(first, "what-stays")
    assert GIVEN not in first.text("main")
    assert first.shows("#months")
