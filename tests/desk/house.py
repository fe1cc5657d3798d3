"""A desk in this process, the people before it, and what they do to each other in their circles."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import url_for

from onion_app.crypto.keys import KeyPair, keypair_from
from onion_app.crypto.members import open_circle_key, unlock_secrets
from onion_app.desk import DeskConfig, create_app
from onion_app.vault.desk import circles, moderators
from onion_app.web.app import Hardened
from scripts.rehearsal import people as persons
from scripts.rehearsal.pages import Element, Page
from scripts.rehearsal.people import STEP
from scripts.rehearsal.wire import into
from tests.world import Clock, World

NAME = "abcdefghijklmnop"
PORT = 8390
HOST = f"{NAME}.localhost:{PORT}"


class House(World):
    """Everything behind the desk, and the desk itself; the time is moved by hand."""

    clock: Clock

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, Clock())
        self.ended: list[float] = []
        self.apps: list[Hardened] = []
        self.app = self.start()

    def start(self) -> Hardened:
        """Start the desk, once more after it has ended."""
        config = DeskConfig(
            mailbox_folder=self.state.mailbox,
            shown_folder=self.state.shown,
            desk_folder=self.state.desk,
            keys=self.keys,
            name=NAME,
            port=PORT,
            clock=self.clock,
            since_boot=lambda: self.clock.since_boot,
            on_last_session_end=lambda: self.ended.append(self.clock.now),
        )
        self.apps.append(create_app(config))
        return self.apps[-1]

    def endpoints(self, ids: Mapping[str, bytes] | None = None) -> list[tuple[str, str, str]]:
        """List every endpoint with its method and a path to it, with these ids in it or with those of nothing."""
        found: list[tuple[str, str, str]] = []
        with self.app.test_request_context(base_url=f"http://{HOST}"):
            for rule in self.app.url_map.iter_rules():
                nothing: dict[str, Any] = {
                    name: bytes(16) if name.endswith("_id") else "new" for name in rule.arguments
                }
                values = {name: (ids or {}).get(name, nothing[name]) for name in nothing}
                methods = sorted((rule.methods or set()) & {"GET", "POST"})
                found += [(rule.endpoint, method, url_for(rule.endpoint, **values)) for method in methods]
        return found

    def volunteer(self, circle_id: bytes | None = None, handle: str = "", *, logged_in: bool = False) -> "Volunteer":
        """Give somebody with a browser, who has enrolled in a circle if one is named."""
        somebody = Volunteer(self)
        if circle_id is not None:
            somebody.enrol(self.invitation(circle_id), handle)
        if logged_in:
            somebody.log_in()
        return somebody


class Volunteer(persons.Volunteer):
    """Somebody whose time goes by hand, so that six digits never have to be waited for."""

    def __init__(self, house: House) -> None:
        super().__init__(f"http://{HOST}", into(house.app), house.clock)
        self.house = house

    def digits(self, steps: int = 0) -> str:
        """Read the six digits of this moment, or of some steps later."""
        return self.login.digits(self.house.clock.now + STEP * steps)

    def log_in(self, **wrong: str) -> Page:
        """Log in with the next unused six digits."""
        self.house.clock.now += 2 * STEP
        return super().log_in(**wrong)

    @property
    def token(self) -> list[tuple[str, str]]:
        """What every form of this session carries, for who sends a form that no page offers them."""
        return [("csrf_token", self.page.form_to("/logout").value("csrf_token"))]


def joins(house: House, circle: bytes, handle: str, host: Volunteer) -> Volunteer:
    """Somebody whom a member, who is logged in, has let in after both read the same words."""
    newcomer = house.volunteer(circle, handle, logged_in=True)
    compares(newcomer, host, circle)
    return newcomer


def compares(newcomer: Volunteer, host: Volunteer, circle: bytes) -> None:
    """Let somebody in whose first page is open, after both read the same words."""
    words = newcomer.page.first(id="four-words").text
    host.get("/circles")
    card = next(box for box in card_of(host, circle).having_class("newcomer") if newcomer.login.handle in box.text)
    assert card.having_class("words")[0].text == words
    host.press(f"/circles/{circle.hex()}/let-in/{card.get('data-newcomer')}")


def shuts_out(house: House, coordinator: Volunteer, handle: str) -> None:
    """Shut somebody out of everything."""
    coordinator.press_on("/circles", f"/circles/shut-out/{id_of(house, handle)}")


def invites(volunteer: Volunteer, circle: bytes, how: str = "invite") -> str:
    """Make an invitation and read its code."""
    return volunteer.press_on("/circles", f"/circles/{circle.hex()}/{how}").code


def card_of(volunteer: Volunteer, circle: bytes) -> Element:
    """Find the part about a circle on the page that is open."""
    return next(card for card in volunteer.page.having_class("gathering") if card.get("data-circle") == circle.hex())


def listed(page: Page, kind: str = "case") -> list[str]:
    """Name the cases that a page lists."""
    return [card.get("data-case") for card in page.having_class(kind)]


def id_of(house: House, handle: str) -> str:
    return moderators.find_moderator(house.desk, handle).id.hex()


def pairs_of(house: House, volunteer: Volunteer, circle: bytes) -> list[KeyPair]:
    """Give every pair of a circle that somebody's passphrase and the desk's database open today, the newest first."""
    who = moderators.find_moderator(house.desk, volunteer.login.handle)
    private = unlock_secrets(who.secrets, volunteer.login.passphrase).private
    place = {"circle_id": circle, "moderator_id": who.id, "private_key": private}
    grants = circles.grants_of(house.desk, who.id, circle)
    return [keypair_from(open_circle_key(grant.sealed, generation=grant.generation, **place)) for grant in grants]
