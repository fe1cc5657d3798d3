"""The pages of the notebook: what stands there, what is refused, what goes by itself, and the way into an answer."""

import re

import pytest

from onion_app.crypto.keys import new_id
from onion_app.desk import phrases
from onion_app.desk.closed_lists import ANSWER, KINDS, REACHES
from onion_app.desk.fact_lists import PLACES
from onion_app.desk.never_written import (
    NO_ADDRESSES,
    NO_NUMBERS,
    NO_STREETS,
    expect_no_street,
    expect_nothing_to_follow,
)
from onion_app.desk.notebook import write_message
from onion_app.errors import DiskFull, Refused
from onion_app.vault.desk import audit, notebook
from onion_app.web.i18n import LANGUAGES, day_words
from scripts.rehearsal.pages import Element
from tests.desk.house import House, Volunteer, joins
from tests.world import Author

PHRASE = phrases.PHRASES["ask_them"]["en"]


@pytest.fixture
def second(house: House, counsellor: Volunteer, circle: bytes) -> Volunteer:
    """Give another member, who has been here as long as the first one."""
    counsellor.log_in()
    somebody = joins(house, circle, "Dana", counsellor)
    house.settle()
    return somebody


def path(circle: bytes, rest: str = "") -> str:
    return f"/notebook/{circle.hex()}{rest}"


def write_down(who: Volunteer, circle: bytes, which: str = "published", **typed: str) -> None:
    named = {"name": "A hotline", "contact": "0770 123 4567"} if which == "published" else {}
    fields = {"kind": "lawyer", "region": "iraq.baghdad", "language": "ar"} | named | typed
    who.press_on(path(circle, f"/referral/{which}"), path(circle, f"/referral/{which}"), **fields)


def leave_message(who: Volunteer, circle: bytes, text: str) -> None:
    who.press_on(path(circle), path(circle, "/message"), text=text)


def cards(who: Volunteer, circle: bytes) -> list[Element]:
    return who.get(path(circle)).having_class("referral")


def messages(who: Volunteer, circle: bytes) -> list[Element]:
    return [each for each in who.get(path(circle)).every("section") if each.get("data-message")]


def looks_for(
    who: Volunteer, case: str, known_for: str, *, region: str = "iraq.baghdad", language: str = "en", typed: str = ""
) -> None:
    fields = {"known_for": known_for, "known_in": region, "phrase_in": language}
    who.press(f"/case/{case}/referral", text=typed, **fields)


def press(who: Volunteer, circle: bytes, card: Element, act: str) -> None:
    who.press(path(circle, f"/{card.get('data-entry')}/{act}"))


def test_the_first_question_comes_before_any_field_for_a_contact(counsellor: Volunteer, circle: bytes) -> None:
    counsellor.log_in()
    page = counsellor.get("/notebook")
    assert "a door behind which somebody hides" in page.first(id="informer").text
    page = counsellor.get(path(circle, "/referral"))
    assert page.heading == "Have they published this themselves?"
    assert not page.every("input", name="contact")
    assert counsellor.get(path(circle, "/referral/published")).every("input", name="contact")
    page = counsellor.get(path(circle, "/referral/to-be-asked"))
    assert not page.every("input", name="contact")
    assert not page.every("input", name="name")
    form = page.form_to(path(circle, "/referral/to-be-asked"))
    fields = [*form.fields, ("contact", "0770 123 4567"), ("kind", "shelter"), ("region", "iraq.basra")]
    page = counsellor.post(path(circle, "/referral/to-be-asked"), [*fields, ("language", "ar")])
    assert "does not stand here" in page.text
    assert cards(counsellor, circle) == []


