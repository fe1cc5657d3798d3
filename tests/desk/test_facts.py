"""The facts of a case: closed lists, sealed to it, set where its author lets it be counted, named in the audit."""

from typing import get_args

import pytest

from onion_app.choices import EntryKind
from onion_app.crypto.payloads import Consent
from onion_app.crypto.sealing import _WRITERS
from onion_app.desk import facts
from onion_app.desk.as_shown import mark_of
from onion_app.desk.fact_lists import PLACES, lists_of, name_on
from onion_app.vault.desk import audit, entries
from onion_app.vault.shown.reading import ids_named, name_of
from scripts.rehearsal.pages import Page
from tests.desk.house import House, Volunteer, joins
from tests.world import Author

CHOSEN = {
    "what_beating": "beating",
    "by_whom_family": "family",
    "where": "iraq.basra",
    "when": "2025",
    "age": "18_24",
    "whose": "own",
}


@pytest.fixture
def told(counsellor: Volunteer, author: Author) -> str:
    """Give a testimony that may be counted, opened by the counsellor."""
    case = author.tells("They beat me in Basra.")
    counsellor.log_in()
    counsellor.open_case(case)
    return case


def sets(volunteer: Volunteer, case: str, **changed: str | None) -> Page:
    """Set the facts of a case that is open."""
    return volunteer.press_on(f"/case/{case}/facts", f"/case/{case}/facts/keep", **(CHOSEN | changed))


def facts_on(page: Page) -> str:
    return page.first(id="facts").text


def test_facts_stand_on_the_case_and_are_sealed_to_it(house: House, counsellor: Volunteer, told: str) -> None:
    assert "in no table" in facts_on(counsellor.get(f"/case/{told}"))
    page = sets(counsellor, told, what_arrest="arrest")
    assert "What happened: beating · arrest" in facts_on(page)
    assert "Where: Basra" in facts_on(page)
    assert "Set by Sara" in facts_on(page)
    (entry,) = entries.entries_of(house.desk, bytes.fromhex(told))
    assert (entry.kind, len(entry.sealed)) == ("facts", 2089)
    for word in (b"beating", b"basra", b"family"):
        assert word not in entry.sealed


def test_the_seal_of_facts_names_its_kind_as_no_other_does() -> None:
    assert _WRITERS["facts"] == 8
    assert len(set(_WRITERS.values())) == len(_WRITERS)
    assert set(get_args(EntryKind)) < set(_WRITERS)


def test_facts_cannot_be_set_where_the_author_does_not_let_them_be_counted(
    house: House, counsellor: Volunteer, author: Author, told: str
) -> None:
    author.adds(Consent("no", count=False, quote=False, day=house.today, mark=""))
    counsellor.open_case(told)
    assert not counsellor.page.has(id="facts")
    page = counsellor.get(f"/case/{told}/facts")
    assert page.has(id="not-counted")
    fields = [*counsellor.token, ("entry", "1" * 32), *CHOSEN.items()]
    assert "does not let" in _refused(counsellor, told, fields)
    assert entries.entries_of(house.desk, author.case_id) == []


def test_who_is_under_18_may_let_it_be_counted_and_nothing_else(
    house: House, counsellor: Volunteer, author: Author, told: str
) -> None:
    author.adds(Consent("yes", count=True, quote=True, day=house.today, mark="", under_18=True))
    counsellor.open_case(told)
    assert "Where: Basra" in facts_on(sets(counsellor, told))
    assert "It may not be quoted" in counsellor.page.first(id="consents").text


def _refused(volunteer: Volunteer, case: str, fields: list[tuple[str, str]]) -> str:
    """Send the form that the page does not offer, with the mark of a case without facts."""
    return volunteer.post(f"/case/{case}/facts/keep", [*fields, ("as_shown", mark_of(""))]).errors


def test_only_the_lists_are_taken_and_no_more_of_each_than_counts(counsellor: Volunteer, told: str) -> None:
    assert "what weighs most" in sets(counsellor, told, what_arrest="x", what_threat="x", what_killing="x").errors
    assert "at least one" in sets(counsellor, told, what_beating=None).errors
    assert "Choose one of these" in sets(counsellor, told, where="iraq.atlantis").errors
    assert "Choose one of these" in sets(counsellor, told, whose=None).errors
    page = sets(counsellor, told, where="iraq.atlantis")
    assert page.first(id="by_whom").first("input", value="family").has("input") is False
    assert 'value="beating" checked' in page.html


def test_who_sets_facts_and_who_changes_them_stands_in_the_audit(
    house: House, counsellor: Volunteer, author: Author, told: str, circle: bytes
) -> None:
    sets(counsellor, told)
    other = joins(house, circle, "Dana", counsellor)
    other.open_case(told)
    page = sets(other, told, what_arrest="arrest")
    assert "Set by Dana" in facts_on(page)
    sets(other, told, what_arrest="arrest")  # the same again is no change
    lines = [(row.what, row.who) for row in audit.audit_of(house.desk, circle)[0] if "facts" in row.what]
    (entry,) = entries.entries_of(house.desk, author.case_id)
    by_whom = dict(lines)
    assert len(lines) == 2
    assert by_whom["changed facts of a case"] == entry.author
    assert by_whom["set facts of a case"] != entry.author


def test_facts_that_somebody_else_changed_meanwhile_are_not_overwritten_unseen(
    house: House, counsellor: Volunteer, told: str, circle: bytes
) -> None:
    other = joins(house, circle, "Dana", counsellor)
    other.open_case(told)
    other.get(f"/case/{told}/facts")
    sets(counsellor, told)
    page = other.press(f"/case/{told}/facts/keep", **(CHOSEN | {"what_arrest": "arrest"}))
    assert "Somebody else has changed this" in page.errors
    assert "Set by Sara" in facts_on(page)
    assert "arrest" in facts_on(other.press(f"/case/{told}/facts/keep"))


