"""The page of an open case: all that its author can read in it, with what was written and not sent yet."""

from contextlib import suppress
from typing import Any, Final

from onion_app.crypto.keys import new_key
from onion_app.errors import DamagedFile, Paused
from onion_app.site import form_case, visit
from onion_app.site.author_keys import CaseAccess
from onion_app.site.author_view import read_case
from onion_app.site.context import files, in_force
from onion_app.site.paging import fill_parts, part_number
from onion_app.site.rendering import show_own_text
from onion_app.vault.shown import routing
from onion_app.vault.shown.reading import name_of
from onion_app.web.details import known_by
from onion_app.web.reading_order import in_reading_order

_PART: Final = 50_000  # bytes of messages on one page; one message alone may have 64,000 as it is shown
_ROOM: Final = 50_000  # bytes that may stand in the boxes beside them: together with the page they fit the long size


def case_page(access: CaseAccess, **values: Any) -> str:  # noqa: ANN401 - plain values for the template
    """Show a case, whose forms are for it alone."""
    form_case.make_forms_for(form_case.is_open(access))
    case = read_case(files(), access)
    text = values.pop("text", visit.reply_to(access))
    proposal = case.proposal if case.verdict is None else None
    beside = (
        _bytes(text)
        + _bytes(case.quoted.text)
        + _bytes(values.get("change", ""))
        + (_bytes(proposal.text) if proposal else 0)
    )
    added = values.setdefault("added", ())  # details in what is added to a testimony, shown before it is sent
    parts = fill_parts(case.messages, lambda message: _bytes(message.text), _PART) if beside <= _ROOM else [[]]
    part = part_number(len(parts))
    return show_own_text(
        "case.html",
        text,
        state=case.state,
        consent=case.consent if case.kind == "testimony" else None,
        erased_around=case.erased_on,
        restored=case.restored,
        letters=parts[part - 1],
        part=part,
        more=part < len(parts),
        message_seed=new_key().hex(),
        known=known_by(added),
        proposal=proposal,
        proposal_id=case.proposal_id,
        verdict=case.verdict.decision if case.verdict else "",
        quoted=case.quoted,
        taken_back=case.taken_back,
        again_by=case.again_by,
        answered=proposal is not None or not all(message.yours for message in case.messages),
        another_group=_another_group_reads(case.circle_id),
        story=name_of(case.story_id) if case.story_id else "",
        **({"done": "", "change": "", "opened_before": visit.contents().get("opened_before")} | values),
    )


def _another_group_reads(circle_id: bytes) -> bool:
    """Say whether what is written about an answer goes to another circle than the one that has the case."""
    with suppress(DamagedFile, Paused):  # where nobody can say, the page promises nothing
        return routing.writing_circle(files().mailbox, files().shown, in_force(), "answer", "any").id != circle_id
    return False


def _bytes(text: str) -> int:
    return len(in_reading_order(text).encode())
