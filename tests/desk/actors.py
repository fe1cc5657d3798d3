"""The people around the desk: visitors who write, volunteers who answer, and the house that both come to."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pyotp
from werkzeug.test import TestResponse

from onion_app.crypto import codes
from onion_app.crypto.epochs import AUTHOR_HOLDER, Epoch, claimed, wrap
from onion_app.crypto.keys import KeyPair, fingerprint, new_id, new_key, new_keypair
from onion_app.crypto.keyslots import VaultKeys
from onion_app.crypto.payloads import Consent, Decision, FinalText, Payload, Publish, Text, Verdict, pack, unpack
from onion_app.crypto.sealing import Place, open_seal, seal
from onion_app.desk import DeskConfig
from onion_app.vault.database import Database
from onion_app.vault.desk import circles, invitations, stories_queue
from onion_app.vault.mailbox import case_keys, lifetime, records
from onion_app.vault.mailbox.messages import append_message, messages_of
from onion_app.vault.shown import routing
from onion_app.web.app import Hardened
from tests.pages import Element, Form, Reader

NAME = "abcdefghijklmnop"
PORT = 8390
HOST = f"{NAME}.localhost:{PORT}"
NOON = 20_500 * 86_400.0 + 43_200


@dataclass
class Clock:
    """The time, moved by hand."""

    now: float = NOON

    def __call__(self) -> float:
        return self.now

    @property
    def today(self) -> int:
        return int(self.now // 86_400)


@dataclass
class House:
    """Everything behind the desk: folders, keys, open databases, the time."""

    folder: Path
    keys: VaultKeys
    clock: Clock
    mailbox: Database
    desk: Database
    ended: list[float] = field(default_factory=list)

    def config(self) -> DeskConfig:
        return DeskConfig(
            mailbox_folder=self.folder / "mailbox",
            desk_folder=self.folder / "desk",
            keys=self.keys,
            name=NAME,
            port=PORT,
            clock=self.clock,
            on_last_session_end=lambda: self.ended.append(self.clock.now),
        )

    def circle(self, name: str, *, catch_all: bool = False, topics: tuple[str, ...] = ()) -> bytes:
        """Add a circle without members."""
        made = circles.Circle(new_id(), name, topics, (), catch_all, catch_all, 0, None)
        circles.add_circle(self.desk, made)
        return made.id

    def invitation(self, circle_id: bytes, *, days: int = 7, coordinator: bool = False) -> str:
        """Make an invitation and give its code."""
        code = codes.new_code()
        made = invitations.Invitation(new_id(), circle_id, coordinator, None, self.clock.today + days, "open", None)
        invitations.add_invitation(self.desk, made, codes.invitation_digest(code))
        return code

    def public_key(self, circle_id: bytes) -> bytes:
        """Give the key to which the site seals what this circle gets."""
        return routing.circle_key(self.mailbox, circle_id).public_key


@dataclass
class Author:
    """A visitor who wrote a case, as the site would have stored it."""

    house: House
    circle_id: bytes
    pair: KeyPair = field(default_factory=new_keypair)
    case_id: bytes = field(default_factory=new_id)
    key: bytes = field(default_factory=new_key)

    def tells(self, text: str, publish: Publish = "yes") -> str:
        """Begin a testimony that may be published, or not."""
        return self.writes(text, kind="testimony", topic="testimony", publish=publish)

    def writes(
        self, text: str, *, kind: str = "request", topic: str = "talk", urgent: int = 1, publish: Publish = "ask"
    ) -> str:
        """Begin the case with a text and a consent; give its id as pages have it."""
        today = self.house.clock.today
        letters: list[Payload] = [Text(text, today), Consent(publish, count=True, quote=False, day=today)]
        messages = [self._sealed(number, letter) for number, letter in enumerate(letters, 1)]
        holders = {self.circle_id: self.house.public_key(self.circle_id), AUTHOR_HOLDER: self.pair.public}
        begun = Epoch(self.case_id, 1, self.circle_id, holders[self.circle_id], self.pair.public, self.key)
        first = claimed(begun, self.pair.private)
        wraps = [
            records.Wrap(1, holder, fingerprint(public), wrap(first, holder=holder, public_key=public))
            for holder, public in holders.items()
        ]
        new = records.NewCase(
            id=self.case_id,
            circle_id=self.circle_id,
            kind=kind,  # type: ignore[arg-type]
            topic=topic,  # type: ignore[arg-type]
            answer_in="ar",
            urgent=urgent,  # type: ignore[arg-type]
            lookup_tag=new_id() + new_id(),
            author_key=self.pair.public,
            day=today,
            wraps=tuple(wraps),
            messages=tuple(messages),
        )
        lifetime.add_case(self.house.mailbox, new)
        return self.case_id.hex()

    def allows(self, publish: Publish) -> None:
        """Say anew what may be done with it."""
        self.forges(Consent(publish, count=True, quote=False, day=self.house.clock.today), "visitor")

    def letters(self) -> list[Payload]:
        """Open every message of the case."""
        return [self._opened(message) for message in messages_of(self.house.mailbox, self.case_id)]

    def asked(self) -> tuple[str, FinalText] | None:
        """Give the newest text that the author is asked about, and its id."""
        for message in reversed(messages_of(self.house.mailbox, self.case_id)):
            letter = self._opened(message)
            if isinstance(letter, FinalText):
                return message.id.hex(), letter
        return None

    def _opened(self, message: records.Message) -> Payload:
        place = Place(self.case_id, message.epoch, message.id, message.number, message.author)
        return unpack(open_seal(self.key, message.sealed, place))

    def says(self, decision: Decision, text: str = "") -> None:
        """Answer the newest question."""
        asked = self.asked()
        assert asked is not None
        self.forges(Verdict(asked[0], decision, text, self.house.clock.today), "visitor")

    def erases(self) -> None:
        """Take everything back, the story that the case points to included."""
        story = next((story.id for story in stories_queue.stories_of(self.house.desk, self.case_id)), None)
        lifetime.erase_case(self.house.mailbox, self.case_id, self.house.clock.today, story)

    def writes_back(self, text: str) -> None:
        """Add a message."""
        message_id = new_id()
        letter = Text(text, self.house.clock.today)
        append_message(
            self.house.mailbox,
            self.case_id,
            message_id,
            author="visitor",
            epoch=1,
            held=case_keys.all_wraps(self.house.mailbox, self.case_id),
            new_wraps=(),
            seal=lambda number: self._sealed(number, letter, message_id).sealed,
            day=self.house.clock.today,
        )

    def _sealed(
        self, number: int, letter: Payload, message_id: bytes | None = None, author: str = "visitor"
    ) -> records.Message:
        own_id = message_id or new_id()
        sealed = seal(self.key, pack(letter), Place(self.case_id, 1, own_id, number, author))
        return records.Message(self.case_id, number, own_id, 1, author, sealed)  # type: ignore[arg-type]

    def forges_an_answer(self, text: str) -> None:
        """Do what somebody could who controls the site while the author's visit is open."""
        self.forges(Text(text, self.house.clock.today, sender="Sara"), "circle")

    def forges(self, letter: Payload, author: str) -> None:
        """Seal any letter in anybody's name, as only the site or the author could."""
        message_id = new_id()
        append_message(
            self.house.mailbox,
            self.case_id,
            message_id,
            author=author,  # type: ignore[arg-type]
            epoch=1,
            held=case_keys.all_wraps(self.house.mailbox, self.case_id),
            new_wraps=(),
            seal=lambda number: self._sealed(number, letter, message_id, author).sealed,
            day=self.house.clock.today,
        )


