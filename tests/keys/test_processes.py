"""Two real processes at once, and one that is killed between two changes: no word is lost, and no order broken."""

import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from onion_app.desk import handover
from onion_app.errors import NothingHere, SanctuaryError
from onion_app.site import author_actions
from onion_app.vault import forgetting
from onion_app.vault.mailbox.messages import messages_of
from onion_app.vault.show import show
from tests.keys import children
from tests.keys.children import REFUSED, Act
from tests.keys.installation import Case, Installation, Known

NEW_CODE: Final = "1234567890123456789012345627"
WORDS, ANSWER = "Is anybody there?", "We read every word."
OFTEN: Final = 12


def answers(at: Installation, case: Case) -> None:
    at.answers(at.inside(case.circle)[0], case, ANSWER)


def hands_over(at: Installation, case: Case) -> None:
    at.hands_over("sara", case, at.circles["Law"])


def writes(at: Installation, case: Case) -> None:
    at.writes(at.looks_in(case), WORDS)


def changes_code(at: Installation, case: Case) -> None:
    author_actions.change_code(at.site_files, at.looks_in(case), NEW_CODE)


def erases(at: Installation, case: Case) -> None:
    at.erases(case)


def closes_door(at: Installation, case: Case) -> None:
    at.closes_door("sara", case)


def shuts_out(at: Installation, _case: Case) -> None:
    at.shut_out("dana")


def lets_in(at: Installation, case: Case) -> None:
    at.world.let_in(at.people["sara"], case.circle, "noor")


def founds(at: Installation, _case: Case) -> None:
    at.comes("spy", at.circles["Health"])


def does_chores(at: Installation, _case: Case) -> None:
    at.clock.wait(days=2)
    at.chores()


def writes_often(at: Installation, case: Case) -> None:
    for number in range(OFTEN):
        at.writes(at.looks_in(case), f"{WORDS} {number}")


