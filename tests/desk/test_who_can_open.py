"""People come, go, work in one circle or in both, and hand cases on; who opens what is compared with plain sets.

They do it in any order, and it is compared after each step. The desk's own functions and the site's do the work, on
real databases with real keys; only the stretching of passphrases is cheap here. The model knows no keys, no grants and
no wraps: only who is in which circle, and what those who had every key and every backup of theirs may still open.
"""

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from nacl.pwhash import argon2id

from onion_app.crypto.epochs import unwrap
from onion_app.crypto.keys import new_id
from onion_app.desk import answering, case_keys, enrolment, handover, member_removal, permissions, rekeying
from onion_app.desk import circles as membership
from onion_app.desk.delays import Delays
from onion_app.desk.permissions import Member
from onion_app.errors import LoginRefused, NotAllowed, NothingHere, Paused, Refused, SealBroken
from onion_app.site.author_keys import keys_by_epoch
from onion_app.vault.desk import invitations, moderators
from onion_app.vault.desk.circles import CIRCLE_CHANGED, grants_of, waiting_in
from onion_app.vault.desk.taken import give_case_back, taken_by
from onion_app.vault.mailbox import lifetime
from onion_app.vault.shown import routing
from tests.desk.model import CIRCLES, Model
from tests.world import Author, Clock, World, hardly_stretched

PEOPLE, CASES = 6, 4
MEMORY = Path("/dev/shm")  # nobody waits for the disk here
FIRST = "Narin"  # coordinates, and is never shut out