def test_what_one_has_written_another_makes_usable_and_it_comes_into_an_answer(
    house: House, counsellor: Volunteer, second: Volunteer, circle: bytes
) -> None:
    case = Author(house, circle).writes("I need a lawyer.")
    write_down(counsellor, circle)
    write_down(counsellor, circle, "to-be-asked", kind="shelter")
    assert not [card for card in cards(counsellor, circle) if "I know this too" in card.text]
    counsellor.take(case)
    for known_for in ("lawyer", "shelter"):
        looks_for(counsellor, case, known_for)
        assert asked_first(house) in counsellor.page.form_to(f"/case/{case}/reply").value("text")
    for card in cards(second, circle):
        press(second, circle, card, "known")
        second.get(path(circle))
    assert {card.get("data-usable") for card in cards(second, circle)} == {"1"}
    assert [card.text for card in cards(second, circle) if "Ask Sara" in card.text]
    counsellor.open_case(case)
    looks_for(counsellor, case, "lawyer", region="iraq.basra")
    assert "0770" not in counsellor.page.form_to(f"/case/{case}/reply").value("text")
    looks_for(counsellor, case, "lawyer", language="ckb", typed="Hello.")
    typed = counsellor.page.form_to(f"/case/{case}/reply").value("text")
    assert typed.startswith("Hello.\n\n")
    assert "A hotline" in typed
    assert "0770 123 4567" in typed
    assert "بەغدا" in typed


def test_thirty_visitors_who_need_a_place_tonight_get_one_and_the_same_sentence(
    house: House, counsellor: Volunteer, second: Volunteer, circle: bytes
) -> None:
    write_down(counsellor, circle, "to-be-asked", kind="shelter")
    [card] = cards(second, circle)
    press(second, circle, card, "known")
    for _ in range(30):
        case = Author(house, circle).writes("I need a place tonight.")
        counsellor.take(case)
        looks_for(counsellor, case, "shelter")
        assert counsellor.page.form_to(f"/case/{case}/reply").value("text") == asked_first(house)
    lines = house.desk.rows("SELECT 1 FROM audit WHERE what = 'looked for somebody in the notebook'")
    assert len(lines) == 30


def asked_first(house: House) -> str:
    return PHRASE.replace("{day}", day_words(house.clock.today + 3, "en"))


def test_a_message_goes_after_30_days_from_the_page_and_then_from_the_disk(
    house: House, counsellor: Volunteer, circle: bytes
) -> None:
    counsellor.log_in()
    leave_message(counsellor, circle, "Whoever writes on Friday: be brief.")
    write_down(counsellor, circle)
    for days, stands in ((0, True), (30, True), (1, False)):
        house.clock.wait(days=days)
        counsellor.log_in()
        assert ("be brief" in counsellor.get(path(circle)).text) is stands
        if stands:
            notebook.forget_faded(house.desk, house.today)
            assert len(notebook.rows_of(house.desk, circle)) == 2
    notebook.forget_faded(house.desk, house.today)
    [left] = notebook.rows_of(house.desk, circle)
    assert left.id.hex() == cards(counsellor, circle)[0].get("data-entry")


def test_what_is_taken_away_is_gone_and_the_audit_says_who_has_done_it(
    house: House, counsellor: Volunteer, second: Volunteer, circle: bytes
) -> None:
    write_down(counsellor, circle)
    [card] = cards(second, circle)
    press(second, circle, card, "away")
    assert notebook.rows_of(house.desk, circle) == []
    page = counsellor.get(f"/circles/{circle.hex()}/audit")
    lines = [item.text for item in page.having_class("audit")[0].every("li")]
    assert [line for line in lines if "took something out of the notebook" in line and "Dana" in line]
    assert [line for line in lines if "read the whole notebook" in line and "Sara" in line]


def test_the_same_form_sent_twice_is_one_entry_and_fifty_are_enough(
    house: House, counsellor: Volunteer, circle: bytes
) -> None:
    counsellor.log_in()
    form = counsellor.get(path(circle)).form_to(path(circle, "/message"))
    for text in ("Once.", "Once.", "Changed."):
        counsellor.send(form, text=text)
    assert len(messages(counsellor, circle)) == 2
    member = house.member(house.unlocked("Sara", counsellor.login.passphrase))
    for number in range(48):
        write_message(house.dbs, member, circle, new_id(), f"Message {number}.")
    leave_message(counsellor, circle, "One too many.")
    assert "50 stand here already" in counsellor.page.text
    assert len(messages(counsellor, circle)) == 50
    assert counsellor.page.form_to(path(circle, "/message")).value("text") == "One too many."
    write_down(counsellor, circle)  # of the other kind there is room
    assert len(cards(counsellor, circle)) == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Call 0770 123 4567", NO_NUMBERS),
        ("Call ٠٧٧٠", NO_NUMBERS),
        ("Dial 115", NO_NUMBERS),
        ("They are at 33.31, 44.36", NO_NUMBERS),
        ("33°18'46\"N", NO_NUMBERS),
        ("The house in 14 Rashid street", NO_ADDRESSES),
        ("البيت في شارع الرشيد", NO_ADDRESSES),
        ("ماڵەکە لە شەقامی سالم", NO_ADDRESSES),
        ("Write to help@example.org", NO_ADDRESSES),
        ("@helper_iq on the app", NO_ADDRESSES),
        ("see example.org/help", NO_ADDRESSES),
    ],
)
def test_what_leads_to_somebody_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        expect_nothing_to_follow(text, "text")
    assert refused.value.sentence == sentence


