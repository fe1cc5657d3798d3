"""What a proposal would change, in words for one reader: of their own circles, and of what everybody reads.

No other circle's name, no handle, no word that somebody chose, but those that visitors would read. # P14
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from onion_app.choices import ANSWER_LANGUAGES, CIRCLE_TOPICS
from onion_app.errors import marked
from onion_app.vault.shown.routing import Route, receivers

Wanted = Mapping[str, list[str]]
_Share = Literal["none", "some", "all"]

ALONE: Final = marked("%(topic)s in %(language)s will come to your circle alone.")
TOO: Final = marked("%(topic)s in %(language)s will come to your circle too.")
NO_LONGER_ALONE: Final = marked("%(topic)s in %(language)s will no longer come to your circle alone.")
NO_LONGER: Final = marked("%(topic)s in %(language)s will no longer come to your circle.")
_SAID: Final[dict[tuple[_Share, _Share], str]] = {
    ("none", "all"): ALONE,
    ("some", "all"): ALONE,
    ("none", "some"): TOO,
    ("all", "some"): NO_LONGER_ALONE,
    ("all", "none"): NO_LONGER,
    ("some", "none"): NO_LONGER,
}


class Line(NamedTuple):
    """A sentence, and what stands in it: a topic, a language (empty: every language), a number."""

    sentence: str
    topic: str = ""
    language: str = ""
    number: int = 0
    before: int = 0


class Said(NamedTuple):
    """Public words in one language, as they are and as they would be; the titles are a guide's."""

    language: str
    before: str
    after: str
    title_before: str = ""
    title: str = ""


def lines_of_routes(before: Sequence[Route], after: Sequence[Route], own: Collection[bytes]) -> tuple[Line, ...]:
    """Say what would come to somebody's circles, and what no longer."""
    lines: list[Line] = []
    for topic in CIRCLE_TOPICS:
        changed = {
            language: _SAID[shares]
            for language in ANSWER_LANGUAGES
            if (shares := (_share(before, topic, language, own), _share(after, topic, language, own))) in _SAID
        }
        sentences = set(changed.values())
        if len(changed) == len(ANSWER_LANGUAGES) and len(sentences) == 1:
            lines.append(Line(sentences.pop(), topic))
        else:
            lines += [Line(sentence, topic, language) for language, sentence in changed.items()]
    return tuple(lines)


def _share(circles: Sequence[Route], topic: str, language: str, own: Collection[bytes]) -> _Share:
    getting = {circle.id for circle in receivers(circles, topic, language)}  # type: ignore[arg-type]  # of these lists
    if not getting & set(own):
        return "none"
    return "all" if getting <= set(own) else "some"


def said_of(before: Wanted, after: Wanted) -> tuple[Said, ...]:
    """Set public words beside those that would take their place; a list of two is a title and a text."""
    return tuple(
        Said(language, _text(before.get(language)), _text(words), _title(before.get(language)), _title(words))
        for language, words in after.items()
        if words != before.get(language, [""])
    )


def _text(words: list[str] | None) -> str:
    return words[-1] if words else ""


def _title(words: list[str] | None) -> str:
    return words[0] if words and len(words) > 1 else ""
