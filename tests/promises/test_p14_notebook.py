"""P14, the notebook: nobody alone makes somebody whom the circle knows, and it holds nothing that leads to a door.

Somebody of the circle, or with the desk's file, or thirty visitors, try to send people where one person wants them.
"""

from itertools import product

import pytest

from onion_app.crypto.casekeys import notebook_key
from onion_app.crypto.keys import new_id
from onion_app.crypto.payloads import Referral
from onion_app.crypto.sealing import open_seal
from onion_app.desk import circles as desk_circles
from onion_app.desk import notebook, phrases
from onion_app.desk.notebook import KnownReferral, Notebook
from onion_app.errors import CircleKeyChanged, NotAllowed, NothingHere, Refused, SealBroken
from onion_app.vault.desk import audit
from onion_app.vault.desk import notebook as rows
from tests import tables
from tests.two_people import Here
from tests.world import Enrolled

pytestmark = pytest.mark.usefixtures("nothing_is_stretched")

WORST = '\U0001f9ff"\\\x01'  # four bytes, or two, or the six that JSON makes of it


def content(here: Here, who: Enrolled, **changed: object) -> Referral:
    """Give a hotline that has published its number."""
    published = {"published": True, "name": "A hotline", "contact": "0770 123 4567"}
    words = {"known_for": "lawyer", "region": "iraq.baghdad", "language": "ar", "writer": who.id.hex()}
    return Referral(**words | published | {"day": here.world.today} | changed)  # type: ignore[arg-type]  # of these fields


def writes(here: Here, who: Enrolled, **changed: object) -> bytes:
    entry_id = new_id()
    notebook.write_referral(here.world.dbs, here.world.member(who), here.first, entry_id, content(here, who, **changed))
    return entry_id


def writes_unpublished(here: Here, who: Enrolled) -> bytes:
    return writes(here, who, known_for="shelter", published=False, name="", contact="")


def knows_too(here: Here, who: Enrolled, entry_id: bytes) -> None:
    notebook.know_too(here.world.dbs, here.world.member(who), here.first, entry_id)


def reads(here: Here, who: Enrolled) -> Notebook:
    return notebook.read_notebook(here.world.dbs, here.world.member(who), here.first)


def seen(here: Here, who: Enrolled, entry_id: bytes) -> KnownReferral:
    return next(each for each in reads(here, who).referrals if each.id == entry_id)


def in_answer(here: Here, who: Enrolled, kind: str = "lawyer", region: str = "iraq.baghdad") -> str:
    member = here.world.member(who)
    return notebook.words_for_answer(here.world.dbs, member, here.first, kind, region, "en")


def readings(here: Here) -> list[bytes | None]:
    lines, _ = audit.audit_of(here.world.desk, here.first)
    return [line.who for line in lines if line.what == "read the notebook"]


def test_thirty_visitors_who_need_a_place_tonight(here: Here) -> None:
    """Attack: thirty people, or one who hunts, ask for a place; no answer names one, nor tells whether there is one."""
    regions = ("iraq.baghdad", "iraq.basra", "everywhere")
    without = {region: in_answer(here, here.dana, "shelter", region) for region in regions}
    knows_too(here, here.dana, writes_unpublished(here, here.noor))
    with pytest.raises(Refused, match="does not stand here"):
        writes(here, here.noor, known_for="shelter", published=False, name="", contact="the blue door by the bakery")
    with pytest.raises(Refused, match="does not stand here"):
        writes(here, here.noor, known_for="shelter", published=False, name="Aunt Hana", contact="")
    for region in regions * 10:
        assert in_answer(here, here.dana, "shelter", region) == without[region] == ""
    assert all("{day}" in sentence for sentence in phrases.PHRASES["ask_them"].values())


