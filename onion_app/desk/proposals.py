"""Two people: what one proposes takes effect once a second one has agreed, and silence is never a yes.

Until then everything stays as it was, which is always the safe state; so waiting costs nothing that matters, and no
clock alone decides. A yes counts for the words that were shown to whoever gave it, and as long as they work here. Until
a second person has come for the first time things take effect at once. # P14: nobody alone decides.

Each act takes who does it by their id: None is the operator.
"""

from typing import Final, NamedTuple, get_args

from onion_app.choices import DECIDED_DAYS, MOST_OPEN, ObjectionReason, ProposalKind
from onion_app.crypto.keys import new_id
from onion_app.desk.context import Databases
from onion_app.desk.permissions import handle_of
from onion_app.desk.proposal_kinds import KINDS, lists_in, present
from onion_app.desk.proposal_rules import changes, is_enough, mark_of, matter_of, may_agree
from onion_app.desk.proposal_words import Line, Said, Wanted
from onion_app.errors import NotAllowed, NothingHere, Refused, marked
from onion_app.shapes import to_json
from onion_app.vault.desk import admissions, audit, circles, moderators, proposals
from onion_app.vault.desk.proposals import OPERATOR, Proposal
from onion_app.vault.show import show

TOO_MANY: Final = marked("Three of your proposals wait already. Take one back first.")
CHANGED: Final = marked("This has changed since it was shown. Read it again.")
ONE_OBJECTION: Final = marked("You have objected to this already.")
NOT_A_SECOND: Final = marked("You cannot be the second person here, or not yet.")
_OF_CIRCLES: Final = ("circle", "founding", "catch_all", "emptied")


class View(NamedTuple):
    """A proposal as one reader sees it: what changes for their circles, and what visitors would read.

    Circles are named to their members and to coordinators; so is whoever would be shut out. Nobody else is named.
    """

    id: bytes
    kind: ProposalKind
    day: int
    decided_day: int | None  # None: it waits
    alone: bool  # there was no second person when it was decided
    lines: tuple[Line, ...]
    said: tuple[Said, ...]
    circle: str  # its name, or empty
    topics: tuple[str, ...]
    languages: tuple[str, ...]
    person: str  # the handle of whoever would be shut out, or empty
    mark: bytes  # goes with a yes
    mine: bool
    may_agree: bool
    may_object: bool
    objections: tuple[ObjectionReason, ...]


def propose(
    dbs: Databases, who: bytes | None, kind: ProposalKind, subject: bytes, wanted: Wanted, *, at_once: bool = False
) -> bool:
    """Propose something; tell whether it waits, or has taken effect.

    It takes effect where nobody else ever came, or where the caller knows that this needs nobody (`at_once`). What
    somebody proposes about the same subject again takes the place of what they proposed before.

    Raises:
        NotAllowed: they are no coordinator.
        NothingHere: what it is about is not there.
        Refused: it makes no sense as things are, or three of theirs wait.
    """
    with dbs.mailbox.writing():
        with dbs.desk.writing():
            waits = propose_within(dbs, who, kind, subject, wanted, at_once=at_once)
        if not waits:
            show(dbs.shown, dbs.desk)
    note(dbs, who, "proposed a change" if waits else "decided something alone")
    return waits


def propose_within(
    dbs: Databases, who: bytes | None, kind: ProposalKind, subject: bytes, wanted: Wanted, *, at_once: bool = False
) -> bool:
    """Propose as `propose` does, inside `writing()` of mailbox and desk; the caller lets `shown.db` follow.

    Raises:
        NotAllowed, NothingHere, Refused: as for `propose`.
    """
    if who is not None and who not in {each.id for each in moderators.active(dbs.desk, coordinators=True)}:
        raise NotAllowed
    own = proposals.open_by(dbs.desk, who)
    for earlier in [each for each in own if (each.kind, each.subject) == (kind, subject)]:
        wanted = {**lists_in(earlier.wanted), **wanted} if kind == "guide" else wanted  # each language by itself
        proposals.drop(dbs.desk, earlier.id)
        own.remove(earlier)
    KINDS[kind].check(dbs, subject, wanted)
    alone, before, written = admissions.is_alone(dbs.desk), present(dbs, kind, subject), to_json(wanted)
    said = (new_id(), kind, subject, written, who, matter_of(kind, subject, written), dbs.today)
    if alone or at_once:
        proposals.add_proposal(dbs.desk, Proposal(*said, "alone" if alone else "agreed", dbs.today, before))
        KINDS[kind].apply(dbs, subject, wanted)
        return False
    if len(own) >= MOST_OPEN:
        raise Refused(TOO_MANY)
    proposals.add_proposal(dbs.desk, Proposal(*said))
    return True


def withdraw(dbs: Databases, who: bytes | None, proposal_id: bytes) -> None:
    """Take back what one has proposed oneself.

    Raises:
        NothingHere: it is not theirs, or decided.
    """
    with dbs.desk.writing():
        proposal = _waiting(dbs, proposal_id)
        if proposal.proposer != who:
            raise NothingHere
        proposals.drop(dbs.desk, proposal.id)
    note(dbs, who, "took a proposal back")


def agree(dbs: Databases, who: bytes | None, proposal_id: bytes, mark: bytes) -> bool:
    """Agree to what was shown under this mark; tell whether it is decided by that, and has taken effect.

    Raises:
        NothingHere: it is not for them to see, or waits no more.
        Refused: it would be something else by now; they do not count as a second person; or what it needs is gone.
    """
    with dbs.mailbox.writing():
        with dbs.desk.writing():
            proposal = _waiting(dbs, proposal_id)
            if what_a_reader_sees(dbs, who, proposal) is None:
                raise NothingHere
            if not may_agree(dbs, proposal, who):
                raise Refused(NOT_A_SECOND)
            if mark != mark_of(dbs, proposal):
                raise Refused(CHANGED)
            proposals.put_yes(dbs.desk, proposal.id, OPERATOR if who is None else who, mark)
            decided = is_enough(dbs, proposal)
            if decided:
                _decide(dbs, proposal)
        if decided:
            show(dbs.shown, dbs.desk)
    if decided:
        dbs.desk.try_checkpoint()  # the grants of who was shut out leave the log
    note(dbs, who, "agreed to a change")
    return decided


