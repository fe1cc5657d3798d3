"""Pages that only read: the choice of a language, home, what protects and what does not; and *Leave*."""

import re
from collections.abc import Callable

import pytest

from onion_app.choices import LANGUAGE_CODES, LanguageCode
from onion_app.vault.shown.reading import name_of
from onion_app.web.app import Hardened
from onion_app.web.headers import WITH_A_PAGE
from scripts.rehearsal.pages import without_fillers
from scripts.rehearsal.people import Visitor
from tests.site.conftest import ADDRESS, Place

PUBLISHED = ("", "stories", "guides", "guides/now", "protects")
NO_STORIES = ("1", "0" * 8, "A" * 8, "0" * 32, "0" * 9, "oil-you0")
NO_GUIDES = ("none", "Now", "%D8%A7", "now/x")


def test_the_choice_shows_each_language_in_its_own_words(visitor: Visitor) -> None:
    page = visitor.get("/")
    assert page.heading == "اختيار اللغة زمانەکەتان هەڵبژێرن زمانێ خۆ هەلبژێرن Choose your language"
    assert re.findall(r'<a href="/(\w+)/" lang="([\w-]+)" dir="(\w+)"', page.main_html) == [
        ("ar", "ar", "rtl"),
        ("ckb", "ckb", "rtl"),
        ("kmr", "kmr-Arab", "rtl"),
        ("en", "en", "ltr"),
    ]
    assert "<header>" not in page.html
    assert "<footer>" not in page.html


@pytest.mark.parametrize("path", PUBLISHED)
def test_published_pages_are_the_same_for_somebody_in_a_visit(visitor: Visitor, path: str) -> None:
    before = visitor.go(path).html
    visitor.come_back(visitor.hand_in())
    visitor.check("tell", "Something more.")
    assert visitor.go(path).html == before


def test_the_frame_is_the_same_everywhere(visitor: Visitor) -> None:
    for path in PUBLISHED:
        html = without_fillers(visitor.go(path).html)
        first = html.partition("<body>")[2]
        assert first.index(">Leave</button>") < first.index('<a href="/">Language</a>') < first.index("<main>")
        foot = re.findall(r'<li><a href="([^"]*)"', html.partition("<footer>")[2])
        assert foot == [f"/en/{page}" for page in ("guides/now", "ask", "return", "stories", "guides", "protects")]


def test_beside_a_box_the_frame_is_made_of_buttons_of_its_form(visitor: Visitor, place: Place) -> None:
    pages = [(visitor.go("tell"), "text"), (visitor.go("ask"), "text"), (visitor.check(), "text")]
    case = visitor.come_back(visitor.hand_in())
    pages += [(case, "text"), (visitor.send(case.form_doing("new_code")), "line"), (visitor.go("return"), "code")]
    place.clock.now += 3600
    pages.append((visitor.write_back(case, "Words."), "text"))
    for page, box in pages:
        ways = page.having_class("way")
        assert {way.get("form") for way in ways} == {page.form_with(box).element.get("id")}
        assert {way.get("value") for way in ways} >= {
            "",
            "guides/now",
            "ask",
            "return",
            "stories",
            "guides",
            "protects",
        }
        foot = page.html.partition("<footer>")[2]
        assert "href" not in page.html.partition("<body>")[2].partition("<main>")[0] + foot


def test_nothing_typed_is_lost_by_a_press_on_one_of_our_ways(visitor: Visitor, place: Place) -> None:
    code = visitor.hand_in()
    there = visitor.send(visitor.go("return").form_with("code"), code="1234 5678", go="guides/now")
    assert there.heading == "In danger now?"
    assert visitor.send(there.form_with("again")).form_with("code").value("code") == "1234 5678"
    new = visitor.send(visitor.come_back(code).form_doing("new_code"))
    back = visitor.send(visitor.send(new.form_with("line"), line="12", go="guides").form_with("again"))
    assert (back.code, back.form_with("line").value("line")) == (new.code, "12")
    assert not back.errors
    kept = visitor.send(back.form_with("line"), line="12", part="1")
    assert kept.heading == "Your messages"
    assert visitor.come_back(code).heading == "Your messages", "the old code works still"
    place.clock.now += 3600
    late = visitor.write_back(kept, "Words.")
    back = visitor.send(visitor.send(late.form_with("text"), go="protects").form_with("again"))
    assert (late.heading, late.box) == (back.heading, back.box) == ("This page was open too long.", "Words.")


def test_no_page_leads_back_to_what_nobody_has_written(visitor: Visitor) -> None:
    for path in ("tell", "ask", "return"):
        assert not visitor.send(visitor.go(path).form(), go="guides/now").has(id="written")
    visitor.send(visitor.go("ask?topic=story&story=0123456z").form_with("text"))
    assert visitor.send(visitor.page.form_with("line"), go="guides/now").has(id="written"), "a code is shown there"
    assert visitor.send(visitor.come_back(visitor.hand_in()).form_with("text"), go="guides").has(id="written")


