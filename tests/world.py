"""One installation: its databases, circles, members and cases, all made by the product's own functions.

What the pages do is tried through the pages; a state that they only start from is made here, without any. Whoever needs
what none of these functions would do is the intruder of `tests/planting.py`.
"""

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, NamedTuple, get_args

from nacl.pwhash import argon2id

from onion_app.choices import LanguageCode, RequestTopic
from onion_app.crypto import codes
from onion_app.crypto.keys import new_id
from onion_app.crypto.keyslots import VaultKeys, new_vault_keys
from onion_app.crypto.members import unlock_secrets
from onion_app.crypto.payloads import Consent, Decision, FinalText, Payload, Publish, Text, Verdict
from onion_app.days import DAY, today
from onion_app.desk import answering, case_view, enrolment, handover, member_removal, permissions, proposals, queues
from onion_app.desk.case_view import CaseView
from onion_app.desk.circles import let_in
from onion_app.desk.context import Databases
from onion_app.desk.permissions import Member
from onion_app.desk.seconds import seconds_in
from onion_app.errors import NothingHere
from onion_app.launch.processes import chores
from onion_app.launch.state import State
from onion_app.site import author_actions, new_case
from onion_app.site.author_keys import CaseAccess, open_messages, opened_by
from onion_app.site.context import SiteFiles
from onion_app.site.forms import Submission
from onion_app.vault import connection, database, forgetting, settings
from onion_app.vault.database import Database
from onion_app.vault.desk import circles, invitations, moderators, stories_queue
from onion_app.vault.desk.proposals import allow_founding
from onion_app.vault.mailbox import case_keys, lifetime, records
from onion_app.vault.show import show
from onion_app.vault.shown import routing, writing
from onion_app.vault.shown.reading import Version

NOON = 20_500 * DAY + 43_200.0
FIND_US = {"en": "Ask at the library for the blue book.", "ar": "اسألوا في المكتبة."}
CHEAPEST: Final = (1, 8192)  # passes and bytes, the least that Argon2id takes: 30 µs, and worth nothing

_stretch = argon2id.kdf


def hardly_stretched(size: int, secret: bytes, salt: bytes, **_cost: int) -> bytes:
    """Stand in for `argon2id.kdf` where it is not what is tried: the same, but for its cost."""
    return _stretch(size, secret, salt, *CHEAPEST)


@dataclass
class Clock:
    """The time, moved by hand."""

    now: float = NOON
    stepped: float = 0.0

    def __call__(self) -> float:
        return self.now

    @property
    def today(self) -> int:
        return today(self)

    @property
    def since_boot(self) -> float:
        """Tell how long the machine runs, whatever its clock says."""
        return self.now - self.stepped

    def step(self, seconds: float) -> None:
        """Let the clock of the machine be put on, or back, while no time passes."""
        self.now += seconds
        self.stepped += seconds

    def wait(self, *, minutes: float = 0, days: float = 0) -> None:
        self.now += minutes * 60 + days * DAY


class Enrolled(NamedTuple):
    """Somebody at the desk, with all that is theirs."""

    handle: str
    passphrase: str
    totp: str
    id: bytes
    private: bytes
    sheet: str = ""


