"""Who may sit down at the desk: logging in, enrolling with an invitation, and joining another circle with one.

Passphrase, second factor and recovery sheet are made here, shown once, and stored only under locks that the
volunteer holds. Whoever tries to log in learns nothing from the answer, nor from how long it takes.
"""

import hmac
from dataclasses import dataclass, field
from secrets import randbelow
from typing import Any, Final

from onion_app.crypto import codes, members
from onion_app.crypto.keys import KeyPair, keypair_from, new_id, new_keypair
from onion_app.crypto.members import (
    Secrets,
    check_totp,
    lock_secrets,
    lock_sheet,
    new_secrets,
    totp_step_digest,
    unlock_secrets,
    waste_time,
)
from onion_app.crypto.passphrases import as_typed, new_passphrase
from onion_app.desk import forms
from onion_app.desk.context import Databases
from onion_app.desk.delays import Delays
from onion_app.desk.permissions import Member
from onion_app.errors import (
    LoginRefused,
    NothingHere,
    SecondFactorUsed,
    WrongPassphrase,
    WrongSecondFactor,
)
from onion_app.vault import truth
from onion_app.vault.database import Database
from onion_app.vault.desk import audit, circles, invitations, moderators
from onion_app.web.pinning import unpinned

# Whether somebody is new here or works in another circle already, the circle that they come to reads the same.
CAME: Final = "came with an invitation"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who has logged in, and the key that proves it."""

    moderator_id: bytes
    private: bytes = field(repr=False)


def log_in(dbs: Databases, delays: Delays, typed: tuple[str, str, str], at: float) -> Identity:
    """Check handle, passphrase and six digits at this unix time.

    Raises:
        LoginRefused: for whatever reason; all reasons look and cost the same.
    """
    handle, passphrase, digits = forms.as_handle(typed[0]), typed[1], typed[2]
    delays.begin(handle)
    try:
        who, secrets = unlocked(dbs.desk, handle, passphrase)
        _spend_digits(dbs.desk, who, secrets.totp, digits, at)
    except (NothingHere, WrongPassphrase, WrongSecondFactor, SecondFactorUsed):
        raise LoginRefused from None
    delays.succeeded(handle)
    return Identity(who.id, secrets.private)


def unlocked(desk: Database, handle: str, passphrase: str) -> tuple[moderators.Moderator, Secrets]:
    """Unlock a moderator's secrets, at the same cost when there is no such moderator."""
    with unpinned():
        try:
            who = moderators.find_moderator(desk, handle)
        except NothingHere:
            waste_time(passphrase)
            raise
        secrets = unlock_secrets(who.secrets, passphrase)
    if who.state == "out" or keypair_from(secrets.private).public != who.public_key:
        raise NothingHere
    return who, secrets


def _spend_digits(desk: Database, who: moderators.Moderator, totp: str, digits: str, at: float) -> None:
    """Accept six digits once; what was shown before the last accepted ones is spent as well.

    Raises:
        WrongSecondFactor, SecondFactorUsed: wrong, or of a step that is over.
    """
    step = check_totp(totp, digits, at)
    # The last step is kept as a mark, which has no order; but it lies at most two steps after any that is accepted now.
    if who.last_step in {totp_step_digest(totp, later) for later in (step, step + 1, step + 2)}:
        raise SecondFactorUsed
    moderators.set_last_step(desk, who.id, totp_step_digest(totp, step))