def test_after_the_visit_no_code_goes_along(visitor: Visitor, place: Place) -> None:
    page = visitor.go("return")
    visitor.come_back(visitor.hand_in())
    place.clock.now += 3600
    visitor.go("case")
    there = visitor.send(page.form_with("code"), code="1234 5678", go="guides/now")
    assert "1234 5678" not in there.html


def test_titles_are_neutral_words(visitor: Visitor) -> None:
    titles = {path: visitor.go(path).title for path in (*PUBLISHED, "tell", "ask", "return", "case")}
    assert set(titles.values()) == {"Start", "Read", "Help", "Write", "Come back"}


def test_home_leads_to_the_five_doors_and_danger_is_first(visitor: Visitor) -> None:
    page = visitor.go("")
    doors = re.findall(r'<a[^>]*href="/en/([^"?]*)', page.main_html)
    assert doors == ["guides/now", "ask", "tell", "return", "stories"]
    assert page.main_html.count('class="first"') == 1, "one dark button a page"
    assert page.heading == "You are not alone here."


def test_the_guide_for_danger_is_marked_as_unchecked_and_sends_nobody_to_the_police(visitor: Visitor) -> None:
    page = visitor.go("guides/now")
    assert "Nobody has checked this yet." in page.main.text
    assert "olice" not in page.main.text
    assert not re.search(r"\d{3}", page.main.text)


def test_protects_shows_the_whole_address_and_how_to_find_it(visitor: Visitor) -> None:
    page = visitor.go("protects")
    shown = re.findall(r'<bdi id="address" dir="ltr">(.*?)</bdi>', page.main_html)[0]
    assert shown.replace(" ", "") == ADDRESS
    assert max(len(group.removesuffix(".onion")) for group in shown.split()) == 4
    assert "Ask at the library for the blue book." in page.main.text


def test_protects_names_the_days_that_a_safety_copy_lasts(visitor: Visitor, place: Place) -> None:
    assert "for up to 30 days" in visitor.go("protects").main.text
    place.put(backup_days=7)
    assert "for up to 7 days" in visitor.go("protects").main.text


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ({"en": "Ask at the library.", "ckb": "بپرسن."}, '<bdi lang="en" dir="ltr">Ask at the library.</bdi>'),
        ({"ckb": "لە کتێبخانە بپرسن."}, '<bdi lang="ckb" dir="rtl">لە کتێبخانە بپرسن.</bdi>'),
        ({"en": "Ask at the library.", "ar": "اسألوا."}, "<bdi>اسألوا.</bdi>"),
    ],
)
def test_how_to_find_us_stands_in_another_language_which_is_said_where_it_is_not_written_in_this_one(
    visitor: Visitor, place: Place, written: dict[str, str], shown: str
) -> None:
    place.put(how_to_find_us=written)
    visitor.language = "ar"
    sent = visitor.confirm(visitor.check("tell", "كلمات"))
    for page in (visitor.go("protects"), visitor.check("tell", "كلمات"), sent):
        assert page.main_html.count(shown) == 1
    place.put(how_to_find_us={})
    assert visitor.go("protects").status == 200


@pytest.mark.parametrize(
    "path",
    ["/xx/", "/ku/", "/en/nothing", "/en/tell/x"]
    + [f"/en/stories/{story}" for story in NO_STORIES]
    + [f"/en/guides/{slug}" for slug in NO_GUIDES],
)
def test_a_page_that_does_not_exist_says_so_in_every_language(visitor: Visitor, path: str) -> None:
    page = visitor.get(path)
    assert page.status == 404
    assert "This page does not exist." in page.main.text
    assert "هذه الصفحة غير موجودة." in page.main.text
    assert '<form method="post" action="/leave">' in page.html


@pytest.mark.parametrize("path", ["/", "/en/", "/en/stories", "/en/guides/now", "/en/protects"])
def test_posting_to_a_page_that_only_reads_is_refused(visitor: Visitor, path: str) -> None:
    assert visitor.post(path, [("text", "words")]).status == 405


def test_the_last_page_says_nothing_about_this_place(visitor: Visitor) -> None:
    page = visitor.leave()
    assert page.title == "Start"
    for word in ("Iraq", "help", "stor", "code", "message", "<footer", "<header"):
        assert word not in page.html.partition("<body>")[2]
    assert page.html.count("<a ") == 1


def test_leave_needs_no_token_and_no_visit(come: Callable[[], Visitor]) -> None:
    visitor = come()
    assert visitor.leave().status == 200
    assert visitor.post("/leave", []).status == 200