def hands_back_and_forth(at: Installation, case: Case) -> None:
    for _ in range(OFTEN // 2):
        at.hands_over("sara", case, at.circles["Law"])
        at.hands_over("law", case, at.circles["Listening"])


def now(at: Installation, case: Case) -> Case:
    """Look where a case is after others have acted, and with which code it opens."""
    turns = "SELECT circle_id FROM handed WHERE case_id = ? ORDER BY turn DESC"
    row = at.world.desk.row(turns, (case.id,))
    case.circle = row[0] if row and isinstance(row[0], bytes) else case.circle
    if at.world.stores(NEW_CODE):
        case.codes.append(NEW_CODE)
    return case


@contextmanager
def in_two_processes(known: Known, case: Case, first: Act, second: Act) -> Iterator[tuple[int | None, int | None]]:
    """Let the second act ask for the mailbox while the first has it; give how both ended."""
    meeting = children.meeting()
    started = []
    for act in (first, second):
        arguments = (known, act, case, meeting)
        process = children.processes.Process(
            target=children.act_in_turn, args=arguments, kwargs={"first": act is first}
        )
        process.start()
        started.append(process)
    ended = [children.exit_code(process) for process in started]
    yield ended[0], ended[1]


def expect_order(at: Installation, case: Case) -> None:
    """See that no message stands behind one of a newer turn, generation or code."""
    names = [each.key_name for each in messages_of(at.world.mailbox, case.id) if each.number]
    assert names == sorted(names)
    assert [name.codes for name in names] == sorted(name.codes for name in names)


def expect_whole(at: Installation, case: Case) -> None:
    """See that both sides open every message of a case, and answer each other."""
    at.writes_back(case, "Are you still there?")
    who = at.inside(case.circle)[0]
    at.answers(who, case, "Yes, we are.")
    expect_order(at, case)
    opened, read = at.opens(who, case).messages, at.reads_all(at.visit(case))
    assert all(each.counts for each in opened)
    assert all(opens for _, opens in read)
    assert [each.message.id for each in opened if each.message.number] == [
        message.id for message, _ in read if message.number
    ]


@pytest.fixture
def two(first: Known) -> Iterator[tuple[Known, Case]]:
    """Give an installation that nobody has open, with a case in it."""
    with tempfile.TemporaryDirectory(dir=first.path.parent) as folder:
        at = Installation(Path(folder), first)
        case = at.asks(at.circles["Listening"])
        at.close()
        yield at.known, case


PAIRS: Final[dict[str, tuple[Act, Act]]] = {
    "a code change before an answer": (changes_code, answers),
    "an answer before a code change": (answers, changes_code),
    "a message before a hand-over": (writes, hands_over),
    "a hand-over before a message": (hands_over, writes),
    "a message before a shutting out": (writes, shuts_out),
    "a shutting out before a message": (shuts_out, writes),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_two_processes_lose_no_word_and_break_no_order(two: tuple[Known, Case], pair: str) -> None:
    known, case = two
    with in_two_processes(known, case, *PAIRS[pair]) as ended:
        assert ended == (0, 0)
    at = Installation(known.path, known)
    now(at, case)
    expect_order(at, case)
    said = set(at.reads(at.visit(case)).values())
    assert said >= {text for act, text in ((writes, WORDS), (answers, ANSWER)) if act in PAIRS[pair]}
    expect_whole(at, case)
    at.close()


def destroys_due(at: Installation, _case: Case) -> None:
    at.clock.wait(days=1000)
    forgetting.destroy_due(*at.files, at.world.today)


def writes_much_later(at: Installation, case: Case) -> None:
    at.clock.wait(days=1000)
    writes(at, case)


def opens_door(at: Installation, case: Case) -> None:
    handover.open_authors_door(at.world.dbs, at.member("sara"), case.id)


def ends_boxes(at: Installation, _case: Case) -> None:
    at.clock.wait(days=2)
    forgetting.end_boxes(at.world.mailbox, at.world.desk, at.world.today)


def sends_again(at: Installation, case: Case) -> None:
    at.sends(case.form, case.circle, "They found my phone.")


def forgets_missing(at: Installation, _case: Case) -> None:
    missing = forgetting.missing_cases(*at.files, 0).cases
    forgetting.forget_cases(*at.files, missing, only_missing=True)


def test_a_word_on_a_cases_last_day_keeps_it(two: tuple[Known, Case]) -> None:
    known, case = two
    with in_two_processes(known, case, writes_much_later, destroys_due) as ended:
        assert ended == (0, 0)
    at = Installation(known.path, known)
    assert WORDS in at.reads(at.visit(case)).values()
    at.close()


def test_a_door_that_was_opened_again_keeps_its_box(two: tuple[Known, Case]) -> None:
    known, case = two
    at = Installation(known.path, known)
    closes_door(at, case)
    at.close()
    with in_two_processes(known, case, opens_door, ends_boxes) as ended:
        assert ended == (0, 0)
    at = Installation(known.path, known)
    expect_whole(at, case)
    at.close()


def test_a_case_that_was_taken_away_may_be_sent_again_while_it_is_forgotten(two: tuple[Known, Case]) -> None:
    known, case = two
    at = Installation(known.path, known)
    at.opens("sara", case)
    at.intruder.takes_away(case.id)
    at.close()
    with in_two_processes(known, case, sends_again, forgets_missing) as ended:
        assert ended == (0, 0)
    at = Installation(known.path, known)
    assert at.reads(at.visit(case))  # what the desk had noted of it is another text for it
    at.close()


def sara_answers(at: Installation, case: Case) -> None:
    at.answers("sara", case, ANSWER)


def sara_notes(at: Installation, case: Case) -> None:
    at.notes("sara", case)


def dana_answers(at: Installation, case: Case) -> None:
    at.answers("dana", case, ANSWER)


def dana_closes_door(at: Installation, case: Case) -> None:
    at.closes_door("dana", case)


@pytest.mark.parametrize("act", [sara_answers, sara_notes, hands_over, dana_answers, dana_closes_door])
def test_whoever_began_before_somebody_was_shut_out_begins_again(two: tuple[Known, Case], act: Act) -> None:
    known, case = two
    with in_two_processes(known, case, shuts_out, act) as ended:
        assert ended == (0, REFUSED)
    at = Installation(known.path, known)
    assert not at.world.desk.rows("SELECT 1 FROM entries")
    expect_whole(at, now(at, case))
    at.close()


def test_an_answer_after_an_erasing_is_refused(two: tuple[Known, Case]) -> None:
    known, case = two
    with in_two_processes(known, case, erases, answers) as ended:
        assert ended == (0, REFUSED)
    expect_nothing_is_left(known, case)


def test_an_answer_before_an_erasing_goes_with_the_case(two: tuple[Known, Case]) -> None:
    known, case = two
    with in_two_processes(known, case, answers, erases) as ended:
        assert ended == (0, 0)
    expect_nothing_is_left(known, case)


def expect_nothing_is_left(known: Known, case: Case) -> None:
    at = Installation(known.path, known)
    assert not messages_of(at.world.mailbox, case.id)
    at.chores()
    assert not at.world.shown.rows("SELECT 1 FROM replies")
    assert not at.world.desk.rows("SELECT 1 FROM entries")
    with pytest.raises(NothingHere):
        at.opens("sara", case)
    at.close()


def test_a_case_goes_back_and_forth_while_its_author_writes(two: tuple[Known, Case]) -> None:
    known, case = two
    acts = (writes_often, hands_back_and_forth)
    started = [children.processes.Process(target=children.act_often, args=(known, act, case)) for act in acts]
    for process in started:
        process.start()
    assert [children.exit_code(process) for process in started] == [0, 0]
    at = Installation(known.path, known)
    said = at.reads(at.visit(now(at, case)))
    assert [text for text in said.values() if text.startswith(WORDS)] == [f"{WORDS} {n}" for n in range(OFTEN)]
    expect_whole(at, case)
    at.close()


# --- killed between two changes -------------------------------------------------------------------------------------


def let_noor_wait(at: Installation, case: Case) -> None:
    at.people["noor"] = at.world.enrol(case.circle, "noor")


def leave_much_to_the_chores(at: Installation, case: Case) -> None:
    """Leave a proof, a case that is gone without one, one that came back, a box to end, and a queue to put right."""
    gone, back = at.asks(case.circle), at.asks(case.circle)
    for each in (gone, back):
        at.opens("sara", each)
    at.intruder.takes_away(gone.id)
    row = at.intruder.row(back.id)
    assert row is not None
    at.erases(back)
    at.intruder.puts_row(row)
    closed = at.asks(case.circle)
    at.closes_door("sara", closed)
    at.intruder.changes(case.id, circle_id=at.circles["Health"])


def expect_chores_done(at: Installation, case: Case) -> None:
    at.clock.wait(days=2)
    at.chores()
    ids = {row[0] for row in at.world.mailbox.rows("SELECT id FROM cases")}
    assert len(ids) == 2  # the case, and the one whose door was closed
    assert not at.world.mailbox.rows("SELECT 1 FROM withdrawn")
    assert len(at.world.shown.rows("SELECT 1 FROM withdrawn")) == 2
    assert at.world.mailbox.rows("SELECT circle_id FROM cases WHERE id = ?", (case.id,)) == [(case.circle,)]
    assert not [row for row in at.world.mailbox.rows("SELECT box FROM cases WHERE id <> ?", (case.id,)) if row[0]]


def expect_answer(at: Installation, case: Case) -> None:
    """See that the answer is there, or missing so that the desk says so and it can be sent again."""
    if ANSWER not in at.reads(at.visit(case)).values():
        answers(at, case)
    assert ANSWER in at.reads(at.visit(case)).values()


def expect_door(at: Installation, case: Case) -> None:
    """See that the door is open as a whole, or closed as a whole."""
    if not at.world.desk.rows("SELECT 1 FROM doors"):
        return
    with pytest.raises(NothingHere):
        at.visit(case)
    with pytest.raises(SanctuaryError):
        answers(at, case)
    at.clock.wait(days=2)
    at.chores()
    assert at.world.mailbox.rows("SELECT box FROM cases") == [(None,)]
    at.erases(case)
    assert not at.world.stores(case.codes[0])


def expect_out(at: Installation, case: Case) -> None:
    """See that nothing is sealed to the key that she had, from the moment in which she is out."""
    assert at.writes_back(case).generation == 1 + ("dana" not in at.inside(case.circle))


def nothing(_at: Installation, _case: Case) -> None:
    pass


KILLED: Final[dict[str, tuple[Act, Act, Callable[[Installation, Case], None]]]] = {
    "shut out": (nothing, shuts_out, expect_out),
    "let in": (let_noor_wait, lets_in, nothing),
    "found": (nothing, founds, nothing),
    "answer": (nothing, answers, expect_answer),
    "hand over": (nothing, hands_over, nothing),
    "close the door": (nothing, closes_door, expect_door),
    "chores": (leave_much_to_the_chores, does_chores, expect_chores_done),
}


@pytest.mark.parametrize("operation", KILLED)
def test_killed_between_any_two_changes_all_is_whole_again(two: tuple[Known, Case], operation: str) -> None:
    (known, case), (prepare, act, expect) = two, KILLED[operation]
    at = Installation(known.path, known)
    prepare(at, case)
    at.close()
    known = at.known
    with tempfile.TemporaryDirectory(dir=known.path.parent) as folder:
        counted = Installation(Path(folder), known)
        commits = children.commits_of(act, counted, Case(case.id, list(case.codes), case.form, case.circle))
        counted.close()
    assert commits > 1
    for commit in range(commits):
        with tempfile.TemporaryDirectory(dir=known.path.parent) as folder:
            shutil.copytree(known.path, folder, dirs_exist_ok=True)
            copy = known._replace(path=Path(folder))
            process = children.processes.Process(target=children.act_and_die, args=(copy, act, case, commit))
            process.start()
            assert children.exit_code(process) == -signal.SIGKILL
            expect_mended(copy, Case(case.id, list(case.codes), case.form, case.circle), expect)


def expect_mended(known: Known, case: Case, expect: Callable[[Installation, Case], None]) -> None:
    """See that all is whole once the launcher's child has let shown.db follow, and that the chores go on."""
    at = Installation(known.path, known)
    with at.world.mailbox.writing():
        show(at.world.shown, at.world.desk)
    now(at, case)
    if expect is not expect_chores_done:
        at.chores()
    expect(at, case)
    if at.world.stores(case.codes[0]) and not at.world.desk.rows("SELECT 1 FROM doors WHERE case_id = ?", (case.id,)):
        expect_whole(at, case)
    at.close()
