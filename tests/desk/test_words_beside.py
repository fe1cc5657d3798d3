"""No typed word is lost by a press on anything beside its box: another button, a way to another page, the log out."""

import pytest

from scripts.rehearsal.pages import Element, Page
from tests.desk.house import House, Volunteer
from tests.desk.story_steps import WRITTEN, finished
from tests.desk.test_held_forms import opened, pages
from tests.world import Author

__all__ = ["pages"]

ANSWER, NOTE = "I typed this for an hour. <b>", "ملاحظة\nof two lines"


def boxes_of(page: Page) -> dict[str, str]:
    """Read the two boxes of a case."""
    return {name: page.first(id=name).raw_text.strip() for name in ("text", "note") if page.has(id=name)}


def pressed(volunteer: Volunteer, button: Element, **typed: str) -> None:
    """Type into the form of the open page, and press one of its buttons."""
    form = volunteer.page.form_with("of")
    name = {button.get("name"): button.get("value")} if button.get("name") else {}
    volunteer.post(button.get("formaction") or form.action, form.filled(**typed, **name))


def buttons_of(page: Page) -> list[Element]:
    """List the buttons that send the form of a page with boxes."""
    form = page.form_with("of").element
    within = [each for each in form.every("button") if "disabled" not in each.attributes]
    return within + page.every("button", form=form.get("id"))


def untried(page: Page, tried: set[tuple[str, str]]) -> Element | None:
    """Find a button that sends the form of a page, and was not pressed yet."""
    named = ((each, (each.get("formaction"), each.get("value"))) for each in buttons_of(page))
    return next((each for each, name in named if name not in tried), None)


@pytest.mark.parametrize("is_taken", [False, True])
def test_nothing_on_a_page_of_a_case_loses_a_word(
    house: House, counsellor: Volunteer, author: Author, *, is_taken: bool
) -> None:
    case, tried = author.tells(WRITTEN), set[tuple[str, str]]()
    counsellor.log_in()
    while True:
        page = counsellor.take(case) if is_taken else counsellor.open_case(case)
        if not is_taken and page.has("button", formaction=f"/case/{case}/give-back"):
            page = counsellor.press(f"/case/{case}/give-back")
        button = untried(page, tried)
        if button is None:
            break
        address = button.get("formaction")
        tried.add((address, button.get("value")))
        typed = {"note": NOTE} | ({"text": ANSWER} if page.has(id="text") else {})
        pressed(counsellor, button, **typed)
        if address == "/logout":
            house.clock.now += 60
            counsellor.fill_in_login()
        left = boxes_of(counsellor.open_case(case))
        sent = {"text"} if button.get("id") == "send" else {"note"} if address.endswith("/note") else set()
        lost = [name for name, word in typed.items() if name not in sent and not left[name].startswith(word)]
        assert lost == [], (address, button.get("value"))
        assert [left.get(name, "") for name in sent] == [""] * len(sent), address
    acts = {address.rpartition("/")[2] for address, _ in tried}
    assert acts >= ({"", "give-back", "close", "phrase"} if is_taken else {"take"}) | {"note", "go", "logout"}


def test_beside_an_answer_that_was_sent_no_page_says_nothing_was_sent(counsellor: Volunteer, taken: str) -> None:
    counsellor.open_case(taken)
    page = counsellor.press(f"/case/{taken}/reply", text="Here it is.", note=NOTE)
    assert "Here it is." in page.text
    assert page.first(id="not-sent").text == "Your note is not kept yet. It is in its box below."


def test_words_that_waited_in_the_session_outlive_its_end(house: House, counsellor: Volunteer, taken: str) -> None:
    counsellor.open_case(taken)
    counsellor.press("/go", go="/", text=ANSWER, note=NOTE)
    counsellor.get(f"/case/{taken}")
    house.clock.now += 16 * 60
    page = counsellor.press(f"/case/{taken}/close")
    assert page.has(id="kept-notice"), "nothing was typed on this page, and it is all that has the words by now"
    counsellor.fill_in_login()
    assert boxes_of(counsellor.open_case(taken)) == {"text": ANSWER, "note": NOTE}


