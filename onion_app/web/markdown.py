"""How a guide is written: headings, paragraphs, lists and emphasis, out of Markdown and into a closed list of tags.

Nothing else can come out of it, whatever is put in: no link, no image, no HTML, no attribute but the number of a line
in a list. A paragraph whose first line begins with `? ` is an answer, folded away under the rest of that line. What
Markdown would make of other signs is shown as the signs themselves, and so are the signs of a word or a number, such as
*100#, +964, 01. and name_of_somebody: they are worth more than a star that is taken for emphasis. An end of a line
stays one.
"""

import re
from collections.abc import Iterator
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter
from markdown_it.token import Token
from markupsafe import Markup

from onion_app.web.reading_order import in_reading_order

_PARSER: Final = MarkdownIt("zero").enable(["heading", "list", "emphasis", "escape", "newline"])

# At the beginning of a line these would begin a list, and at its end be taken for the end of a heading.
_OF_THE_WORDS: Final = re.compile(
    r"^((?:(?!\*[ \t]+[0-9]*[ \t]?[#+*])[ \t]*+(?:[-*]|[1-9][0-9]*+\.)[ \t]++)*[ \t]*+)"  # what begins one
    r"(?:(\+|\*(?=[ \t]+[0-9]*[ \t]?[#+*]))|(0[0-9]++|[0-9]++(?=\)))([.)]))(?=[ \t]|$)",
    re.MULTILINE,
)
_HASHES_AT_THE_END: Final = re.compile(r"(?<=[ \t])(?=#+[ \t]*$)", re.MULTILINE)
_BESIDE_EMPHASIS: Final = re.compile(r"[\s(\[\"'«»“”‘’.,:;!?…،؛؟)\]*–—-]")
_NO_EMPHASIS: Final = re.compile(r"[0-9\u0660-\u0669\u06f0-\u06f9#+]")  # a single star beside it belongs to a number

# The page has the one h1; a guide begins with h2, and goes no deeper than h3.
_TAGS: Final = {"h1": "h2", "h2": "h2", "h3": "h3", "h4": "h3", "h5": "h3", "h6": "h3"} | {
    tag: tag for tag in ("p", "ul", "ol", "li", "em", "strong", "details", "summary")
}
# The paragraphs of a close list are hidden.
_BETWEEN: Final = {"softbreak": "<br>", "hardbreak": "<br>", "paragraph_close": " "}

_FOLDED: Final = "? "

_SIGNS: Final = ("\n", "*", "_", "\\")  # what ends a line, or may begin a tag within one
_MOST_SIGNS: Final = 1_000  # P16: each costs as much as a hundred letters; 12,000 letters of our guides have 330


def render(source: str) -> Markup:
    """Make the HTML of a guide, or of a part of one; what has too many signs to be one is shown as it is written."""
    if has_too_many_signs(source):
        return Markup("<p>{}</p>").format(in_reading_order(source))
    kept = _OF_THE_WORDS.sub(_escaped, source)
    kept = _HASHES_AT_THE_END.sub(r"\\", kept)
    tokens = _PARSER.parse(kept)
    for opening, line, closing in zip(tokens, tokens[1:], tokens[2:], strict=False):
        _fold(opening, line, closing)
    return Markup("".join(_html(tokens)))  # noqa: S704 - closed tags, and text that was escaped


def has_too_many_signs(source: str) -> bool:
    """Say whether this is no guide, but signs."""
    return sum(map(source.count, _SIGNS)) > _MOST_SIGNS


def _escaped(beginning: re.Match[str]) -> str:
    begins, bullet, number, after = beginning.groups(default="")
    return f"{begins}\\{bullet}" if bullet else f"{begins}{number}\\{after}"


def _emphasis(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - as the parser calls it
    """Read stars as Markdown does, but within a word, and beside the digits of a number, as stars."""
    start = state.pos
    if silent or state.src[start] != "*":
        return False
    length = state.scanDelims(start, canSplitWord=True).length
    before, after = state.src[start - 1 : start] or " ", state.src[start + length : start + length + 1] or " "
    opens, closes = _is_edge(before, after, length), _is_edge(after, before, length)
    for _ in range(length):
        state.push("text", "", 0).content = "*"
        state.delimiters.append(
            Delimiter(ord("*"), length, token=len(state.tokens) - 1, end=-1, open=opens, close=closes)
        )
    state.pos += length
    return True


def _is_edge(outside: str, inside: str, length: int) -> bool:
    is_of_a_number = length == 1 and _NO_EMPHASIS.match(inside)
    return bool(_BESIDE_EMPHASIS.match(outside)) and not inside.isspace() and not is_of_a_number


_PARSER.inline.ruler.at("emphasis", _emphasis)


def _fold(opening: Token, line: Token, closing: Token) -> None:
    """Make of a paragraph, if it is one that begins so and has a second line, an answer under its first."""
    children = line.children or []
    end = next((at for at, child in enumerate(children) if child.type in _BETWEEN), None)
    if opening.type != "paragraph_open" or opening.level or end is None or not line.content.startswith(_FOLDED):
        return
    if children[end].level:  # emphasis that goes on in the next line would close outside of the tag it was opened in
        return
    opening.tag = closing.tag = "details"
    children[0].content = children[0].content.removeprefix(_FOLDED)
    children[end] = Token("summary_close", "summary", -1)
    children.insert(0, Token("summary_open", "summary", 1))


def _html(tokens: list[Token]) -> Iterator[str]:
    numbers: list[int | None] = []  # of each list that is open, the number that its next line has by itself
    for token in tokens:
        if token.children is not None:
            yield from _html(token.children)
        elif token.nesting and not token.hidden:
            yield _tag(token, numbers)
        else:
            yield str(in_reading_order(token.content)) if token.type == "text" else _BETWEEN.get(token.type, "")


def _tag(token: Token, numbers: list[int | None]) -> str:
    tag = _TAGS[token.tag]
    is_list = tag in ("ul", "ol")
    if token.nesting < 0:
        if is_list:
            numbers.pop()
        return f"</{tag}>"
    start = token.attrGet("start")
    if is_list:
        numbers.append((start if isinstance(start, int) else 1) if tag == "ol" else None)
    if tag == "ol" and isinstance(start, int):
        return f'<ol start="{start}">'
    if tag == "li" and numbers[-1] is not None:
        number = int(token.info)
        skips, numbers[-1] = number != numbers[-1], number + 1
        return f'<li value="{number}">' if skips else "<li>"
    return f"<{tag}>"
