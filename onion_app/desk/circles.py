"""Who belongs to a circle: invitations, letting in whoever came by one, and what those who are out had worked in.

A newcomer to a circle reads nothing of it until a member has compared four words with them, by a way outside the desk:
the words come out of the newcomer's own key, so that a key which somebody put in its place says other ones. Only then
is every key that the circle ever had sealed to the newcomer, who may be at work in another circle already, of which
this one learns nothing. # P05: nobody can let anybody into a circle that is not their own.
"""

from contextlib import suppress
from typing import Final, NamedTuple

from onion_app.crypto import codes
from onion_app.crypto.casekeys import audit_mark
from onion_app.crypto.keys import keypair_from
from onion_app.crypto.members import words_to_compare
from onion_app.desk.context import Databases
from onion_app.desk.permissions import Member, case_of, circle_of, handle_of, only_coordinators
from onion_app.desk.proposals import propose_within
from onion_app.desk.seconds import seconds_in
from onion_app.errors import KeysChanged, NotAllowed, NothingHere, Refused, marked
from onion_app.vault.desk import audit, circles, invitations, membership, moderators, proposals
from onion_app.vault.mailbox import case_keys, lifetime, queues, records
from onion_app.web.pinning import unpinned

SHEETS: Final = 2  # members with a recovery sheet without whom a circle may one day open nothing any more
ANOTHER_LETS_IN: Final = marked("Whoever invited somebody does not let them in: another member does.")


class Newcomer(NamedTuple):
    """Somebody who was not let in yet, and the words that their own screen must show."""

    who: moderators.Moderator
    coordinator: bool  # they will be, once they are let in
    words: tuple[str, ...]


class AwaitedCircle(NamedTuple):
    """A circle that has not let somebody in yet, and the words that they read out to it."""

    circle: str
    words: tuple[str, ...]


class OpenInvitation(NamedTuple):
    """An invitation that nobody has used yet, and whether its time is over."""

    invitation: invitations.Invitation
    over: bool


class CircleOverview(NamedTuple):
    """A circle as its members and the coordinators see it."""

    circle: circles.Circle
    mine: bool
    members: list[moderators.Moderator]
    waiting: list[Newcomer]
    invitations: list[OpenInvitation]
    gone: list[moderators.Moderator]
    elsewhere: set[bytes]  # for coordinators: who of these is, or waits, in another circle too
    emptied: bool  # everybody has left it
    has_too_few_sheets: bool  # the loss of one person or one sheet may lose the circle's cases


def circle_overviews(dbs: Databases, member: Member) -> list[CircleOverview]:
    """Show the member's own circles, and to a coordinator all of them."""
    visible = [each for each in circles.circles(dbs.desk) if each.id in member.circles or member.coordinates]
    return [_overview(dbs, member, circle) for circle in visible]


def _overview(dbs: Databases, member: Member, circle: circles.Circle) -> CircleOverview:
    mine = circle.id in member.circles
    waiting = circles.waiting_in(dbs.desk, circle.id)
    members = circles.members_of(dbs.desk, circle.id)
    unused = [each for each in invitations.open_invitations(dbs.desk) if each.circle_id == circle.id]
    others = [*members, *waiting] if member.coordinates else []
    return CircleOverview(
        circle,
        mine,
        members,
        [_waiting(dbs, who, circle.id, mine=mine) for who in waiting],
        [OpenInvitation(each, each.expires_day < dbs.today) for each in unused],
        circles.gone_from(dbs.desk, circle.id) if mine else [],
        {who.id for who in others if circles.is_elsewhere(dbs.desk, who.id, circle.id)},
        circle.generation is None and bool(circles.public_keys(dbs.desk, circle.id)),
        _has_too_few_sheets(members),
    )


def _waiting(dbs: Databases, who: moderators.Moderator, circle_id: bytes, *, mine: bool) -> Newcomer:
    invitation = invitations.invitation_of(dbs.desk, who.id, circle_id)
    return Newcomer(who, invitation.coordinator, _words(who.public_key, invitation) if mine else ())


class AuditLine(NamedTuple):
    """A line of the audit."""

    day: int
    handle: str | None  # empty: the operator; None: somebody of another circle
    what: str
    whom: str  # the handle of who was let in or shut out; else empty


