"""Published pages are kept ready, and never one moment longer than they are published."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Response, request
from flask.testing import FlaskClient

from onion_app.errors import DamagedFile
from onion_app.web.app import Hardened, mark_published
from onion_app.web.cache import PAGES, PATHS, ReadyPages
from tests.web.plain_app import plain_app


class Shelf:
    """What is published, and how often a page of it was made."""

    def __init__(self) -> None:
        self.edition = 1
        self.words = "a story"
        self.made = 0
        self.broken = False
        self.meanwhile: Callable[[], None] = lambda: None

    def read(self) -> int:
        if self.broken:
            raise DamagedFile
        return self.edition

    def change(self, words: str) -> None:
        self.words = words
        self.edition += 1


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def app(translations: Path, shelf: Shelf) -> Hardened:
    app = plain_app(translations)
    app.ready_pages = ReadyPages(shelf.read)
    app.known_query = lambda _path, query: query if query.startswith(("chosen=", "part=", "who=")) else ""

    @app.get("/story")
    def story() -> str:
        mark_published()
        shelf.made += 1
        words = shelf.words
        shelf.meanwhile()
        return words

    @app.get("/list")
    def chosen() -> str:
        mark_published(request.query_string.decode())
        shelf.made += 1
        return request.args.get("chosen", "")

    @app.get("/stories/<name>")
    def one_of_many(name: str) -> str:
        mark_published()
        shelf.made += 1
        return name

    @app.get("/parts")
    def parts() -> str:
        part = int(request.args.get("part", "1"))
        mark_published(f"part={part}" if part in (2, 3) else "", parts=3)
        shelf.made += 1
        return str(part)

    @app.get("/own")
    def own() -> str:
        shelf.made += 1
        return shelf.words

    @app.get("/with-cookie")
    def with_cookie() -> Response:
        mark_published()
        shelf.made += 1
        answer = Response("x")
        answer.set_cookie("visit", request.args.get("who", ""))
        return answer

    return app


@pytest.fixture
def client(app: Hardened) -> FlaskClient:
    return app.test_client()


def test_a_published_page_is_made_once_and_is_the_same_every_time(client: FlaskClient, shelf: Shelf) -> None:
    answers = [client.get("/story") for _ in range(3)]
    assert shelf.made == 1
    assert {answer.data for answer in answers} == {b"a story"}
    assert len({tuple(answer.headers) for answer in answers}) == 1


def test_what_was_taken_back_is_never_sent_again_and_leaves_the_memory(
    app: Hardened, client: FlaskClient, shelf: Shelf
) -> None:
    client.get("/story")
    shelf.change("nothing")
    assert [client.get("/story").data for _ in range(2)] == [b"nothing"] * 2
    assert shelf.made == 2
    shelf.change("less")
    assert app.ready_pages is not None
    app.ready_pages.check_edition()
    assert app.ready_pages._paths == {}


def test_a_page_made_while_it_was_taken_back_is_not_kept(client: FlaskClient, shelf: Shelf) -> None:
    def take_back() -> None:
        shelf.meanwhile = lambda: None
        shelf.change("nothing")
        assert client.application.test_client().get("/own").data == b"nothing"  # another thread has seen it

    shelf.meanwhile = take_back
    client.get("/story")
    assert client.get("/story").data == b"nothing"


def test_nothing_is_kept_of_pages_that_do_not_say_that_they_are_published(client: FlaskClient, shelf: Shelf) -> None:
    for _ in range(2):
        client.get("/own")
        client.get("/with-cookie?who=a")
    assert shelf.made == 4


def test_no_cookie_of_somebody_reaches_somebody_else(app: Hardened) -> None:
    first, second = app.test_client(), app.test_client()
    assert "who=a" not in str(first.get("/with-cookie?who=a").headers)
    assert second.get("/with-cookie?who=b").headers["Set-Cookie"].startswith("visit=b")


def test_other_hosts_and_methods_are_refused_before_anything_is_looked_up(client: FlaskClient) -> None:
    client.get("/story")
    assert client.get("/story", headers={"Host": "elsewhere.onion"}).status_code == 421
    assert client.open("/story", method="HEAD").status_code == 405
    assert client.post("/story").status_code in (400, 405)


@pytest.mark.parametrize("query", ["x", "", "?", "a=b&c=d", "part=7", "part=99", "chosen", "-" * 40])
def test_a_query_that_the_app_knows_nothing_of_finds_the_page_that_is_kept(
    client: FlaskClient, shelf: Shelf, query: str
) -> None:
    client.get("/story")
    assert {client.get(f"/story?{query}").data, client.get(f"/story/?{query}").data} == {b"a story"}
    assert shelf.made == 1


def test_a_query_that_the_app_knows_is_another_page_and_their_number_is_limited(
    app: Hardened, client: FlaskClient, shelf: Shelf
) -> None:
    client.get("/list")
    for number in range(2 * PAGES):
        assert client.get(f"/list?chosen={number}").data == str(number).encode()
    client.get(f"/list?chosen={number}")
    client.get("/list")
    assert shelf.made == 1 + 2 * PAGES
    assert app.ready_pages is not None
    assert len(app.ready_pages._paths["/list"].pages) == PAGES


def test_many_pages_of_one_path_make_no_page_of_another_go(client: FlaskClient, shelf: Shelf) -> None:
    client.get("/story")
    for number in range(2 * PAGES):
        client.get(f"/list?chosen={number}")
    made = shelf.made
    client.get("/story")
    assert shelf.made == made


def test_of_many_paths_the_one_goes_that_nobody_asks_for(app: Hardened, client: FlaskClient, shelf: Shelf) -> None:
    for number in range(2 * PATHS):
        client.get(f"/stories/{number}")
        client.get("/story")
    assert shelf.made == 2 * PATHS + 1
    assert app.ready_pages is not None
    assert len(app.ready_pages._paths) == PATHS


def test_a_part_that_is_not_there_is_the_first_and_found_as_such(client: FlaskClient, shelf: Shelf) -> None:
    for part in (4, 3, 2, 3, 4, 999):
        client.get(f"/parts?part={part}")
    client.get("/parts")
    assert shelf.made == 3


def test_without_a_readable_edition_nothing_that_was_kept_is_sent(client: FlaskClient, shelf: Shelf) -> None:
    client.get("/story")
    shelf.broken = True
    shelf.words = "made now"
    assert client.get("/story").data == b"made now"
    shelf.broken = False
    assert client.get("/story").data == b"made now"
    assert shelf.made == 3