def test_a_poisoned_entry(here: Here) -> None:
    """Attack: somebody of the circle writes down a trap, and would have the others send people there."""
    world, trap = here.world, writes(here, here.noor, name="We help you", contact="0771 000 0000")
    own = desk_circles.invite(world.dbs, world.member(here.noor), here.first)
    here.people["again"] = world.enrol(here.first, "again", by=own)
    world.let_in(here.dana, here.first, "again")
    for days in (0, 14, 45):  # a second account of one's own, however long it waits below sixty days
        here.clock.wait(days=days)
        for accomplice in (here.noor, here.again):
            with pytest.raises(Refused, match="another one of you"):
                knows_too(here, accomplice, trap)
        assert in_answer(here, here.dana) == ""
    knows_too(here, here.dana, trap)
    assert "0771 000 0000" in in_answer(here, here.sara)
    world.shuts_out(here.sara, "noor")
    assert seen(here, here.dana, trap).left
    assert in_answer(here, here.dana) == "", "its writer was shut out, and people are sent there still"
    with pytest.raises(Refused, match="another one of you"):
        knows_too(here, here.sara, trap)
    notebook.take_away(world.dbs, world.member(here.dana), here.first, trap)
    assert reads(here, here.sara).referrals == []


def test_a_poisoned_entry_that_somebody_with_the_file_of_the_desk_puts_there(here: Here) -> None:
    world, first = here.world, writes(here, here.noor)
    knows_too(here, here.dana, first)
    other, theirs = new_id(), new_id()
    notebook.write_referral(world.dbs, world.member(here.rojin), here.law, theirs, content(here, here.rojin))
    unknown = writes(here, here.noor, name="We help you", contact="0771 000 0000")
    key = world.keys.desk
    with tables.opened(world.state.path / "desk" / "desk.db", key) as file:
        known = file.execute("SELECT sealed FROM notebook WHERE id = ?", (first,)).fetchone()[0]
        file.execute("UPDATE notebook SET sealed = ? WHERE id = ?", (known, unknown))  # checked under another id
        file.execute("UPDATE notebook SET circle_id = ? WHERE id = ?", (here.first, theirs))  # another circle's
        file.execute("INSERT INTO notebook VALUES (?, ?, 1, ?)", (other, here.first, bytes(8233)))
    book = reads(here, here.sara)
    assert [each.id for each in book.referrals] == [first]
    assert book.closed == 3
    assert in_answer(here, here.sara).count("0770 123 4567") == 1


def test_words_changed_before_the_yes(here: Here) -> None:
    """Attack: what somebody is about to press on is taken away, and a trap is written down under the same id."""
    world, entry_id = here.world, writes(here, here.noor)
    member = world.member(here.noor)
    notebook.take_away(world.dbs, member, here.first, entry_id)
    trap = content(here, here.noor, name="We help you", contact="0771 000 0000")
    notebook.write_referral(world.dbs, member, here.first, entry_id, trap)
    with pytest.raises(NothingHere):
        knows_too(here, here.dana, entry_id)
    assert in_answer(here, here.dana) == ""


def test_what_is_written_where_something_was_taken_away_stays(here: Here) -> None:
    world, member, entry_id = here.world, here.world.member(here.noor), new_id()
    notebook.write_message(world.dbs, member, here.first, entry_id, "Written in haste.")
    notebook.take_away(world.dbs, member, here.first, entry_id)
    notebook.write_message(world.dbs, member, here.first, entry_id, "Written better.")  # the page before, once more
    rows.forget_faded(world.desk, world.today)
    assert [each.text for each in reads(here, here.dana).messages] == ["Written better."]


def test_a_newcomer_reads_all(here: Here) -> None:
    """Attack: an informer is let in, and copies everything at once: it is in the audit, and leads to no door."""
    public, private = writes(here, here.noor), writes_unpublished(here, here.noor)
    knows_too(here, here.dana, public)
    newcomer = here.comes(here.first, "hana", here.sara)
    before = readings(here)
    book = reads(here, newcomer)
    assert {each.id for each in book.referrals} == {public, private}
    assert readings(here).count(newcomer.id) == 1 + before.count(newcomer.id)
    named = [each.content for each in book.referrals if each.id == private]
    assert [(each.name, each.contact) for each in named] == [("", "")]
    with pytest.raises(Refused, match="another one of you"):
        knows_too(here, newcomer, private)
    assert not any(each.may_know_too for each in book.referrals)


