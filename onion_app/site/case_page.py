"""The page of an open case: all that its author can read in it, with what was written and not sent yet."""

from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from flask import request

from onion_app.crypto.keys import new_key
from onion_app.crypto.payloads import Consent
from onion_app.errors import DamagedFile, Paused
from onion_app.site import form_case, visit
from onion_app.site.author_keys import CaseAccess
from onion_app.site.author_view import AuthorView, read_case
from onion_app.site.context import files, in_force
from onion_app.site.forms import ticks_mark, unsaved_ticks
from onion_app.site.paging import fill_parts, part_number
from onion_app.site.quoted_words import NO_WORDS
from onion_app.site.rendering import fits_long_size, show_own_text
from onion_app.vault.shown import routing
from onion_app.vault.shown.reading import name_of
from onion_app.web.details import known_by
from onion_app.web.reading_order import in_reading_order

_PART: Final = 50_000  # bytes of messages on one page; one message alone may have 64,000 as it is shown


def case_page(access: CaseAccess, **values: Any) -> str:  # noqa: ANN401 - plain values for the template
    """Show a case, whose form is for it alone, with all that came in that form and that no act has taken.

    # P10: whatever is pressed there, words and choices that were not sent stand in their boxes again.
    # P09: where not everything has room beside them, the rest waits until they are sent. How many bytes a sign takes
    on a page only the page itself tells, and so it is the page that is measured.
    """
    form_case.make_forms_for(form_case.is_open(access))
    case, kept = read_case(files(), access), visit.reply_to(access)
    case = case if case.verdict is None else replace(case, final_text=None)
    without_messages = replace(case, messages=())
    for shown in (case, without_messages, replace(without_messages, final_text=None, quoted=NO_WORDS)):
        page = _page(case, shown, kept, **values)
        if fits_long_size(page):
            break
    return page


def _page(case: AuthorView, shown: AuthorView, kept: str, **values: Any) -> str:  # noqa: ANN401 - likewise
    """Render the page of a case of which this much is shown, with what was `kept` of a text that was not sent."""
    text = values.pop("text", request.form.get("text", kept))
    change = values.pop("change", request.form.get("change", ""))
    if change and not shown.final_text:
        text, change = unsent(text, change), ""
    added = values.setdefault("added", ())  # details in what is added to a testimony, shown before it is sent
    parts = fill_parts(shown.messages, lambda message: _bytes(message.text), _PART)
    part = part_number(len(parts))
    return show_own_text(
        "case.html",
        text,
        state=case.state,
        **_ticks(case.consent if case.kind == "testimony" else None, is_saved=values.get("done") == "allowed"),
        change=change,
        erased_around=case.erased_on,
        restored=case.restored,
        letters=parts[part - 1],
        part=part,
        more=part < len(parts),
        message_seed=new_key().hex(),
        known=known_by(added),
        awaits_yes=case.final_text is not None,
        final_text=shown.final_text,
        final_id=case.final_id if shown.final_text else "",
        verdict=case.verdict.decision if case.verdict else "",
        quoted=shown.quoted,
        taken_back=case.taken_back,
        again_by=case.again_by,
        answered=case.final_text is not None or not all(message.yours for message in case.messages),
        another_group=_another_group_reads(case.circle_id),
        story=name_of(case.story_id) if case.story_id else "",
        **({"done": "", "opened_before": visit.contents().get("opened_before")} | values),
    )


def _ticks(consent: Consent | None, *, is_saved: bool) -> dict[str, Any]:
    """Give what the boxes of the consent show: what holds, or what was chosen over it and not saved yet."""
    if consent is None:
        return {"ticks": None}
    stands = (consent.publish, consent.count, consent.quote, consent.under_18)
    unsaved = None if is_saved else unsaved_ticks(request.form)
    return {"ticks": unsaved or stands, "allowed": ticks_mark(stands), "unsaved": unsaved is not None}


def unsent(text: str, change: str) -> str:
    """Put what stands in both boxes into one."""
    return "\n\n".join(filter(None, (text, change)))


def _another_group_reads(circle_id: bytes) -> bool:
    """Say whether what is written about an answer goes to another circle than the one that has the case."""
    with suppress(DamagedFile, Paused):  # where nobody can say, the page promises nothing
        return routing.writing_circle(files().mailbox, files().shown, in_force(), "answer", "any").id != circle_id
    return False


def _bytes(text: str) -> int:
    return len(in_reading_order(text).encode())
