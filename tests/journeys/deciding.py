"""What two people decide, each before a private window of Firefox: a yes, an objection, and a warning to everybody.

A coordinator changes words that visitors read, and where cases go; somebody of another circle, who reads Arabic, sees
what changes for hers, agrees to the one and objects to the other. Nothing holds before that, and both read of it after.
"""

from dataclasses import dataclass

from onion_app.choices import LANGUAGE_CODES
from onion_app.vault import settings
from onion_app.vault.desk import circles
from tests.browser import PATIENCE, Browser
from tests.house import House
from tests.journeys.steps import Photograph
from tests.launch.manage import with_secret
from tests.processes import until
from tests.world import World

BAKERY = "Ask the woman who sells books on Fridays."
WARNING = {
    "ar": "من يكتب لكم في مكان آخر باسمنا ليس منا.",
    "ckb": "ئەوەی لە شوێنێکی تر بە ناوی ئێمەوە دەنووسێت، ئێمە نین.",
    "kmr": "ئەوێ ل جهەکێ دی ب ناڤێ مە دنڤیسیت، ئەم نینین.",
    "en": "Whoever writes to you elsewhere in our name is not us.",
}


def find_us(world: World) -> str:
    return settings.read_settings(world.shown).how_to_find_us["en"]


def topics(world: World, name: str) -> tuple[str, ...]:
    return next(tuple(each.topics) for each in circles.circles(world.desk) if each.name == name)


def operator_agrees(home: House) -> str:
    """Read what waits as the operator does, type the command that stands below it, and give what was listed."""
    listed = with_secret(home.state, home.passphrase, "proposals").said
    letters = listed.partition("proposals yes ")[2][:8]
    assert "It is decided" in with_secret(home.state, home.passphrase, "proposals", "yes", letters).said
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


def is_warned(first: Browser, second: Browser, address: str, photograph: Photograph) -> None:
    """Propose the warning in one window, and agree to it in the other."""
    first.go(f"{address}/notice")
    for language, words in WARNING.items():
        first.type_into(f"notice_{language}", words)
    photograph(first, "proposed")
    first.press_in("#propose button:not([disabled])")
    assert first.shows("#waits"), first.text("main")
    second.go(f"{address}/proposals")
    for words in WARNING.values():
        assert words in second.text(".proposal")
    photograph(second, "what-is-agreed-to")
    second.press_in("form[action$='/agree'] button.main")
    assert second.shows("#done")


def warned_in(phone: Browser, site: str, photograph: Photograph) -> set[str]:
    """Look at the first page in every language, and name those in which it warns in its own words."""
    found = set[str]()
    for language in LANGUAGE_CODES:
        phone.go(f"{site}/{language}/")
        if phone.shows("#notice"):
            assert WARNING[language] in phone.text("#notice")
            photograph(phone, f"warned-{language}")
            found.add(language)
    return found