def test_lengths_of_rows(here: Here) -> None:
    """Attack: somebody with the file of the desk tells entries apart by their length, or by anything beside it."""
    member = here.world.member(here.noor)
    for text in ("a", (WORST * 1000)[:1000]):
        notebook.write_message(here.world.dbs, member, here.first, new_id(), text)
    longest = (WORST * 120)[:120]
    for entry_id in (writes_unpublished(here, here.noor), writes(here, here.noor, name=longest, contact=longest)):
        knows_too(here, here.dana, entry_id)
    stored = here.world.desk.rows("SELECT * FROM notebook")
    assert {len(row) for row in stored} == {4}, "id, circle, generation, sealed"
    assert [len(bytes(row[3] or b"")) for row in stored] == [8233] * 4  # type: ignore[arg-type]  # a column of bytes
    assert len({row[1:3] for row in stored}) == 1


def test_each_reading_of_the_whole_is_in_the_circles_audit(here: Here) -> None:
    for who in (here.sara, here.noor, here.sara):
        reads(here, who)
    assert sorted(who for who in readings(here) if who) == sorted([here.sara.id, here.sara.id, here.noor.id])


def test_it_is_grey_after_90_days_until_a_second_person_says_again_that_they_know_it(here: Here) -> None:
    entry_id = writes(here, here.noor)
    assert not seen(here, here.sara, entry_id).usable
    knows_too(here, here.dana, entry_id)
    for days, usable in ((0, True), (90, True), (1, False)):
        here.clock.wait(days=days)
        assert seen(here, here.sara, entry_id).usable is usable
        assert bool(in_answer(here, here.sara)) is usable
    knows_too(here, here.sara, entry_id)
    assert seen(here, here.dana, entry_id).usable


def test_what_was_checked_while_the_clock_was_ahead_is_not_usable_for_so_much_longer(here: Here) -> None:
    entry_id = writes(here, here.noor)
    here.clock.wait(days=400)
    knows_too(here, here.dana, entry_id)
    here.clock.wait(days=-400)
    assert not seen(here, here.sara, entry_id).usable
    assert in_answer(here, here.sara) == ""
    knows_too(here, here.sara, entry_id)
    assert seen(here, here.dana, entry_id).usable


def test_whoever_is_in_another_circle_or_out_reads_nothing_and_writes_nothing(here: Here) -> None:
    entry_id, world = writes(here, here.noor), here.world
    for act in (reads, lambda place, who: knows_too(place, who, entry_id), writes, in_answer):
        with pytest.raises(NotAllowed):
            act(here, here.rojin)
    informer = world.member(here.noor)
    old = informer.circles[here.first].pairs
    world.shuts_out(here.sara, "noor")
    with pytest.raises(CircleKeyChanged):  # with the session of before
        notebook.write_message(world.dbs, informer, here.first, new_id(), "Still here.")
    later = writes(here, here.dana)
    row = rows.read_row(world.desk, later, here.first)
    assert row.generation not in old, "what is written after it opens to whoever is out"
    assert rows.read_row(world.desk, entry_id, here.first).generation in old, "nothing is sealed anew"
    assert {each.id for each in reads(here, here.dana).referrals} == {entry_id, later}
    theirs = [pair.private for own in world.member(here.rojin).circles.values() for pair in own.pairs.values()]
    theirs += [pair.private for pair in old.values()]  # and of whoever is out, of before
    for private, circle_id in product(theirs, (here.first, here.law)):
        with pytest.raises(SealBroken):
            open_seal(notebook_key(private, circle_id), row.sealed, row.place)
