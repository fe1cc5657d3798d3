import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from onion_app.crypto import sealing
from onion_app.crypto.codes import derive
from onion_app.crypto.epochs import Epoch, following, unwrap
from onion_app.crypto.keys import KeyPair, fingerprint, new_id, new_key, new_keypair
from onion_app.crypto.payloads import Consent, FinalText, Payload, StoryLink, Text, pack, unpack
from onion_app.site import SiteConfig, create_app
from onion_app.vault import settings
from onion_app.vault.database import Database, create_mailbox
from onion_app.vault.mailbox import case_keys, lifetime, messages
from onion_app.vault.shown import writing
from onion_app.web.app import Hardened

ADDRESS = "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwx.onion"
DAY = 86_400


class Clock:
    def __init__(self) -> None:
        self.now = 20_000.0 * DAY

    def __call__(self) -> float:
        return self.now

    def wait(self, *, minutes: float = 0, days: float = 0) -> None:
        self.now += minutes * 60 + days * DAY


@dataclass
class Place:
    """A mailbox with one circle, and as many sites on it as a test starts."""

    folder: Path
    key: bytes
    clock: Clock
    circle_id: bytes
    circle: KeyPair
    db: Database
    apps: list[Hardened] = field(default_factory=list)

    def start(self) -> Hardened:
        self.apps.append(create_app(SiteConfig(self.folder, self.key, ADDRESS, self.clock)))
        return self.apps[-1]

    def sets(self, name: str, value: object) -> None:
        with self.db.writing():
            settings.put_setting(self.db, name, value)
            writing.raise_published_counter(self.db)

    def gives_the_circle_a_new_key(self) -> KeyPair:
        new = new_keypair()
        with self.db.writing():
            self.db.run("UPDATE circles SET public_key = ? WHERE id = ?", (new.public, self.circle_id))
        return new

    def answers(self, text: str = "We read every word.", handle: str = "lamp") -> None:
        """Let the circle answer the only case there is."""
        day = int(self.clock() // DAY)
        self._says(Text(text, day, handle, "en"), day)

    def points_to_a_story(self, story_id: bytes) -> None:
        """Let the circle note which story was made of the only case there is."""
        self._says(StoryLink(story_id.hex()), 1)

    def proposes(self, title: str, text: str) -> None:
        """Let the circle ask the author of the only case there is for their yes."""
        self._says(FinalText(title, text, "en", 20_000), 20_000)
        lifetime.set_state(self.db, self.case_ids()[0], "asking")

    def _says(self, letter: Payload, day: int) -> None:
        case_id, epoch = self.case_ids()[0], self.opened_by(self.circle)[-1]
        message_id = new_id()

        def sealed(number: int) -> bytes:
            place = sealing.Place(case_id, epoch.number, message_id, number, "circle")
            return sealing.seal(epoch.key, pack(letter), place)

        messages.append_message(
            self.db,
            case_id,
            message_id,
            author="circle",
            epoch=epoch.number,
            held=case_keys.all_wraps(self.db, case_id),
            new_wraps=(),
            seal=sealed,
            day=day,
        )

    def publishes(self, story_id: bytes) -> None:
        """Show a story that has nothing to do with any case, as far as the tables say."""
        with self.db.writing():
            self.db.run("INSERT INTO texts (id, kind, year, notes) VALUES (?, 'story', 2026, '[]')", (story_id,))
            self.db.run(
                "INSERT INTO versions (text_id, language, title, body) VALUES (?, 'en', 'A title', 'Changed words.')",
                (story_id,),
            )

    def read_by(self, circle: KeyPair) -> list[Payload]:
        """Open what the keys of a circle open in the only case there is."""
        case_id = self.case_ids()[0]
        keys = {epoch.number: epoch.key for epoch in self.opened_by(circle)}
        found = []
        for each in messages.messages_of(self.db, case_id):
            place = sealing.Place(case_id, each.epoch, each.id, each.number, each.author)
            if each.epoch in keys:
                found.append(unpack(sealing.open_seal(keys[each.epoch], each.sealed, place)))
        return found

    def texts(self) -> list[str]:
        """Read the texts of the only case there is, as its circle does."""
        return [letter.text for letter in self.read_by(self.circle) if isinstance(letter, Text)]

    def author_of(self, code: str) -> KeyPair:
        """Give the pair that a code stands for."""
        return derive(code, bytes(16)).author

    def consents(self) -> list[tuple[str, bool, bool]]:
        found = [letter for letter in self.read_by(self.circle) if isinstance(letter, Consent)]
        return [(each.publish, each.count, each.quote) for each in found]

    def opened_by(self, circle: KeyPair) -> list[Epoch]:
        """Open what is sealed to a pair of the circle in the only case there is, the oldest epoch first."""
        case_id = self.case_ids()[0]
        place = {"case_id": case_id, "holder": self.circle_id, "private_key": circle.private}
        wraps = case_keys.wraps_of(self.db, case_id, self.circle_id)
        to_them = [each for each in wraps if each.recipient == fingerprint(circle.public)]
        opened = [unwrap(each.wrap, epoch=each.epoch, **place) for each in reversed(to_them)]
        return following(opened[:1], opened)

    def case_ids(self) -> list[bytes]:
        return [bytes(row[0]) for row in self.db.rows("SELECT id FROM cases") if isinstance(row[0], bytes)]

    def count(self, table: str) -> int:
        row = self.db.row(f"SELECT count(*) FROM {table}")
        assert row is not None
        return int(str(row[0]))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    key, circle_id, circle = new_key(), new_id(), new_keypair()
    db = create_mailbox(tmp_path / "mailbox", key)
    with db.writing():
        settings.put_setting(db, "code_salt", bytes(16))
        settings.put_setting(
            db, "how_to_find_us", {"en": "Ask at the library for the blue book.", "ar": "اسألوا في المكتبة."}
        )
        db.run(
            "INSERT INTO circles (id, public_key, topics, languages, catch_all, coordinators) "
            "VALUES (?, ?, '[]', '[]', 1, 1)",
            (circle_id, circle.public),
        )
    here = Place(tmp_path / "mailbox", key, Clock(), circle_id, circle, db)
    yield here
    for app in here.apps:
        app.extensions["site"].mailbox.close_all()
    db.close()


@pytest.fixture
def app(place: Place) -> Hardened:
    return place.start()


class Page:
    """An answer as somebody without JavaScript meets it."""

    def __init__(self, response: TestResponse) -> None:
        self.response = response
        self.status = response.status_code
        self.html = response.get_data(as_text=True)
        self.main = self.html.partition("<main>")[2].partition("</main>")[0]

    @property
    def heading(self) -> str:
        return words(re.findall(r"<h1>(.*?)</h1>", self.main, re.DOTALL)[0])

    @property
    def title(self) -> str:
        return words(re.findall(r"<title>(.*?)</title>", self.html, re.DOTALL)[0])

    @property
    def words(self) -> str:
        return words(self.main)

    @property
    def errors(self) -> str:
        found = re.findall(r'<div class="errors" id="errors">(.*?)</div>', self.main, re.DOTALL)
        return words(found[0]) if found else ""

    @property
    def code(self) -> str:
        found = re.findall(r'<ol id="code">(.*?)</ol>', self.main, re.DOTALL)
        return "".join(words(found[0]).split()) if found else ""

    @property
    def box(self) -> str:
        found = re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", self.main, re.DOTALL)
        return unescape(found[0])

    def form(self, wanted: str = "<button") -> tuple[str, dict[str, str]]:
        """Give the path and the fields of the first form in <main> that holds these bytes."""
        forms = re.findall(r"<form[^>]*>.*?</form>", self.main, re.DOTALL)
        form = next(form for form in forms if wanted in form)
        fields: dict[str, str] = {}
        for tag in re.findall(r"<input[^>]*>", form):
            attributes = {name: unescape(value) for name, value in re.findall(r'([a-z]+)="([^"]*)"', tag)}
            if attributes["type"] in ("radio", "checkbox") and not tag.rstrip(">").endswith(" checked"):
                continue
            fields[attributes["name"]] = attributes.get("value", "")
        if "<textarea" in form:
            fields["text"] = unescape(re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", form, re.DOTALL)[0])
        path = re.findall(r'action="([^"]*)"', form)[0]
        return path, fields


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


class Visitor:
    """Somebody with a browser of their own."""

    def __init__(self, client: FlaskClient, lang: str = "en") -> None:
        self.client = client
        self.lang = lang

    def opens(self, path: str) -> Page:
        return Page(self.client.get(f"/{self.lang}/{path}"))

    def posts(self, path: str, fields: dict[str, str]) -> Page:
        return Page(self.client.post(path if path.startswith("/") else f"/{self.lang}/{path}", data=fields))

    def fills(self, page: Page, wanted: str = "<button", **fields: str) -> Page:
        """Fill in a form of a page and press its button."""
        path, found = page.form(wanted)
        return self.posts(path, found | fields)

    def writes(self, text: str = "They found my phone.", kind: str = "tell", **fields: str) -> Page:
        """Write something and go on: gives the check page."""
        return self.fills(self.opens(kind), 'name="text"', text=text, **fields)

    def sends(self, check: Page, **fields: str) -> Page:
        line = {} if "no_return" in fields else {"line": check.code[-4:]}
        return self.fills(check, **(line | fields))

    def tells(self, text: str = "They found my phone.", **fields: str) -> str:
        """Tell something, whole, and give the code."""
        sent = self.sends(self.writes(text), **fields)
        assert sent.heading == "It has arrived."
        return sent.code

    def asks(self, text: str = "May I talk to somebody?", **fields: str) -> str:
        sent = self.sends(self.writes(text, "ask", **fields))
        assert sent.heading == "It has arrived."
        return sent.code

    def returns(self, code: str) -> Page:
        """Come back with a code: gives the page that follows."""
        answer = self.fills(self.opens("return"), code=code)
        return self.opens("case") if answer.status == 303 else answer

    def leaves(self) -> Page:
        return Page(self.client.post("/leave", data={"lang": self.lang}))

    def loses_the_cookie(self) -> None:
        self.client.delete_cookie("visit", domain=ADDRESS)


@pytest.fixture
def come(app: Hardened) -> Callable[[], Visitor]:
    """Somebody else comes, with another browser."""
    return lambda: Visitor(app.test_client())


@pytest.fixture
def visitor(come: Callable[[], Visitor]) -> Visitor:
    return come()
