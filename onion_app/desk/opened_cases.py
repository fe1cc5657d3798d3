"""The cases in which somebody had worked who was shut out since, for the members who remain."""

from contextlib import suppress
from typing import NamedTuple

from onion_app.crypto.casekeys import audit_mark
from onion_app.desk.context import Databases
from onion_app.desk.permissions import Member, case_of, circle_of, handle_of
from onion_app.errors import KeysChanged, NotAllowed, NothingHere
from onion_app.vault.desk import audit, circles
from onion_app.vault.mailbox import case_keys, lifetime, queues, records


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