def test_leave_speaks_the_language_of_the_page(visitor: Visitor) -> None:
    visitor.language = "ar"
    assert visitor.leave().heading == "تمّ."
    visitor.language = "xx"
    assert visitor.leave().heading == "Done."


def test_a_phone_that_brings_the_last_page_back_shows_the_choice_of_a_language(visitor: Visitor) -> None:
    assert "Choose your language" in visitor.get("/leave").html


@pytest.mark.parametrize("language", LANGUAGE_CODES)
def test_in_danger_four_doors_stand_right_after_the_three_things_to_do(
    visitor: Visitor, place: Place, language: LanguageCode
) -> None:
    visitor.language = language
    pages = [visitor.go("guides/now")]
    body = "1. Go.\n2. Take.\n3. One.\n\n## At *home*\n\nA door.\n\n## Outside\n\nPeople."
    place.show({language: ("In danger now?", body)}, slug="now")
    pages.append(visitor.go("guides/now"))
    for page, least in zip(pages, (4, 2), strict=True):
        doors = re.findall(r'</ol>\s*<p class="row">(.*?)</p>', page.main_html, re.DOTALL)
        named = re.findall(r'<a href="#(door-\d)">(.*?)</a>', doors[0])
        assert len(named) >= least
        assert [(name, f'<h2 id="{name}">{words}</h2>' in page.main_html) for name, words in named] == [
            (f"door-{number}", True) for number in range(1, len(named) + 1)
        ]


def test_no_fixed_page_sends_anybody_back_to_a_box_that_may_be_empty(visitor: Visitor, app: Hardened) -> None:
    too_long = visitor.send(visitor.go("tell").form_with("text"), text="ن" * 45_000)
    assert visitor.status == 413
    assert "This was too long. Nothing was sent, and it was too long for us to keep." in too_long.main.text
    assert "up to 12,000 letters, then more with your code" in too_long.main.text
    for status in WITH_A_PAGE:
        assert b"go back" not in app.fixed_answer(status).page.lower()


NUMBERS = "اتصلوا بالرقم +964 770 123 أو *100# في 12/3/2024\nSignal هو تطبيق"
APART = ["+964 770 123", "*100#", "12/3/2024", "Signal"]


def test_numbers_keep_their_order_wherever_a_text_is_shown(visitor: Visitor, place: Place) -> None:
    visitor.language = "ar"
    story = place.show({"ar": (NUMBERS[:40], NUMBERS)})
    place.show({"ar": (NUMBERS[:40], NUMBERS)}, slug="health")
    place.put(how_to_find_us={"ar": NUMBERS.replace("\n", "، "), "en": "", "ckb": "", "kmr": ""})
    code = visitor.hand_in("tell", NUMBERS)
    shown = [visitor.page, visitor.go(f"stories/{name_of(story)}"), visitor.go("guides/health"), visitor.go("protects")]
    place.answers(place.lamp, place.case_of(code), NUMBERS)
    shown.append(visitor.come_back(code))
    for page in shown:
        parts = re.findall(r'<bdi dir="ltr">(.*?)</bdi>', page.main_html)
        assert set(APART) <= set(parts), page.heading
    for box in (
        visitor.check("ask", NUMBERS),
        visitor.send(visitor.come_back(code).form_with("text"), text=NUMBERS, part="1"),
    ):
        below = box.main_html.partition("</textarea>")[2].partition("</p>")[0]
        assert re.findall(r'<bdi dir="ltr">(.*?)</bdi>', below) == APART[:2]
    assert '“<bdi><bdi dir="ltr">+964 770 123</bdi></bdi>”' in visitor.check("tell", NUMBERS).main_html


def test_badini_says_in_which_letters_it_is_written(visitor: Visitor, place: Place) -> None:
    place.show({"kmr": ("ناڤ", "پەیڤ")}, slug="health")
    assert 'lang="kmr-Arab" dir="rtl"' in visitor.go("guides/health").main_html
    visitor.language = "kmr"
    for path in ("", "tell", "guides/now", "guides/health", "return"):
        assert '<html lang="kmr-Arab" dir="rtl">' in visitor.go(path).html
    assert 'lang="kmr"' not in "".join(page.html for page in visitor.pages())


def test_home_leads_to_who_is_here_once_they_have_written_it(visitor: Visitor, place: Place) -> None:
    assert "Who we are" not in visitor.go("").main.text
    place.show({"ar": ("من نحن", "متطوعون.")}, slug="who-we-are")
    home = visitor.go("")
    assert "Who we are" in home.main.text
    assert visitor.get(home.main_html.split("who-we-are")[0].rpartition('"')[2] + "who-we-are").heading == "من نحن"
