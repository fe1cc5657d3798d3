"""Stories: what is in them stands before them, they are read in parts, and they go when they are taken back."""

import re
from collections.abc import Callable

import pytest

from onion_app.choices import NOTES
from onion_app.vault.shown import writing
from onion_app.web.size import SHORT
from tests.site.conftest import Page, Place, Visitor
from tests.site.library import put_story
from tests.site.test_sizes import HEADERS

WORDS = "They knew. I left at night, and somebody opened a door. "


def titles(page: Page) -> list[str]:
    return re.findall(r"<h\d><a [^>]*>(.*?)</a>", page.main)


def test_the_notes_stand_in_words_before_each_story(visitor: Visitor, place: Place) -> None:
    put_story(place.db, {"en": ("The door", WORDS)}, notes=["violence", "outing"])
    page = visitor.opens("stories")
    assert page.main.index("violence, being exposed to others</p>") < page.main.index("The door")
    assert "about 1 minute" in page.words
    assert not re.search(r"\b20\d\d\b", page.words), "no date, and no year before it is opened"


def test_every_note_has_its_own_words_in_every_language(visitor: Visitor, place: Place) -> None:
    put_story(place.db, {"en": ("All", WORDS), "ar": ("الكل", WORDS)}, notes=list(NOTES))
    for lang in ("en", "ar"):
        visitor.lang = lang
        said = re.findall(r'name="without"[^>]*><span>(.*?)</span>', visitor.opens("stories").main, re.DOTALL)
        assert len(set(said)) == 8


def test_what_somebody_leaves_out_is_not_listed_and_their_choice_stays_chosen(visitor: Visitor, place: Place) -> None:
    put_story(place.db, {"en": ("Of death", WORDS)}, notes=["death", "family"])
    put_story(place.db, {"en": ("Of the family", WORDS)}, notes=["family"])
    put_story(place.db, {"en": ("Of light", WORDS)})
    page = visitor.opens("stories?without=death&without=suicide")
    assert set(titles(page)) == {"Of the family", "Of light"}
    assert re.findall(r'name="without" value="(\w+)" checked', page.main) == ["suicide", "death"]
    everything = "&".join(f"without={note}" for note in NOTES)
    assert titles(visitor.opens(f"stories?{everything}")) == ["Of light"]


def test_when_nothing_is_left_the_list_says_so_and_the_choice_can_be_changed(visitor: Visitor, place: Place) -> None:
    put_story(place.db, {"en": ("Of death", WORDS)}, notes=["death"])
    page = visitor.opens("stories?without=death")
    assert "There are no more stories." in page.words
    assert "<details open>" in page.main


def test_ten_stand_on_a_page_and_the_others_are_earlier(visitor: Visitor, place: Place) -> None:
    for number in range(23):
        put_story(place.db, {"en": (f"Story {number}", WORDS)}, year=2000 + number, notes=["death"] * (number % 2))
    seen: list[str] = []
    path = "stories?without=violence"
    while path:
        page = visitor.opens(path)
        assert len(titles(page)) <= 10
        seen += titles(page)
        found = re.findall(r'<a href="/en/(stories\?[^"]*)">Earlier stories</a>', page.main)
        path = found[0].replace("&amp;", "&") if found else ""
    assert seen == [f"Story {number}" for number in range(22, -1, -1)]


def test_stories_in_other_languages_come_last_and_are_marked(visitor: Visitor, place: Place) -> None:
    put_story(place.db, {"ar": ("الباب", WORDS)})
    put_story(place.db, {"en": ("The door", WORDS), "ar": ("باب آخر", WORDS)})
    page = visitor.opens("stories")
    assert titles(page) == ["The door", "الباب"]
    assert page.main.index("The door") < page.main.index("In other languages") < page.main.index("الباب")
    assert 'lang="ar" dir="rtl">الباب' in page.main
    assert "also in: Arabic" in page.words


def test_a_page_of_the_list_that_nobody_links_to_is_no_mistake(visitor: Visitor, place: Place) -> None:
    put_story(place.db, {"en": ("The door", WORDS)})
    for query in ("after=zz", "after=" + "ab" * 16, "without=nonsense", "without=", "after=&without=death", "x=%ff"):
        page = visitor.opens(f"stories?{query}")
        assert (page.status, titles(page)) == (200, ["The door"])


def test_a_story_is_told_with_its_notes_its_year_and_its_language(visitor: Visitor, place: Place) -> None:
    story = put_story(
        place.db,
        {"en": ("The door", f"{WORDS}\n\nSecond <b>paragraph</b>."), "ar": ("الباب", "كلمات.")},
        notes=["suicide"],
        year=2023,
        translated_from="ar",
    )
    page = visitor.opens(f"stories/{story}")
    assert page.heading == "The door"
    assert "In this story: suicide. You can stop at any time." in page.words
    assert "Told in 2023. Translated from Arabic." in page.words
    assert "Second &lt;b&gt;paragraph&lt;/b&gt;." in page.main
    assert f'<a href="/ar/stories/{story}" lang="ar"' in page.main
    assert page.title == "Read"


def test_a_story_not_in_this_language_says_so_and_is_shown_as_it_is(visitor: Visitor, place: Place) -> None:
    story = put_story(place.db, {"ar": ("الباب", "كلمات.")}, year=None)
    page = visitor.opens(f"stories/{story}")
    assert "This is not in your language yet." in page.words
    assert '<div id="story" lang="ar" dir="rtl">' in page.main
    assert "Told in" not in page.words


