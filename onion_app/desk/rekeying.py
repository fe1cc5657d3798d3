"""New keys for cases: for another circle that a case is handed to, and after somebody was shut out.

Every epoch's key is wrapped anew for the circle that has the case now, and an epoch begins whose key nobody had before.
It is done a few cases at a time, so that nobody waits at the login for a circle with thousands. # P05
"""

from contextlib import suppress
from typing import Final, NamedTuple

from onion_app.crypto.keys import fingerprint
from onion_app.crypto.members import audit_mark
from onion_app.desk.case_keys import OpenedKeys, begun, begun_after, keys_by_epoch, keys_in, wrapped
from onion_app.desk.context import Databases
from onion_app.desk.permissions import Member, OwnCircle, case_of, circle_of, handle_of, member_with_keys
from onion_app.errors import DamagedFile, DiskFull, EpochPassed, NotAllowed, NothingHere, Overloaded, Refused
from onion_app.vault.desk import audit, circles
from onion_app.vault.mailbox import case_keys, lifetime, records

AT_LOGIN: Final = 10  # cases; each costs some 20 ms on a slow disk, and nobody should feel the login
AT_ONCE: Final = 50  # cases for which somebody pressed a button and waits


class Delayed(NamedTuple):
    """How many cases of a circle still wait for their new keys, counted up to 100."""

    circle: OwnCircle
    waiting: int


def at_login(dbs: Databases, moderator_id: bytes, private: bytes) -> None:
    """Re-key the first few cases that wait in the circles of somebody who has just logged in."""
    with suppress(DiskFull, Overloaded):  # the login goes on; the first page says how many still wait
        go_on(dbs, member_with_keys(dbs, moderator_id, private), AT_LOGIN)


def go_on(dbs: Databases, who: Member, at_most: int) -> int:
    """Re-key up to so many cases; give how many were."""
    done = 0
    for circle in who.circles.values():
        for case_id in _stale(dbs, circle):
            if done == at_most:
                return done
            # A case that was erased just now, or that somebody else re-keys: the next one waits.
            with suppress(EpochPassed, NothingHere):
                done += _renewed(dbs, who, circle, case_id)
    return done


def _renewed(dbs: Databases, who: Member, circle: OwnCircle, case_id: bytes) -> bool:
    """Give a case its new keys; what is said to be sealed to a key of ours, but is not sure, waits no longer."""
    try:
        case = case_of(dbs, who, case_id)
        keys = keys_in(dbs, who, case) if case.circle_id == circle.id else None
    except (DamagedFile, NotAllowed, NothingHere):  # another circle's or nobody's, whatever the mailbox says
        keys = None
    sure = {epoch.number for epoch in keys.epochs} if keys and not keys.gone else set()
    ours = {fingerprint(pair.public) for pair in circle.pairs}
    case_keys.set_aside(dbs.mailbox, case_id, circle.id, ours, but=sure)
    if not sure:
        return False
    rewrap(dbs, case, circle.id, circle.pairs[0].public, keys_in(dbs, who, case))
    return True


def waiting(dbs: Databases, who: Member) -> list[Delayed]:
    """Say how many cases wait in each circle of theirs; circles where none does are left out."""
    found = [Delayed(circle, len(_stale(dbs, circle))) for circle in who.circles.values()]
    return [delayed for delayed in found if delayed.waiting]


def _stale(dbs: Databases, circle: OwnCircle) -> list[bytes]:
    """List up to 100 cases that hold something sealed to a former key of the circle, which its members still have.

    What is sealed to a key that went with its last member opens for nobody here, and waits for nothing.
    """
    # With a key in the mailbox that is not ours nothing is re-keyed: first somebody has to look.
    if circle.differs:
        return []
    former = [fingerprint(pair.public) for pair in circle.pairs[1:]]
    found = {case for each in former for case in case_keys.sealed_to(dbs.mailbox, circle.id, each, b"")}
    return sorted(found)[: lifetime.AT_ONCE]


def every_key(dbs: Databases, who: Member, case: records.Case) -> OpenedKeys:
    """Open the keys of a case where all of them open, and nobody has put one among them.

    Raises:
        Refused: some do not.
        NotAllowed: not a case of theirs.
    """
    keys = keys_in(dbs, who, case)
    held = {found.epoch for found in keys.held if found.holder == case.circle_id}
    if keys.gone or not keys.epochs or held != {epoch.number for epoch in keys.epochs}:
        raise Refused(
            "Part of this case opens for nobody any more, "
            "so it stays here: another circle could not open that part either."
        )
    return keys


def rewrap(dbs: Databases, case: records.Case, circle_id: bytes, public: bytes, keys: OpenedKeys) -> None:
    """Wrap these keys for a circle's public key, and begin an epoch that nobody has opened before.

    Raises:
        EpochPassed: the keys have changed since they were opened.
        NothingHere: the case was erased.
    """
    wraps = [wrapped(epoch, circle_id, public) for epoch in keys.epochs]
    chosen = begun_after(dbs, keys, circle_id, public)
    case_keys.rewrap(
        dbs.mailbox, case.id, circle_id, wraps=wraps, new_wraps=chosen.new_wraps, expected_wraps=chosen.held
    )
    begun(dbs, chosen)


class Opening(NamedTuple):
    """A part of the circle's cases, those among them that somebody had opened, and where the next part begins."""

    handle: str  # empty: it is not said who
    cases: list[records.Case]
    following: bytes | None


def opened_by(dbs: Databases, who: Member, circle_id: bytes, gone_id: bytes, after: bytes) -> Opening:
    """Look through the next 100 cases of a circle for those that somebody who was shut out had worked in.

    Raises:
        NotAllowed: not a circle of theirs.
        NothingHere: nobody of that id was shut out of it.
    """
    circle = circle_of(who, circle_id)
    if gone_id not in {gone.id for gone in circles.gone_from(dbs.desk, circle_id)}:
        raise NothingHere
    marks = audit.marks_of(dbs.desk, circle_id, gone_id)
    return _marked(dbs, who, circle, marks, after)._replace(handle=handle_of(dbs, gone_id))


def opened_elsewhere(dbs: Databases, who: Member, circle_id: bytes, after: bytes) -> Opening:
    """Look likewise for those that were opened in another circle, before they came, by somebody shut out since.

    Neither the person nor the other circle is named.

    Raises:
        NotAllowed: not a circle of theirs.
    """
    circle = circle_of(who, circle_id)
    others = [other.id for other in circles.circles(dbs.desk) if other.id != circle_id]
    here = {person.id for person in circles.members_of(dbs.desk, circle_id)}  # who are to read these cases
    gone = [(other, person.id) for other in others for person in circles.gone_from(dbs.desk, other)]
    gone = [(other, person) for other, person in gone if person not in here]
    marks = {mark for other, person in gone for mark in audit.marks_of(dbs.desk, other, person)}
    return _marked(dbs, who, circle, marks, after)


def _marked(dbs: Databases, who: Member, circle: OwnCircle, marks: set[bytes], after: bytes) -> Opening:
    if not circle.pairs:
        raise NothingHere
    part = case_keys.sealed_to(dbs.mailbox, circle.id, fingerprint(circle.pairs[0].public), after)
    found = []
    for case_id in part if marks else ():
        with suppress(NothingHere, NotAllowed):
            case = case_of(dbs, who, case_id)
            if marks & {audit_mark(key) for key in keys_by_epoch(dbs, who, case).values()}:
                found.append(case)
    return Opening("", found, part[-1] if len(part) == lifetime.AT_ONCE else None)