@pytest.mark.parametrize(
    "text", ["14 Rashid street", "شارع الرشيد ١٤", "33.3128, 44.3615", "33°18', 44°21'", "33.31N 44.36E"]
)
def test_a_contact_is_no_place_though_they_have_published_it(text: str) -> None:
    with pytest.raises(Refused) as refused:
        expect_no_street(text, "contact")
    assert refused.value.sentence == NO_STREETS


@pytest.mark.parametrize(
    "text", ["0770 123 4567, +964 770 123 4567", "@helper_iq", "help@example.org", "example.org/help"]
)
def test_a_contact_may_be_a_number_an_account_or_a_link(text: str) -> None:
    expect_no_street(text, "contact")


@pytest.mark.parametrize("text", ["Be brief on 3 December.", "We were 12 last week.", "كونوا حذرين يوم الجمعة"])
def test_what_leads_nowhere_is_not_refused(text: str) -> None:
    expect_nothing_to_follow(text, "text")


def test_a_name_with_a_number_in_it_and_a_refused_message_stay_in_their_boxes(
    counsellor: Volunteer, circle: bytes
) -> None:
    counsellor.log_in()
    write_down(counsellor, circle, name="Ring 0771 000 0000")
    assert NO_NUMBERS in counsellor.page.text
    assert counsellor.page.form_to(path(circle, "/referral/published")).value("name") == "Ring 0771 000 0000"
    leave_message(counsellor, circle, "They live in Rashid street.")
    assert NO_ADDRESSES in counsellor.page.text
    assert cards(counsellor, circle) == []


def test_whoever_is_in_two_circles_reads_two_notebooks(
    house: House, counsellor: Volunteer, circle: bytes, law: bytes, lawyer: Volunteer
) -> None:
    counsellor.log_in()
    lawyer.log_in()
    write_down(counsellor, circle)
    lawyer.get(path(circle))
    assert lawyer.status == 404
    assert "A hotline" not in lawyer.get(path(law)).text
    member = house.member(house.unlocked("Rojin", lawyer.login.passphrase))
    assert circle not in member.circles


def test_where_the_disk_is_full_nobody_reads_it_unnoted_and_what_was_typed_stays(
    counsellor: Volunteer, circle: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    counsellor.log_in()
    write_down(counsellor, circle)
    form = counsellor.get(path(circle)).form_to(path(circle, "/message"))

    def full(*_: object, **__: object) -> None:
        raise DiskFull

    monkeypatch.setattr(audit, "add_to_audit", full)
    page = counsellor.get(path(circle))
    assert (page.status, page.having_class("referral")) == (200, [])
    monkeypatch.setattr(notebook, "put_row", full)
    page = counsellor.send(form, text="Be brief.")
    assert page.status == 200
    assert "The disk is full." in page.text
    assert page.form_to(path(circle, "/message")).value("text") == "Be brief."


def test_every_kind_region_and_answer_can_be_said_in_every_language() -> None:
    for name, said in (KINDS | REACHES | {"answer": ANSWER}).items():
        assert set(said) == set(LANGUAGES), name
        assert all(said.values()), name
    for sentence in ANSWER.values():
        assert set(re.findall(r"\{(\w+)\}", sentence)) == {"name", "kind", "region", "contact", "day"}
    assert len(PLACES) >= 19


def test_a_message_half_written_is_not_lost_by_a_press_beside_its_box(
    counsellor: Volunteer, second: Volunteer, circle: bytes
) -> None:
    write_down(counsellor, circle)
    [card] = cards(second, circle)
    second.press(path(circle, f"/{card.get('data-entry')}/known"), text="Whoever writes on")
    assert cards(second, circle)[0].get("data-usable") == "1"
    assert second.page.form_to(path(circle, "/message")).value("text").strip() == "Whoever writes on"
    assert messages(second, circle) == []
