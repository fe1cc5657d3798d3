"""The house of a rehearsal has all in it that a volunteer can meet: counted at the desk and on the site."""

import re
import tomllib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from nacl.pwhash import argon2id

from onion_app.choices import LANGUAGE_CODES
from onion_app.country import country
from onion_app.launch import first_run
from onion_app.site import SiteConfig, create_app
from onion_app.vault.mailbox import lifetime
from onion_app.web.i18n import day_words
from scripts.rehearsal import house as rehearsed
from scripts.rehearsal.cast import is_answered
from scripts.rehearsal.people import Visitor
from scripts.rehearsal.wire import Dial, into
from tests.desk.house import House, Volunteer
from tests.world import hardly_stretched

ONION = "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwx.onion"
WRITTEN: dict[str, list[dict[str, Any]]] = tomllib.loads(
    (Path(rehearsed.__file__).parent / "house/people.toml").read_text("utf-8")
)
# Of twelve cases and three stories, beside the one request that every rehearsal begins with, which is answered.
IN_QUEUES = {
    "new": 3, "reading": 4, "waiting": 2, "asking": 1, "agreed": 1, "ready": 1, "published": 3, "closed": 1,
}  # fmt: skip


@dataclass
class Rehearsed:
    """The house, its coordinator, and the way to its site."""

    house: House
    coordinator: Volunteer
    site: Dial

    def visitor(self, language: str) -> Visitor:
        return Visitor(self.site, ONION, language)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsed]:
    """Play the whole house, some days of it earlier, as `scripts/rehearse` does."""
    with pytest.MonkeyPatch.context() as patch, closing(House(tmp_path_factory.mktemp("house"))) as house:
        patch.setattr(argon2id, "kdf", hardly_stretched)
        coordinator = house.volunteer(house.circle("First circle", catch_all=True), "Narin")
        house.make_coordinator("Narin")
        first_run.store_guides(house.desk)
        house.follow()
        site = create_app(SiteConfig(house.state.mailbox, house.state.shown, house.keys.mailbox, ONION, house.clock))
        here = Rehearsed(house, coordinator, into(site))
        coordinator.log_in()
        rehearsed.told_earlier(here.visitor, coordinator)
        house.clock.wait(days=rehearsed.EARLIER)
        coordinator.log_in()
        is_answered(here.visitor("ar"), coordinator)
        rehearsed.told_now(here.visitor, coordinator, house.volunteer)
        yield here


def test_twelve_cases_in_four_languages_are_in_every_state(played: Rehearsed) -> None:
    assert len(WRITTEN["case"]) == 12
    assert {tab: len(played.coordinator.queue(tab)) for tab in IN_QUEUES} == IN_QUEUES
    ids = [bytes.fromhex(each) for each in played.coordinator.queue(*IN_QUEUES)]
    cases = [lifetime.read_case(played.house.mailbox, each) for each in ids]
    assert len(cases) == 12 + len(WRITTEN["story"]) + 1
    assert {case["language"] for case in WRITTEN["case"]} == set(LANGUAGE_CODES)
    opened = [played.coordinator.open_case(each).main.text for each in played.coordinator.queue(*IN_QUEUES)]
    assert {re.findall(r"Answer in: (\w+)", text)[0] for text in opened} == {"Arabic", "Sorani", "Badini", "English"}
    assert {case.kind for case in cases} == {"testimony", "request"}
    assert 2 in {case.urgent for case in cases}


def test_a_promise_is_overdue_a_proposal_waits_and_there_are_two_circles(played: Rehearsed) -> None:
    first = played.coordinator.get("/")
    assert first.having_class("overdue")
    opened = [played.coordinator.open_case(case) for case in played.coordinator.queue("reading")]
    [promised] = [page.first(id="promised").text for page in opened if page.has(id="promised")]
    assert f"another answer by {day_words(played.house.today - 3, 'en')}." in promised
    assert "1 proposal waits for a second person's yes" in first.main.text
    gathered = played.coordinator.get("/circles").having_class("gathering")
    assert [box.first("h2").text for box in gathered] == ["First circle", "Law"]
    assert ["Salar" in box.text for box in gathered] == [True, False]
    assert ["Rojin" in box.text for box in gathered] == [False, True]


def test_a_referral_and_a_message_stand_in_the_notebook(played: Rehearsed) -> None:
    [(circle, _)] = played.coordinator.circles()
    book = played.coordinator.get(f"/notebook/{circle}").text
    assert "contact@organisation.example" in book
    assert "On exam mornings nothing comes before ten." in book


@pytest.mark.parametrize("language", LANGUAGE_CODES)
def test_the_notice_is_shown_in_every_language(played: Rehearsed, language: str) -> None:
    assert rehearsed.NOTICE[f"notice_{language}"] in played.visitor(language).go("").main.text


def test_three_stories_stand_in_two_languages_with_content_notes(played: Rehearsed) -> None:
    stories = WRITTEN["story"]
    assert len(stories) == 3
    assert all(len(story["title"]) == len(story["text"]) == 2 and story["notes"] for story in stories)
    for story in stories:
        for language, title in story["title"].items():
            listed = played.visitor(language).go("stories")
            link = next(each for each in listed.main.every("a") if each.text == title)
            page = played.visitor(language).get(link.get("href"))
            assert "".join(story["text"][language].split()) in "".join(page.main.text.split())
            if language == "en":
                assert re.search(r"In this story: \w", page.main.text), title


def test_every_guide_but_those_to_be_filled_in_is_shown(played: Rehearsed) -> None:
    for slug in country().guides:
        page = played.visitor("en").go(f"guides/{slug}")
        assert page.status == (404 if slug in rehearsed._DRAFTS else 200), slug
