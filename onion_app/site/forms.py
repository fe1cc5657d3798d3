"""The forms of the site, read: nothing that people wrote is cut, changed beyond the rule of `web.text`, or lost.

A choice that is none of the offered ones becomes the careful default.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeVar, get_args

from onion_app.choices import TEXT_LETTERS, AnswerIn, RequestTopic
from onion_app.crypto.codes import LINES, code_lines, read_line
from onion_app.crypto.payloads import Consent, Publish
from onion_app.vault.shown.reading import NAME
from onion_app.web.text import has_too_many_marks, is_empty

WritingKind = Literal["tell", "ask"]
Danger = Literal["yes", "no", "unknown"]

AROUND: Final = 60  # letters shown on either side of the place where a text becomes too long

_LINE = 40  # letters of a line typed back that are shown again
_Choice = TypeVar("_Choice", bound=str)


@dataclass(frozen=True, slots=True)
class Submission:
    """Everything in the form of a text that is being written; `kind` is tell or ask, and names the page too."""

    kind: WritingKind
    text: str = field(default="", repr=False)
    topic: RequestTopic = "unknown"
    danger: Danger = "unknown"
    answer_in: AnswerIn = "any"
    story: str = ""
    publish: Publish = "no"
    count: bool = False
    quote: bool = False
    line: str = field(default="", repr=False)
    no_return: bool = False
    seed: str = field(default="", repr=False)  # of the case that this would be, as hexadecimal digits
    checked: bool = False

    @property
    def urgent(self) -> bool:
        """Whether somebody is in danger in the next day."""
        return self.kind == "ask" and self.danger == "yes"


def read_submission(kind: WritingKind, form: Mapping[str, Any]) -> Submission:
    """Read the form of tell, ask or check; a choice that is missing or unknown takes its careful default."""
    story = form.get("story", "")
    consent = read_consent(form, day=0)
    return Submission(
        kind=kind,
        text=form.get("text", ""),
        topic=_one_of(RequestTopic, form.get("topic"), "unknown"),
        danger=_one_of(Danger, form.get("danger"), "unknown"),
        answer_in=_one_of(AnswerIn, form.get("answer_in"), "any"),
        story=story if NAME.fullmatch(story) else "",
        publish=consent.publish,
        count=consent.count,
        quote=consent.quote,
        line=form.get("line", "")[:_LINE],
        no_return="no_return" in form,
    )


def read_consent(form: Mapping[str, Any], day: int) -> Consent:
    """Read a consent; a box that is not ticked allows nothing."""
    return Consent(_one_of(Publish, form.get("publish"), "no"), "count" in form, "quote" in form, day)


def wrong_text(text: str) -> dict[str, str]:
    """Name the mistake in a text, by field: none, `empty`, `long` or `marks`."""
    if is_empty(text):
        return {"text": "empty"}
    if len(text) > TEXT_LETTERS:
        return {"text": "long"}
    return {"text": "marks"} if has_too_many_marks(text) else {}


def wrong_submission(draft: Submission) -> dict[str, str]:
    """Name the mistakes that stand in the way of sending, apart from the line that was typed back."""
    wrong = wrong_text(draft.text)
    if draft.kind == "tell" and draft.publish == "ask" and draft.no_return:
        wrong["publish"] = "contradiction"
    return wrong


def wrong_line(code: str, typed: str) -> dict[str, str]:
    """Name the mistake in the line typed back: the last one is asked for, when all the others are written down."""
    return {} if read_line(typed, LINES) == code_lines(code)[-1] else {"line": "line"}


def around_the_limit(text: str) -> tuple[str, str] | None:
    """Give the words before and after letter 12,000 of a text that is too long."""
    if len(text) <= TEXT_LETTERS:
        return None
    return text[TEXT_LETTERS - AROUND : TEXT_LETTERS], text[TEXT_LETTERS : TEXT_LETTERS + AROUND]


def _one_of(offered: Any, chosen: object, otherwise: _Choice) -> _Choice:  # noqa: ANN401 - a Literal has no type
    choice: _Choice = next((each for each in get_args(offered) if each == chosen), otherwise)
    return choice
