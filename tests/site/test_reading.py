"""Pages that only read: the choice of a language, home, stories, guides, what protects and what does not."""

import re

import pytest
from flask.testing import FlaskClient

from onion_app.web.app import Hardened
from tests.offered import LANGUAGES
from tests.site.conftest import ADDRESS, Page, Place, Visitor

PUBLISHED = ("", "stories", "guides", "guides/now", "protects")


@pytest.fixture
def client(app: Hardened) -> FlaskClient:
    return app.test_client()


def test_the_choice_shows_each_language_in_its_own_words(client: FlaskClient) -> None:
    page = Page(client.get("/"))
    assert page.heading == "اختيار اللغة زمانەکەتان هەڵبژێرن زمانێ خۆ هەلبژێرن Choose your language"
    assert re.findall(r'<a href="/(\w+)/" lang="(\w+)" dir="(\w+)"', page.main) == [
        ("ar", "ar", "rtl"),
        ("ckb", "ckb", "rtl"),
        ("kmr", "kmr", "rtl"),
        ("en", "en", "ltr"),
    ]
    assert "<header>" not in page.html
    assert "<footer>" not in page.html


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("path", PUBLISHED)
def test_published_pages_hold_no_cookie_and_no_token(client: FlaskClient, lang: str, path: str) -> None:
    page = Page(client.get(f"/{lang}/{path}"))
    assert page.status == 200
    assert "Set-Cookie" not in page.response.headers
    assert "csrf_token" not in page.html


@pytest.mark.parametrize("path", PUBLISHED)
def test_published_pages_are_the_same_for_somebody_in_a_visit(visitor: Visitor, path: str) -> None:
    before = visitor.opens(path).html
    visitor.returns(visitor.tells())
    visitor.writes("Something more.")
    assert visitor.opens(path).html == before


def test_the_frame_is_the_same_everywhere(visitor: Visitor) -> None:
    for path in (*PUBLISHED, "tell", "ask", "return", "case"):
        html = visitor.opens(path).html
        first = html.partition("<body>")[2]
        assert first.index("<button>Leave</button>") < first.index('<a href="/">Language</a>') < first.index("<main>")
        foot = re.findall(r'<li><a href="([^"]*)"', html.partition("<footer>")[2])
        assert foot == [f"/en/{page}" for page in ("guides/now", "ask", "return", "stories", "guides", "protects")]


def test_titles_are_neutral_words(visitor: Visitor) -> None:
    titles = {path: visitor.opens(path).title for path in (*PUBLISHED, "tell", "ask", "return", "case")}
    assert set(titles.values()) == {"Start", "Read", "Help", "Write", "Come back"}


def test_every_link_leads_to_a_page_that_exists(client: FlaskClient) -> None:
    waiting, seen = {"/"}, set()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        page = Page(client.get(path))
        assert page.status == 200, path
        waiting |= {link for link in re.findall(r'href="(/[^"#]*)', page.html) if link not in seen}
    assert len(seen) == 1 + 4 * 8  # "/" and eight pages in each language


def test_a_page_in_arabic_says_that_nobody_has_checked_it(client: FlaskClient) -> None:
    unchecked = "لم يراجع أحد هذه الترجمة بعد."
    assert unchecked in client.get("/ar/").get_data(as_text=True)
    assert "translation" not in client.get("/en/").get_data(as_text=True)


def test_home_leads_to_the_five_doors(visitor: Visitor) -> None:
    page = visitor.opens("")
    doors = re.findall(r'<li><a[^>]*href="/en/([^"]*)"', page.main)
    assert doors == ["ask", "tell", "return", "guides/now", "stories"]
    assert page.heading == "You are not alone here."


def test_the_stories_page_is_honest_while_it_is_empty(visitor: Visitor) -> None:
    assert "No stories yet. Yours can be the first. It does not have to be published." in visitor.opens("stories").words


def test_the_guide_for_danger_is_marked_as_unchecked_and_sends_nobody_to_the_police(visitor: Visitor) -> None:
    page = visitor.opens("guides/now")
    assert "Nobody has checked this yet." in page.words
    assert "olice" not in page.words
    assert not re.search(r"\d{3}", page.words)


def test_protects_shows_the_whole_address_and_how_to_find_it(visitor: Visitor) -> None:
    page = visitor.opens("protects")
    shown = re.findall(r'<bdi id="address" dir="ltr">(.*?)</bdi>', page.main)[0]
    assert shown.replace(" ", "") == ADDRESS
    assert max(len(group.removesuffix(".onion")) for group in shown.split()) == 4
    assert "Ask at the library for the blue book." in page.words


def test_protects_names_the_days_that_a_safety_copy_lasts(visitor: Visitor, place: Place) -> None:
    assert "for up to 30 days" in visitor.opens("protects").words
    place.sets("backup_days", 7)
    assert "for up to 7 days" in visitor.opens("protects").words


def test_how_to_find_us_falls_back_to_english(visitor: Visitor, place: Place) -> None:
    place.sets("how_to_find_us", {"en": "Ask at the library."})
    visitor.lang = "ar"
    assert "Ask at the library." in visitor.opens("protects").words
    place.sets("how_to_find_us", {})
    assert visitor.opens("protects").status == 200


@pytest.mark.parametrize("path", ["/xx/", "/en/nothing", "/en/stories/1", "/en/guides/none", "/ku/", "/en/tell/x"])
def test_a_page_that_does_not_exist_says_so_in_every_language(client: FlaskClient, path: str) -> None:
    page = Page(client.get(path))
    assert page.status == 404
    assert "This page does not exist." in page.words
    assert "هذه الصفحة غير موجودة." in page.words
    assert '<form method="post" action="/leave">' in page.html


@pytest.mark.parametrize("path", ["/", "/en/", "/en/stories", "/en/guides/now", "/en/protects"])
def test_posting_to_a_page_that_only_reads_is_refused(client: FlaskClient, path: str) -> None:
    assert client.post(path, data={"text": "words"}).status_code == 405


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"])
def test_other_methods_are_refused(client: FlaskClient, method: str) -> None:
    assert client.open("/en/", method=method).status_code == 405


def test_another_host_is_refused_without_a_word_about_this_place(client: FlaskClient) -> None:
    page = Page(client.get("/en/", headers={"Host": "elsewhere.onion"}))
    assert page.status == 421
    assert "href" not in page.main
    assert "Iraq" not in page.html


def test_a_body_too_large_is_told_that_it_was_too_long_to_keep(client: FlaskClient) -> None:
    page = Page(client.post("/en/tell", data={"text": "x" * 300_000}))
    assert page.status == 413
    assert "That was too long to keep." in page.words
    assert "كان النص أطول من أن نحتفظ به." in page.words