class Volunteer:
    """Somebody with a browser at the desk: follows links, fills in forms, sends every hidden field back."""

    def __init__(self, house: House, app: Hardened) -> None:
        self.house = house
        self.handle = self.passphrase = self.secret = ""
        self.sits_at(app)

    def sits_at(self, app: Hardened) -> None:
        """Use another process of the desk with the same browser: the cookies stay."""
        cookies = getattr(self, "client", None)
        self.client = app.test_client()
        if cookies is not None:
            self.client._cookies = cookies._cookies
        self.answer: TestResponse = TestResponse([b""], "200 OK", {}, None)  # type: ignore[arg-type]

    @property
    def page(self) -> Element:
        """The page that is open."""
        reader = Reader()
        reader.feed(self.answer.get_data(as_text=True))
        return reader.root

    @property
    def status(self) -> int:
        return self.answer.status_code

    def goes_to(self, path: str) -> Element:
        """Open a page, and follow where it leads."""
        self.answer = self.client.get(path, base_url=f"http://{HOST}")
        return self._follow()

    def _follow(self) -> Element:
        while self.answer.status_code == 303:
            there = urlsplit(self.answer.headers["Location"])
            self.answer = self.client.get(f"{there.path}?{there.query}", base_url=f"http://{HOST}")
        return self.page

    def form(self, action: str) -> Form:
        """Find the form that has a button to this path."""
        for element in self.page.every("form"):
            if element.get("action") == action or element.has("button", formaction=action):
                return Form.of(element)
        message = f"no form leads to {action}"
        raise LookupError(message)

    def presses(self, action: str, **typed: str) -> Element:
        """Fill in the form that leads to this path, and send it there."""
        return self.sends(action, self.form(action).filled(**typed))

    def sends(self, action: str, fields: list[tuple[str, str]], site: str | None = "same-origin") -> Element:
        """Post fields as they are."""
        headers = {"Sec-Fetch-Site": site} if site is not None else {}
        self.answer = self.client.post(
            action,
            base_url=f"http://{HOST}",
            data=urlencode([(name, value) for name, value in fields if name]),
            content_type="application/x-www-form-urlencoded",
            headers=headers,
        )
        return self._follow()

    def digits(self, steps: int = 0) -> str:
        """Read the six digits of this moment, or of some steps later, from the phone."""
        return str(pyotp.TOTP(self.secret).at(int(self.house.clock.now) + 30 * steps))

    def redeems(self, invitation: str) -> Element:
        """Type an invitation and write down what is shown."""
        self.goes_to("/join")
        page = self.presses("/join", invitation=invitation)
        if page.has(id="totp-secret"):
            self.passphrase = page.first(id="new-passphrase").text
            self.secret = page.first(id="totp-secret").text.replace(" ", "")
        return page

    def enrols(self, circle_id: bytes, handle: str) -> Element:
        """Redeem a new invitation to a circle, to the end."""
        page = self.redeems(self.house.invitation(circle_id))
        self.handle = handle
        return self.presses("/enrol", handle=handle, line=self.wanted_line(page), totp=self.digits())

    @staticmethod
    def wanted_line(page: Element) -> str:
        """Read from the sheet the line that the page asks for."""
        number = int(next(label for label in page.every("label") if label.get("for") == "line").get("data-line"))
        return page.first(id="code").every("li")[number - 1].text

    def logs_in(self, **wrong: str) -> Element:
        """Log in with the next unused six digits."""
        self.house.clock.now += 60
        self.goes_to("/login")
        return self.fills_in_login(**wrong)

    def fills_in_login(self, **wrong: str) -> Element:
        """Fill in the login that is open."""
        fields = {"handle": self.handle, "passphrase": self.passphrase, "totp": self.digits()} | wrong
        return self.presses("/login", **fields)

    def opens(self, case: str) -> Element:
        """Open a case, past its cover if there is anything new."""
        page = self.goes_to(f"/case/{case}")
        return self.presses(f"/case/{case}/open") if page.has(id="cover") else page

    def takes(self, case: str) -> Element:
        """Open a case and take it."""
        self.opens(case)
        return self.presses(f"/case/{case}/take")

    @property
    def mistakes(self) -> str:
        """What the box of mistakes says."""
        return " ".join(box.text for box in self.page.having_class("errors"))
