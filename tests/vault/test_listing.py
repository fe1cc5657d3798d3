"""The list of stories: ten at a time, none lost or shown twice, and as cheap with many as with few."""

from collections.abc import Sequence

import pytest

from onion_app.choices import NOTES, LanguageCode
from onion_app.vault import truth
from onion_app.vault.database import Database
from onion_app.vault.mailbox import lifetime
from onion_app.vault.shown import listing, reading
from onion_app.vault.shown.listing import ListedStory, list_stories
from tests.vault.made import TODAY, guide, some_id, story
from tests.vault.test_plans import cost


def read_on(mailbox: Database, language: LanguageCode, without: Sequence[str] = ()) -> list[list[ListedStory]]:
    pages: list[list[ListedStory]] = []
    more = True
    while more:
        page, more = list_stories(mailbox, language, without, pages[-1][-1].text_id if pages else None)
        pages.append(page)
    return pages


def test_every_story_stands_on_one_page_the_newest_years_first(mailbox: Database, desk: Database) -> None:
    published = {story(mailbox, desk, "en", year=year) for year in [2019, 2024, None, 2022] * 6}
    pages = read_on(mailbox, "en")
    assert [len(page) for page in pages] == [10, 10, 4]
    listed = [story for page in pages for story in page]
    assert {each.text_id for each in listed} == published
    assert [story.year for story in listed] == [2024] * 6 + [2022] * 6 + [2019] * 6 + [0] * 6


def test_stories_in_another_language_come_after_all_others(mailbox: Database, desk: Database) -> None:
    for languages in (("ar",), ("en",), ("ar", "en"), ("kmr",), ("ckb", "kmr")) * 3:
        story(mailbox, desk, *languages)
    listed = [story for page in read_on(mailbox, "en") for story in page]
    assert [story.missing for story in listed] == [False] * 6 + [True] * 9
    assert {story.written_in for story in listed[:6]} == {"en"}
    assert {(story.written_in, story.languages) for story in listed[6:]} == {
        ("ar", ("ar",)),
        ("kmr", ("kmr",)),
        ("ckb", ("ckb", "kmr")),
    }


@pytest.mark.parametrize("without", [(), ("death",), ("death", "outing"), NOTES])
def test_what_is_left_out_is_on_no_page(mailbox: Database, desk: Database, without: tuple[str, ...]) -> None:
    kinds: list[tuple[str, ...]] = [(), ("death",), ("violence", "outing"), ("violence",), tuple(NOTES)]
    for notes in kinds * 5:
        story(mailbox, desk, "ar", notes=notes)
    listed = [story for page in read_on(mailbox, "ar", without) for story in page]
    expected = [notes for notes in kinds if not set(notes) & set(without)]
    assert sorted(story.notes for story in listed) == sorted(expected * 5)


def test_a_story_taken_back_leaves_the_list_and_the_place_after_it_begins_anew(
    mailbox: Database, desk: Database
) -> None:
    for _ in range(12):
        story(mailbox, desk, "en")
    first, _ = list_stories(mailbox, "en")
    lifetime.withdraw_story(mailbox, first[-1].text_id, TODAY)
    again, more = list_stories(mailbox, "en", (), first[-1].text_id)
    assert first[-1].text_id not in {story.text_id for story in again}
    assert (again[:9], more) == (first[:9], True)
    truth.repair(mailbox, desk, TODAY)
    assert len([story for page in read_on(mailbox, "en") for story in page]) == 11


def test_a_guide_is_never_listed(mailbox: Database, desk: Database) -> None:
    guide(mailbox, desk)
    assert list_stories(mailbox, "en") == ([], False)
    assert reading.titles_of_guides(mailbox) == {"now": {"en": "Title", "ar": "Title"}}


def test_a_page_of_the_list_costs_the_same_with_many_stories(mailbox: Database) -> None:
    def ask() -> None:
        for without in ((), ("death",)):
            page, _ = list_stories(mailbox, "en", without)
            list_stories(mailbox, "en", without, page[-1].text_id)

    def fill(number: int) -> None:
        with mailbox.writing():
            for each in range(number):
                line = ("en", each % 2, each % 8, 2000 + each % 20, some_id(), "A title", "en", 900, '["en"]')
                listing.write_lines(mailbox, [line])

    fill(1_000)
    few = cost(mailbox, ask)
    fill(9_000)
    assert 500 < cost(mailbox, ask) <= 1.05 * few