class World:
    """An installation, new unless its keys are given, with its three databases open."""

    def __init__(self, folder: Path, clock: Callable[[], float], keys: VaultKeys | None = None) -> None:
        self.state, self.clock = State(folder), clock
        self.keys = keys or new_vault_keys()
        if keys is None:
            for inner in (self.state.run, self.state.tor):
                inner.mkdir(mode=0o700, parents=True)
            for kind in connection.KINDS:
                database.create_database(folder / kind, kind, self.keys.of(kind)).close()
        self.open()
        if keys is None:
            self.put(code_salt=secrets.token_bytes(16), how_to_find_us=FIND_US)

    def open(self) -> None:
        self.mailbox, self.shown, self.desk = (
            database.open_database(self.state.path / kind, kind, self.keys.of(kind)) for kind in connection.KINDS
        )

    def close(self) -> None:
        for db in (self.mailbox, self.shown, self.desk):
            db.close()

    @property
    def today(self) -> int:
        return today(self.clock)

    @property
    def files(self) -> chores.Files:
        return chores.Files(self.mailbox, self.shown, self.desk)

    @property
    def dbs(self) -> Databases:
        return Databases(self.mailbox, self.shown, self.desk, self.today)

    def put(self, **changed: object) -> None:
        """Change settings, each where it stands."""
        with self.mailbox.writing():
            for name, value in changed.items():
                settings.change_setting(self.desk if name == "seen_day" else self.shown, name, value)

    def follow(self) -> None:
        """Let `shown.db` follow the desk."""
        with self.mailbox.writing():
            show(self.shown, self.desk)

    def circle(self, name: str = "Listening", *, catch_all: bool = False, topics: tuple[str, ...] = ()) -> bytes:
        """Add a circle without members."""
        made = circles.Circle(new_id(), name, topics, (), catch_all, catch_all, None)
        with self.desk.writing():
            circles.add_circle(self.desk, made)
        self.follow()
        return made.id

    def invitation(self, circle_id: bytes, *, coordinator: bool = False) -> str:
        """Make an invitation and give its code."""
        code, made = codes.new_code(), invitations.new_invitation(circle_id, self.today, coordinator=coordinator)
        invitations.add_invitation(self.desk, replace(made, state="open"), codes.invitation_digest(code))
        return code

    def enrol(self, circle_id: bytes, handle: str, *, coordinator: bool = False, by: str = "") -> Enrolled:
        """Enrol somebody in a circle, by an invitation or one of the operator's; the first is a member at once."""
        made = enrolment.begin_enrolment(self.dbs, by or self.invitation(circle_id, coordinator=coordinator))
        enrolment.enrol(self.dbs, made, handle)
        who = moderators.find_moderator(self.desk, handle)
        return Enrolled(handle, made.passphrase, made.secrets.totp, who.id, made.secrets.private, made.sheet)

    def unlocked(self, handle: str, passphrase: str) -> Enrolled:
        """Unlock the secrets of somebody who has enrolled through the pages."""
        who = moderators.find_moderator(self.desk, handle)
        own = unlock_secrets(who.secrets, passphrase)
        return Enrolled(handle, passphrase, own.totp, who.id, own.private)

    def member(self, who: Enrolled) -> Member:
        """Sit somebody down at the desk."""
        return permissions.member_with_keys(self.dbs, who.id, who.private)

    def let_in(self, host: Enrolled, circle_id: bytes, handle: str) -> None:
        """Let a newcomer into a circle."""
        who = moderators.find_moderator(self.desk, handle)
        let_in(self.dbs, self.member(host), circle_id, who.id, who.public_key)

    def settle(self, days: int = 100) -> None:
        """Let everybody who is here have been here for so long: whoever counts as a second person does so now."""
        with self.desk.writing():
            self.desk.run("UPDATE admissions SET day = day - ?", (days,))
            self.desk.run("UPDATE shut_outs SET day = day - ?", (days,))

    def begins_anew(self, circle_id: bytes) -> None:
        """Let whoever comes next begin an emptied circle anew, as two people have said."""
        with self.desk.writing():
            allow_founding(self.desk, circle_id)

    def host_in(self, circle_id: bytes) -> bytes | None:
        """Find somebody in a circle who may let in whom the operator has invited; None: nobody is there."""
        members = [each.id for each in circles.members_of(self.desk, circle_id)]
        return next(iter(seconds_in(self.desk, circle_id, None, self.today) or members), None)

    def agrees(self, who: Enrolled | bytes | None, *, kind: str = "") -> bool:
        """Say yes, as a second person or the operator (None), to what waits, or to the newest of a kind."""
        own = who.id if isinstance(who, Enrolled) else who
        views = [view for view in proposals.open_for(self.dbs, own) if kind in ("", view.kind)]
        return proposals.agree(self.dbs, own, views[-1].id, views[-1].mark)

    def invites_into(self, circle_id: bytes, who: Enrolled, host: Enrolled) -> None:
        """Bring somebody who works here into one more circle."""
        enrolment.join(self.dbs, self.member(who), self.invitation(circle_id))
        self.let_in(host, circle_id, who.handle)

    def make_coordinator(self, handle: str, *, is_one: bool = True) -> None:
        """Give the office, as the operator's command does, or take it."""
        with self.desk.writing():
            self.desk.run("UPDATE moderators SET coordinator = ? WHERE handle = ?", (is_one, handle))

    def public_key(self, circle_id: bytes) -> bytes:
        """Give the key to which the site seals what this circle gets."""
        return routing.circle_key(self.shown, circle_id).public_key

    def says(self, who: Enrolled, case_id: bytes, payload: Payload) -> None:
        """Let a member take a case and say something in it, as the circle."""
        member = self.member(who)
        queues.take_case(self.dbs, member, case_id)
        answering.send_payload(self.dbs, member, case_id, new_id(), payload, records.NUMBERS[-1])
        if isinstance(payload, FinalText):
            lifetime.set_state(self.mailbox, case_id, "asking")

    def answers(self, who: Enrolled, case_id: bytes, text: str = "We read every word.") -> None:
        """Let a member take a case and answer it."""
        self.says(who, case_id, Text(text, self.today, who.handle, "en"))

    def notes(self, who: Enrolled, case_id: bytes, text: str) -> None:
        """Let a member write a note on a case."""
        answering.write_note(self.dbs, self.member(who), case_id, new_id(), text)

    def opens(self, who: Enrolled, case_id: bytes) -> CaseView:
        """Let a member open a case, and see what they see."""
        member = self.member(who)
        case_view.mark_opened(self.dbs, member, case_id)
        return case_view.open_case(self.dbs, member, case_id)

    def hands_over(self, who: Enrolled, case_id: bytes, circle_id: bytes) -> None:
        """Let a member take a case and hand it to another circle."""
        member = self.member(who)
        queues.take_case(self.dbs, member, case_id)
        handover.hand_over(self.dbs, member, case_id, circle_id)

    def shuts_out(self, who: Enrolled, handle: str) -> None:
        """Let a coordinator shut somebody out of everything."""
        member_removal.remove_member(self.dbs, self.member(who), moderators.find_moderator(self.desk, handle).id)

    def show(
        self,
        words: dict[LanguageCode, tuple[str, str]],
        *,
        slug: str | None = None,
        notes: Sequence[str] = (),
        year: int = 2024,
        translated_from: LanguageCode | None = None,
        checked: tuple[str | None, int] | tuple[None, None] = (None, None),
        case: bytes | None = None,
        mark: bytes | None = None,
    ) -> bytes:
        """Publish a story, or under a `slug` a guide: by language its title and its words. Gives its id."""
        text_id, (first, *_) = new_id(), words
        source = None if slug else translated_from or first
        versions = [
            Version(
                text_id,
                each,
                *said,
                translated_from=None if each == source else source,
                checked_by=checked[0],
                checked_day=checked[1],
                year=None if slug else year,
                notes=tuple(notes),
                state="public",
            )
            for each, said in words.items()
        ]
        publish(self.shown, self.desk, versions, slug=slug, case=case, mark=mark)
        return text_id

    def case_of(self, code: str) -> bytes:
        """Find the case under a code.

        Raises:
            NothingHere: there is none.
        """
        return case_keys.find_case(self.mailbox, "tag", self.author_keys(code).tag).id

    def stores(self, code: str) -> bool:
        """Say whether there is a case under a code."""
        with suppress(NothingHere):
            return bool(self.case_of(code))
        return False

    def author_keys(self, code: str) -> codes.CodeKeys:
        """Give what a code stands for in this installation."""
        return codes.derive(code, settings.read_settings(self.shown).code_salt)

    def count(self, table: str) -> int:
        """Count the rows of a table of the mailbox."""
        return len(self.mailbox.rows(f"SELECT 1 FROM {table}"))

    def chores(self) -> None:
        """Do what the chores do about cases, and about stories whose day has come."""
        self.forgets()
        stories_queue.publish_due_stories(*self.dbs)

    def forgets(self) -> None:
        """Do what the chores do about cases: forget what was taken back, is over, or is no longer here."""
        attempts, files = chores.Attempts(), self.files
        self.follow()
        chores.keep_gone(files, attempts, self.today)
        assert not attempts.failed
        forgetting.destroy_due(*files, self.today)
        forgetting.end_boxes(self.mailbox, self.desk, self.today)
        self.follow()
        forgetting.put_queues_right(self.mailbox, self.desk)


