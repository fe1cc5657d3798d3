"""The list of stories: ten at a time, none lost or shown twice, and as cheap with many as with few."""

from collections.abc import Sequence

import pytest

from onion_app.choices import NOTES, LanguageCode
from onion_app.crypto.casekeys import mark_of
from onion_app.launch.processes.chores import Files
from onion_app.vault.mailbox import withdrawals
from onion_app.vault.shown import reading
from onion_app.vault.shown.reading import ListedStory, list_stories
from tests.vault.made import guide, prove, some_id, some_key, story
from tests.vault.test_plans import cost


def read_on(dbs: Files, language: LanguageCode, without: Sequence[str] = ()) -> list[list[ListedStory]]:
    pages: list[list[ListedStory]] = []
    more = True
    while more:
        page, more = list_stories(dbs.mailbox, dbs.shown, language, without, pages[-1][-1].text_id if pages else None)
        pages.append(page)
    return pages


def listed(dbs: Files, language: LanguageCode, without: Sequence[str] = ()) -> list[ListedStory]:
    return [story for page in read_on(dbs, language, without) for story in page]


def test_every_story_stands_on_one_page_the_newest_years_first(dbs: Files) -> None:
    years = {story(dbs, "en", year=year): year for year in [2019, 2024, 2022] * 8}
    pages = read_on(dbs, "en")
    assert [len(page) for page in pages] == [10, 10, 4]
    found = [story.text_id for page in pages for story in page]
    assert set(found) == set(years)
    assert [years[story] for story in found] == [2024] * 8 + [2022] * 8 + [2019] * 8


def test_stories_in_another_language_come_after_all_others(dbs: Files) -> None:
    for languages in (("ar",), ("en",), ("ar", "en"), ("kmr",), ("kmr", "ckb")) * 3:
        story(dbs, *languages)
    found = listed(dbs, "en")
    assert [story.missing for story in found] == [False] * 6 + [True] * 9
    assert {(story.title, story.written_in, story.letters) for story in found[:6]} == {("A title in en", "en", 6)}
    assert {(story.written_in, story.languages) for story in found[6:]} == {
        ("ar", ("ar",)),
        ("kmr", ("kmr",)),
        ("ckb", ("ckb", "kmr")),
    }


@pytest.mark.parametrize("without", [(), ("death",), ("death", "outing"), NOTES])
def test_what_is_left_out_is_on_no_page(dbs: Files, without: tuple[str, ...]) -> None:
    kinds: list[tuple[str, ...]] = [(), ("death",), ("violence", "outing"), ("violence",), tuple(NOTES)]
    for notes in kinds * 9:
        story(dbs, "ar", notes=notes)
    expected = [notes for notes in kinds if not set(notes) & set(without)]
    for language in ("ar", "en"):  # theirs, and what is missing in theirs
        found = listed(dbs, language, without)
        assert sorted(story.notes for story in found) == sorted(expected * 9)


@pytest.mark.parametrize("language", ["en", "kmr"])
def test_stories_taken_back_leave_the_list_at_once_and_the_others_close_up(dbs: Files, language: LanguageCode) -> None:
    """The proofs of twenty-one of them lie in the mailbox, those of another twenty-one in `shown.db` already."""
    proofs = [some_key() for _ in range(42)]
    gone = {story(dbs, "en", mark=mark_of(proof), year=2030) for proof in proofs}
    for part in (proofs[:21], proofs[21:]):
        with dbs.mailbox.writing():
            withdrawals.bring_proofs(dbs.mailbox, dbs.shown)
        prove(dbs.mailbox, *part)
    kept = {story(dbs, "en", mark=mark) for mark in (None, some_key()) for _ in range(6)}
    pages = read_on(dbs, language)
    assert [len(page) for page in pages] == [10, 2]
    assert {story.text_id for page in pages for story in page} == kept
    after_one, _ = list_stories(dbs.mailbox, dbs.shown, language, (), min(gone))
    assert after_one == pages[0], "and a page that was open goes on"


def test_after_a_story_that_is_not_there_the_list_begins_anew(dbs: Files) -> None:
    for _ in range(12):
        story(dbs, "en")
    first = list_stories(dbs.mailbox, dbs.shown, "en")
    for after in (some_id(), guide(dbs), b""):
        assert list_stories(dbs.mailbox, dbs.shown, "en", (), after) == first


def test_a_guide_is_never_listed(dbs: Files) -> None:
    guide(dbs)
    assert list_stories(dbs.mailbox, dbs.shown, "en") == list_stories(dbs.mailbox, dbs.shown, "kmr") == ([], False)
    assert reading.titles_of_guides(dbs.shown) == {"now": {"en": "Title", "ar": "Title"}}


@pytest.mark.parametrize("language", ["en", "ar", "kmr"])
def test_a_page_of_the_list_costs_the_same_with_many_stories(dbs: Files, language: LanguageCode) -> None:
    """Half of the stories are written in English, half in Arabic, three in Kurmanji."""

    def ask() -> None:
        page, _ = list_stories(dbs.mailbox, dbs.shown, language)
        assert len(page) == 10
        list_stories(dbs.mailbox, dbs.shown, language, (), page[-1].text_id)

    def fill(number: int, written_in: Sequence[str]) -> None:
        columns = "text_id, language, edition, year, notes, title, body"
        with dbs.shown.writing():
            for each in range(number):
                text_id = some_id()
                dbs.shown.run("INSERT INTO texts (id, mark) VALUES (?, ?)", (text_id, some_key()))
                facts = (text_id, written_in[each % len(written_in)], some_id(), 2000 + each % 20, "[]", "T", "Words")
                dbs.shown.run(f"INSERT INTO versions ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", facts)

    fill(3, ["kmr"])
    fill(1_000, ["en", "ar"])
    few = cost(dbs.shown, ask)
    fill(9_000, ["en", "ar"])
    assert 500 < cost(dbs.shown, ask) <= 1.05 * few
