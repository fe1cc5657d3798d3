"""What a proposal changes for whom, who may agree to it, and when that is enough.

# P14: a yes of whoever could be the proposer, or is gone, or saw other words, is none.
"""

from collections.abc import Collection
from typing import Final

from nacl.encoding import RawEncoder
from nacl.hash import blake2b

from onion_app.choices import ANSWER_WITHIN
from onion_app.desk.context import Databases
from onion_app.desk.notice_rules import is_renewal
from onion_app.desk.proposal_kinds import KINDS, SETTING, lists_in, present, routes_before
from onion_app.desk.proposal_words import Line, Said, Wanted, lines_of_routes, said_of
from onion_app.desk.seconds import is_second_for
from onion_app.errors import marked
from onion_app.shapes import to_json
from onion_app.vault.desk import circles, moderators, proposals
from onion_app.vault.desk.moderators import Moderator
from onion_app.vault.desk.proposals import Proposal
from onion_app.vault.mailbox.lifetime import cases_that_would_go

FIND_US: Final = marked("The words on how to find us will be others.")
GUIDE: Final = marked("A guide on the site will have other words.")
NEW_GUIDE: Final = marked("Another guide will be on the site.")
NOTICE: Final = marked("A notice will stand on the site for some days.")
NOTICE_RENEWED: Final = marked("The notice that stands on the site will stand for three more days.")
KEPT_FOR: Final = marked("Cases will be destroyed %(number)s days after their last message, and not %(before)s.")
WOULD_GO: Final = marked("Cases that are older than that, and will be destroyed: %(number)s.")
COORDINATOR: Final = marked("Somebody will become a coordinator.")
OUT_OF_CIRCLE: Final = marked("Somebody of your circle will be shut out.")
COORDINATOR_OUT: Final = marked("A coordinator will be shut out.")


def mark_of(dbs: Databases, proposal: Proposal) -> bytes:
    """Mark what a proposal says, and what it would change as that is now: a yes to other words does not count."""
    now = present(dbs, proposal.kind, proposal.subject)
    return digest(to_json([proposal.kind, proposal.subject, proposal.wanted, now]))


def matter_of(kind: str, subject: bytes, wanted: str) -> bytes:
    """Name a matter: the same whenever the same is proposed, by whomever. A circle that is to be has a name only."""
    return digest(to_json([kind, SETTING if kind == "new_circle" else subject, wanted]))


def digest(text: str) -> bytes:
    """Give 32 bytes that stand for a text."""
    return blake2b(text.encode(), digest_size=32, person=b"sanctuary two 1", encoder=RawEncoder)


def may_agree(dbs: Databases, proposal: Proposal, who: bytes | None) -> bool:
    """Tell whether somebody's yes counts: a coordinator's at once, others' where no other coordinator has answered."""
    coordinators = {each.id for each in moderators.active(dbs.desk, coordinators=True)}
    if proposal.proposer is not None and proposal.proposer not in coordinators:
        return False  # their office is gone, and with it what they wanted in it
    objected, of_coordinator = has_objections(dbs, proposal), is_about_coordinator(dbs, proposal)
    unanswered = not _other_coordinators(dbs, proposal) or dbs.today - proposal.day >= ANSWER_WITHIN
    if who is None:
        return proposal.proposer is not None and (unanswered or objected or of_coordinator)
    person = moderators.read_moderator(dbs.desk, who)
    if who in {proposal.proposer, proposal.subject} or proposals.is_suspended(dbs.desk, who):
        return False
    if not is_second_for(dbs.desk, proposal.proposer, who, dbs.today):
        return False
    by_members = unanswered and not objected and not of_coordinator
    return person.coordinator or (by_members and concerns(dbs, proposal, who))


def is_enough(dbs: Databases, proposal: Proposal) -> bool:
    """Tell whether those who have agreed, and whose yes counts now and for what it would change now, are enough.

    Objected to, it needs two coordinators, or one and the operator; where the proposer is the only coordinator, that
    one is they.
    """
    mark = mark_of(dbs, proposal)
    said = [who for who, seen in proposals.yeses_to(dbs.desk, proposal.id).items() if seen == mark]
    counted = [who for who in said if may_agree(dbs, proposal, who or None)]
    return len(counted) >= 1 + (has_objections(dbs, proposal) and bool(_other_coordinators(dbs, proposal)))


def _other_coordinators(dbs: Databases, proposal: Proposal) -> list[Moderator]:
    """List who could answer in their office, whether or not they count as a second person."""
    apart = {proposal.proposer, proposal.subject}
    return [each for each in moderators.active(dbs.desk, coordinators=True) if each.id not in apart]


def has_objections(dbs: Databases, proposal: Proposal) -> bool:
    """Tell whether anybody has objected in this matter."""
    return bool(proposals.objections_to(dbs.desk, proposal.matter))


def is_about_coordinator(dbs: Databases, proposal: Proposal) -> bool:
    """Tell whether it would shut a coordinator out, which is for coordinators and the operator alone."""
    return proposal.kind == "shut_out" and moderators.read_moderator(dbs.desk, proposal.subject).coordinator


def concerns(dbs: Databases, proposal: Proposal, who: bytes) -> bool:
    """Tell whether a proposal changes something for somebody who is in a circle."""
    own = {circle.id for circle in circles.circles_of(dbs.desk, who)}
    return bool(own) and any(changes(dbs, proposal, own))


def changes(dbs: Databases, proposal: Proposal, own: Collection[bytes]) -> tuple[tuple[Line, ...], tuple[Said, ...]]:
    """Say what a proposal changes, or a decision has changed, for the members of these circles."""
    wanted = lists_in(proposal.wanted)
    before = proposal.before or present(dbs, proposal.kind, proposal.subject)
    if (after := KINDS[proposal.kind].after) is not None:
        now = routes_before(before)
        return lines_of_routes(now, after(now, proposal.subject, wanted), own), ()
    if proposal.kind in ("find_us", "guide"):
        there = lists_in(before)
        sentence = FIND_US if proposal.kind == "find_us" else GUIDE if there else NEW_GUIDE
        return (Line(sentence),), said_of(there, wanted)
    if proposal.kind == "notice":
        there = lists_in(before)
        return (Line(NOTICE_RENEWED if is_renewal(there, wanted) else NOTICE),), said_of(there, wanted)
    if proposal.kind == "retention":
        return _lines_of_retention(dbs, proposal, wanted, lists_in(before), own), ()
    if proposal.kind == "coordinator":
        return (Line(COORDINATOR),), ()
    return _lines_of_shutting_out(wanted, lists_in(before), own), ()


def _lines_of_retention(
    dbs: Databases, proposal: Proposal, wanted: Wanted, before: Wanted, own: Collection[bytes]
) -> tuple[Line, ...]:
    days = int(wanted["days"][0])
    kept = Line(KEPT_FOR, number=days, before=int(before["days"][0]))
    if proposal.state != "open":
        return (kept,)
    return kept, Line(WOULD_GO, number=cases_that_would_go(dbs.mailbox, dbs.today, days, own))


def _lines_of_shutting_out(wanted: Wanted, place: Wanted, own: Collection[bytes]) -> tuple[Line, ...]:
    if place["coordinator"]:
        return (Line(COORDINATOR_OUT),)
    out_of = {bytes.fromhex(each) for each in wanted["circle"] or place["circles"]}
    return (Line(OUT_OF_CIRCLE),) if out_of & set(own) else ()
