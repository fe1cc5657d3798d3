"""Words for reports under attack: cut off anywhere, erased in between, and with somebody who writes the mailbox."""

from dataclasses import replace

import pytest

from onion_app.crypto.casekeys import KeyName, given_id, note_key
from onion_app.crypto.keys import KeyPair, keypair_from, new_key
from onion_app.crypto.payloads import Consent, Quoted, QuoteQuestion, QuoteVerdict, pack
from onion_app.crypto.sealing import seal
from onion_app.desk import quotations
from onion_app.errors import DiskFull, NothingHere
from onion_app.vault.desk import entries
from onion_app.vault.desk import quotations as stored
from onion_app.vault.mailbox import messages
from onion_app.vault.shown.writing import put_reply
from tests import tables
from tests.desk.test_quotations import asked, author, here, lines_in, report, two_weeks_pass
from tests.keyring import Keyring
from tests.keys.children import exit_code, processes
from tests.planting import Intruder
from tests.quoting import SENTENCE, WORDS, Reporting, do_and_die, on_the_page
from tests.two_people import Here
from tests.world import Author, Enrolled, World

__all__ = ["asked", "author", "here", "report"]
pytestmark = pytest.mark.usefixtures("nothing_is_stretched")


# --- the line that cannot be written ---------------------------------------------------------------------------------


def test_a_line_that_cannot_be_written_leaves_out_that_author_alone(here: Here, report: Reporting) -> None:
    authors = [report.tells(here.first) for _ in range(3)]
    for each in authors:
        report.asked(here.sara, here.dana, each)
    two_weeks_pass(here)
    intruder = Intruder(here.world, authors[1].case_id)
    intruder.has_codes(*authors[1].access.codes, keypair_from(new_key()).public)
    told = report.gives(here.noor, *(each.case_id for each in authors))
    assert told == [authors[0].case_id, authors[2].case_id]
    assert [lines_in(each) for each in authors] == [[[WORDS]], [], [[WORDS]]]
    assert report.step(here.noor, authors[1].case_id) == "untold"


def test_a_line_whose_id_somebody_has_planted_leaves_out_that_author_alone(
    here: Here, report: Reporting, asked: Author
) -> None:
    other = report.tells(here.first)
    report.asked(here.sara, here.dana, other)
    two_weeks_pass(here)
    chosen = report.status(here.sara, asked.case_id).chosen
    assert chosen is not None
    planted = given_id(chosen.id)
    Intruder(here.world, other.case_id).runs(
        "UPDATE messages SET id = ? WHERE case_id = ? AND number = 1", planted, other.case_id
    )
    assert report.gives(here.sara, asked.case_id) == []
    assert lines_in(asked) == []