class AuditPage(NamedTuple):
    """A part of the audit of a circle, and the day and id of its last line where more follow."""

    circle: circles.Circle
    lines: list[AuditLine]
    last: tuple[int, bytes] | None


def audit_of(dbs: Databases, member: Member, circle_id: bytes, after: tuple[int, bytes] | None) -> AuditPage:
    """List the next 50 lines of a circle's audit, the newest day first.

    Raises:
        NotAllowed: neither one of their circles, nor are they a coordinator.
        NothingHere: no such circle.
    """
    _may_look_after(member, circle_id)
    circle = circles.read_circle(dbs.desk, circle_id)
    rows, more = audit.audit_of(dbs.desk, circle_id, after)
    named = {who for row in rows for who in (row.who, row.whom) if who is not None}
    if not member.coordinates:  # a circle reads no handle of another one, not even its coordinator's
        named &= {who.id for who in _ever_in(dbs, circle.id)}
    handles: dict[bytes | None, str] = {None: ""} | {who: handle_of(dbs, who) for who in named}
    lines = [AuditLine(row.day, handles.get(row.who), row.what, handles.get(row.whom) or "") for row in rows]
    return AuditPage(circle, lines, (rows[-1].day, rows[-1].id) if more else None)


def _ever_in(dbs: Databases, circle_id: bytes) -> list[moderators.Moderator]:
    parts = (circles.members_of, circles.waiting_in, circles.gone_from)
    return [who for part in parts for who in part(dbs.desk, circle_id)]


class OpenedCases(NamedTuple):
    """A part of the circle's cases, those among them that somebody had opened, and where the next part begins."""

    handle: str
    cases: list[records.Case]
    following: bytes | None


def opened_by(dbs: Databases, who: Member, circle_id: bytes, gone_id: bytes, after: bytes) -> OpenedCases:
    """Look through the next 100 cases of a circle for those that somebody who was shut out had worked in.

    Raises:
        NotAllowed: not a circle of theirs.
        NothingHere: nobody of that id was shut out of it.
    """
    circle = circle_of(who, circle_id)
    if gone_id not in {gone.id for gone in circles.gone_from(dbs.desk, circle_id)}:
        raise NothingHere
    marks = audit.marks_of(dbs.desk, circle_id, gone_id)
    part = queues.cases_of(dbs.mailbox, circle_id, after)
    found = []
    for case_id in part:
        with suppress(NothingHere, NotAllowed, KeysChanged):
            case, first = case_of(dbs, who, case_id), case_keys.key_row(dbs.mailbox, case_id).codes[0]
            if marks & {audit_mark(pair.private, case_id, first) for pair in circle.pairs.values()}:
                found.append(case)
    return OpenedCases(handle_of(dbs, gone_id), found, part[-1] if len(part) == lifetime.AT_ONCE else None)


def waiting_newcomers(dbs: Databases, member: Member) -> list[str]:
    """Give the handles of those who wait to be let into one of the member's circles."""
    waiting = (circles.waiting_in(dbs.desk, circle_id) for circle_id in member.circles)
    return sorted({who.handle for each in waiting for who in each})


def circles_with_too_few_sheets(dbs: Databases, member: Member) -> list[str]:
    """Name the member's circles that have fewer than two members with a recovery sheet."""
    return [
        circle.name
        for circle in member.circles.values()
        if _has_too_few_sheets(circles.members_of(dbs.desk, circle.id))
    ]


def _has_too_few_sheets(members: list[moderators.Moderator]) -> bool:
    return sum(member.sheet is not None for member in members) < SHEETS


def awaited_circles(dbs: Databases, member: Member, private: bytes) -> list[AwaitedCircle]:
    """List the circles that must let the member in, with the words made from the key in their own session."""
    public, waits = keypair_from(private).public, invitations.waits_of(dbs.desk, member.id)
    return [AwaitedCircle(circles.read_circle(dbs.desk, wait.circle_id).name, _words(public, wait)) for wait in waits]


def _words(public: bytes, invitation: invitations.Invitation) -> tuple[str, ...]:
    with unpinned():
        return words_to_compare(public, circle_id=invitation.circle_id, invitation_id=invitation.id)


