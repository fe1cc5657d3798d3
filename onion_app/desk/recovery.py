"""New secrets for somebody who is a member already: another phone, another sheet, or all of them after a loss.

A second factor or a sheet is replaced only by who types the passphrase: an open session alone changes nobody's way in.
The sheet brings back the private key and nothing else; passphrase, second factor and sheet are then made anew, and
what the old ones opened is stored no more.
"""

import hmac
from secrets import randbelow
from typing import Final

from onion_app.crypto import codes
from onion_app.crypto.keys import keypair_from
from onion_app.crypto.members import Secrets, check_totp, lock_secrets, lock_sheet, new_secrets, open_sheet
from onion_app.crypto.passphrases import new_passphrase
from onion_app.desk import forms
from onion_app.desk.context import Databases
from onion_app.desk.delays import Delays
from onion_app.desk.identity import Enrolment, unlocked
from onion_app.desk.permissions import Member
from onion_app.errors import CodeMistyped, LoginRefused, NothingHere, WrongPassphrase
from onion_app.vault.desk import audit, moderators
from onion_app.web.pinning import unpinned

_NO_SHEET: Final = b"\x01" + bytes(16 + 24 + 48)  # opens for nobody, and costs what a real one costs


def change_second_factor(
    dbs: Databases, delays: Delays, who: Member, typed: tuple[str, str], drawn: str, at: float
) -> None:
    """Lock a moderator's secrets with the second factor drawn for them, once their phone shows its digits.

    Raises:
        LoginRefused: the passphrase is wrong, or tried too soon again.
        WrongSecondFactor: the digits are not those of the new one at this unix time.
    """
    passphrase, digits = typed
    check_totp(drawn, digits, at)
    secrets = _with_passphrase(dbs, delays, who, passphrase)
    with unpinned():
        locked = lock_secrets(Secrets(secrets.private, drawn), passphrase)
    moderators.set_secrets(dbs.desk, who.id, locked)
    audit.add_to_audit(dbs.desk, who.id, "changed the second factor", dbs.today)


def change_sheet(dbs: Databases, delays: Delays, who: Member, typed: tuple[str, str], sheet: str, line: int) -> None:
    """Replace a moderator's recovery sheet, once they typed one line of the new one back.

    Raises:
        LoginRefused: the passphrase is wrong, or tried too soon again.
        Mistake: the line is another one.
    """
    passphrase, digits = typed
    _check_line(sheet, line, digits)
    secrets = _with_passphrase(dbs, delays, who, passphrase)
    with unpinned():
        locked = lock_sheet(secrets.private, sheet)
    moderators.set_sheet(dbs.desk, who.id, locked)
    audit.add_to_audit(dbs.desk, who.id, "changed the recovery sheet", dbs.today)


def _check_line(sheet: str, line: int, digits: str) -> None:
    if not sheet or not hmac.compare_digest(codes.latin_digits(digits), codes.code_lines(sheet)[line - 1]):
        raise forms.Mistake("line", forms.marked("This is another line, or a digit is wrong. Look at the sheet again."))


def _with_passphrase(dbs: Databases, delays: Delays, who: Member, passphrase: str) -> Secrets:
    delays.begin(who.handle)
    try:
        _, secrets = unlocked(dbs.desk, who.handle, passphrase)
    except (NothingHere, WrongPassphrase):
        raise LoginRefused from None
    delays.succeeded(who.handle)
    return secrets


def begin_recovery(dbs: Databases, delays: Delays, handle: str, sheet: str) -> tuple[bytes, Enrolment]:
    """Bring a private key back with the sheet, and draw everything else anew; nothing is stored yet.

    Raises:
        LoginRefused: for whatever reason; all reasons look and cost the same.
    """
    delays.begin(forms.as_handle(handle))
    try:
        who, private = _opened(dbs, forms.as_handle(handle), sheet)
    except (NothingHere, WrongPassphrase, CodeMistyped):
        raise LoginRefused from None
    delays.succeeded(who.handle)
    secrets = Secrets(private, new_secrets().totp)
    line = 1 + randbelow(codes.LINES)
    return who.id, Enrolment(bytes(32), new_passphrase(), secrets, codes.new_code(), line)


def _opened(dbs: Databases, handle: str, sheet: str) -> tuple[moderators.Moderator, bytes]:
    with unpinned():
        try:
            who = moderators.find_moderator(dbs.desk, handle)
        except NothingHere:
            open_sheet(_NO_SHEET, sheet)
            raise
        private = open_sheet(who.sheet or _NO_SHEET, sheet)
    if who.state == "out" or keypair_from(private).public != who.public_key:
        raise NothingHere
    return who, private


def recover(dbs: Databases, moderator_id: bytes, made: Enrolment) -> None:
    """Store the new locks of somebody who came back with their sheet; the old passphrase and sheet open no more.

    Raises:
        NothingHere: they were shut out meanwhile, or are somebody else by now.
    """
    who = moderators.read_moderator(dbs.desk, moderator_id)
    if who.state == "out" or keypair_from(made.secrets.private).public != who.public_key:
        raise NothingHere
    with unpinned():
        secrets = lock_secrets(made.secrets, made.passphrase)
        sheet = lock_sheet(made.secrets.private, made.sheet)
    moderators.set_secrets(dbs.desk, who.id, secrets)
    moderators.set_sheet(dbs.desk, who.id, sheet)
    audit.add_to_audit(dbs.desk, who.id, "came back with the recovery sheet", dbs.today)
