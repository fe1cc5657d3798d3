"""The list of stories: ten at a time, none lost or shown twice, and as cheap with many as with few."""

from collections.abc import Sequence

import pytest

from onion_app.choices import NOTES, LanguageCode
from onion_app.vault import truth
from onion_app.vault.database import Database
from onion_app.vault.mailbox import lifetime
from onion_app.vault.shown import listing, reading, writing
from onion_app.vault.shown.listing import ListedStory, list_stories
from onion_app.vault.shown.reading import StoryOrGuide, Version
from tests.vault.made import TODAY, Installation, some_id


def publish(
    mailbox: Database, desk: Database, *languages: LanguageCode, notes: Sequence[str] = (), year: int | None = 2024
) -> bytes:
    text = StoryOrGuide(some_id(), "story", None, year, tuple(notes))
    versions = [Version(text.id, each, f"A title in {each}", "Words.", None, None, None) for each in languages]
    writing.draft(desk, text, versions)
    writing.publish(mailbox, desk, text.id)
    return text.id


def read_on(mailbox: Database, language: LanguageCode, without: Sequence[str] = ()) -> list[list[ListedStory]]:
    pages: list[list[ListedStory]] = []
    more = True
    while more:
        page, more = list_stories(mailbox, language, without, pages[-1][-1].text_id if pages else None)
        pages.append(page)
    return pages


def test_every_story_stands_on_one_page_the_newest_years_first(mailbox: Database, desk: Database) -> None:
    published = {publish(mailbox, desk, "en", year=year) for year in [2019, 2024, None, 2022] * 6}
    pages = read_on(mailbox, "en")
    assert [len(page) for page in pages] == [10, 10, 4]
    listed = [story for page in pages for story in page]
    assert {story.text_id for story in listed} == published
    assert [story.year for story in listed] == [2024] * 6 + [2022] * 6 + [2019] * 6 + [0] * 6


def test_stories_in_another_language_come_after_all_others(mailbox: Database, desk: Database) -> None:
    for languages in (("ar",), ("en",), ("ar", "en"), ("kmr",), ("ckb", "kmr")) * 3:
        publish(mailbox, desk, *languages)
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
        publish(mailbox, desk, "ar", notes=notes)
    listed = [story for page in read_on(mailbox, "ar", without) for story in page]
    expected = [notes for notes in kinds if not set(notes) & set(without)]
    assert sorted(story.notes for story in listed) == sorted(expected * 5)


def test_a_story_taken_back_leaves_the_list_and_the_place_after_it_begins_anew(
    mailbox: Database, desk: Database
) -> None:
    for _ in range(12):
        publish(mailbox, desk, "en")
    first, _ = list_stories(mailbox, "en")
    lifetime.withdraw(mailbox, first[-1].text_id, TODAY)
    again, more = list_stories(mailbox, "en", (), first[-1].text_id)
    assert first[-1].text_id not in {story.text_id for story in again}
    assert (again[:9], more) == (first[:9], True)
    truth.repair(mailbox, desk, TODAY)
    assert len([story for page in read_on(mailbox, "en") for story in page]) == 11


def test_a_guide_is_never_listed(mailbox: Database, desk: Database) -> None:
    text = StoryOrGuide(some_id(), "guide", "now", None, ())
    writing.draft(desk, text, [Version(text.id, "en", "Guide", "Words.", None, None, None)])
    writing.publish(mailbox, desk, text.id)
    assert list_stories(mailbox, "en") == ([], False)
    assert reading.guides(mailbox) == {"now": {"en": "Guide"}}


@pytest.mark.parametrize(
    "tampering",
    [
        "DELETE FROM listed WHERE language = 'ar'",
        "UPDATE listed SET title = 'Come here'",
        "UPDATE listed SET notes = 0",
        "UPDATE listed SET text_id = x'00112233445566778899aabbccddeeff'",
        "INSERT INTO listed SELECT language, missing, 7, year, text_id, title, written_in, 1, languages FROM listed",
    ],
)
def test_a_list_that_was_tampered_with_is_put_back_and_shouted_about(
    made: Installation, mailbox: Database, desk: Database, tampering: str
) -> None:
    story = publish(mailbox, desk, "en", notes=("death",))
    before, counter = list_stories(mailbox, "ar"), reading.published(mailbox)
    with made.hostile() as link:
        link.execute(tampering)
    assert ("text changed", story.hex()) in {(each.what, each.subject) for each in truth.repair(mailbox, desk, TODAY)}
    assert list_stories(mailbox, "ar") == before
    assert reading.published(mailbox) > counter
    assert truth.repair(mailbox, desk, TODAY) == []


def test_a_page_of_the_list_costs_the_same_with_many_stories(mailbox: Database) -> None:
    def cost() -> int:
        steps = 0

        def step() -> int:
            nonlocal steps
            steps += 1
            return 0

        mailbox._link.set_progress_handler(step, 1)
        for without in ((), ("death",)):
            page, _ = list_stories(mailbox, "en", without)
            list_stories(mailbox, "en", without, page[-1].text_id)
        mailbox._link.set_progress_handler(None, 1)
        return steps

    def fill(number: int) -> None:
        with mailbox.writing():
            for each in range(number):
                line = ("en", each % 2, each % 8, 2000 + each % 20, some_id(), "A title", "en", 900, '["en"]')
                listing.write(mailbox, [line])

    fill(1_000)
    few = cost()
    fill(9_000)
    assert 500 < cost() <= 1.05 * few
