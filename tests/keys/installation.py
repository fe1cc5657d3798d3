"""Circles with their members, some authors, an intruder, and what each does: always by the product's own functions."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, cast
from unittest.mock import patch

from onion_app.crypto.codes import new_code
from onion_app.crypto.keys import new_id
from onion_app.crypto.keyslots import VaultKeys, close_slots
from onion_app.crypto.payloads import Text
from onion_app.desk import answering, case_view, handover, member_removal, queues
from onion_app.desk.case_keys import OpenedCase, open_case_messages
from onion_app.desk.permissions import Member
from onion_app.errors import NothingHere
from onion_app.launch import backup_restore
from onion_app.launch.backup_restore import Destination
from onion_app.launch.processes import chores
from onion_app.site import author_actions, new_case
from onion_app.site.author_keys import CaseAccess, code_keys, expect_open, open_messages, opened_by
from onion_app.site.author_view import AuthorView, read_case
from onion_app.site.context import SiteFiles
from onion_app.site.forms import Submission
from onion_app.site.new_case import Prepared
from onion_app.vault import statefiles
from onion_app.vault.database import Database
from onion_app.vault.desk import circles, stories, stories_queue, taken
from onion_app.vault.mailbox.case_keys import find_case
from onion_app.vault.mailbox.messages import messages_of
from onion_app.vault.mailbox.records import NUMBERS, Message
from onion_app.vault.shown.reading import Version, shown_story
from tests.keys.intruder import Intruder
from tests.world import Clock, Enrolled, World

if TYPE_CHECKING:
    from onion_app.launch.processes.child import Child

CIRCLES: Final = {"Listening": "talk", "Law": "law", "Health": "health"}  # by name the topic of each
PEOPLE: Final = {"sara": "Listening", "dana": "Listening", "law": "Law", "lina": "Law"}
SECRET: Final = "1234567890123456789012345627"
OPERATOR: Final = "narin"  # coordinates, in a circle of their own that no case comes to


class Round:
    """The orders for a round of the chores, and its reports, without a process of its own."""

    work, pause, clock_is_right = "all", None, False

    def __init__(self, world: World) -> None:
        self.world, self.orders, self.reports, self.clock = world, self, self, world.clock

    def machine_day(self) -> int:
        return self.world.today

    def folder(self, kind: str) -> Path:
        return self.world.state.path / kind

    def send(self, **_fact: object) -> None:
        pass

    def failed(self, error: str) -> None:
        raise AssertionError(error)


class Cut(BaseException):
    """The power is gone."""


@contextmanager
def power_cut(after: int | None) -> Iterator[None]:
    """Let so many changes be committed and lose all else, as a power cut would; None: no cut."""
    left, writing = after, Database.writing

    @contextmanager
    def cut(db: Database) -> Iterator[None]:
        nonlocal left
        with writing(db):
            yield
            if left == 0:
                raise Cut
            left = None if left is None else left - 1

    with patch.object(Database, "writing", cut):
        yield


@dataclass
class Case:
    """A case as its author knows it: every code that it has had, the form that it came with, the circle it is with."""

    id: bytes
    codes: list[str]
    form: Prepared
    circle: bytes
    public: bytes = b""  # the author's public keys, whatever stands in the row


class Known(NamedTuple):
    """An installation that nobody has open: where it lies, its keys, who is who."""

    path: Path
    keys: VaultKeys
    people: dict[str, Enrolled]
    circles: dict[str, bytes]


class Installation:
    """An installation, and everybody who has anything to do with it."""

    def __init__(self, folder: Path, like: Known | None = None) -> None:
        """Found three circles, of which two have members; or go on where another one stands, or in its place."""
        if like and like.path != folder:
            shutil.copytree(like.path, folder, dirs_exist_ok=True)
        self.clock = Clock()
        self.world: World = World(folder, self.clock, like.keys if like else None)
        self.people: dict[str, Enrolled] = dict(like.people) if like else {}
        self.circles: dict[str, bytes] = like.circles if like else {}
        if not like:
            self.people[OPERATOR] = self.world.enrol(
                self.world.circle("Operator", catch_all=True), OPERATOR, coordinator=True
            )
            self.circles = {name: self.world.circle(name, topics=(topic,)) for name, topic in CIRCLES.items()}
            for handle, circle in PEOPLE.items():
                self.comes(handle, self.circles[circle])
        self.intruder = Intruder(self.world)

    @property
    def known(self) -> Known:
        return Known(self.world.state.path, self.world.keys, self.people, self.circles)

    @property
    def files(self) -> chores.Files:
        return chores.Files(self.world.mailbox, self.world.shown, self.world.desk)

    def close(self) -> None:
        self.intruder.close()
        self.world.close()

    # --- at the desk ------------------------------------------------------------------------------------------------

    def inside(self, circle_id: bytes) -> list[str]:
        """List the handles of the members of a circle."""
        return [member.handle for member in circles.members_of(self.world.desk, circle_id)]

    def member(self, handle: str) -> Member:
        return self.world.member(self.people[handle])

    def holds(self, handle: str) -> dict[tuple[bytes, int], bytes]:
        """Give every private key of a circle that somebody's grants open."""
        own = self.member(handle).circles.values()
        return {(circle.id, number): pair.private for circle in own for number, pair in circle.pairs.items()}

    def comes(self, handle: str, circle_id: bytes) -> None:
        """Enrol somebody, whom a member lets in; where there is nobody they found the circle anew."""
        host = self.world.host_in(circle_id)
        if host is None:
            self.world.begins_anew(circle_id)
        self.people[handle] = self.world.enrol(circle_id, handle)
        if host is not None:
            self.world.let_in(next(each for each in self.people.values() if each.id == host), circle_id, handle)

    def shut_out(self, handle: str) -> None:
        member_removal.remove_as_operator(self.world.dbs, self.people[handle].id)

    def opens(self, handle: str, case: Case) -> OpenedCase:
        """Open a case as its page does."""
        member = self.member(handle)
        case_view.mark_opened(self.world.dbs, member, case.id)
        case_view.open_case(self.world.dbs, member, case.id)
        return self.sees(handle, case)

    def sees(self, handle: str, case: Case) -> OpenedCase:
        """Open the messages of a case, and note nothing."""
        return open_case_messages(self.world.dbs, self.member(handle), case.id)

    def takes(self, handle: str, case: Case) -> Member:
        """Take a case from whoever has it."""
        for by in taken.taken_by(self.world.desk, [case.id]).values():
            taken.give_case_back(self.world.desk, case.id, by)
        member = self.member(handle)
        queues.take_case(self.world.dbs, member, case.id)
        return member

    def answers(self, handle: str, case: Case, text: str = "We read every word.") -> Message:
        member, message_id = self.takes(handle, case), new_id()
        answering.send_reply(self.world.dbs, member, case.id, message_id, answering.Reply(text), NUMBERS[-1])
        return self.message(case, message_id)

    def notes(self, handle: str, case: Case, text: str = "Lives with his sister.") -> None:
        answering.write_note(self.world.dbs, self.member(handle), case.id, new_id(), text)

    def notes_of(self, handle: str, case: Case) -> list[str | None]:
        """Read the notes that the circle has written about a case."""
        return [note.text for note in case_view.open_case(self.world.dbs, self.member(handle), case.id).notes]

    def hands_over(self, handle: str, case: Case, to: bytes) -> None:
        handover.hand_over(self.world.dbs, self.takes(handle, case), case.id, to)
        case.circle = to

    def closes_door(self, handle: str, case: Case) -> None:
        handover.close_authors_door(self.world.dbs, self.takes(handle, case), case.id)

    def chores(self) -> None:
        """Do a round of the chores, of which none may fail."""
        chores.do_round(cast("Child", Round(self.world)), self.files)

    def publishes(self, handle: str, case: Case, mark: bytes) -> bytes:
        """Publish a story of a case, with the mark of its author's consent; gives its id."""
        self.opens(handle, case)  # nothing is published past a message that nobody has read
        version = Version(new_id(), "ar", "title", "words", year=2024)
        dbs = self.files
        stories_queue.queue_story(*dbs, case.id, version, mark, self.world.today)
        story = stories.story_of(self.world.desk, case.id)
        assert story is not None
        stories_queue.publish_story(*dbs, story.id)
        return story.id

    def shows(self, story_id: bytes) -> bool:
        """Say whether readers meet a story."""
        with suppress(NothingHere):
            return bool(shown_story(self.world.mailbox, self.world.shown, story_id))
        return False

    def saves_backup(self) -> Path:
        """Save a backup, whose file is given."""
        state, file = self.world.state, self.world.state.path / "backup"
        statefiles.write_keyslots(state.path, close_slots(self.world.keys, SECRET, SECRET))
        backup_restore.save_backup(state, self.world.keys, file, self.world.clock, lambda _done: None)
        return file

    def restores(self, file: Path) -> None:
        """Restore a backup in place of what there is, and do the chores."""
        self.close()
        into = Destination(self.world.state.path, replace=True)
        backup_restore.restore_backup(file, SECRET, into, self.world.clock, lambda _carried: None)
        self.world.open()
        self.intruder.goes_in()
        self.chores()

    # --- at the site ------------------------------------------------------------------------------------------------

    @property
    def site_files(self) -> SiteFiles:
        """Give what the site has."""
        return SiteFiles(self.world.mailbox, self.world.shown, self.world.today)

    def sends(self, form: Prepared, circle_id: bytes, text: str, *, returns: bool = True) -> None:
        """Send a form about what a circle works on."""
        topic = CIRCLES[next(name for name, each in self.circles.items() if each == circle_id)]
        draft = Submission("ask", text, no_return=not returns, topic=topic, danger="no", answer_in="ar")  # type: ignore[arg-type]
        new_case.send_case(self.site_files, form, draft, "ar")

    def asks(self, circle_id: bytes, text: str = "They found my phone.") -> Case:
        form = new_case.prepare()
        self.sends(form, circle_id, text)
        case = Case(self.world.case_of(form.code), [form.code], form, circle_id)
        case.public = b"".join(self.looks_in(case).codes)
        return case

    def visit(self, case: Case, code: int = -1) -> CaseAccess:
        """Come back with a code."""
        access, _ = author_actions.open_case(self.site_files, case.codes[code])
        assert access.case_id == case.id
        return access

    def looks_in(self, case: Case) -> CaseAccess:
        """Open a case with its newest code, and leave no trace of it."""
        keys = code_keys(self.site_files, case.codes[-1])
        access = opened_by(keys, find_case(self.world.mailbox, "tag", keys.tag))
        expect_open(self.site_files, access)
        return access

    def writes(self, access: CaseAccess, text: str = "Are you there?") -> Message:
        """Write in a visit."""
        message_id = new_id()
        with self.world.mailbox.writing():
            author_actions.add_payload(self.site_files, access, Text(text, self.world.today), message_id, most=None)
        return next(each for each in messages_of(self.world.mailbox, access.case_id) if each.id == message_id)

    def writes_back(self, case: Case, text: str = "Are you there?") -> Message:
        """Come back and write."""
        return self.writes(self.visit(case), text)

    def changes_code(self, case: Case, access: CaseAccess | None = None) -> CaseAccess:
        """Come back and take a new code."""
        code = new_code()
        access = author_actions.change_code(self.site_files, access or self.visit(case), code)
        case.codes.append(code)
        case.public = b"".join(access.codes)
        return access

    def reads(self, access: CaseAccess) -> dict[int, str]:
        """Read what opens in a visit, by number."""
        opened = open_messages(self.site_files, access)
        return {message.number: payload.text for message, payload in opened if isinstance(payload, Text)}

    def reads_all(self, access: CaseAccess) -> list[tuple[Message, bool]]:
        """List the messages that are an author's in a visit, and say whether each opens."""
        opened = open_messages(self.site_files, access)
        return [(message, payload is not None) for message, payload in opened]

    def reads_page(self, access: CaseAccess) -> AuthorView:
        """Read the page of a visit."""
        return read_case(self.site_files, access)

    def takes_back(self, case: Case) -> None:
        """Come back and take the story back."""
        author_actions.take_story_back(self.site_files, self.visit(case))

    def erases(self, case: Case) -> None:
        """Erase with the newest code, without opening."""
        author_actions.erase_without_opening(self.site_files, case.codes[-1])

    # --- what stands there ------------------------------------------------------------------------------------------

    def message(self, case: Case, message_id: bytes) -> Message:
        return next(each for each in messages_of(self.world.mailbox, case.id) if each.id == message_id)