def invite(dbs: Databases, member: Member, circle_id: bytes, *, coordinator: bool = False) -> str:
    """Make an invitation to a circle and give its code, of which only a digest is stored.

    A coordinator's brings nobody in until a second person has agreed.

    Raises:
        NotAllowed: neither one of their circles, nor are they a coordinator; or they invite one to another circle than
            the coordinators'.
        NothingHere: no such circle.
        Refused: three of their proposals wait.
    """
    if coordinator:
        only_coordinators(member)
    _may_look_after(member, circle_id)
    circle = circles.read_circle(dbs.desk, circle_id)
    if coordinator and not circle.coordinators:
        raise NotAllowed
    if coordinator:
        return _invite_coordinator(dbs, member.id, circle)
    code = codes.new_code()
    invitation = invitations.new_invitation(circle.id, dbs.today, coordinator=False, made_by=member.id)
    invitations.add_invitation(dbs.desk, invitation, codes.invitation_digest(code))
    audit.add_to_audit(dbs.desk, member.id, "made an invitation", dbs.today, circle.id)
    return code


def invite_as_operator(dbs: Databases) -> tuple[str, bool]:
    """Invite a coordinator; give the code, and whether it waits for a coordinator's yes: not where none is left.

    Raises:
        NothingHere: there is no circle of coordinators.
    """
    office = next((circle for circle in circles.circles(dbs.desk) if circle.coordinators), None)
    if office is None:
        raise NothingHere
    code = _invite_coordinator(dbs, None, office)
    return code, bool(proposals.open_by(dbs.desk, None))


def _invite_coordinator(dbs: Databases, who: bytes | None, office: circles.Circle) -> str:
    code = codes.new_code()
    invitation = invitations.new_invitation(office.id, dbs.today, coordinator=True, made_by=who)
    with dbs.mailbox.writing(), dbs.desk.writing():
        invitations.insert_invitation(dbs.desk, invitation, codes.invitation_digest(code))
        nobody_left = who is None and not moderators.active(dbs.desk, coordinators=True)
        propose_within(dbs, who, "coordinator", invitation.id, {}, at_once=nobody_left)
        if nobody_left:  # their circle may have to begin anew, and nobody is left to say so
            proposals.allow_founding(dbs.desk, office.id)
    what = "invited a coordinator" if who is not None else "operator invited a coordinator"
    audit.add_to_audit(dbs.desk, who, what, dbs.today, office.id)
    return code


def cancel(dbs: Databases, member: Member, invitation_id: bytes) -> None:
    """Let an invitation bring nobody in any more.

    Raises:
        NotAllowed: neither to one of their circles, nor are they a coordinator.
        NothingHere: no such invitation.
        Refused: it was used or cancelled meanwhile.
    """
    invitation = invitations.read_invitation(dbs.desk, invitation_id)
    _may_look_after(member, invitation.circle_id)
    invitations.cancel_invitation(dbs.desk, invitation_id)
    audit.add_to_audit(dbs.desk, member.id, "cancelled an invitation", dbs.today, invitation.circle_id)


def _may_look_after(member: Member, circle_id: bytes) -> None:
    if not member.coordinates:
        circle_of(member, circle_id)


def let_in(dbs: Databases, member: Member, circle_id: bytes, newcomer_id: bytes, public_key: bytes) -> None:
    """Seal every key of a circle to a newcomer whose words, made from this public key, were compared.

    Raises:
        NotAllowed: not a circle of theirs.
        NothingHere: nobody of that id waits there.
        Refused: the newcomer has another key than the one compared, or the circle got a new one; or another member has
            to do it, who counts as a second person beside whoever invited them.
    """
    circle = circle_of(member, circle_id)
    invitation = invitations.invitation_of(dbs.desk, newcomer_id, circle.id)  # or they do not wait here
    seconds = seconds_in(dbs.desk, circle.id, invitation.made_by, dbs.today)
    if seconds and member.id not in seconds:  # P14
        raise Refused(ANOTHER_LETS_IN)
    newcomer = moderators.read_moderator(dbs.desk, newcomer_id)
    grants = [membership.grant_to(newcomer, pair, circle.id, generation) for generation, pair in circle.pairs.items()]
    if newcomer.public_key != public_key or not grants:
        raise Refused(circles.CIRCLE_CHANGED)
    membership.let_in(dbs.desk, newcomer.id, grants, by=member.id, today=dbs.today)
    audit.add_to_audit(dbs.desk, member.id, "let somebody in", dbs.today, circle.id, whom=newcomer.id)