def change_passphrase(dbs: Databases, delays: Delays, who: Member, typed: tuple[str, str], drawn: str) -> None:
    """Lock a moderator's secrets under the words drawn for them, once they typed the old and the new ones.

    Raises:
        LoginRefused: the old passphrase is wrong, or tried too soon again.
        Mistake: the new words were not typed as they were drawn.
    """
    old, again = typed
    if not drawn or not hmac.compare_digest(as_typed(again), as_typed(drawn)):
        raise forms.Mistake("again", forms.marked("These are not the new words. Type them as they stand above."))
    delays.begin(who.handle)
    try:
        _, secrets = unlocked(dbs.desk, who.handle, old)
    except (NothingHere, WrongPassphrase):
        raise LoginRefused from None
    delays.succeeded(who.handle)
    with unpinned():
        locked = lock_secrets(secrets, drawn)
    moderators.set_secrets(dbs.desk, who.id, locked)
    audit.add_to_audit(dbs.desk, who.id, "changed the passphrase", dbs.today)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What is shown to a newcomer once; it lives in the memory of the session until it is stored or forgotten."""

    mark: bytes
    passphrase: str = field(repr=False)
    secrets: Secrets = field(repr=False)
    sheet: str = field(repr=False)
    line: int  # of the sheet, from 1, to be typed back

    def packed(self) -> dict[str, Any]:
        """Give it as the session keeps it."""
        own = {"private": self.secrets.private.hex(), "totp": self.secrets.totp}
        return own | {"mark": self.mark.hex(), "words": self.passphrase, "sheet": self.sheet, "line": self.line}


def enrolment_from(held: dict[str, Any]) -> Enrolment:
    """Read what the session kept.

    Raises:
        KeyError: nobody is enrolling in this session.
    """
    secrets = Secrets(bytes.fromhex(held["private"]), held["totp"])
    return Enrolment(bytes.fromhex(held["mark"]), held["words"], secrets, held["sheet"], held["line"])


def begin_enrolment(dbs: Databases, invitation: str) -> Enrolment:
    """Look at an invitation and make the secrets of whoever holds it; nothing is stored yet.

    Raises:
        CodeMistyped, InvitationRefused: not 28 digits that fit; unknown, used or too old.
    """
    mark = codes.invitation_digest(codes.read_code(invitation))
    invitations.find_invitation(dbs.desk, mark, dbs.today)
    line = 1 + randbelow(codes.LINES)
    return Enrolment(mark, new_passphrase(), new_secrets(), codes.new_code(), line)


def check_typed_back(enrolment: Enrolment, line: str, digits: str, at: float) -> None:
    """See that the newcomer holds the sheet and the six digits.

    Raises:
        Mistake: the line is another one.
        WrongSecondFactor: the digits are wrong.
    """
    wanted = codes.code_lines(enrolment.sheet)[enrolment.line - 1]
    if not hmac.compare_digest(codes.latin_digits(line), wanted):
        raise forms.Mistake("line", forms.marked("This is another line, or a digit is wrong. Look at the sheet again."))
    check_totp(enrolment.secrets.totp, digits, at)


def enrol(dbs: Databases, enrolment: Enrolment, handle: str) -> None:
    """Store a newcomer; the first one of a circle without a key makes the circle's pair and becomes its member.

    Raises:
        HandleTaken, InvitationRefused, CircleChanged: nothing was stored.
    """
    # No plain key outlives this function: what is stored is locked, and what is locked is shown on paper only.
    invitation = invitations.find_invitation(dbs.desk, enrolment.mark, dbs.today)
    circle = circles.read_circle(dbs.desk, invitation.circle_id)
    own = keypair_from(enrolment.secrets.private)
    with unpinned():
        locked = lock_secrets(enrolment.secrets, enrolment.passphrase)
        sheet = lock_sheet(own.private, enrolment.sheet)
    newcomer = moderators.Moderator(
        id=new_id(),
        handle=handle,
        public_key=own.public,
        secrets=locked,
        sheet=sheet,
        last_step=None,
        coordinator=False,
        state="waiting",
        joined_day=dbs.today,
    )
    grant = _first_grant(circle, newcomer)
    with dbs.mailbox.writing():  # around the desk's own, so that the chores never find a circle half copied
        invitations.redeem(dbs.desk, enrolment.mark, dbs.today, newcomer, grant)
        truth.copy_circles(dbs.mailbox, dbs.desk)
    audit.add_to_audit(dbs.desk, newcomer.id, CAME, dbs.today, circle.id)


def join(dbs: Databases, who: Member, invitation_code: str) -> None:
    """Bring somebody who is logged in into another circle, with the key pair and the secrets that they have already.

    Raises:
        CodeMistyped, InvitationRefused: as in `begin_enrolment`.
        AlreadyInCircle, CircleChanged: nothing was stored, and the invitation is still good.
    """
    mark = codes.invitation_digest(codes.read_code(invitation_code))
    invitation = invitations.find_invitation(dbs.desk, mark, dbs.today)
    circle = circles.read_circle(dbs.desk, invitation.circle_id)
    grant = _first_grant(circle, moderators.read_moderator(dbs.desk, who.id))
    with dbs.mailbox.writing():  # as in `enrol`
        invitations.join(dbs.desk, mark, dbs.today, who.id, grant)
        truth.copy_circles(dbs.mailbox, dbs.desk)
    what = "became a coordinator" if circle.id in who.circles else CAME
    audit.add_to_audit(dbs.desk, who.id, what, dbs.today, circle.id)


def _first_grant(circle: circles.Circle, newcomer: moderators.Moderator) -> circles.Grant | None:
    """Make the pair of a circle that has none, and seal it to its first member; it goes nowhere else."""
    if circle.public_key is not None:
        return None
    pair: KeyPair = new_keypair()
    generation = circle.generation + 1
    sealed = members.seal_circle_key(
        pair.private,
        circle_id=circle.id,
        generation=generation,
        moderator_id=newcomer.id,
        public_key=newcomer.public_key,
    )
    return circles.Grant(circle.id, generation, newcomer.id, pair.public, sealed)