def test_words_are_kept_only_where_something_was_typed(counsellor: Volunteer, taken: str) -> None:
    page = counsellor.open_case(taken)
    way = next(each for each in buttons_of(page) if each.get("name") == "go")
    pressed(counsellor, way)
    assert not counsellor.get(f"/case/{taken}").has(id="not-sent")
    pressed(counsellor, way, text=ANSWER)
    assert boxes_of(counsellor.get(f"/case/{taken}"))["text"] == ANSWER
    pressed(counsellor, way, text="")
    assert boxes_of(counsellor.get(f"/case/{taken}"))["text"] == "", "who empties a box means it"


def test_beside_boxes_everything_that_leads_away_takes_the_words_along(
    coordinator: Volunteer, pages: list[str]
) -> None:
    for path in pages:
        page = opened(coordinator, path)
        if not any(form.element.has(name="of") for form in page.forms()):
            continue
        links = [link.get("href") for link in page.every("a") if not link.get("href").startswith("#")]
        assert links == [], path
        secret = {"passphrase", "totp", "line"}
        others = [form for form in page.forms() if not form.element.has(name="of") and not secret & form.values.keys()]
        assert [form.action for form in others] == [], path
        assert not page.first("header").has("form"), path


@pytest.mark.parametrize(
    "go",
    [
        "//evil.example/",
        "http://evil.example/",
        "/nowhere",
        "",
        "/logout",
        "\\evil",
        "/case/1",
        "//mine",
        "///notebook",
    ],
)
def test_a_button_leads_to_a_page_of_the_desk_and_nowhere_else(counsellor: Volunteer, taken: str, go: str) -> None:
    counsellor.open_case(taken)
    counsellor.press("/go", go=go, text=ANSWER)
    assert counsellor.path == "/"
    assert boxes_of(counsellor.open_case(taken))["text"] == ANSWER


def test_words_for_a_case_that_was_handed_over_are_shown_until_they_are_thrown_away(
    counsellor: Volunteer, taken: str, law: bytes, lawyer: Volunteer
) -> None:
    assert lawyer.login.handle
    counsellor.open_case(taken)
    counsellor.press("/go", go=f"/case/{taken}/ways-out", text=ANSWER, note=NOTE)
    assert counsellor.page.has(id="not-sent")
    page = counsellor.press(f"/case/{taken}/ways-out/hand-over", circle=law.hex())
    [stray] = page.having_class("stray")
    assert (ANSWER in stray.text, NOTE[:6] in stray.text) == (True, True)
    assert counsellor.get("/mine").having_class("stray")
    button = counsellor.page.first("button", name="address")
    counsellor.press(button.get("formaction"), address=button.get("value"))
    assert not counsellor.get("/mine").having_class("stray")


def test_words_that_waited_at_the_log_out_are_given_back_to_nobody_else(
    house: House, counsellor: Volunteer, taken: str, lawyer: Volunteer
) -> None:
    counsellor.open_case(taken)
    counsellor.press("/logout", text=ANSWER)
    kept = counsellor.page.form_with("kept").value("kept")
    assert kept
    house.clock.now += 60
    lawyer.get("/login?lang=en")
    lawyer.press("/login", handle="Rojin", passphrase=lawyer.login.passphrase, totp=lawyer.digits(), kept=kept)
    assert lawyer.path == "/"
    assert ANSWER not in lawyer.get("/mine").text
    counsellor.fill_in_login()
    assert boxes_of(counsellor.open_case(taken))["text"] == ANSWER


def test_what_was_typed_beside_a_saved_setting_comes_back(coordinator: Volunteer) -> None:
    page = coordinator.get("/settings")
    form = page.form_to("/settings/backup_days")
    coordinator.post("/settings/backup_days", [*form.filled(backup_days="9", days_law="8")])
    page = coordinator.get("/settings")
    assert page.form_to("/settings/backup_days").value("backup_days") == "9"
    assert page.form_to("/settings/answer_days").value("days_law") == "8"
    assert page.has(id="not-sent")
    coordinator.press("/settings/answer_days")
    assert not coordinator.get("/settings").has(id="not-sent")


@pytest.mark.parametrize("act", ["ask", "go"])
def test_a_draft_that_is_typed_on_is_not_lost_by_a_step_of_its_story(
    coordinator: Volunteer, author: Author, act: str
) -> None:
    case = finished(coordinator, author, "ask")
    path = f"/case/{case}/story"
    coordinator.get(path)
    address = f"{path}/ask" if act == "ask" else "/go"
    coordinator.press(address, text="I left, and ran.", **({} if act == "ask" else {"go": "/"}))
    assert coordinator.get(path).form_to(f"{path}/save").value("text").strip() == "I left, and ran."