def test_the_foot_leads_to_telling_asking_and_taking_down(visitor: Visitor, place: Place) -> None:
    story = put_story(place.db, {"en": ("The door", WORDS)})
    page = visitor.opens(f"stories/{story}")
    assert f'<a href="/en/ask?topic=story&amp;story={story}">Ask us to take this down</a>' in page.main
    asked = visitor.opens(f"ask?topic=story&story={story}")
    _, fields = asked.form()
    assert (fields["topic"], fields["story"]) == ("story", story)
    visitor.sends(visitor.fills(asked, text="It is about me."))
    assert place.texts() == [f"It is about me.\n\n/stories/{story}"]
    for label, path in (("Tell what happened to me", "tell"), ("Ask for help", "ask")):
        assert f'<a href="/en/{path}">{label}</a>' in page.main


def read_whole(visitor: Visitor, path: str) -> list[Page]:
    pages = [visitor.opens(path)]
    while f"{path}?part={len(pages) + 1}" in pages[-1].main:
        pages.append(visitor.opens(f"{path}?part={len(pages) + 1}"))
    return pages


def test_a_long_story_is_cut_into_parts_that_lose_no_word(visitor: Visitor, place: Place) -> None:
    words = "\n\n".join(" ".join(f"word{number}x{each}" for each in range(60)) + "." for number in range(60))
    story = put_story(place.db, {"en": ("Long", words)})
    pages = read_whole(visitor, f"stories/{story}")
    assert len(pages) > 2
    told = " ".join(part for page in pages for part in re.findall(r'<p class="text">(.*?)</p>', page.main))
    assert told.split() == words.split()
    assert f"Part 1 of {len(pages)} – go on" in pages[0].words
    assert f"Part {len(pages)} of {len(pages)}." in pages[-1].words


@pytest.mark.parametrize("letter", ["a", "ا", "&", "😀", "ا ب. "])
def test_every_part_fits_whatever_it_is_written_with(visitor: Visitor, place: Place, letter: str) -> None:
    title = ("&" * 80) if letter == "&" else letter * 80
    words = (letter * 12_000)[:12_000]
    story = put_story(
        place.db,
        {"ar": (title[:80], words), "en": (title[:80], words), "ckb": ("t", "w"), "kmr": ("t", "w")},
        notes=list(NOTES),
        translated_from="ckb",
    )
    visitor.lang = "ar"
    pages = read_whole(visitor, f"stories/{story}")
    assert max(len(page.html.encode()) for page in pages) + HEADERS <= SHORT
    told = "".join(part for page in pages for part in re.findall(r'<p class="text">(.*?)</p>', page.main))
    assert told.replace("&amp;", "&").replace(" ", "") == words.replace(" ", "")


@pytest.mark.parametrize("part", ["0", "9", "x", "٢", "1", "2&x=1"])
def test_a_part_that_is_not_there_is_the_first(visitor: Visitor, place: Place, part: str) -> None:
    story = put_story(place.db, {"en": ("Short", WORDS)})
    assert "I left at night" in visitor.opens(f"stories/{story}?part={part}").words


@pytest.mark.parametrize("story", ["0" * 32, "1", "A" * 32, "00" * 17])
def test_a_story_that_is_not_there_is_a_page_that_does_not_exist(visitor: Visitor, story: str) -> None:
    assert visitor.opens(f"stories/{story}").status == 404


def test_the_list_fits_with_ten_stories_of_the_longest_titles(visitor: Visitor, place: Place) -> None:
    for _ in range(11):
        put_story(
            place.db, {"ar": ("ث" * 80, WORDS * 400), "en": ("t" * 80, "w"), "ckb": ("t", "w")}, notes=list(NOTES)
        )
    visitor.lang = "ar"
    assert len(visitor.opens("stories").html.encode()) + HEADERS <= SHORT


WAYS: dict[str, Callable[[Visitor, Place, str, str], object]] = {
    "erasing the case": lambda visitor, _place, code, _story: visitor.fills(
        visitor.fills(visitor.returns(code), 'value="erase"')
    ),
    "erasing without opening": lambda visitor, _place, code, _story: visitor.fills(
        visitor.fills(visitor.opens("return"), code=code, erase="1")
    ),
    "taking the story back": lambda visitor, _place, code, _story: visitor.fills(
        visitor.returns(code), 'value="take_back"'
    ),
    "taking down": lambda _visitor, place, _code, story: _take_down(place, story),
}


def _take_down(place: Place, story: str) -> None:
    with place.db.writing():
        writing.show_text(place.db, bytes.fromhex(story), ([], []))


@pytest.mark.parametrize("way", WAYS)
def test_a_withdrawn_story_is_never_shown_again_also_from_the_cache(
    visitor: Visitor, place: Place, come: Callable[[], Visitor], way: str
) -> None:
    reader = come()
    code = visitor.tells()
    story = put_story(place.db, {"en": ("The door", "A word kept nowhere else: zxqv.")})
    place.points_to_a_story(bytes.fromhex(story))
    with place.db.writing():
        place.db.run("UPDATE cases SET state = 'published'")
    for _ in range(2):
        assert "zxqv" in reader.opens(f"stories/{story}").html
        assert "The door" in reader.opens("stories").html
    WAYS[way](visitor, place, code, story)
    assert reader.opens(f"stories/{story}").status == 404
    assert "The door" not in reader.opens("stories").html
    kept = place.apps[0].ready_pages
    assert kept is not None
    assert not any(b"zxqv" in page.body or b"The door" in page.body for page in kept._pages.values())
