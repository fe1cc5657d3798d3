"""Circles of more than one person, and what they do to each other."""

from contextlib import suppress

from onion_app.crypto.epochs import unwrap
from onion_app.crypto.keys import KeyPair, keypair_from
from onion_app.crypto.members import open_circle_key, unlock_secrets
from onion_app.errors import SealBroken
from onion_app.vault.desk import circles, moderators
from onion_app.vault.mailbox import case_keys
from onion_app.web.app import Hardened
from tests.desk.actors import House, Volunteer
from tests.pages import Element


def waits(house: House, app: Hardened, circle: bytes, handle: str) -> Volunteer:
    """Somebody who has enrolled in a circle with members, is logged in and waits."""
    newcomer = Volunteer(house, app)
    newcomer.enrols(circle, handle)
    newcomer.logs_in()
    return newcomer


def joins(house: House, app: Hardened, circle: bytes, handle: str, host: Volunteer) -> Volunteer:
    """Somebody whom a member, who is logged in, has let in after both read the same words."""
    newcomer = waits(house, app, circle, handle)
    compares(newcomer, host, circle)
    return newcomer


def compares(newcomer: Volunteer, host: Volunteer, circle: bytes) -> None:
    """Let somebody in whose first page is open, after both read the same words."""
    words = newcomer.page.first(id="four-words").text
    host.goes_to("/circles")
    card = next(box for box in card_of(host, circle).having_class("newcomer") if newcomer.handle in box.text)
    assert card.having_class("words")[0].text == words
    host.presses(f"/circles/{circle.hex()}/let-in/{card.get('data-newcomer')}")


def makes_coordinator(house: House, volunteer: Volunteer) -> None:
    """Do what the operator's command does."""
    with house.desk.writing():
        house.desk.run("UPDATE moderators SET coordinator = 1 WHERE handle = ?", (volunteer.handle,))


def invites(volunteer: Volunteer, circle: bytes) -> str:
    """Make an invitation and read its code."""
    volunteer.goes_to("/circles")
    page = volunteer.presses(f"/circles/{circle.hex()}/invite")
    return "".join(item.text for item in page.first(id="code").every("li"))


def card_of(volunteer: Volunteer, circle: bytes) -> Element:
    """Find the part about a circle on the page that is open."""
    return next(card for card in volunteer.page.having_class("gathering") if card.get("data-circle") == circle.hex())


def id_of(house: House, handle: str) -> str:
    return moderators.find_moderator(house.desk, handle).id.hex()


def pairs_of(house: House, volunteer: Volunteer, circle: bytes) -> list[KeyPair]:
    """Give every pair of a circle that somebody's passphrase and the desk's database open today, the newest first."""
    who = moderators.find_moderator(house.desk, volunteer.handle)
    private = unlock_secrets(who.secrets, volunteer.passphrase).private
    opened = [
        open_circle_key(
            grant.sealed,
            circle_id=circle,
            generation=grant.generation,
            moderator_id=who.id,
            private_key=private,
        )
        for grant in circles.grants_of(house.desk, who.id, circle)
    ]
    return [keypair_from(found) for found in opened]


def epochs_open_to(house: House, case_id: bytes, circle: bytes, pairs: list[KeyPair]) -> set[int]:
    """Give the epochs of a case whose key these pairs open."""
    found = set()
    for wrap in case_keys.wraps_of(house.mailbox, case_id, circle):
        for pair in pairs:
            with suppress(SealBroken):
                unwrap(wrap.wrap, case_id=case_id, epoch=wrap.epoch, holder=circle, private_key=pair.private)
                found.add(wrap.epoch)
    return found
