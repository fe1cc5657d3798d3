"""Moderators, found by their handle."""

import unicodedata
from contextlib import suppress
from dataclasses import astuple, dataclass
from typing import Final

from onion_app.choices import ModeratorState
from onion_app.errors import NothingHere, Refused, WrongSecondFactor
from onion_app.shapes import Day, Id, Key
from onion_app.vault.database import Database

MODERATOR: Final = (
    "SELECT m.id, m.handle, m.public_key, m.secrets, m.sheet, m.last_step, m.coordinator, m.state, m.joined_day "
    "FROM moderators AS m "
)
# Letters that look alike, or that two keyboards write for one and the same: yeh, kaf and heh.
_AS_ONE: Final = str.maketrans(
    "\u0649\u06cc\u0643\u06aa\u06be\u06c1\u06d5", "\u064a\u064a\u06a9\u06a9\u0647\u0647\u0647"
)


@dataclass(frozen=True, slots=True)
class Moderator:
    """Somebody with a handle; their private key and TOTP secret are locked in `secrets`, the key again in `sheet`."""

    id: Id
    handle: str
    public_key: Key
    secrets: bytes
    sheet: bytes | None
    last_step: Key | None  # a digest of the last six digits that were accepted
    coordinator: bool
    state: ModeratorState
    joined_day: Day


def compared(handle: str) -> str:
    """Give the form in which handles are compared: two that look or read the same are one.

    Neither case nor the way of writing tells two apart, nor the keyboard: yeh, kaf, heh and digits of Arabic, Farsi and
    Kurdish count as one.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", handle).casefold())
    letters = (str(unicodedata.digit(each, each)) for each in folded.translate(_AS_ONE))
    return "".join("".join(letters).split())


def find_moderator(db: Database, handle: str) -> Moderator:
    """Find somebody by their handle, compared as `compared` says.

    Raises:
        NothingHere: nobody has it.
    """
    wanted = compared(handle)
    every = db.rows("SELECT handle FROM moderators ORDER BY handle")
    kept = next((str(row[0]) for row in every if compared(str(row[0])) == wanted), "")
    return db.one(Moderator, MODERATOR + "WHERE handle = ?", (kept,))


def read_moderator(db: Database, moderator_id: bytes) -> Moderator:
    """Read a moderator.

    Raises:
        NothingHere: there is none.
    """
    return db.one(Moderator, MODERATOR + "WHERE id = ?", (moderator_id,))


def active(db: Database, *, coordinators: bool = False) -> list[Moderator]:
    """List who works here, or which coordinators do, by handle."""
    working = "WHERE m.state = 'active' AND m.coordinator >= ? ORDER BY handle"
    return db.all(Moderator, MODERATOR + working, (coordinators,))


def set_locks(db: Database, moderator_id: bytes, *, secrets: bytes | None = None, sheet: bytes | None = None) -> None:
    """Replace the locked secrets, the key that the recovery sheet opens, or both.

    Raises:
        NothingHere: there is no such moderator.
    """
    with db.writing():
        who = read_moderator(db, moderator_id)
        locks = (secrets or who.secrets, sheet or who.sheet, who.id)
        db.run("UPDATE moderators SET secrets = ?, sheet = ? WHERE id = ?", locks)
    db.try_checkpoint()  # the former lock, which the former passphrase or sheet opens, leaves the log too


def set_last_step(db: Database, moderator_id: bytes, step_digest: bytes) -> None:
    """Note the six digits that were accepted, by their digest.

    Raises:
        WrongSecondFactor: these were the last ones.
        NothingHere: there is no such moderator.
    """
    with db.writing():
        used = "SELECT 1 FROM moderators WHERE id = ? AND last_step = ?"
        if db.row(used, (moderator_id, step_digest)):
            raise WrongSecondFactor
        if not db.run("UPDATE moderators SET last_step = ? WHERE id = ?", (step_digest, moderator_id)):
            raise NothingHere


def make_active(db: Database, moderator_id: bytes, *, coordinator: bool) -> None:
    """Let somebody work here, with the office that their invitation brings, inside the caller's `writing()`.

    Raises:
        NothingHere: nobody of that id works here any more.
    """
    active = "UPDATE moderators SET state = 'active', coordinator = max(coordinator, ?) WHERE id = ? AND state <> 'out'"
    if not db.run(active, (coordinator, moderator_id)):
        raise NothingHere


def add_moderator(db: Database, newcomer: Moderator) -> None:
    """Store a newcomer, inside the caller's `writing()`.

    Raises:
        Refused: somebody has this handle, or one that compares the same.
    """
    with suppress(NothingHere):
        find_moderator(db, newcomer.handle)
        raise Refused("Somebody else has this handle.", field="handle")
    db.run(
        "INSERT INTO moderators (id, handle, public_key, secrets, sheet, last_step, coordinator, state, joined_day) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        astuple(newcomer),
    )