def test_another_case_of_the_circle_tells_of_the_same_event(
    house: House, counsellor: Volunteer, author: Author, told: str
) -> None:
    second = Author(house, author.circle_id)
    second.tells("I saw it.")
    name = name_of(second.case_id)
    page = sets(counsellor, told, same_as=name[:4].upper())
    assert f"same event as case {name[:4]}" in facts_on(page)
    for letters in (name_of(author.case_id), "0000", "xyz", "!!!!"):
        assert "No other case" in sets(counsellor, told, same_as=letters).errors
    assert "same event" not in facts_on(sets(counsellor, told, same_as=""))


def test_what_was_erased_is_named_by_no_other_case(
    house: House, counsellor: Volunteer, author: Author, told: str
) -> None:
    second = Author(house, author.circle_id)
    second.tells("I saw it.")
    sets(counsellor, told, same_as=name_of(second.case_id))
    second.erases()
    house.chores()
    assert "same event" not in facts_on(counsellor.get(f"/case/{told}"))
    form = counsellor.get(f"/case/{told}/facts").form_to(f"/case/{told}/facts/keep")
    assert form.value("same_as") == ""
    counsellor.send(form)
    member = house.member(house.unlocked("Sara", counsellor.login.passphrase))
    found = facts.read_facts(house.dbs, member, author.case_id)
    assert found is not None
    assert found.facts.same_as == "", "its id is kept by a case that is not erased"


def test_a_case_of_another_circle_is_none_whatever_queue_somebody_puts_it_in(
    house: House, counsellor: Volunteer, told: str, law: bytes, lawyer: Volunteer, circle: bytes
) -> None:
    assert lawyer.login.handle
    other = Author(house, law)
    other.writes("May I?")
    with house.mailbox.writing():
        house.mailbox.run("UPDATE cases SET circle_id = ? WHERE id = ?", (circle, other.case_id))
    assert "No other case" in sets(counsellor, told, same_as=name_of(other.case_id)).errors


def test_a_case_handed_over_shows_no_facts_of_the_circle_that_had_it(
    house: House, counsellor: Volunteer, author: Author, told: str, law: bytes, lawyer: Volunteer
) -> None:
    sets(counsellor, told)
    counsellor.take(told)
    counsellor.press_on(f"/case/{told}/ways-out", f"/case/{told}/ways-out/hand-over", circle=law.hex())
    lawyer.log_in()
    assert "in no table" in facts_on(lawyer.open_case(told))
    sets(lawyer, told, what_threat="threat")
    assert len(entries.entries_of(house.desk, author.case_id)) == 2


def test_facts_go_with_the_case(house: House, counsellor: Volunteer, author: Author, told: str) -> None:
    sets(counsellor, told)
    author.erases()
    house.chores()
    assert house.desk.rows("SELECT 1 FROM entries") == []


def test_facts_that_do_not_open_are_none(house: House, counsellor: Volunteer, author: Author, told: str) -> None:
    sets(counsellor, told)
    with house.desk.writing():
        house.desk.run("UPDATE entries SET sealed = ? WHERE case_id = ?", (bytes(2089), author.case_id))
    assert "in no table" in facts_on(counsellor.get(f"/case/{told}"))


def test_every_word_of_the_lists_stands_in_both_languages_and_every_name_once() -> None:
    lists = lists_of(20_500)
    assert {name: each.most for name, each in lists.items()} == {
        "what": 3, "by_whom": 2, "where": 1, "when": 1, "age": 1, "whose": 1,
    }  # fmt: skip
    for each in lists.values():
        for said in (each.title, *each.names.values()):
            assert set(said) >= {"en", "ar"}
            assert all(said.values())
        assert len({said["en"] for said in each.names.values()}) == len(each.names)
        assert len({said["ar"] for said in each.names.values()}) == len(each.names)
    assert len(PLACES) == 19
    assert list(lists["where"].names)[:2] == ["not_said", "iraq.baghdad"]
    assert [len(lists[name].names) for name in lists] == [13, 8, 21, 12, 5, 2]


def test_a_year_that_a_list_names_no_more_is_before() -> None:
    lists = lists_of(20_500)  # in 2026
    assert name_on("when", "2017", lists) == "2017"
    assert name_on("when", "2016", lists) == "before"
    assert name_on("when", "2027", lists) is None
    assert name_on("what", "gone", lists) is None


def test_four_letters_stand_for_every_id_that_begins_with_them() -> None:
    for letters in ("0000", "zzzz", "h7k2", "0123456z"):
        least, greatest = ids_named(letters)
        assert name_of(least).startswith(letters)
        assert name_of(greatest).startswith(letters)
        assert len(least) == len(greatest) == 16
        before = (int.from_bytes(least) - 1) % 2**128
        assert not name_of(before.to_bytes(16)).startswith(letters)


def test_two_cases_with_the_same_four_letters_are_told_apart_by_eight(
    house: House, counsellor: Volunteer, author: Author, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = Author(house, author.circle_id)
    second.tells("I saw it.")
    third = Author(house, author.circle_id)
    third.tells("I saw it too.")
    monkeypatch.setattr(facts, "cases_beginning_with", lambda *_: [author.case_id, second.case_id, third.case_id])
    assert "Type all eight" in sets(counsellor, told, same_as=name_of(second.case_id)[:4]).errors