def test_where_the_marks_cannot_be_written_nobody_is_told_and_nothing_goes(
    here: Here, report: Reporting, asked: Author, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise DiskFull

    two_weeks_pass(here)
    monkeypatch.setattr(quotations, "put_reply", full)
    with pytest.raises(DiskFull):
        report.gives(here.sara, asked.case_id)
    monkeypatch.setattr(quotations, "put_reply", put_reply)
    assert lines_in(asked) == []
    assert report.step(here.sara, asked.case_id) == "ready"
    assert report.gives(here.sara, asked.case_id) == [asked.case_id]


def killed_in(here: Here, who: Enrolled, case_id: bytes, act: str, commit: int) -> int | None:
    """Let somebody begin an act in a process of their own that is killed before one of its changes is committed."""
    world = here.world
    args = (world.state.path, here.clock.now, world.keys, who, case_id, act, commit)
    process = processes.Process(target=do_and_die, args=args)
    process.start()
    return exit_code(process)


def test_kill_9_anywhere_in_giving_never_leaves_words_without_the_line(here: Here, report: Reporting) -> None:
    """Before each change that is committed, and after the last one, when nobody has seen the page yet."""
    died = 0
    for commit in range(9):
        author = report.tells(here.first)
        report.asked(here.sara, here.dana, author)
        two_weeks_pass(here)
        died += killed_in(here, here.noor, author.case_id, "give", commit) == -9
        status = report.status(here.noor, author.case_id)
        assert (status.given is not None) == bool(lines_in(author))
        if status.given is None:
            assert report.gives(here.noor, author.case_id) == [author.case_id]
        assert lines_in(author) == [[WORDS]]
        assert report.status(here.noor, author.case_id).given == on_the_page(author).lines[0].words
        assert here.world.opens(here.noor, author.case_id).missing == 0
    assert 3 <= died < 9


# --- erased in between -----------------------------------------------------------------------------------------------

ACTS = ["choose", "agree", "give"]


def prepared(here: Here, report: Reporting, act: str) -> tuple[Author, Enrolled]:
    """Bring an author's words as far as an act comes next, and give who does it."""
    author = report.tells(here.first)
    if act == "choose":
        report.takes(here.sara, author.case_id)
        return author, here.sara
    report.chooses(here.sara, author.case_id)
    if act == "agree":
        here.world.opens(here.dana, author.case_id)
        return author, here.dana
    report.agrees(here.dana, author.case_id)
    two_weeks_pass(here)
    return author, here.noor


@pytest.mark.parametrize("act", ACTS)
def test_erased_in_between_and_after_kill_9_no_word_is_in_any_file(here: Here, report: Reporting, act: str) -> None:
    """Before each commit of the act it is cut, and once after the last; then its author erases.

    Every key of everybody is tried on what is left.
    """
    world, died = here.world, 0
    while True:
        author, who = prepared(here, report, act)
        first = author.access.codes[0]
        was_killed = killed_in(here, who, author.case_id, act, died) == -9
        author.erases()
        assert report.gives(who, author.case_id) == []
        for again in (report.writes_words, report.says_yes):
            with pytest.raises(NothingHere):
                again(who, author.case_id)
        world.chores()
        left = tables.dump_all(world.state.path, world.keys)
        assert set(tables.belonging(left, author.case_id)) <= {"desk.doors", "shown.doors"}
        for gone in (first, WORDS.encode(), SENTENCE.encode()):
            assert gone not in tables.everything_in(left)
        ring = Keyring(left, [each.private for each in here.people.values()])
        assert author.case_id not in ring.opened_payloads()
        if not was_killed:
            break
        died += 1
    assert died >= 3, "the desk, what is shown or the audit, and the mailbox"


def test_what_stays_of_given_words_is_a_month_and_a_kind(here: Here, report: Reporting, asked: Author) -> None:
    two_weeks_pass(here)
    report.gives(here.sara, asked.case_id)
    asked.erases()
    here.world.chores()
    kept = here.world.desk.rows("SELECT * FROM given")
    assert kept == [(stored.month_of(here.world.today), "un")]
    left = tables.dump_all(here.world.state.path, here.world.keys)
    ring = Keyring(left, [each.private for each in here.people.values()])
    assert not any(WORDS in repr(found) for found in ring.opened_payloads().values())


# --- a member who writes mailbox.db ----------------------------------------------------------------------------------


def own_pair(world: World, who: Enrolled, circle: bytes) -> KeyPair:
    return world.member(who).circles[circle].pair


def test_a_member_who_writes_the_mailbox_forges_no_question_and_no_line(
    here: Here, report: Reporting, author: Author
) -> None:
    chosen = report.chooses(here.sara, author.case_id)
    pair, intruder = own_pair(here.world, here.sara, here.first), Intruder(here.world, author.case_id)
    long_ago = QuoteQuestion([WORDS], [SENTENCE], "en", "un", 1)
    planted = intruder.says(long_ago, intruder.as_circle(pair), pair.public, KeyName(0, 1, 1))
    intruder.runs("UPDATE messages SET id = ? WHERE id = ?", chosen, planted)
    assert report.step(here.sara, author.case_id) == "second"
    assert report.gives(here.sara, author.case_id) == []
    assert on_the_page(author).question is None
    line = Quoted(chosen.hex(), [WORDS], "en", "un", 1)
    intruder.says(line, intruder.as_circle(pair), pair.public, KeyName(0, 1, 1))
    assert report.status(here.sara, author.case_id).given is None
    assert on_the_page(author).lines == ()


def test_a_member_who_writes_the_mailbox_takes_no_refusal_away_that_somebody_has_read(
    here: Here, report: Reporting, asked: Author
) -> None:
    report.judges(asked, "no")
    report.world.opens(here.dana, asked.case_id)
    (newest,) = messages.messages_of(here.world.mailbox, asked.case_id)[-1:]
    Intruder(here.world, asked.case_id).runs("DELETE FROM messages WHERE id = ?", newest.id)
    two_weeks_pass(here)
    assert report.step(here.sara, asked.case_id) in ("forbidden", "unread")
    assert report.gives(here.sara, asked.case_id) == []
    asked.allows("yes", quote=True)  # another word of its author's brings the words back no more than silence does
    assert report.reads(here.sara, asked) == "forbidden"
    assert report.gives(here.sara, asked.case_id) == []


def test_a_refusal_taken_away_before_anybody_has_read_it_leaves_a_gap_that_holds_the_words_back(
    here: Here, report: Reporting, asked: Author
) -> None:
    report.judges(asked, "no")
    (refusal,) = messages.messages_of(here.world.mailbox, asked.case_id)[-1:]
    here.world.answers(here.noor, asked.case_id)
    Intruder(here.world, asked.case_id).runs("DELETE FROM messages WHERE id = ?", refusal.id)
    with here.world.desk.writing():  # as if nobody had noted it: the answer was written before the page was read
        here.world.desk.run("DELETE FROM read")
    here.world.opens(here.sara, asked.case_id)
    two_weeks_pass(here)
    assert report.step(here.sara, asked.case_id) == "forbidden"
    assert report.gives(here.sara, asked.case_id) == []


def test_a_member_who_writes_the_mailbox_lets_words_go_under_no_older_key(
    here: Here, report: Reporting, author: Author
) -> None:
    pair, intruder = own_pair(here.world, here.noor, here.first), Intruder(here.world, author.case_id)
    report.asked(here.sara, here.dana, author)
    author.allows("no")
    here.world.opens(here.sara, author.case_id)
    here.world.shuts_out(here.sara, "noor")
    author.writes_back("I am still here.")
    here.world.opens(here.sara, author.case_id)
    leave = Consent("no", count=True, quote=True, day=here.world.today)
    intruder.says(leave, intruder.as_circle(pair), pair.public, KeyName(0, 1, 1), "visitor")
    two_weeks_pass(here)
    here.world.opens(here.sara, author.case_id)
    assert report.step(here.sara, author.case_id) == "forbidden"
    assert report.gives(here.sara, author.case_id) == []


def test_what_does_not_open_could_be_a_no(here: Here, report: Reporting, asked: Author) -> None:
    intruder = Intruder(here.world, asked.case_id)
    report.judges(asked, "no")
    (newest,) = messages.messages_of(here.world.mailbox, asked.case_id)[-1:]
    intruder.runs("UPDATE messages SET sealed = ? WHERE id = ?", b"\x02" + bytes(len(newest.sealed) - 1), newest.id)
    intruder.runs("UPDATE cases SET unread = 0 WHERE id = ?", asked.case_id)
    two_weeks_pass(here)
    assert report.gives(here.sara, asked.case_id) == []
    here.world.opens(here.sara, asked.case_id)
    assert report.gives(here.sara, asked.case_id) == []


def test_a_member_who_writes_the_mailbox_says_yes_in_an_authors_name_and_the_author_reads_what_was_given(
    here: Here, report: Reporting, asked: Author
) -> None:
    pair, intruder = own_pair(here.world, here.sara, here.first), Intruder(here.world, asked.case_id)
    question = on_the_page(asked).question
    assert question is not None
    yes = QuoteVerdict(question.id, "yes", here.world.today)
    intruder.says(yes, intruder.as_circle(pair), pair.public, KeyName(0, 1, 1), "visitor")
    here.world.opens(here.sara, asked.case_id)
    assert report.gives(here.sara, asked.case_id) == [asked.case_id]
    assert [line.words.words for line in on_the_page(asked).lines] == [[WORDS]]


def test_a_member_who_writes_the_desk_puts_no_other_words_under_a_yes(
    here: Here, report: Reporting, asked: Author
) -> None:
    report.judges(asked, "yes")
    assert report.reads(here.sara, asked) == "ready"
    status = report.status(here.sara, asked.case_id)
    keys, chosen = status.opened.keys, status.chosen
    assert chosen is not None
    (entry,) = [each for each in entries.entries_of(here.world.desk, asked.case_id) if each.id == chosen.id]
    key = note_key(keys.circle.pair.private, asked.case_id, keys.row.codes[0])
    other = replace(chosen.words, words=["The uncle lives behind the bakery."])
    put = "UPDATE entries SET sealed = ? WHERE id = ?"
    with here.world.desk.writing():
        here.world.desk.run(put, (seal(key, pack(other), entry.place), entry.id))
    assert report.step(here.noor, asked.case_id) == "anew"
    assert report.gives(here.noor, asked.case_id) == []


def test_words_of_another_circle_are_nobodys(here: Here, report: Reporting, asked: Author) -> None:
    two_weeks_pass(here)
    assert report.gives(here.rojin, asked.case_id) == []
    assert stored.cases_with_quotations(here.world.desk, [here.law], b"", 25) == []
    assert stored.cases_with_quotations(here.world.desk, [here.first], b"", 25) == [asked.case_id]
