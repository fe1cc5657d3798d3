"""The fields of the desk's forms, each checked once, before anything else happens.

A field that does not fit raises `Refused` with the sentence that stands beside it; a typed text goes back into its
box and nowhere else. The longest text that a box may hold fits the largest seal.
"""

import re
import unicodedata
from collections.abc import Mapping
from itertools import islice
from typing import Final

from onion_app.choices import CIRCLE_TOPICS, LANGUAGE_CODES, TEXT_LETTERS
from onion_app.crypto.keys import ID_BYTES
from onion_app.errors import Refused, marked
from onion_app.vault.mailbox.records import PAGE
from onion_app.web.reading_order import in_reading_order
from onion_app.web.text import has_too_many_marks, is_empty

HANDLE_LETTERS: Final = 24
TITLE_LETTERS: Final = 80
TITLE_BYTES: Final = 240  # as it is shown: ten of them stand on one page; 80 of Arabic, with a year between, have 200
_INCOMPLETE: Final = marked("This page is incomplete. Load it again.")
_FIELD_LETTERS: Final = 200  # a passphrase of six words has 60; nothing longer deserves a slow hash
_LINE_LETTERS: Final = 2_000  # of a line that is kept; no field takes half as many, and each letter is looked at

_BOX: Final = re.compile("text_([0-9a-f]{32})")
_PLACE: Final = re.compile("([0-2])-([0-9]{1,6})-([0-9a-f]{32})", re.ASCII)
_TICK: Final = re.compile("([a-z]+)_([0-9a-f]{32})")

# Other signs turn the line around, cannot be seen, or stretch a letter: one handle would look like another.
_OF_HANDLES: Final = {"Lu", "Ll", "Lt", "Lo", "Nd"}
_BLANK_LETTERS: Final = "\u115f\u1160"  # fillers, letters by name only; NFKC makes the second of U+3164 and U+FFA0
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def short(form: Mapping[str, str], name: str) -> str:
    """Give a field of one line, cut to 200 letters."""
    return form.get(name, "").strip()[:_FIELD_LETTERS]


def handle(form: Mapping[str, str]) -> str:
    """Read a new handle, in the one spelling under which it is kept.

    Raises:
        Refused: empty, longer than 24 letters, or with anything but letters and digits that can be seen.
    """
    chosen = " ".join(unicodedata.normalize("NFKC", short(form, "handle")).split())
    if not 1 <= len(chosen) <= HANDLE_LETTERS:
        raise Refused("Choose a name of 1 to 24 letters.", field="handle")
    if not all(unicodedata.category(sign) in _OF_HANDLES and sign not in _BLANK_LETTERS for sign in chosen):
        raise Refused("A name here has letters and digits only, and each of them can be seen.", field="handle")
    return chosen


def body(form: Mapping[str, str]) -> str:
    """Give the text of a box, however long."""
    return form.get("text", "")


def texts(form: Mapping[str, str]) -> list[str]:
    """Give the texts in the boxes of a page about one thing, however long."""
    return [form.get(name, "") for name in ("text", "note")]


def boxes(form: Mapping[str, str]) -> dict[bytes, str]:
    """Give the texts in the boxes of a page with many cases, by case; of blanks alone nothing is left."""
    named = ((_BOX.fullmatch(name), typed) for name, typed in form.items())
    texts = islice(((bytes.fromhex(box[1]), typed) for box, typed in named if box), PAGE)
    return {case_id: "" if is_empty(text) else text for case_id, text in texts}


def ticked_cases(form: Mapping[str, str], prefix: str) -> list[bytes]:
    """Give the cases that were ticked in a list, in the boxes that begin with `prefix`."""
    ticks = (tick for tick in map(_TICK.fullmatch, form) if tick and tick[1] == prefix)
    return [bytes.fromhex(tick[2]) for tick in islice(ticks, PAGE)]


def text(form: Mapping[str, str], box: str = "text") -> str:
    """Read the text of a box.

    Raises:
        Refused: it is empty, or longer than 12,000 letters.
    """
    typed = form.get(box, "").strip()
    if is_empty(typed):
        raise Refused("The box is empty.", field=box)
    if has_too_many_marks(typed):
        raise Refused("This is too long: more than 30 marks stand on one letter. Nothing was sent.", field=box)
    if len(typed) > TEXT_LETTERS:
        raise Refused("This is too long: 12,000 letters fit. Nothing was sent.", field=box)
    return typed