class Circles(RuleBasedStateMachine):
    """Everything that people do, in any order."""

    @initialize()
    def found_the_house(self) -> None:
        """Begin with two circles, three members, one of them in both, and a case in each circle."""
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(argon2id, "kdf", hardly_stretched)
        self.folder = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        self.house = World(Path(self.folder.name), Clock())
        self.dbs = self.house.dbs
        self.model = Model()
        self.ids = {
            CIRCLES[0]: self.house.circle(CIRCLES[0], catch_all=True),
            CIRCLES[1]: self.house.circle(CIRCLES[1], topics=("law",)),
        }
        self.who: dict[str, tuple[bytes, bytes]] = {}  # id and private key
        self.sheets: dict[str, str] = {}
        self.authors: dict[str, Author] = {}
        self.backups: set[tuple[Any, ...]] = set()
        self.copied: dict[str, set[bytes]] = {}
        self.tried: dict[tuple[bytes, bytes], bytes] = {}
        self.enrols(self.house.invitation(self.ids[CIRCLES[0]], coordinator=True), FIRST, CIRCLES[0])
        for circle in CIRCLES:
            self.invites_and_enrols(circle)
            self.somebody_asks(circle)
        self.joins("p2", CIRCLES[0])
        self.model.come("p2", CIRCLES[0])
        for newcomer in ("p1", "p2"):
            self.is_let_in(FIRST, newcomer, CIRCLES[0])

    def teardown(self) -> None:
        """Leave nothing."""
        if hasattr(self, "house"):
            self.house.close()
            self.folder.cleanup()
            self.patch.undo()

    def member(self, who: str) -> Member:
        """Sit somebody down at the desk."""
        return permissions.member_with_keys(self.dbs, *self.who[who])

    def enrols(self, invitation: str, who: str, circle: str) -> None:
        """Redeem an invitation."""
        made = enrolment.begin_enrolment(self.dbs, invitation)
        enrolment.enrol(self.dbs, made, who)
        self.who[who] = moderators.find_moderator(self.house.desk, who).id, made.secrets.private
        self.sheets[who] = made.sheet
        self.copied[who] = set()
        self.model.come(who, circle)

    def of_circle_with_cases(self, data: st.DataObject) -> tuple[str, str]:
        """Choose a case, and a member of its circle."""
        choices = [(who, case) for case, at in self.model.circle.items() for who in sorted(self.model.members[at])]
        return data.draw(st.sampled_from(choices))

    @precondition(lambda self: len(self.who) < PEOPLE)
    @rule(circle=st.sampled_from(CIRCLES))
    def invites_and_enrols(self, circle: str) -> None:
        code = membership.invite(self.dbs, self.member(FIRST), self.ids[circle])
        self.enrols(code, f"p{len(self.who)}", circle)

    @precondition(lambda self: self.model.waiting)
    @rule(data=st.data())
    def lets_in(self, data: st.DataObject) -> None:
        newcomer, circle = data.draw(st.sampled_from(sorted(self.model.waiting)))
        key = moderators.read_moderator(self.house.desk, self.who[newcomer][0]).public_key
        for stranger in sorted(set(self.who) - self.model.members[circle] - self.model.out):
            with pytest.raises(NotAllowed):
                membership.let_in(self.dbs, self.member(stranger), self.ids[circle], self.who[newcomer][0], key)
        if not self.model.members[circle]:
            return
        self.is_let_in(data.draw(st.sampled_from(sorted(self.model.members[circle]))), newcomer, circle)

    def is_let_in(self, host: str, newcomer: str, circle: str) -> None:
        """Let somebody in."""
        moderator = moderators.read_moderator(self.house.desk, self.who[newcomer][0])
        membership.let_in(self.dbs, self.member(host), self.ids[circle], moderator.id, moderator.public_key)
        self.model.let_in(host, newcomer, circle)

    @rule(data=st.data(), circle=st.sampled_from(CIRCLES))
    def somebody_joins_another(self, data: st.DataObject, circle: str) -> None:
        who = data.draw(st.sampled_from(sorted(set(self.who) - self.model.out)))
        if self.model.members[circle] and circle in self.model.places_of(who):
            with pytest.raises(Refused, match=invitations.ALREADY_IN_CIRCLE):
                self.joins(who, circle)
            return
        self.joins(who, circle)
        self.model.come(who, circle)

    def joins(self, who: str, circle: str) -> None:
        """Redeem an invitation under the handle that one has."""
        code = membership.invite(self.dbs, self.member(FIRST), self.ids[circle])
        enrolment.join(self.dbs, self.member(who), code)

    @precondition(lambda self: len(self.who) - len(self.model.out) > 1)
    @rule(data=st.data())
    def shuts_out(self, data: st.DataObject) -> None:
        who = data.draw(st.sampled_from(sorted(set(self.who) - self.model.out - {FIRST})))
        member_removal.remove_member(self.dbs, self.member(FIRST), self.who[who][0])
        self.model.shut_out(who)

    @precondition(lambda self: self.model.in_both())
    @rule(data=st.data(), circle=st.sampled_from(CIRCLES))
    def shuts_out_of(self, data: st.DataObject, circle: str) -> None:
        who = data.draw(st.sampled_from(self.model.in_both()))
        arguments = (self.dbs, self.member(FIRST), self.ids[circle], self.who[who][0])
        if circle == CIRCLES[0] and who == FIRST:
            with pytest.raises(Refused, match=member_removal.NOT_ONESELF):  # it would be their own office
                member_removal.remove_from_circle(*arguments)
            return
        member_removal.remove_from_circle(*arguments)
        self.model.shut_out_of(who, circle)
        with pytest.raises(Refused, match=CIRCLE_CHANGED):  # they are there no more
            member_removal.remove_from_circle(*arguments)

    @precondition(lambda self: len(self.authors) < CASES)
    @rule(circle=st.sampled_from(CIRCLES))
    def somebody_asks(self, circle: str) -> None:
        author, case = Author(self.house, self.ids[circle]), f"case {len(self.authors)}"
        if not self.model.members[circle]:  # nobody is there: whoever asks about it is heard by the others
            assert routing.writing_circle(self.house.mailbox, "law", "ar").id == self.ids[CIRCLES[0]]
            return
        author.writes("Hello?")
        self.authors[case] = author
        self.model.circle[case], self.model.newest[case] = circle, 0
        self.model.begin_epoch(case)
        self.model.write(case)

    @precondition(lambda self: self.authors)
    @rule(data=st.data())
    def the_author_writes_on(self, data: st.DataObject) -> None:
        case = data.draw(st.sampled_from(sorted(self.authors)))
        author = self.authors[case]
        if not self.model.members[self.model.circle[case]]:
            with pytest.raises(Paused):
                author.writes_back("More")
            return
        author.writes_back("More")
        self.model.write(case)

    @precondition(lambda self: any(self.model.members[at] for at in self.model.circle.values()))
    @rule(data=st.data())
    def somebody_answers(self, data: st.DataObject) -> None:
        who, case = self.of_circle_with_cases(data)
        self.takes(who, case)
        arguments = (self.dbs, self.member(who), self.authors[case].case_id, new_id(), "An answer", 99)
        if not self.model.opens_any(who, case):  # no proof that it is ours: its author would not believe it
            with pytest.raises(Refused, match=case_keys.KEYS_GONE):
                answering.send_reply(*arguments)
            return
        answering.send_reply(*arguments)
        self.model.answer(case)

    def takes(self, who: str, case: str) -> None:
        """Take a case, from whoever has it."""
        case_id = self.authors[case].case_id
        for taken, by in taken_by(self.house.desk, [case_id]).items():
            give_case_back(self.house.desk, taken, by)
        answering.take_case(self.dbs, self.member(who), case_id)
        self.model.take(who, case)

    @rule(data=st.data())
    def somebody_logs_in(self, data: st.DataObject) -> None:
        who = data.draw(st.sampled_from(sorted(self.who)))
        if who in self.model.out:
            with pytest.raises(NothingHere):
                self.member(who)
            return
        rekeying.at_login(self.dbs, *self.who[who])
        self.model.log_in(who)

    @precondition(lambda self: any(self.model.members[at] for at in self.model.circle.values()))
    @rule(data=st.data())
    def somebody_hands_a_case_over(self, data: st.DataObject) -> None:
        who, case = self.of_circle_with_cases(data)
        to = next(circle for circle in CIRCLES if circle != self.model.circle[case])
        self.takes(who, case)
        arguments = (self.dbs, self.member(who), self.authors[case].case_id, self.ids[to])
        if not self.model.members[to]:
            with pytest.raises(NothingHere):
                handover.hand_over(*arguments)
        elif not self.model.opens_all(who, case):
            with pytest.raises(Refused, match="opens for nobody"):
                handover.hand_over(*arguments)
        else:
            handover.hand_over(*arguments)
            self.model.hand_over(case, to)

    @rule(data=st.data())
    def somebody_comes_back_with_the_sheet(self, data: st.DataObject) -> None:
        who = data.draw(st.sampled_from(sorted(self.who)))
        sheet, delays = self.sheets[who], Delays(self.house.clock)
        if who not in self.model.out:
            moderator_id, made = enrolment.begin_recovery(self.dbs, delays, who, sheet)
            enrolment.recover(self.dbs, moderator_id, made)
            assert (moderator_id, made.secrets.private) == self.who[who]
            self.sheets[who] = made.sheet
        with pytest.raises(LoginRefused):  # a sheet works once, and for nobody who is out
            enrolment.begin_recovery(self.dbs, delays, who, sheet)

    @invariant()
    def members_open_what_the_model_says(self) -> None:
        for circle, circle_id in self.ids.items():
            held = {who for who in self.who if grants_of(self.house.desk, self.who[who][0], circle_id)}
            assert held == self.model.members[circle]
            waiting = {(waits.handle, circle) for waits in waiting_in(self.house.desk, circle_id)}
            assert waiting == {(who, where) for who, where in self.model.waiting if where == circle}
        for who in set(self.who) - self.model.out:
            member = self.member(who)
            assert {self.ids[circle] for circle in CIRCLES if who in self.model.members[circle]} == set(member.circles)
            for case, author in self.authors.items():
                stored = lifetime.read_case(self.house.mailbox, author.case_id)
                opened = (
                    set(case_keys.keys_by_epoch(self.dbs, member, stored))
                    if stored.circle_id in member.circles
                    else set()
                )
                assert opened == {epoch for _, epoch in self.model.all_of(case) if who in self.model.opens[case, epoch]}

    @invariant()
    def authors_open_everything(self) -> None:
        for case, author in self.authors.items():
            assert len(keys_by_epoch(self.house.mailbox, author.access)) == self.model.newest[case]

    @invariant()
    def with_every_key_and_backup_nobody_opens_what_was_written_without_them(self) -> None:
        self.model.remember()
        self.backups |= set(self.house.mailbox.rows("SELECT case_id, epoch, holder, wrap FROM case_keys"))
        for who in set(self.who) - self.model.out:
            circles = self.member(who).circles.values()
            self.copied[who] |= {pair.private for circle in circles for pair in circle.pairs}
        used = {case: keys_by_epoch(self.house.mailbox, author.access) for case, author in self.authors.items()}
        for who, copied in self.copied.items():
            stolen = {key for wrap in self.backups for private in copied if (key := self.opened(wrap, private))}
            for (case, epoch), _, allowed in self.model.written:
                assert who in allowed or used[case][epoch] not in stolen

    def opened(self, row: tuple[Any, ...], private: bytes) -> bytes:
        """Try a key on a wrap, once: the answer never changes. Nothing when it does not open."""
        case_id, epoch, holder, wrap = row
        if (wrap, private) not in self.tried:
            self.tried[wrap, private] = b""
            with suppress(SealBroken):
                key = unwrap(wrap, case_id=case_id, epoch=epoch, holder=holder, private_key=private).key
                self.tried[wrap, private] = key
        return self.tried[wrap, private]


Circles.TestCase.settings = settings(
    max_examples=30,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestWhoCanOpen = Circles.TestCase
