"""Authors, members and an intruder do whatever they can, in any order, over the real vault and rooms.

What must hold is compared after each step with plain facts: who was in which circle when something was written, and
which codes a case had had then. The intruder writes the mailbox past every function of ours, keeps a copy of every
row, and is helped by everybody who was shut out and by the holders of older codes. `Peace` is the same without them:
there nothing may fail that may be done, and nothing be done that may not.

`SANCTUARY_EXAMPLES=3000 ./scripts/test tests/keys/test_machine.py` looks further.
"""

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from onion_app.choices import MessageAuthor
from onion_app.crypto.casekeys import KeyName, mark_of
from onion_app.crypto.keys import KEY_BYTES, new_id, new_key
from onion_app.errors import NotAllowed, NothingHere, SanctuaryError, SealBroken
from onion_app.site.author_keys import CaseAccess
from onion_app.vault.mailbox.records import Message
from tests.keys.installation import CIRCLES, Case, Cut, Installation, Known, power_cut

EXAMPLES: Final = int(os.environ.get("SANCTUARY_EXAMPLES", "300"))
PEOPLE, CASES, CODES = 9, 3, 4
LOW_ORDER: Final = bytes(KEY_BYTES)

_Result = TypeVar("_Result")


@dataclass
class Written:
    """An honest message: who may ever read it, and from which older codes it is kept."""

    message: Message
    codes: int  # that the case had had
    met: bool  # the desk had met the newest of them
    circles: set[bytes]
    people: set[str] = field(default_factory=set)


# Some more than once: what is rare is not what most depends on.
USUAL: Final = ("writes", "comes_back", "new_code", "opens", "answers", "hands", "shuts", "joins")
RARE: Final = ("notes", "publishes", "takes_back", "stranger", "visit_of_before", "old_form")
ACTS: Final = (*USUAL, *USUAL, *USUAL, "hands", "writes", *RARE)
HOSTILE: Final = ("plants_codes", "plants_else", "moves_messages", "moves_case", "forges", "forges", "plants_number")
hostile_only = precondition(lambda self: self.hostile)