def publish(
    shown: Database,
    desk: Database,
    versions: Sequence[Version],
    *,
    slug: str | None = None,
    case: bytes | None = None,
    mark: bytes | None = None,
) -> None:
    """Show a text as it stands in these versions, whatever way it came."""
    with desk.writing():
        text = (versions[0].text_id, slug, case, mark)
        desk.run("INSERT INTO texts (id, slug, case_id, mark) VALUES (?, ?, ?, ?)", text)
        for version in versions:
            writing.insert_version(desk, version)
    with shown.writing():
        writing.show_text(shown, desk, text[0])


@dataclass
class Author:
    """Somebody who writes to a circle with the site's own functions, and keeps the code."""

    world: World
    circle_id: bytes
    code: str = ""
    access: CaseAccess = field(default_factory=lambda: CaseAccess(b"", b"", b"", ()))

    @property
    def case_id(self) -> bytes:
        return self.access.case_id

    @property
    def files(self) -> SiteFiles:
        """Give what the site has."""
        return SiteFiles(self.world.mailbox, self.world.shown, self.world.today)

    def tells(self, text: str, publish: Publish = "yes", *, quote: bool = False) -> str:
        """Begin a testimony that may be published, or not; gives its id as pages have it."""
        return self._sends(Submission("tell", text, publish=publish, count=True, quote=quote))

    def writes(self, text: str, *, danger: Any = "unknown", topic: RequestTopic | None = None) -> str:
        """Begin a request about what this circle works on."""
        works_on = circles.read_circle(self.world.desk, self.circle_id).topics
        first: RequestTopic = next((each for each in get_args(RequestTopic) if each in works_on), "talk")
        return self._sends(Submission("ask", text, topic=topic or first, danger=danger, answer_in="ar"))

    def _sends(self, draft: Submission) -> str:
        prepared = new_case.prepare()
        new_case.send_case(self.files, prepared, draft, "ar")
        self.code, keys = prepared.code, self.world.author_keys(prepared.code)
        self.access = opened_by(keys, case_keys.find_case(self.world.mailbox, "tag", keys.tag))
        assert lifetime.read_case(self.world.mailbox, self.case_id).circle_id == self.circle_id
        return self.case_id.hex()

    def comes_back(self) -> None:
        """Open the case with the code."""
        self.access, _ = author_actions.open_case(self.files, self.code)

    def changes_code(self) -> None:
        """Get a new code; the old one opens nothing from now on."""
        self.code = codes.new_code()
        self.access = author_actions.change_code(self.files, self.access, self.code)

    def writes_back(self, text: str) -> None:
        """Add a message."""
        self.adds(Text(text, self.world.today))

    def allows(self, publish: Publish, *, quote: bool = False, under_18: bool = False) -> None:
        """Say anew what may be done with it."""
        mark = self.access.story_mark.hex()
        said = Consent(publish, count=True, quote=quote, day=self.world.today, mark=mark, under_18=under_18)
        self.adds(said)

    def allows_counting(self, *, is_allowed: bool) -> None:
        """Say anew whether it may be counted, and that it may not be published."""
        mark = self.access.story_mark.hex()
        self.adds(Consent("no", count=is_allowed, quote=False, day=self.world.today, mark=mark))

    def says(self, decision: Decision, text: str = "") -> None:
        """Answer the newest question."""
        asked = self.asked()
        assert asked is not None
        self.adds(Verdict(asked[0], decision, text, self.world.today))

    def adds(self, payload: Any) -> None:
        """Add anything."""
        with self.world.mailbox.writing():
            author_actions.add_payload(self.files, self.access, payload, new_id(), most=author_actions.MOST_DECIDED)

    def payloads(self) -> list[Payload]:
        """Open what the author opens, the oldest first."""
        return [payload for _, payload in open_messages(self.files, self.access) if payload is not None]

    def texts(self) -> list[str]:
        """Read what the author reads, the oldest first."""
        return [payload.text for payload in self.payloads() if isinstance(payload, Text)]

    def asked(self) -> tuple[str, FinalText] | None:
        """Give the newest text that the author is asked about, and its id."""
        opened = open_messages(self.files, self.access)
        found = [(message.id.hex(), payload) for message, payload in opened if isinstance(payload, FinalText)]
        return found[-1] if found else None

    def takes_the_story_back(self) -> None:
        """Take the story back, and let the messages stay."""
        author_actions.take_story_back(self.files, self.access)

    def erases(self) -> None:
        """Take everything back."""
        author_actions.erase(self.files, self.access)
