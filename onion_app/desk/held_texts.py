"""The texts that wait: typed before a case was opened, or sent when their session was over.

Where no session is left, a text waits sealed in the login page; whoever logs in there gets it back, in its box.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Final, NamedTuple

from flask import request

from onion_app.crypto.sealing import open_field, seal_field
from onion_app.desk import forms
from onion_app.desk.context import desk_context
from onion_app.desk.session import keep_in_session, session_contents
from onion_app.errors import SealBroken
from onion_app.shapes import Id, from_json
from onion_app.web.headers import BODY_LIMIT
from onion_app.web.text import is_empty

# The pages whose text is kept when a session ended meanwhile, and the box in which it stands.
BOXES: Final = {
    "case.reply": "text",
    "case.phrase": "text",
    "case.note": "note",
    "story.save": "draft",
    "guides.save": "guide",
    "my_cases.open_all": "mine",
    "my_cases.phrase": "mine",
    "my_cases.send": "mine",
    "my_cases.give_all_back": "mine",
}
_KEPT: Final = "kept text"
_MOST_KEPT: Final = 4 * forms.MOST_CASES  # cases and guides for which something waits; the newest


class HeldText(NamedTuple):
    """A text that came after its session had ended, and the box of the case or guide to which it belongs."""

    case_id: bytes
    box: str
    text: str
    title: str


def sealed_text() -> str:
    """Seal the text of this request for the login page; empty when there is none."""
    box = BOXES.get(request.endpoint or "")
    text = _boxes_as_one() if box == "mine" else forms.body(request.form)
    title = forms.one_line(request.form, "title")
    if box is None or (is_empty(text) and not title):
        return request.form.get("kept", "")
    # JSON would make six bytes of an Arabic letter, and the body has a limit.
    packed = {"text": _in_letters(text), "title": _in_letters(title)}
    ids = request.view_args or {}
    case_id: bytes = ids.get("case_id") or ids.get("guide_id") or bytes(16)  # none: it is of many cases
    return seal_field(desk_context().field_key, _KEPT, {"case": case_id.hex(), "box": box} | packed)


def held_text(sealed: str) -> HeldText | None:
    """Open the text that a login page carried; None when there is none, or none of ours."""
    if not sealed:
        return None
    try:
        fields = open_field(desk_context().field_key, _KEPT, sealed)
    except SealBroken:
        return None
    text, title = (b64decode(fields.get(name, "")).decode() for name in ("text", "title"))
    return HeldText(bytes.fromhex(fields["case"]), fields["box"], text, title)


def held_for(case_id: bytes) -> dict[str, str]:
    """Give the texts that wait for a case to be opened or sent, by their box."""
    texts: dict[str, str] = session_contents().get("kept", {}).get(case_id.hex(), {})
    return texts


def hold_titled(case_id: bytes, box: str, text: str, title: str) -> None:
    """Keep a text and its title for a box; where both are empty, nothing is kept."""
    _hold_each({case_id: {box: "" if is_empty(text) else text, title_of(box): title}})


def title_of(box: str) -> str:
    """Name the box of the title that belongs to a text."""
    return f"{box} title"


def hold(case_id: bytes, box: str, text: str) -> None:
    """Keep a text for a box of a case; an empty one is forgotten."""
    _hold_each({case_id: {box: text}})


def hold_boxes(texts: Mapping[bytes, str]) -> None:
    """Keep the texts in the boxes of a page with many cases, at once: each change seals the whole session anew."""
    _hold_each({case_id: {"text": text} for case_id, text in texts.items()})


def hold_all(held: HeldText) -> None:
    """Keep the texts of a page with many cases, each for its case."""
    hold_boxes(from_json(dict[Id, str], held.text, SealBroken, 2 * BODY_LIMIT))


def _hold_each(texts: Mapping[bytes, Mapping[str, str]]) -> None:
    kept = session_contents().get("kept", {})
    for case_id, boxes in texts.items():
        held = kept.pop(case_id.hex(), {}) | boxes
        if any(held.values()):
            kept[case_id.hex()] = {box: text for box, text in held.items() if text}
    keep_in_session(kept=dict(list(kept.items())[-_MOST_KEPT:]))


def _in_letters(text: str) -> str:
    return b64encode(text.encode()).decode()


def _boxes_as_one() -> str:
    typed = {case_id.hex(): text for case_id, text in forms.boxes(request.form).items() if text}
    return json.dumps(typed, ensure_ascii=False) if typed else ""
