"""Coming to the desk with an invitation, and coming back with a recovery sheet after a loss.

Passphrase, second factor and sheet are drawn here, shown once, and stored only under locks that the volunteer holds,
after two of them were typed back. A sheet brings back the private key and nothing else.
"""

from dataclasses import dataclass, field
from typing import Final

from onion_app.crypto import codes
from onion_app.crypto.keys import keypair_from, new_id, new_keypair
from onion_app.crypto.members import Secrets, check_totp, lock_secrets, lock_sheet, new_secrets, open_sheet
from onion_app.crypto.passphrases import new_passphrase
from onion_app.desk.context import Databases
from onion_app.desk.delays import OneTry
from onion_app.desk.identity import check_line, line_to_type_back
from onion_app.desk.permissions import Member, check_key, expect_no_suspension
from onion_app.errors import NothingHere
from onion_app.vault.desk import audit, circles, invitations, membership, moderators
from onion_app.vault.show import show
from onion_app.web.pinning import unpinned

# Whether somebody is new here or works in another circle already, the circle that they come to reads the same.
CAME: Final = "came with an invitation"
_NO_SHEET: Final = b"\x01" + bytes(16 + 24 + 48)  # opens for nobody, and costs what a real one costs


@dataclass(frozen=True, slots=True)
class Enrolment:
    """The secrets that are shown once; they live in the memory of the session until they are stored or forgotten."""

    invitation: bytes  # its digest; zeros for who comes back
    passphrase: str = field(repr=False)
    secrets: Secrets = field(repr=False)
    sheet: str = field(repr=False)
    line: int  # of the sheet, from 1, to be typed back


def _drawn(invitation: bytes, secrets: Secrets) -> Enrolment:
    return Enrolment(invitation, new_passphrase(), secrets, codes.new_code(), line_to_type_back())


def begin_enrolment(dbs: Databases, invitation: str) -> Enrolment:
    """Look at an invitation and draw the secrets of whoever holds it; nothing is stored yet.

    Raises:
        CodeMistyped: these are not 28 digits that fit.
        Refused: it is unknown, used or too old.
    """
    digest = codes.invitation_digest(codes.read_code(invitation))
    invitations.find_invitation(dbs.desk, digest, dbs.today)
    return _drawn(digest, new_secrets())


def begin_recovery(dbs: Databases, one_try: OneTry, handle: str, sheet: str) -> tuple[bytes, Enrolment]:
    """Bring a private key back with the sheet, and draw everything else anew; nothing is stored yet.

    Raises:
        LoginRefused: handle or sheet are wrong, or it was tried too soon again; all reasons look and cost the same.
    """
    with one_try(handle), unpinned():
        try:
            who = moderators.find_moderator(dbs.desk, handle)
        except NothingHere:
            open_sheet(_NO_SHEET, sheet)
            raise
        private = open_sheet(who.sheet or _NO_SHEET, sheet)
        check_key(who, private)
        expect_no_suspension(dbs.desk, who.id)
    return who.id, _drawn(bytes(32), Secrets(private, new_secrets().totp))


def check_typed_back(enrolment: Enrolment, line: str, digits: str, at: float) -> None:
    """See that somebody holds the sheet and the six digits at this unix time.

    Raises:
        Refused: the line is another one.
        WrongSecondFactor: the digits are wrong.
    """
    check_line(enrolment.sheet, enrolment.line, line)
    check_totp(enrolment.secrets.totp, digits, at)


def enrol(dbs: Databases, enrolment: Enrolment, handle: str) -> None:
    """Store a newcomer; the first one of a circle without a key makes the circle's pair and becomes its member.

    Raises:
        Refused: somebody else has the handle, or came first at the same moment; or the invitation was used or cancelled
            meanwhile, or is too old. Nothing was stored.
    """
    # No plain key outlives this function: what is stored is locked, and what is locked is shown on paper only.
    invitation = invitations.find_invitation(dbs.desk, enrolment.invitation, dbs.today)
    circle = circles.read_circle(dbs.desk, invitation.circle_id)
    secrets, sheet = _locked(enrolment)
    newcomer = moderators.Moderator(
        id=new_id(),
        handle=handle,
        public_key=keypair_from(enrolment.secrets.private).public,
        secrets=secrets,
        sheet=sheet,
        last_step=None,
        coordinator=False,
        state="waiting",
        joined_day=dbs.today,
    )
    grant = _first_grant(dbs, circle, newcomer)
    with dbs.mailbox.writing():  # nothing is sealed to a key that the circle does not have yet, or has no more
        invitations.redeem(dbs.desk, enrolment.invitation, dbs.today, newcomer, grant)
        show(dbs.shown, dbs.desk)
    audit.add_to_audit(dbs.desk, newcomer.id, CAME, dbs.today, circle.id)


def recover(dbs: Databases, moderator_id: bytes, enrolment: Enrolment) -> None:
    """Store the new locks of somebody who came back with their sheet; the old passphrase and sheet open no more.

    Raises:
        NothingHere: they were shut out meanwhile, or are somebody else by now.
    """
    who = moderators.read_moderator(dbs.desk, moderator_id)
    check_key(who, enrolment.secrets.private)
    expect_no_suspension(dbs.desk, who.id)
    secrets, sheet = _locked(enrolment)
    moderators.set_locks(dbs.desk, who.id, secrets=secrets, sheet=sheet)
    audit.add_to_audit(dbs.desk, who.id, "came back with the recovery sheet", dbs.today)


def _locked(enrolment: Enrolment) -> tuple[bytes, bytes]:
    with unpinned():
        secrets = lock_secrets(enrolment.secrets, enrolment.passphrase)
        return secrets, lock_sheet(enrolment.secrets.private, enrolment.sheet)


def join(dbs: Databases, who: Member, invitation_code: str) -> None:
    """Bring somebody who is logged in into another circle, with the key pair and the secrets that they have already.

    Raises:
        CodeMistyped: these are not 28 digits that fit.
        Refused: it is unknown, used or too old, or brings one where one is; or the circle changed at the same moment.
    """
    digest = codes.invitation_digest(codes.read_code(invitation_code))
    invitation = invitations.find_invitation(dbs.desk, digest, dbs.today)
    circle = circles.read_circle(dbs.desk, invitation.circle_id)
    grant = _first_grant(dbs, circle, moderators.read_moderator(dbs.desk, who.id))
    with dbs.mailbox.writing():  # as in `enrol`
        invitations.join(dbs.desk, digest, dbs.today, who.id, grant)
        show(dbs.shown, dbs.desk)
    what = "became a coordinator" if circle.id in who.circles else CAME
    audit.add_to_audit(dbs.desk, who.id, what, dbs.today, circle.id)


def _first_grant(dbs: Databases, circle: circles.Circle, newcomer: moderators.Moderator) -> circles.Grant | None:
    """Make the pair of a circle that nobody is in, and seal it to its first member; it goes nowhere else."""
    if circle.generation is not None:
        return None
    return membership.grant_to(newcomer, new_keypair(), circle.id, membership.next_generation(dbs.desk, circle.id))
