"""Stories: what is in them stands before them, they are read in parts, and they go when they are taken back."""

import re

import pytest

from onion_app.choices import NOTES, LanguageCode
from onion_app.crypto.casekeys import mark_of
from onion_app.crypto.keys import new_key
from onion_app.vault.mailbox import withdrawals
from onion_app.vault.shown import reading, writing
from onion_app.vault.shown.reading import name_of
from onion_app.web.size import SHORT
from scripts.rehearsal.pages import Page
from scripts.rehearsal.people import Visitor
from tests.site.conftest import Place
from tests.site.test_sizes import HEADERS

WORDS = "They knew. I left at night, and somebody opened a door. "


def titles(page: Page) -> list[str]:
    return re.findall(r"<h\d><a [^>]*>(.*?)</a>", page.main_html)


def test_the_notes_stand_in_words_under_each_title(visitor: Visitor, place: Place) -> None:
    place.show({"en": ("The door", WORDS)}, notes=["violence", "outing"])
    page = visitor.go("stories")
    notes = "violence, being outed (told about against their will)</p>"
    assert page.main_html.index("The door") < page.main_html.index(notes) < page.main_html.index("about 1 minute")
    assert not re.search(r"\b20\d\d\b", page.main.text), "no date, and no year before it is opened"


def test_every_note_has_its_own_words_in_every_language(visitor: Visitor, place: Place) -> None:
    place.show({"en": ("All", WORDS), "ar": ("الكل", WORDS)}, notes=list(NOTES))
    for lang in ("en", "ar"):
        visitor.language = lang
        said = re.findall(r'name="without"[^>]*><span>(.*?)</span>', visitor.go("stories").main_html, re.DOTALL)
        assert len(set(said)) == 8


def test_what_somebody_leaves_out_is_not_listed_and_their_choice_stays_chosen(visitor: Visitor, place: Place) -> None:
    place.show({"en": ("Of death", WORDS)}, notes=["death", "family"])
    place.show({"en": ("Of the family", WORDS)}, notes=["family"])
    place.show({"en": ("Of light", WORDS)})
    page = visitor.go("stories?without=death&without=suicide")
    assert set(titles(page)) == {"Of the family", "Of light"}
    assert re.findall(r'name="without" value="(\w+)" checked', page.main_html) == ["suicide", "death"]
    everything = "&".join(f"without={note}" for note in NOTES)
    assert titles(visitor.go(f"stories?{everything}")) == ["Of light"]


def test_when_nothing_is_left_the_list_says_so_and_the_choice_can_be_changed(visitor: Visitor, place: Place) -> None:
    place.show({"en": ("Of death", WORDS)}, notes=["death"])
    page = visitor.go("stories?without=death")
    assert "There are no more stories." in page.main.text
    assert "<details open>" in page.main_html


def test_ten_stand_on_a_page_and_the_others_are_earlier(visitor: Visitor, place: Place) -> None:
    for number in range(23):
        place.show({"en": (f"Story {number}", WORDS)}, year=2000 + number, notes=["death"] * (number % 2))
    seen: list[str] = []
    path = "stories?without=violence"
    while path:
        page = visitor.go(path)
        assert len(titles(page)) <= 10
        seen += titles(page)
        found = re.findall(r'<a href="/en/(stories\?[^"]*)">Earlier stories</a>', page.main_html)
        path = found[0].replace("&amp;", "&") if found else ""
    assert seen == [f"Story {number}" for number in range(22, -1, -1)]


def test_stories_in_other_languages_come_last_and_are_marked(visitor: Visitor, place: Place) -> None:
    place.show({"ar": ("الباب", WORDS)})
    place.show({"en": ("The door", WORDS), "ar": ("باب آخر", WORDS)})
    page = visitor.go("stories")
    assert titles(page) == ["The door", "الباب"]
    assert page.main_html.index("The door") < page.main_html.index("In other languages") < page.main_html.index("الباب")
    assert 'lang="ar" dir="rtl">الباب' in page.main_html
    assert "also in: Arabic" in page.main.text


def test_a_page_of_the_list_that_nobody_links_to_is_no_mistake(visitor: Visitor, place: Place) -> None:
    place.show({"en": ("The door", WORDS)})
    for query in ("after=zz", "after=" + "ab" * 16, "without=nonsense", "without=", "after=&without=death", "x=%ff"):
        page = visitor.go(f"stories?{query}")
        assert (page.status, titles(page)) == (200, ["The door"])


def test_a_story_is_told_with_its_notes_its_year_and_its_language(visitor: Visitor, place: Place) -> None:
    story = place.show(
        {"en": ("The door", f"{WORDS}\n\nSecond <b>paragraph</b>."), "ar": ("الباب", "كلمات.")},
        notes=["suicide"],
        year=2023,
        translated_from="ar",
    )
    page = visitor.go(f"stories/{name_of(story)}")
    assert page.heading == "The door"
    assert "In this story: suicide, or thoughts of it. You can stop at any time." in page.main.text
    assert "Told in 2023. Translated from Arabic." in page.main.text
    assert "Second &lt;b&gt;paragraph&lt;/b&gt;." in page.main_html
    assert f'<a href="/ar/stories/{name_of(story)}" lang="ar"' in page.main_html
    assert page.title == "Read"


def test_a_story_not_in_this_language_says_so_and_is_shown_as_it_is(visitor: Visitor, place: Place) -> None:
    story = place.show({"ar": ("الباب", "كلمات.")})
    page = visitor.go(f"stories/{name_of(story)}")
    assert "This is not in your language yet." in page.main.text
    assert '<div id="story" lang="ar" dir="rtl">' in page.main_html