class Keys(RuleBasedStateMachine):
    """Everything that anybody does."""

    hostile: ClassVar = True
    first: ClassVar[Known]  # what each example begins with

    @initialize()
    def begin(self) -> None:
        """Let somebody ask each of the two circles that have members."""
        self.folder = tempfile.TemporaryDirectory(dir=self.first.path.parent)
        self.at = Installation(Path(self.folder.name), self.first)
        self.cases: list[Case] = []
        self.marks: dict[bytes, bytes] = {}
        self.closed: set[bytes] = set()
        self.unsure: set[bytes] = set()  # cases whose circle was founded anew since their author came
        self.unread: set[bytes] = set()  # those whose first words nobody opens since: nothing of them is published
        self.met: dict[bytes, int] = {}  # how many codes a member has seen proved
        self.written: list[Written] = []
        self.honest: set[bytes] = set()  # ids of messages
        self.forged: set[bytes] = set()
        self.read: dict[bytes, int] = {}  # up to which number a member has read
        self.doubtful: set[bytes] = set()  # forged where somebody had read
        self.visits: list[tuple[Case, CaseAccess, int]] = []
        self.held: dict[str, dict[tuple[bytes, int], bytes]] = {}
        self.stories: list[tuple[bytes, Case, bytes]] = []  # with the mark of the proof that takes each back
        self.taken_back: set[bytes] = set()  # marks, for good
        self.copies: list[Any] = []
        self.sent_again = 0  # forms: each time with other words, since the same ones are stored once and need no circle
        self.changed: list[Case] = []
        self.remember_keys()
        for circle in list(CIRCLES)[:2]:
            self.asks(self.at.circles[circle])

    def teardown(self) -> None:
        """See that in the end both sides answer each other, once the intruder has gone and the author has come back."""
        if not hasattr(self, "at"):
            return
        try:
            self.ends()
        finally:
            self.at.close()
            self.folder.cleanup()

    def ends(self) -> None:
        self.at.chores()
        for case in self.cases:
            self.both_answer(case)

    def both_answer(self, case: Case) -> None:
        written = self.tried(lambda: self.at.writes_back(case, "hello again"), self.may_write(case))
        if written is None:
            return
        self.collects(case)
        who = self.at.inside(case.circle)[0]
        opened = self.at.opens(who, case)
        assert [each for each in opened.messages if each.message.id == written.id and each.packed]
        assert opened.met_fits or self.hostile
        if opened.met_fits:
            answer = self.at.answers(who, case, "we are here")
            assert self.at.reads(self.at.looks_in(case))[answer.number] == "we are here"

    # --- helpers ----------------------------------------------------------------------------------------------------

    def some(self, data: st.DataObject, choices: list[_Result]) -> _Result | None:
        return choices[data.draw(st.integers(0, len(choices) - 1))] if choices else None

    def tried(self, call: Callable[[], _Result], may: bool) -> _Result | None:  # noqa: FBT001
        """Do something: what may not be done is never done, and in peace what may be done always is."""
        try:
            result = call()
        except SanctuaryError:
            if may and not self.hostile:
                raise
            return None
        assert may
        return result

    def may_enter(self, case: Case) -> bool:
        return case.id not in self.closed

    def may_write(self, case: Case) -> bool:
        return self.may_enter(case) and bool(self.at.inside(case.circle))

    def remember_keys(self) -> None:
        """Note what everybody holds: the intruder will have it once they are out."""
        for circle in self.at.circles.values():
            for handle in self.at.inside(circle):
                self.held.setdefault(handle, {}).update(self.at.holds(handle))

    def remember_people(self) -> None:
        """Note who can have read what was written: whoever is in a circle that has the case, or had it since."""
        circle = {case.id: case.circle for case in self.cases}
        inside = {each: set(self.at.inside(each)) for each in self.at.circles.values()}
        for each in self.written:
            each.circles |= {circle[each.message.case_id]} if each.message.case_id in circle else set()
            for had in each.circles:
                each.people |= inside[had]

    def collects(self, case: Case) -> None:
        """Note what honest people have just written in a case, whoever reads it from now on."""
        self.at.intruder.looks()
        new = [each for each in self.at.intruder.messages_of(case.id) if each.id not in self.honest | self.forged]
        self.honest |= {each.id for each in new}
        for each in new:
            met = each.author != "circle" or self.met.get(case.id, 1) >= len(case.codes)
            self.written.append(Written(each, len(case.codes), met, {case.circle}))
        self.changed.append(case)

    def outside(self, people: set[str]) -> dict[tuple[bytes, int], bytes]:
        """Give every key that anybody held who is not one of these."""
        return {place: key for who, held in self.held.items() if who not in people for place, key in held.items()}

    def cut(self, data: st.DataObject) -> int | None:
        return data.draw(st.sampled_from([None] * 9 + [0, 1, 2, 3, 4]))

    # --- honest people ----------------------------------------------------------------------------------------------

    def asks(self, circle: bytes) -> None:
        case = self.at.asks(circle)
        self.cases.append(case)
        self.marks[case.id] = (self.at.intruder.row(case.id) or ())[2]
        self.collects(case)

    @precondition(lambda self: len(self.cases) < CASES)
    @rule(circle=st.sampled_from(list(CIRCLES)))
    def somebody_asks(self, circle: str) -> None:
        circle_id = self.at.circles[circle]
        if self.at.inside(circle_id):
            self.asks(circle_id)

    @hostile_only
    @rule(data=st.data(), acts=st.lists(st.sampled_from(ACTS + HOSTILE), min_size=3, max_size=10))
    def a_hostile_life(self, data: st.DataObject, acts: list[str]) -> None:
        """Let much happen to one case, with the intruder in between."""
        self.a_life_of(data, acts)

    @rule(data=st.data(), acts=st.lists(st.sampled_from(ACTS), min_size=3, max_size=8))
    def a_peaceful_life(self, data: st.DataObject, acts: list[str]) -> None:
        """Let much happen to one case."""
        self.a_life_of(data, acts)

    def a_life_of(self, data: st.DataObject, acts: list[str]) -> None:
        if case := self.some(data, self.cases):
            for act in acts:
                if act not in HOSTILE or self.at.intruder.row(case.id):
                    getattr(self, f"_{act}")(case, data)
                self.remember_people()

    def _writes(self, case: Case, _data: st.DataObject) -> None:
        if self.tried(lambda: self.at.writes_back(case), self.may_write(case)):
            self.unsure.discard(case.id)
            self.collects(case)

    def _comes_back(self, case: Case, _data: st.DataObject) -> None:
        access = self.tried(lambda: self.at.visit(case), self.may_enter(case))
        if access:
            self.visits.append((case, access, len(case.codes)))
            if self.at.inside(case.circle):
                self.unsure.discard(case.id)
            self.collects(case)

    def _new_code(self, case: Case, _data: st.DataObject) -> None:
        if len(case.codes) == CODES:
            return
        access = self.tried(lambda: self.at.changes_code(case), self.may_enter(case))
        if access:
            if self.at.inside(case.circle):
                self.unsure.discard(case.id)
            else:
                self.unsure.add(case.id)
            self.collects(case)

    def _opens(self, case: Case, data: st.DataObject) -> None:
        if who := self.some(data, self.at.inside(case.circle)):
            opened = self.tried(lambda: self.at.opens(who, case), may=True)
            proved = [
                each.message.codes
                for each in (opened.messages if opened else ())
                if each.proves and each.message.id in self.honest
            ]
            self.met[case.id] = max(proved, default=self.met.get(case.id, 1))
            seen = [each.message.number for each in opened.messages if each.message.id in self.honest] if opened else []
            self.read[case.id] = max([self.read.get(case.id, 0), *seen])
            self.changed.append(case)

    def _answers(self, case: Case, data: st.DataObject) -> None:
        if who := self.some(data, self.at.inside(case.circle)):
            may = self.may_enter(case) and (self.hostile or case.id not in self.unsure)
            with suppress(Cut), power_cut(self.cut(data)):
                self.tried(lambda: self.at.answers(who, case), may)
            self.collects(case)

    def _notes(self, case: Case, data: st.DataObject) -> None:
        if who := self.some(data, self.at.inside(case.circle)):

            def noted() -> None:
                self.at.notes(who, case, "Lives with his sister.")
                assert "Lives with his sister." in self.at.notes_of(who, case)

            self.tried(noted, may=True)

    def _hands(self, case: Case, data: st.DataObject) -> None:
        who = self.some(data, self.at.inside(case.circle))
        to = self.some(data, [each for each in self.at.circles.values() if each != case.circle])
        if not who or not to:
            return
        may, inhabited = bool(self.at.inside(to)) and (self.hostile or not self.tells(case)), case.circle
        try:
            with power_cut(self.cut(data)):
                self.tried(lambda: self.at.hands_over(who, case, to), may)
        except Cut:
            self.at.world.follow()
            case.circle = self.holder(case) or inhabited
        self.collects(case)

    def tells(self, case: Case) -> bool:
        """Say whether a story is told of a case, which then stays with its circle."""
        return any(each.id == case.id and mark not in self.proved() for _, each, mark in self.stories)

    def proved(self) -> set[bytes]:
        """Give the marks of all proofs that lie in either file."""
        given = [row[0] for row in self.at.intruder.file.execute("SELECT proof FROM withdrawn").fetchall()]
        kept = [row[0] for row in self.at.world.shown.rows("SELECT proof FROM withdrawn")]
        return {mark_of(proof) for proof in (*given, *kept) if isinstance(proof, bytes)}

    def holder(self, case: Case) -> bytes | None:
        newest = "SELECT circle_id FROM handed WHERE case_id = ? ORDER BY turn DESC"
        row = self.at.world.desk.row(newest, (case.id,))
        return row[0] if row else None  # type: ignore[return-value]

    def _shuts(self, case: Case, data: st.DataObject) -> None:
        if who := self.some(data, self.at.inside(case.circle)):
            try:
                with power_cut(self.cut(data)):
                    self.at.shut_out(who)
            except Cut:
                self.at.world.follow()
            self.remember_keys()
            self.changed += [each for each in self.cases if each.circle == case.circle]

    def _joins(self, case: Case, _data: st.DataObject) -> None:
        self.joins(case.circle)

    def joins(self, circle: bytes) -> None:
        if len(self.held) >= PEOPLE:
            return
        if not self.at.inside(circle):
            self.unsure |= {case.id for case in self.cases if case.circle == circle}
            self.unread |= self.unsure
        self.at.comes(f"p{len(self.held)}", circle)
        self.remember_keys()

    @rule(circle=st.sampled_from(list(CIRCLES)))
    def somebody_comes(self, circle: str) -> None:
        self.joins(self.at.circles[circle])

    def _stranger(self, case: Case, data: st.DataObject) -> None:
        """Let somebody of another circle try what is not theirs."""
        others = sorted({who for each in self.at.circles.values() for who in self.at.inside(each)})
        who = self.some(data, [who for who in others if who not in self.at.inside(case.circle)])
        if not who:
            return
        calls: dict[str, Callable[[], object]] = {
            "opens": lambda: self.at.opens(who, case),
            "answers": lambda: self.at.answers(who, case),
            "notes": lambda: self.at.notes(who, case),
            "hands": lambda: self.at.hands_over(who, case, self.at.circles["Law"]),
        }
        with pytest.raises(SanctuaryError if self.hostile else NotAllowed):
            calls[data.draw(st.sampled_from(list(calls)))]()

    def _visit_of_before(self, case: Case, data: st.DataObject) -> None:
        """Nothing goes on through the door of an older code, unless somebody put the old row back."""
        visit = self.some(data, [each for each in self.visits if each[0] is case and each[2] < len(case.codes)])
        if not visit:
            return
        _, access, codes = visit
        forgotten = Case(case.id, case.codes[:codes], case.form, case.circle)
        calls: dict[str, Callable[[], object]] = {
            "reads": lambda: self.at.reads_page(access),
            "writes": lambda: self.at.writes(access),
            "code": lambda: self.at.changes_code(forgotten, access),
        }
        with suppress(NothingHere) if self.hostile else pytest.raises(NothingHere):
            calls[data.draw(st.sampled_from(list(calls)))]()
        self.forged |= {each.id for each in self.at.intruder.messages_of(case.id)} - self.honest

    def _old_form(self, case: Case, data: st.DataObject) -> None:
        """Send a form again, changed and about something else: nothing is stored but where its code is the case's."""
        circle = data.draw(st.sampled_from(list(CIRCLES)))
        stands = self.at.intruder.row(case.id)
        may = len(case.codes) == 1 and self.may_write(case)
        tag = self.at.world.author_keys(case.codes[-1]).tag
        if self.hostile and (not stands or (stands[2], stands[4]) != (self.marks[case.id], tag)):
            return  # a case that was taken away may begin anew, and one that was put back have its older code
        before = len(self.at.intruder.whole()[0][1])
        self.sent_again += 1
        self.tried(lambda: self.at.sends(case.form, self.at.circles[circle], f"other words {self.sent_again}"), may)
        if may:
            self.unsure.discard(case.id)
            self.collects(case)
        assert len(self.at.intruder.whole()[0][1]) == before

    @rule(data=st.data())
    def closes_door(self, data: st.DataObject) -> None:
        case = self.some(data, self.cases)
        if not case or not data.draw(st.sampled_from([False, False, True])):
            return
        if who := self.some(data, self.at.inside(case.circle)):
            try:
                with power_cut(self.cut(data)):
                    self.tried(lambda: self.at.closes_door(who, case), may=True)
            except Cut:
                self.at.world.follow()
            if self.at.world.desk.row("SELECT 1 FROM doors WHERE case_id = ?", (case.id,)):
                self.closed.add(case.id)

    def _publishes(self, case: Case, data: st.DataObject) -> None:
        who = self.some(data, self.at.inside(case.circle))
        if not who or case.id in self.unread or any(each.id == case.id for _, each, _ in self.stories):
            return
        access = self.tried(lambda: self.at.looks_in(case), self.may_enter(case))
        if access:
            may = self.hostile or not self.proved() & {access.story_mark, self.marks[case.id]}
            story = self.tried(lambda: self.at.publishes(who, case, access.story_mark), may)
            if story:
                self.stories.append((story, case, access.story_mark))
            self.changed.append(case)

    def _takes_back(self, case: Case, _data: st.DataObject) -> None:
        self.tried(lambda: self.at.takes_back(case), self.may_enter(case))
        self.unsure -= {case.id} if self.may_write(case) else set()
        self.collects(case)

    @rule(data=st.data())
    def erases(self, data: st.DataObject) -> None:
        case = self.some(data, self.cases)
        if case and data.draw(st.sampled_from([False, False, True])):
            try:
                self.at.erases(case)
            except NothingHere:
                assert self.hostile
                return
            self.cases.remove(case)
            self.nothing_is_left_of(case)
            assert self.hostile or {mark for _, each, mark in self.stories if each.id == case.id} <= self.proved()

    def nothing_is_left_of(self, case: Case) -> None:
        """See that without a copy of the row nobody opens anything, with all keys, codes, files and leftover bytes."""
        intruder = self.at.intruder
        rows = intruder.rows.pop(case.id)
        for code in case.codes:
            intruder.learns(self.at.world.author_keys(code))
        for message in intruder.messages:
            if message.case_id == case.id:
                assert not intruder.opens(message, self.outside(set()), knows_row=False)
        intruder.rows[case.id] = rows

    @rule()
    def chores(self) -> None:
        self.at.clock.wait(days=1)
        self.at.chores()
        self.taken_back |= self.proved()
        self.changed += self.cases

    # --- the intruder -----------------------------------------------------------------------------------------------

    def _plants_codes(self, case: Case, data: st.DataObject) -> None:
        packed, own = self.at.intruder.codes_of(case.id), self.at.intruder.own
        codes = {
            "longer": packed + own,
            "shorter": packed[:KEY_BYTES],
            "fork": packed[:KEY_BYTES] + own,
            "other": own,
            "low": packed + LOW_ORDER,
            "strange": packed + own[1:],
        }
        self.at.intruder.changes(case.id, codes=codes[data.draw(st.sampled_from(list(codes)))])
        self.changed.append(case)

    def _plants_else(self, case: Case, data: st.DataObject) -> None:
        intruder, circle = self.at.intruder, data.draw(st.sampled_from(list(CIRCLES)))
        how = data.draw(st.sampled_from(["home", "mark", "row", "row", "shut", "stop", "queue"]))
        if how == "row":
            intruder.puts_row(self.some(data, list(intruder.rows[case.id])) or ())
        else:
            changes: dict[str, dict[str, bytes | None]] = {
                "home": {"home": self.at.circles[circle]},
                "mark": {"mark": mark_of(new_key())},
                "shut": {"box": None, "tag": None, "stop": None},
                "stop": {"stop": bytes(73)},
                "queue": {"circle_id": self.at.circles[circle]},
            }
            intruder.changes(case.id, **changes[how])
        self.changed.append(case)

    def _moves_messages(self, case: Case, data: st.DataObject) -> None:
        """Take a message away, or put one back that was there."""
        intruder, back = self.at.intruder, data.draw(st.booleans())
        there = (
            [each for each in intruder.messages if each.case_id == case.id] if back else intruder.messages_of(case.id)
        )
        if message := self.some(data, there):
            if back:
                intruder.puts_messages([message])
            else:
                intruder.takes_away(case.id, message.number)
        self.changed.append(case)

    def _plants_number(self, case: Case, data: st.DataObject) -> None:
        """Put bytes that open for nobody under some number."""
        number = data.draw(st.sampled_from([0, 5, 9999, 10_000, 2**40]))
        planted = Message(case.id, number, new_id(), "visitor", 0, 1, 1, bytes(2089))
        self.at.intruder.puts_messages([planted])
        self.forged.add(planted.id)
        self.changed.append(case)

    def _moves_case(self, case: Case, data: st.DataObject) -> None:
        """Take a case away, for a run of the chores or not, and put some row of it back with all its messages."""
        intruder, chores, back = (
            self.at.intruder,
            data.draw(st.booleans()),
            data.draw(st.sampled_from([True, True, False])),
        )
        intruder.looks()
        row = self.some(data, list(intruder.rows[case.id]))
        assert row
        intruder.takes_away(case.id)
        if chores:
            self.at.chores()
        if back:
            intruder.puts_row(row)
            intruder.puts_messages(each for each in list(intruder.messages) if each.case_id == case.id)
        self.changed.append(case)

    @hostile_only
    @rule(data=st.data(), empty=st.booleans())
    def moves_the_whole_file(self, data: st.DataObject, empty: bool) -> None:  # noqa: FBT001
        """Put a whole older mailbox back, or none at all while the chores run."""
        intruder = self.at.intruder
        now = intruder.whole()
        if empty:
            intruder.puts_whole([(table, []) for table, _ in now[:3]])
            self.at.chores()
        elif data.draw(st.integers(0, 1)) and self.copies:
            now = self.some(data, self.copies) or now
        self.copies = [*self.copies, now][-3:]
        intruder.puts_whole(now)
        self.changed += self.cases

    @hostile_only
    @rule(how=st.sampled_from(["marks", "random", "short", "none"]))
    def plays_with_proofs(self, how: str) -> None:
        intruder = self.at.intruder
        if how == "none":
            intruder.file.execute("DELETE FROM withdrawn")
        else:
            proofs = {"marks": [row[2] for row in intruder.all_rows()], "random": [new_key()], "short": [b"short"]}
            intruder.withdraws(*proofs[how])

    def _forges(self, case: Case, data: st.DataObject) -> None:
        """Write in anybody's name with the keys of all who are out of the circle, or with an older code as well."""
        intruder, old_code = self.at.intruder, data.draw(st.booleans())
        author: MessageAuthor = data.draw(st.sampled_from(["visitor", "site", "circle"]))
        intruder.looks()
        own = dict(intruder.authors)
        intruder.circle_keys = self.outside(set(self.at.inside(case.circle)))
        if old_code:
            self.learns(case, len(case.codes) - 1)
        turns = [turn for case_id, turn in intruder.handed if case_id == case.id]
        name = KeyName(
            data.draw(st.sampled_from([0, *turns])),
            data.draw(st.integers(1, 3)),
            len(intruder.codes_of(case.id)) // KEY_BYTES,
        )
        with suppress(SealBroken):
            forged = intruder.forges(case.id, author, name, "forged", 0 if author == "site" else None)
            self.forged.add(forged.id)
            self.doubtful |= {forged.id} if forged.number <= self.read.get(case.id, 0) else set()
        intruder.authors, intruder.circle_keys = own, {}
        self.changed.append(case)

    def learns(self, case: Case, codes: int) -> None:
        for code in case.codes[:codes]:
            self.at.intruder.learns(self.at.world.author_keys(code))

    # --- what holds -------------------------------------------------------------------------------------------------

    @invariant()
    def nobody_opens_what_was_not_written_to_them(self) -> None:
        if not hasattr(self, "at"):
            return
        self.remember_people()
        intruder = self.at.intruder
        intruder.looks()
        for each in self.written:
            assert not intruder.opens(each.message, self.outside(each.people))
        own = dict(intruder.authors)
        for case in self.cases:
            for each in self.written:
                if each.message.case_id == case.id and each.met:
                    self.learns(case, each.codes - 1)
                    assert not intruder.opens(each.message, {})
                    intruder.authors = dict(own)

    @invariant()
    def stories_go_with_their_authors_proof_and_with_nothing_else(self) -> None:
        if hasattr(self, "at"):
            withdrawn = self.taken_back | self.proved()
            for story, case, mark in self.stories:
                if mark in withdrawn:
                    assert not self.at.shows(story)
                elif self.marks[case.id] not in withdrawn:
                    assert self.at.shows(story)

    @invariant()
    def authors_and_members_open_what_is_theirs(self) -> None:
        if not hasattr(self, "at"):
            return
        for case in {case.id: case for case in self.changed if case in self.cases}.values():
            there = {each.id: each for each in self.at.intruder.messages_of(case.id)}
            honest = [each.message for each in self.written if there.get(each.message.id) == each.message]
            with suppress(*([NothingHere] if self.hostile or case.id in self.closed else [])):
                self.author_opens(case, honest)
            for who in self.at.inside(case.circle)[:2]:
                with suppress(*([SanctuaryError] if self.hostile else [])):
                    self.member_opens(who, case, honest)
        self.changed.clear()

    def author_opens(self, case: Case, honest: list[Message]) -> None:
        read = self.at.reads_all(self.at.looks_in(case))
        for message, opened in read:
            assert message.author != "circle" or message.id in self.honest
            assert opened or message not in honest
        assert {message.id for message, _ in read} >= {message.id for message in honest}

    def member_opens(self, who: str, case: Case, honest: list[Message]) -> None:
        opened, held = self.at.sees(who, case), self.held[who]
        is_whole = self.at.intruder.codes_of(case.id) == case.public
        ids, newest, most = {message.id for message in honest}, (0, 0), 0
        for each in opened.messages:
            place = (opened.keys.circle_at(each.message.turn), each.message.generation)
            if each.message.id in ids and place in held and is_whole:
                assert each.packed is not None
                assert self.hostile or each.counts
            if each.counts and each.message.number:
                assert each.message.author != "circle" or each.message.id in self.honest
                assert each.message.id not in self.doubtful
                if each.message.id in self.honest:
                    newest, most = max(newest, each.message.key_name[:2]), max(most, each.message.codes)
                elif each.message.id in self.forged:
                    assert each.message.key_name[:2] >= newest
                    assert each.message.codes >= most


class Peace(Keys):
    """The same without the intruder."""

    hostile = False


@pytest.fixture(scope="module", autouse=True)
def begin_alike(first: Known) -> None:
    Keys.first = first


for machine in (Keys, Peace):
    machine.TestCase.settings = settings(
        max_examples=EXAMPLES // 3 * (1 + machine.hostile),
        stateful_step_count=12,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
TestKeys, TestPeace = Keys.TestCase, Peace.TestCase
