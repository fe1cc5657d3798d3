"""Logging in, and what a moderator changes of their own ways in: passphrase, second factor, recovery sheet.

Whoever tries to log in learns nothing from the answer, nor from how long it takes. A way in is replaced only by who
types the passphrase: an open session alone changes nobody's.
"""

import hmac
from secrets import randbelow
from typing import Any, Final

import segno
from markupsafe import Markup

from onion_app.crypto import codes
from onion_app.crypto.members import (
    Secrets,
    check_totp,
    lock_secrets,
    lock_sheet,
    totp_step_digest,
    totp_uri,
    unlock_secrets,
    waste_time,
)
from onion_app.crypto.passphrases import as_typed
from onion_app.desk.context import Databases
from onion_app.desk.delays import OneTry
from onion_app.desk.permissions import Member, check_key, expect_no_suspension
from onion_app.errors import NothingHere, Refused, WrongSecondFactor
from onion_app.vault.database import Database
from onion_app.vault.desk import audit, moderators
from onion_app.web.pinning import unpinned

_LABEL: Final = "Notes"  # what a phone shows beside the six digits: nothing that points here


def log_in(
    dbs: Databases, one_try: OneTry, handle: str, passphrase: str, digits: str, at: float
) -> tuple[bytes, bytes]:
    """Check handle, passphrase and six digits at this unix time; gives the moderator's id and private key.

    Raises:
        LoginRefused: one of the three is wrong, or it was tried too soon again; all reasons look and cost the same.
        LoginSuspended: all three are right, and they are suspended.
    """
    with one_try(handle):
        who, secrets = _unlocked(dbs.desk, handle, passphrase)
        _spend_digits(dbs.desk, who, secrets.totp, digits, at)
        expect_no_suspension(dbs.desk, who.id)  # told only to whoever has all three
    return who.id, secrets.private


def _unlocked(desk: Database, handle: str, passphrase: str) -> tuple[moderators.Moderator, Secrets]:
    """Unlock a moderator's secrets, at the same cost when there is no such moderator."""
    with unpinned():
        try:
            who = moderators.find_moderator(desk, handle)
        except NothingHere:
            waste_time(passphrase)
            raise
        secrets = unlock_secrets(who.secrets, passphrase)
    check_key(who, secrets.private)
    return who, secrets


def _spend_digits(desk: Database, who: moderators.Moderator, totp: str, digits: str, at: float) -> None:
    """Accept six digits once; those that were shown before the last accepted ones are spent as well."""
    step = check_totp(totp, digits, at)
    # The last step is kept as a digest, which has no order; but it lies at most two steps after any accepted now.
    if who.last_step in {totp_step_digest(totp, later) for later in (step, step + 1, step + 2)}:
        raise WrongSecondFactor
    moderators.set_last_step(desk, who.id, totp_step_digest(totp, step))


def change_passphrase(dbs: Databases, one_try: OneTry, who: Member, old: str, drawn: str, again: str) -> None:
    """Lock a moderator's secrets under the words drawn for them, once they typed the old and the new ones.

    Raises:
        Refused: the new words were not typed as they were drawn.
        LoginRefused: the old passphrase is wrong, or tried too soon again.
    """
    if not drawn or not hmac.compare_digest(as_typed(again), as_typed(drawn)):
        raise Refused("These are not the new words. Type them as they stand above.", field="again")
    _lock(dbs, who, _own_secrets(dbs, one_try, who, old), drawn)
    audit.add_to_audit(dbs.desk, who.id, "changed the passphrase", dbs.today)


def change_second_factor(
    dbs: Databases, one_try: OneTry, who: Member, passphrase: str, drawn: str, digits: str, at: float
) -> None:
    """Lock a moderator's secrets with the second factor drawn for them, once their phone shows its digits.

    Raises:
        WrongSecondFactor: the digits are not those of the new one at this unix time.
        LoginRefused: the passphrase is wrong, or tried too soon again.
    """
    check_totp(drawn, digits, at)
    secrets = _own_secrets(dbs, one_try, who, passphrase)
    _lock(dbs, who, Secrets(secrets.private, drawn), passphrase)
    audit.add_to_audit(dbs.desk, who.id, "changed the second factor", dbs.today)


def change_sheet(
    dbs: Databases, one_try: OneTry, who: Member, passphrase: str, drawn: str, line: int, digits: str
) -> None:
    """Replace a moderator's recovery sheet by the one drawn for them, once they typed one line of it back.

    Raises:
        Refused: the line is another one.
        LoginRefused: the passphrase is wrong, or tried too soon again.
    """
    check_line(drawn, line, digits)
    secrets = _own_secrets(dbs, one_try, who, passphrase)
    with unpinned():
        locked = lock_sheet(secrets.private, drawn)
    moderators.set_locks(dbs.desk, who.id, sheet=locked)
    audit.add_to_audit(dbs.desk, who.id, "changed the recovery sheet", dbs.today)


def _own_secrets(dbs: Databases, one_try: OneTry, who: Member, passphrase: str) -> Secrets:
    with one_try(who.handle):
        return _unlocked(dbs.desk, who.handle, passphrase)[1]


def _lock(dbs: Databases, who: Member, secrets: Secrets, passphrase: str) -> None:
    with unpinned():
        locked = lock_secrets(secrets, passphrase)
    moderators.set_locks(dbs.desk, who.id, secrets=locked)


def in_fours(totp: str) -> str:
    """Write the secret of a second factor in groups of four letters."""
    return " ".join(totp[start : start + 4] for start in range(0, len(totp), 4))


def qr_code(totp: str) -> Markup:
    """Draw a second factor as an inline SVG; it is made of our own letters only."""
    drawing: Any = segno.make(totp_uri(totp, _LABEL), micro=False)
    return Markup(drawing.svg_inline(omitsize=True, border=2))  # noqa: S704 - drawn by segno from generated letters


def line_to_type_back() -> int:
    """Choose a line of a recovery sheet, from 1, by which somebody shows that they hold it."""
    return 1 + randbelow(codes.LINES)


def check_line(sheet: str, line: int, typed: str) -> None:
    """See that somebody holds a recovery sheet, by the line that they were to type back.

    Raises:
        Refused: it is another line, or there is no sheet.
    """
    if not sheet or not hmac.compare_digest(codes.read_line(typed, line), codes.code_lines(sheet)[line - 1]):
        raise Refused("This is another line, or a digit is wrong. Look at the sheet again.", field="line")