def test_a_story_goes_with_its_proof_at_once_and_with_nothing_else(visitor: Visitor, place: Place) -> None:
    proof = new_key()
    marks = {"The door": mark_of(proof), "The window": None}
    stories = {title: place.show({"en": (title, WORDS)}, mark=mark) for title, mark in marks.items()}

    def seen() -> set[str]:
        single = {title for title, story in stories.items() if visitor.go(f"stories/{name_of(story)}").status == 200}
        assert single == set(titles(visitor.go("stories")))
        return single

    for given in (mark_of(proof), *stories.values(), new_key()):
        with place.mailbox.writing():
            withdrawals.add_proofs(place.mailbox, [given.ljust(32)])
        assert seen() == stories.keys()
    with place.mailbox.writing():
        withdrawals.add_proofs(place.mailbox, [proof])
    assert seen() == {"The window"}
    with place.mailbox.writing():
        withdrawals.bring_proofs(place.mailbox, place.shown)
    assert seen() == {"The window"}


def test_who_sets_the_counter_back_keeps_no_page_of_what_is_shown_no_more(visitor: Visitor, place: Place) -> None:
    story = place.show({"en": ("The door", WORDS)})
    assert visitor.go(f"stories/{name_of(story)}").status == 200
    with place.shown.writing():
        writing.remove_text(place.shown, story)
        place.shown.run("UPDATE published SET counter = counter + 1")
    with place.mailbox.writing():
        place.mailbox.run("UPDATE counter SET withdrawals = withdrawals - 1")
    assert visitor.go(f"stories/{name_of(story)}").status == 404


def test_the_foot_leads_to_telling_asking_and_taking_down(visitor: Visitor, place: Place) -> None:
    story = place.show({"en": ("The door", WORDS)})
    page = visitor.go(f"stories/{name_of(story)}")
    for path in (f"ask?topic=story&amp;story={name_of(story)}", "tell", "ask"):
        assert f'href="/en/{path}"' in page.main_html


def read_whole(visitor: Visitor, path: str) -> list[Page]:
    pages = [visitor.go(path)]
    while f"{path}?part={len(pages) + 1}" in pages[-1].main_html:
        pages.append(visitor.go(f"{path}?part={len(pages) + 1}"))
    return pages


@pytest.mark.parametrize("letter", ["a", "ا", "&", "😀", "ا ب. "])
def test_every_part_fits_whatever_it_is_written_with(visitor: Visitor, place: Place, letter: str) -> None:
    title = ("&" * 80) if letter == "&" else letter * 80
    words = (letter * 12_000)[:12_000]
    story = place.show(
        {"ar": (title[:80], words), "en": (title[:80], words), "ckb": ("t", "w"), "kmr": ("t", "w")},
        notes=list(NOTES),
        translated_from="ckb",
    )
    visitor.language = "ar"
    pages = read_whole(visitor, f"stories/{name_of(story)}")
    assert max(len(page.html.encode()) for page in pages) + HEADERS <= SHORT
    told = "".join(part for page in pages for part in re.findall(r'<p class="text">(.*?)</p>', page.main_html))
    assert told.replace("&amp;", "&").replace(" ", "") == words.replace(" ", "")


@pytest.mark.parametrize("part", ["0", "9", "x", "٢", "1", "2&x=1"])
def test_a_part_that_is_not_there_is_the_first(visitor: Visitor, place: Place, part: str) -> None:
    story = place.show({"en": ("Short", WORDS)})
    assert "I left at night" in visitor.go(f"stories/{name_of(story)}?part={part}").main.text


def test_read_stories_still_leaves_out_what_somebody_left_out(visitor: Visitor, place: Place) -> None:
    place.show({"en": ("Of death", WORDS)}, notes=["death"])
    place.show({"en": ("Of light", f"{WORDS * 200}\n\n" * 2), "ar": ("ضوء", WORDS)}, notes=["family"])
    page = visitor.go("stories?without=death")
    for _ in range(2):  # from the list, and from a story opened there, in its second part
        (back,) = (link for link in page.every("a") if link.text == "Read stories")
        assert titles(visitor.get(back.get("href"))) == ["Of light"]
        (link,) = (link for link in visitor.page.every("a") if link.text == "Of light")
        page = visitor.get(link.get("href"))
        page = visitor.get(next(link.get("href") for link in page.every("a") if "go on" in link.text))
    assert "Part 2 of" in page.main.text
    assert "without=death" in visitor.get(f"{visitor.path}".replace("/en/", "/ar/")).html


def test_what_somebody_leaves_out_costs_no_story_anew_and_leads_on_with_them(
    visitor: Visitor, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    words: dict[LanguageCode, tuple[str, str]] = dict.fromkeys(("en", "ar"), ("Of light", f"{WORDS * 200}\n\n" * 3))
    path = f"stories/{name_of(place.show(words, notes=['family']))}"
    plain = [visitor.go(path).html, visitor.go(f"{path}?part=2").html]
    monkeypatch.setattr(reading, "shown_story", None)  # whatever is made anew from now on fails
    for number in range(1, 256):
        chosen = "&".join(f"without={note}" for at, note in enumerate(NOTES) if number >> at & 1)
        page = visitor.go(f"{path}?{chosen}&part=2")
        leading = [link.get("href") for link in page.every("a") if "/stories" in str(link.get("href"))]
        assert len(leading) >= 4
        assert all(f"?{chosen}" in str(link) for link in leading)
    assert [visitor.go(path).html, visitor.go(f"{path}?part=2&without=nothing").html] == plain
