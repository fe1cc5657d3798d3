"""Taking a case is the lock, entries are numbered under seal, and the audit names nobody's case."""

import pytest

from onion_app.errors import Refused
from onion_app.vault.database import Database
from onion_app.vault.desk import audit, entries, taken
from tests.vault.made import TODAY, Installation, sealing, some_id, some_key


def test_a_case_is_taken_by_one_person_at_a_time(made: Installation, desk: Database) -> None:
    case_id, other = some_id(), made.enrol(desk)
    taken.take_case(desk, case_id, made.moderator_id, TODAY)
    taken.take_case(desk, case_id, made.moderator_id, TODAY + 1)
    with pytest.raises(Refused, match=taken.TAKEN_BY_ANOTHER):
        taken.take_case(desk, case_id, other.id, TODAY)
    taken.give_case_back(desk, case_id, other.id)
    assert taken.taken_by(desk, [case_id, some_id()]) == {case_id: made.moderator_id}
    assert taken.taken_cases(desk, other.id) == []
    taken.give_case_back(desk, case_id, made.moderator_id)
    taken.take_case(desk, case_id, other.id, TODAY)
    assert taken.taken_cases(desk, other.id) == [case_id]
    assert taken.taken_cases(desk, made.moderator_id) == []


def test_who_must_stop_gives_everything_back_and_what_lies_untouched_goes_back_by_itself(
    made: Installation, desk: Database
) -> None:
    other = made.enrol(desk)
    mine, touched, untouched = some_id(), some_id(), some_id()
    taken.take_case(desk, mine, made.moderator_id, TODAY)
    taken.take_case(desk, untouched, other.id, TODAY - 3)
    taken.take_case(desk, touched, other.id, TODAY - 4)
    taken.take_case(desk, touched, other.id, TODAY - 2)
    taken.give_all_cases_back(desk, made.moderator_id)
    taken.give_back_untouched(desk, TODAY - 2)
    assert taken.taken_by(desk, [mine, touched, untouched]) == {touched: other.id}


def test_stepping_out_gives_the_case_back_and_hides_it_from_one_person(made: Installation, desk: Database) -> None:
    case_id, other = some_id(), made.enrol(desk)
    taken.take_case(desk, case_id, made.moderator_id, TODAY)
    for _ in range(2):
        taken.step_out(desk, case_id, made.moderator_id)
    assert taken.stepped_out(desk, made.moderator_id) == {case_id}
    assert taken.stepped_out(desk, other.id) == set()
    assert taken.taken_by(desk, [case_id]) == {}


def test_entries_are_numbered_within_their_case_and_stored_once(made: Installation, desk: Database) -> None:
    case_id, entry_id = some_id(), some_id()
    first, again = (made.entry(desk, case_id, "draft", entry_id) for _ in range(2))
    second, elsewhere = made.entry(desk, case_id), made.entry(desk, some_id())
    assert first == again
    assert [first.number, second.number, elsewhere.number] == [1, 2, 1]
    assert second.sealed == sealing(second.place)
    assert entries.entries_of(desk, case_id) == [first, second]


def test_a_finding_stands_for_each_until_they_have_seen_it(made: Installation, desk: Database) -> None:
    other = made.enrol(desk)
    with desk.writing():
        for _ in range(2):
            audit.add_finding(desk, TODAY, "answer missing", "a case")
    [finding] = audit.findings_for(desk, other.id)
    assert audit.unseen_findings(desk) == 1
    for _ in range(2):
        audit.acknowledge(desk, finding.id, other.id)
    assert audit.findings_for(desk, other.id) == []
    assert audit.findings_for(desk, made.moderator_id) == [finding], "what one has seen the other has not"
    assert audit.unseen_findings(desk) == 0
    audit.acknowledge(desk, some_id(), other.id)  # gone meanwhile


def test_the_audit_is_read_newest_day_first_by_circle_or_whole(made: Installation, desk: Database) -> None:
    for day in range(60):
        audit.add_to_audit(
            desk, made.moderator_id, "opened a case", day, made.circle_id if day % 2 else None, some_key()
        )
    first, more = audit.audit_of(desk, None)
    assert more
    audit.add_to_audit(desk, made.moderator_id, "took a case", 60)
    second, more = audit.audit_of(desk, None, (first[-1].day, first[-1].id))
    assert not more
    assert [row.day for row in [*first, *second]] == list(range(59, -1, -1)), "what was added since turns no page"
    assert [row.day for row in audit.audit_of(desk, made.circle_id)[0]] == list(range(59, 0, -2))
    assert audit.audit_of(desk, some_id()) == ([], False)
