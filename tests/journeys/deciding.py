"""Two people decide, each before a private window of Firefox without JavaScript, and the operator beside them.

A coordinator changes words that visitors read, and where cases go; somebody of another circle, who reads Arabic, sees
what changes for hers, agrees to the one and objects to the other. Nothing holds before that, and both read of it after.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from onion_app.vault import settings
from onion_app.vault.desk import circles
from scripts.rehearsal.people import Login, Volunteer
from scripts.rehearsal.wire import through_loopback
from tests.browser import DESKTOP, PATIENCE, Browser, browsing
from tests.journeys.steps import Photograph, add_circle, invitation_to, log_in
from tests.launch.manage import with_secret
from tests.processes import until
from tests.rehearsal import Rehearsal, rehearsing
from tests.world import World

BAKERY = "Ask the woman who sells books on Fridays."


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory, standing_network: Path) -> Iterator[Rehearsal]:
    """Begin with an installation to which nobody but its first coordinator has ever come."""
    with rehearsing(tmp_path_factory.mktemp("two"), joined=standing_network) as stage:
        yield stage


@pytest.fixture
def coordinator() -> Iterator[Browser]:
    """Open the coordinator's window."""
    with browsing(size=DESKTOP, private=True) as browser:
        yield browser


@pytest.fixture
def lawyer() -> Iterator[Browser]:
    """Open the window of somebody of another circle."""
    with browsing(size=DESKTOP, private=True) as browser:
        yield browser


def enrolled(rehearsal: Rehearsal, code: str) -> Login:
    """Enrol the first member of a circle, without looking."""
    newcomer = Volunteer(rehearsal.desk_url, through_loopback(int(rehearsal.desk_url.rpartition(":")[2])))
    return newcomer.enrol(code, "روژین").login


def find_us(world: World) -> str:
    return settings.read_settings(world.shown).how_to_find_us["en"]


def topics(world: World, name: str) -> tuple[str, ...]:
    return next(tuple(each.topics) for each in circles.circles(world.desk) if each.name == name)


def operator_agrees(rehearsal: Rehearsal) -> str:
    """Read what waits as the operator does, type the command that stands below it, and give what was listed."""
    kept = json.loads((rehearsal.state / "rehearsal.json").read_text(encoding="utf-8"))
    listed = with_secret(rehearsal.state, kept["passphrase"], "proposals").said
    letters = listed.partition("proposals yes ")[2][:8]
    assert "It is decided" in with_secret(rehearsal.state, kept["passphrase"], "proposals", "yes", letters).said
    return listed


@dataclass(frozen=True)
class Desk:
    """The two windows, what the test sees behind them, and the name and people of the first circle."""

    address: str
    coordinator: Browser
    lawyer: Browser
    world: World
    first: str
    handles: tuple[str, str]  # the coordinator's and the lawyer's
    photograph: Photograph


def words_that_visitors_read(desk: Desk) -> None:
    """Propose other words; they hold once the other one has read them and agreed."""
    coordinator, lawyer, before = desk.coordinator, desk.lawyer, find_us(desk.world)
    coordinator.go(f"{desk.address}/settings")
    coordinator.type_into("find_en", BAKERY)
    coordinator.press_in("#how_to_find_us button:not([disabled])")
    assert coordinator.shows("#waits")
    desk.photograph(coordinator, "it-waits")
    assert find_us(desk.world) == before
    lawyer.go(desk.address)
    desk.photograph(lawyer, "first-page-with-what-waits")
    lawyer.press_in("#proposed a")
    assert BAKERY in lawyer.text(".proposal")
    for hidden in (desk.handles[0], desk.first):
        assert hidden not in lawyer.text("main")
    desk.photograph(lawyer, "proposal")
    lawyer.press_in("form[action$='/agree'] button.main")
    assert lawyer.shows("#done")
    desk.photograph(lawyer, "decided")
    assert find_us(desk.world) == BAKERY


def topics_that_are_taken_away(desk: Desk) -> None:
    """Propose that a topic come to the first circle too; she to whom it came alone objects, and is not named."""
    coordinator, lawyer = desk.coordinator, desk.lawyer
    coordinator.go(f"{desk.address}/circles")
    card = next(card for card in coordinator.every(".gathering") if desk.first in card.text)
    card.find_element("css selector", ".routes summary").click()
    until(lambda: card.find_element("css selector", ".routes [name=topic_law]").is_displayed(), PATIENCE, "the topics")
    card.find_element("css selector", ".routes [name=topic_law]").click()
    desk.photograph(coordinator, "what-comes-to-this-circle")
    coordinator.follow(card.find_element("css selector", ".routes form button:not([disabled])"))
    lawyer.go(f"{desk.address}/proposals")
    lawyer.find(".proposal summary").click()
    lawyer.choose("reason", "takes_away")
    desk.photograph(lawyer, "objecting")
    lawyer.press_in("form[action$='/object'] button:not([disabled])")
    assert lawyer.shows("#done")
    assert not lawyer.shows("form[action$='/agree']"), "a member's yes is enough no more"
    coordinator.go(f"{desk.address}/proposals?lang=en")
    assert "It takes cases away from us" in coordinator.text(".objections")
    assert desk.handles[1] not in coordinator.text("main")
    desk.photograph(coordinator, "objected")
    assert topics(desk.world, desk.first) == ()


def test_two_people_decide_and_one_objects(
    rehearsal: Rehearsal, world: World, coordinator: Browser, lawyer: Browser, photograph: Photograph
) -> None:
    address, own = rehearsal.desk_url, rehearsal.login
    log_in(coordinator, address, own)
    first = coordinator.text("article.circle h2")
    add_circle(coordinator, address, "Law", "law", world)
    assert not coordinator.shows("#waits"), "nobody else has ever come: it holds at once"
    login = enrolled(rehearsal, invitation_to(coordinator, address, "Law"))
    world.settle()
    log_in(lawyer, address, login, "ar")
    assert "قبل أن يكون هناك شخص ثانٍ" in lawyer.text("#decided"), "what was set until she came"
    photograph(lawyer, "set-before-she-came")
    desk = Desk(address, coordinator, lawyer, world, first, (own.handle, login.handle), photograph)
    words_that_visitors_read(desk)
    topics_that_are_taken_away(desk)
    assert "takes away" in operator_agrees(rehearsal)
    assert topics(world, first) == ("law",)
    for reader, name in ((coordinator, "coordinators"), (lawyer, "lawyers")):
        reader.go(address)
        assert reader.shows("#decided")
        assert not reader.shows("#proposed")
        photograph(reader, f"{name}-first-page-afterwards")
    coordinator.go(f"{address}/proposals?lang=en")
    decided = {each.get_attribute("data-kind") for each in coordinator.every(".decision")}
    assert decided >= {"new_circle", "find_us", "circle"}, "what she set alone, and what two decided"
    photograph(coordinator, "what-was-decided")
