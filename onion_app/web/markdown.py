"""How a guide is written: headings, paragraphs, lists and emphasis, out of Markdown and into a closed list of tags.

Nothing else can come out of it, whatever is put in: no link, no image, no HTML, no attribute but the number with which
a list begins. What Markdown would make of other signs is shown as the signs themselves.
"""

from collections.abc import Iterator
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

_PARSER: Final = MarkdownIt("zero").enable(["heading", "list", "emphasis", "escape", "newline"])

# The page has the one h1; a guide begins with h2, and goes no deeper than h3.
_TAGS: Final = {"h1": "h2", "h2": "h2", "h3": "h3", "h4": "h3", "h5": "h3", "h6": "h3"} | {
    tag: tag for tag in ("p", "ul", "ol", "li", "em", "strong")
}
# The paragraphs of a close list are hidden.
_BETWEEN: Final = {"softbreak": "\n", "hardbreak": "\n", "paragraph_close": " "}

_SIGNS: Final = ("\n", "*", "_", "\\")  # what ends a line, or may begin a tag within one
_MOST_SIGNS: Final = 1_000  # P16: each costs as much as a hundred letters; 12,000 letters of our guides have 330


def render(source: str) -> Markup:
    """Make the HTML of a guide, or of a part of one; what has too many signs to be one is shown as it is written."""
    if has_too_many_signs(source):
        return Markup("<p>{}</p>").format(source)
    return Markup("".join(_html(_PARSER.parse(source))))  # noqa: S704 - closed tags, and text that was escaped


def has_too_many_signs(source: str) -> bool:
    """Say whether this is no guide, but signs."""
    return sum(map(source.count, _SIGNS)) > _MOST_SIGNS


def _html(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        if token.children is not None:
            yield from _html(token.children)
        elif token.nesting and not token.hidden:
            yield _tag(token)
        else:
            yield str(escape(token.content)) if token.type == "text" else _BETWEEN.get(token.type, "")


def _tag(token: Token) -> str:
    tag = _TAGS[token.tag]
    if token.nesting < 0:
        return f"</{tag}>"
    start = token.attrGet("start")
    return f'<ol start="{start}">' if tag == "ol" and isinstance(start, int) else f"<{tag}>"
