"""The rows about the people who work here, as they leave the vault; private keys stand in them as sealed bytes."""

from dataclasses import dataclass
from typing import Literal

from onion_app.vault.rows import Day, Id, Key, Number, Words


@dataclass(frozen=True, slots=True)
class Moderator:
    """Somebody with a handle; their private key and TOTP secret are locked in `secrets`, the key again in `sheet`."""

    id: Id
    handle: str
    public_key: Key
    secrets: bytes
    sheet: bytes | None
    last_step: Key | None  # a mark of the last six digits that were accepted
    coordinator: bool
    state: Literal["waiting", "active", "out"]  # waiting: no circle has let them in; active: one has, or more
    joined_day: Day


@dataclass(frozen=True, slots=True)
class Invitation:
    """A way in for one person, valid up to and on its last day; it is found by a mark of the printed code."""

    id: Id
    circle_id: Id
    coordinator: bool
    made_by: Id | None
    expires_day: Day
    state: Literal["open", "redeemed", "cancelled"]
    redeemed_by: Id | None


@dataclass(frozen=True, slots=True)
class Circle:
    """A few people who share a key pair, whose generation counts up from 0, no key yet."""

    id: Id
    name: str
    topics: Words
    languages: Words
    catch_all: bool
    coordinators: bool
    generation: Number
    public_key: Key | None


@dataclass(frozen=True, slots=True)
class Grant:
    """A generation of a circle's private key, sealed to one member."""

    circle_id: Id
    generation: Number
    moderator_id: Id
    public_key: Key  # the circle's
    sealed: bytes