def _decide(dbs: Databases, proposal: Proposal) -> None:
    wanted = lists_in(proposal.wanted)
    KINDS[proposal.kind].check(dbs, proposal.subject, wanted)
    proposals.note_decided(dbs.desk, proposal.id, dbs.today, present(dbs, proposal.kind, proposal.subject))
    KINDS[proposal.kind].apply(dbs, proposal.subject, wanted)
    if proposal.kind == "shut_out" and proposal.proposer is not None:
        admissions.note_shut_out(dbs.desk, proposal.subject, proposal.proposer, dbs.today)


def object_to(dbs: Databases, who: bytes | None, proposal_id: bytes, reason: ObjectionReason) -> None:
    """Object, once in a matter: from then on it needs two coordinators, or one and the operator.

    Raises:
        NothingHere: it does not concern them, or waits no more; or there is no such reason.
        Refused: they have objected already, or it is their own.
    """
    with dbs.desk.writing():
        proposal = _waiting(dbs, proposal_id)
        if what_a_reader_sees(dbs, who, proposal) is None or reason not in get_args(ObjectionReason):
            raise NothingHere
        if proposal.proposer == who:
            raise Refused(NOT_A_SECOND)
        objector = OPERATOR if who is None else who
        if not proposals.put_objection(dbs.desk, proposal.matter, objector, reason, dbs.today):
            raise Refused(ONE_OBJECTION)
    note(dbs, who, "objected to a proposal")


def _waiting(dbs: Databases, proposal_id: bytes) -> Proposal:
    proposal = proposals.read_proposal(dbs.desk, proposal_id)
    if proposal.state != "open":
        raise NothingHere
    return proposal


def note(dbs: Databases, who: bytes | None, what: str) -> None:
    """Note an act in the audit of the coordinators' circle, which names its people to no other circle."""
    office = next((circle.id for circle in circles.circles(dbs.desk) if circle.coordinators), None)
    audit.add_to_audit(dbs.desk, who, what, dbs.today, office)


# --- what a reader sees ----------------------------------------------------------------------------------------------


def open_for(dbs: Databases, who: bytes | None) -> list[View]:
    """Show what waits and concerns somebody: everything to a coordinator and the operator."""
    return _seen(dbs, who, proposals.open_proposals(dbs.desk))


def decided_for(dbs: Databases, who: bytes | None) -> list[View]:
    """Show what was decided within the last 30 days and concerns somebody, likewise."""
    return _seen(dbs, who, proposals.decided_since(dbs.desk, dbs.today - DECIDED_DAYS))


def _seen(dbs: Databases, who: bytes | None, listed: list[Proposal]) -> list[View]:
    return [view for view in (what_a_reader_sees(dbs, who, proposal) for proposal in listed) if view is not None]


def what_a_reader_sees(dbs: Databases, who: bytes | None, proposal: Proposal) -> View | None:
    """Show a proposal, or a decision, to one reader; None: it changes nothing for them, or is about themselves."""
    everything = who is None or moderators.read_moderator(dbs.desk, who).coordinator
    own = {circle.id for circle in circles.circles_of(dbs.desk, who)} if who is not None else set[bytes]()
    counts_all = everything and proposal.kind == "retention"
    lines, said = changes(dbs, proposal, {each.id for each in circles.circles(dbs.desk)} if counts_all else own)
    if who == proposal.subject or not (everything or (own and (lines or said))):
        return None
    waits, objections = proposal.state == "open", proposals.objections_to(dbs.desk, proposal.matter)
    circle, topics, languages = _named_circle(dbs, proposal, own, everything=everything)
    return View(
        id=proposal.id,
        kind=proposal.kind,
        day=proposal.day,
        decided_day=proposal.decided_day,
        alone=proposal.state == "alone",
        lines=lines,
        said=said,
        circle=circle,
        topics=topics,
        languages=languages,
        person=_named_person(dbs, proposal, own, everything=everything),
        mark=mark_of(dbs, proposal) if waits else b"",
        mine=proposal.proposer == who,
        may_agree=waits and may_agree(dbs, proposal, who),
        may_object=waits and who != proposal.proposer and (who or OPERATOR) not in {each.who for each in objections},
        objections=tuple(each.reason for each in objections),
    )


def _named_circle(
    dbs: Databases, proposal: Proposal, own: set[bytes], *, everything: bool
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Name a circle, and what would come to it, to its members and to who sees every circle anyway."""
    wanted = lists_in(proposal.wanted)
    lists = tuple(wanted.get("topics", [])), tuple(wanted.get("languages", []))
    if proposal.kind == "new_circle" and everything:
        return wanted["name"][0], *lists
    if proposal.kind in _OF_CIRCLES and (everything or proposal.subject in own):
        return circles.read_circle(dbs.desk, proposal.subject).name, *lists
    return "", (), ()


def _named_person(dbs: Databases, proposal: Proposal, own: set[bytes], *, everything: bool) -> str:
    """Name who would be shut out to coordinators, and to the members of a circle of theirs, who know them."""
    if proposal.kind != "shut_out":
        return ""
    theirs = {circle.id for circle in circles.circles_of(dbs.desk, proposal.subject)}
    return handle_of(dbs, proposal.subject) if everything or theirs & own else ""
