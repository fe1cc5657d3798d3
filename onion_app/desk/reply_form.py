"""A typed answer, with the day by which its writer writes again: they choose it, or a set phrase in it names it."""

from collections.abc import Mapping
from typing import Final

from onion_app.desk import forms
from onion_app.desk.answering import Reply
from onion_app.desk.held_texts import WRITE_AGAIN
from onion_app.desk.phrases import day_named_in
from onion_app.desk.questions import expect_asked
from onion_app.errors import marked

AGAIN_WITHIN: Final = (1, 2, 3, 5, 7, 14)  # days, which are offered
_LONGEST: Final = 31
OVER: Final = marked("Choose a day that is still to come.")


def read_reply(form: Mapping[str, str], today: int, of_case: str = "") -> Reply:
    """Read an answer from a form, where the names of its fields end in `of_case`; of two days the earlier holds.

    Raises:
        Refused: it is empty or too long; its day is over; or it holds what has to be asked about first.
    """
    text = forms.text({"text": form.get(f"text{of_case}", "")})
    chosen, named = _chosen_day(form, f"{WRITE_AGAIN}{of_case}", today), day_named_in(text, today)
    expect_asked(text, form.get(f"asked{of_case}", ""))
    return Reply(text, min((day for day in (chosen, named) if day is not None), default=None))


def _chosen_day(form: Mapping[str, str], name: str, today: int) -> int | None:
    if not form.get(name):
        return None
    return forms.whole_number(form, name, range(today, today + _LONGEST), OVER)


def days_to_choose(text: str, chosen: str, today: int) -> list[tuple[int, bool]]:
    """List the days that are offered under an answer, each with whether it is chosen: by hand, or by a phrase."""
    named = day_named_in(text, today)
    picked = next((day for day in range(today, today + _LONGEST) if str(day) == chosen), named)
    days = {today + within for within in AGAIN_WITHIN} | ({picked} if picked is not None else set())
    return [(day, day == picked) for day in sorted(days)]
