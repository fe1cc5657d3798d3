"""The forms of the site, read: nothing that people wrote is cut, changed beyond the rule of `web.text`, or lost.

A choice that is none of the offered ones becomes the careful default.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeVar, get_args

from markupsafe import escape

from onion_app.choices import TEXT_LETTERS, AnswerIn, RequestTopic
from onion_app.crypto.codes import LINES, code_lines, read_line
from onion_app.crypto.payloads import Consent, Publish
from onion_app.vault.shown.reading import NAME, SLUG
from onion_app.web.text import has_too_many_marks, is_empty

Ticks = tuple[Publish, bool, bool, bool]  # what is chosen of publish, count, quote and under_18, saved or not
WritingKind = Literal["tell", "ask"]
Danger = Literal["yes", "no", "unknown", ""]  # the last: the question was not answered

SHOWN_BYTES: Final = 110_000  # of words on a page, as they are written there: with all around them they fit it
AROUND: Final = 60  # letters shown on either side of the place where a text becomes too long


_LINE = 40  # letters of a line typed back that are shown again
_Choice = TypeVar("_Choice", bound=str)


@dataclass(frozen=True, slots=True)
class Submission:
    """Everything in the form of a text that is being written; `kind` is tell or ask, and names the page too."""

    kind: WritingKind
    text: str = field(default="", repr=False)
    topic: RequestTopic = "unknown"
    danger: Danger = ""
    answer_in: AnswerIn = "any"
    story: str = ""
    course: str = ""
    publish: Publish = "no"
    count: bool = False
    quote: bool = False
    under_18: bool = False
    line: str = field(default="", repr=False)
    no_return: bool = False
    seed: str = field(default="", repr=False)  # of the case that this would be, as hexadecimal digits
    checked: bool = False

    @property
    def urgent(self) -> bool:
        """Whether somebody is in danger today or tomorrow."""
        return self.danger == "yes"

    @property
    def fields(self) -> dict[str, Any]:
        """All of it by name, as a visit keeps it."""
        return {name: getattr(self, name) for name in self.__slots__}

    @property
    def sealed_text(self) -> str:
        """The text as it is sealed; the story or course that it is about stands under it, where its reader looks."""
        about = f"/stories/{self.story}" if self.story else f"/guides/{self.course}" if self.course else ""
        return "\n\n".join(filter(None, (self.text, about)))


def read_submission(kind: WritingKind, form: Mapping[str, Any], language: AnswerIn) -> Submission:
    """Read the form of tell, ask or check; a choice that is missing or unknown takes its careful default.

    `language` is that of the page, in which an answer is wanted unless something else is chosen.
    """
    topic: RequestTopic = _one_of(RequestTopic, form.get("topic"), "unknown")
    story, course = form.get("story", ""), form.get("course", "")
    return Submission(
        kind=kind,
        text=form.get("text", ""),
        topic=topic,
        danger=_one_of(Danger, form.get("danger"), "unknown" if kind == "ask" else ""),
        answer_in=_one_of(AnswerIn, form.get("answer_in"), language),
        story=story if topic == "story" and NAME.fullmatch(story) else "",
        course=course if topic == "training" and SLUG.fullmatch(course) else "",
        publish=_one_of(Publish, form.get("publish"), "no"),
        count="count" in form,
        quote="quote" in form,
        under_18="under_18" in form,
        line=form.get("line", "")[:_LINE],
        no_return="no_return" in form,
    )


def read_consent(form: Mapping[str, Any], day: int) -> Consent:
    """Read a consent; a box that is not ticked allows nothing."""
    publish, count, quote, under_18 = _read_ticks(form)
    return Consent(publish, count, quote, day, under_18=under_18)


def unsaved_ticks(form: Mapping[str, Any]) -> Ticks | None:
    """Give what was chosen in a form and not saved; None where it stands as the page was made."""
    ticks = _read_ticks(form)
    return ticks if "publish" in form and ticks_mark(ticks) != form.get("allowed") else None


def ticks_mark(ticks: Ticks) -> str:
    """Write what stands in the boxes in one word, by which the form tells whether somebody has changed it."""
    return "".join(map(str, (ticks[0], *map(int, ticks[1:]))))


def _read_ticks(form: Mapping[str, Any]) -> Ticks:
    publish: Publish = _one_of(Publish, form.get("publish"), "no")
    return publish, "count" in form, "quote" in form, "under_18" in form


def wrong_text(text: str) -> dict[str, str]:
    """Name the mistake in a text, by field: none, `empty`, `long` or `marks`."""
    if is_empty(text):
        return {"text": "empty"}
    if len(text) > TEXT_LETTERS:
        return {"text": "long"}
    return {"text": "marks"} if has_too_many_marks(text) else {}


def wrong_submission(draft: Submission) -> dict[str, str]:
    """Name the mistakes that stand in the way of sending, apart from the line that was typed back."""
    wrong = {} if draft.story and not draft.text else wrong_text(draft.text)
    if draft.kind == "tell" and draft.no_return and not draft.under_18:
        wrong |= {"publish": "contradiction"} if draft.publish == "ask" else {}
        wrong |= {"quote": "needs_code"} if draft.quote else {}
    return wrong


def wrong_line(code: str, typed: str) -> dict[str, str]:
    """Name the mistake in the line typed back: the last one is asked for, when all the others are written down."""
    if not typed.strip():
        return {"line": "no_line"}
    return {} if read_line(typed, LINES) == code_lines(code)[-1] else {"line": "line"}


def fits_a_page(text: str) -> bool:
    """Say whether a text can be shown to its author again, whatever its signs take on a page."""
    return len(escape(text).encode()) <= SHOWN_BYTES


def around_the_limit(text: str) -> tuple[str, str] | None:
    """Give the words before and after letter 12,000 of a text that is too long."""
    if len(text) <= TEXT_LETTERS:
        return None
    return text[TEXT_LETTERS - AROUND : TEXT_LETTERS], text[TEXT_LETTERS : TEXT_LETTERS + AROUND]


def _one_of(offered: Any, chosen: object, otherwise: _Choice) -> _Choice:  # noqa: ANN401 - a Literal has no type
    choice: _Choice = next((each for each in get_args(offered) if each == chosen), otherwise)
    return choice