def one_line(form: Mapping[str, str], name: str) -> str:
    """Give a field of one line as it is kept: without signs that nobody can see, but for the joiners of Sorani.

    What is too long for any of them, or shows nothing, is left as it was typed, or as nothing.
    """
    typed = form.get(name, "")
    if len(typed) > _LINE_LETTERS or has_too_many_marks(typed):
        return typed
    visible = "".join(" " if sign in "\t\n" else sign for sign in typed if sign in "\t\n" or not _is_unseen(sign))
    return "" if is_empty(visible) else " ".join(visible.split())


def _is_unseen(sign: str) -> bool:
    return unicodedata.category(sign) in _UNSEEN and sign not in "\u200c\u200d"


def title(form: Mapping[str, str]) -> str:
    """Read the title of a text.

    Raises:
        Refused: empty, longer than 80 letters, or as it is shown longer than 240 bytes. # P09: lists have one size, too
    """
    chosen = one_line(form, "title")
    if not 1 <= len(chosen) <= TITLE_LETTERS or has_too_many_marks(chosen):
        raise Refused("A title has 1 to 80 letters.", field="title")
    if len(in_reading_order(chosen).encode()) > TITLE_BYTES:
        raise Refused("A title has words, and few numbers and signs.", field="title")
    return chosen


def ticked(form: Mapping[str, str], prefix: str, names: tuple[str, ...]) -> list[str]:
    """Give those names whose box was ticked."""
    return [name for name in names if form.get(f"{prefix}_{name}")]


def topics_and_languages(form: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read the ticked topics and languages of a circle."""
    return tuple(ticked(form, "topic", CIRCLE_TOPICS)), tuple(ticked(form, "language", LANGUAGE_CODES))


def whole_number(form: Mapping[str, str], name: str, allowed: range, sentence: str) -> int:
    """Read a number that somebody typed, in any digits.

    Raises:
        Refused: with this sentence: not a number, or not one of the allowed.
    """
    typed = form.get(name, "").strip()
    value = int(typed) if typed.isdecimal() and len(typed) < 10 else -1  # noqa: PLR2004 - longer than any of ours
    if value not in allowed:
        raise Refused(sentence, field=name)
    return value


def one_of(form: Mapping[str, str], name: str, allowed: Mapping[str, object] | tuple[str, ...]) -> str:
    """Read a choice.

    Raises:
        Refused: none of the offered ones.
    """
    chosen = form.get(name, "")
    if chosen not in allowed:
        raise Refused("Choose one of these.", field=name)
    return chosen


def id_of(form: Mapping[str, str], name: str, beside: str | None = None, *, length: int = ID_BYTES) -> bytes:
    """Read a hidden id, or a key or a mark of another length.

    Raises:
        Refused: it is none; the sentence stands beside the field of this name, or of another.
    """
    try:
        value = bytes.fromhex(form.get(name, ""))
    except ValueError:
        value = b""
    if len(value) != length:
        raise Refused(_INCOMPLETE, field=name if beside is None else beside)
    return value


def after(address: Mapping[str, str]) -> tuple[int, int, bytes] | None:
    """Read from an address after which urgency, day and id a list goes on; anything else: from its beginning."""
    place = _PLACE.fullmatch(address.get("after", ""))
    return (int(place[1]), int(place[2]), bytes.fromhex(place[3])) if place else None


def after_this(urgent: int, day: int | None, item_id: bytes) -> str:
    """Write what `after` reads."""
    return f"{urgent}-{day or 0}-{item_id.hex()}"


def place_in_list(typed: str) -> bytes:
    """Read from an address after which id a list goes on; anything else means from its beginning."""
    try:
        return bytes.fromhex(typed)[:16]
    except ValueError:
        return b""


def number(form: Mapping[str, str], name: str) -> int:
    """Read a hidden number.

    Raises:
        Refused: not a number.
    """
    return whole_number(form, name, range(10**9), _INCOMPLETE)
