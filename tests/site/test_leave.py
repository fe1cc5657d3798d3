"""Leave: the visit, its cookie and its words are gone, and the last page says nothing about this place."""

from collections.abc import Callable

from scripts.rehearsal.people import Visitor


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
