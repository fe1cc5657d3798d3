"""Leave: the visit, its cookie and its words are gone, and the last page says nothing about this place."""

from collections.abc import Callable

from tests.site.conftest import ADDRESS, Place, Visitor


def test_leave_ends_the_visit_and_takes_the_cookie(visitor: Visitor) -> None:
    visitor.returns(visitor.tells())
    visitor.writes("Something more.")
    cookie = visitor.client.get_cookie("visit", domain=ADDRESS)
    assert cookie is not None
    page = visitor.leaves()
    assert page.heading == "Done."
    assert visitor.client.get_cookie("visit", domain=ADDRESS) is None
    assert page.response.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    visitor.client.set_cookie("visit", cookie.value, domain=ADDRESS)
    assert visitor.opens("case").heading == "Come back with my code"
    assert "You were writing something." not in visitor.opens("tell").html


def test_the_last_page_says_nothing_about_this_place(visitor: Visitor) -> None:
    page = visitor.leaves()
    assert page.title == "Start"
    for word in ("Iraq", "help", "stor", "code", "message", "<footer", "<header"):
        assert word not in page.html.partition("<body>")[2]
    assert page.html.count("<a ") == 1


def test_leave_needs_no_token_and_no_visit(come: Callable[[], Visitor]) -> None:
    visitor = come()
    assert visitor.leaves().status == 200
    assert visitor.posts("/leave", {}).status == 200


def test_leave_speaks_the_language_of_the_page(visitor: Visitor) -> None:
    visitor.lang = "ar"
    assert visitor.leaves().heading == "تمّ."
    visitor.lang = "xx"
    assert visitor.leaves().heading == "Done."


def test_a_phone_that_brings_the_last_page_back_shows_the_choice_of_a_language(visitor: Visitor) -> None:
    assert "Choose your language" in visitor.client.get("/leave").get_data(as_text=True)


def test_the_visit_closes_15_minutes_after_its_last_use(visitor: Visitor, place: Place) -> None:
    visitor.returns(visitor.tells())
    for _ in range(3):
        place.clock.wait(minutes=14)
        assert visitor.opens("case").heading == "Your messages"
    place.clock.wait(minutes=16)
    assert visitor.opens("case").heading == "Come back with my code"


def test_the_visit_closes_after_an_hour_in_any_case(visitor: Visitor, place: Place) -> None:
    visitor.returns(visitor.tells())
    for _ in range(6):
        place.clock.wait(minutes=10)
        page = visitor.opens("case")
    assert page.heading == "Come back with my code"
