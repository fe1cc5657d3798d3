"""Filling the forms of a finished page with what was typed into them before.

It knows no form by name: whatever stands in a page of ours, wherever it goes, is filled. The page is ours, and every
word that somebody else wrote stands escaped in it. Hidden fields stay as the page has them, but for the mark of what
was shown when somebody began to type: who saves over it is to be told.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from markupsafe import escape

from onion_app.desk.as_shown import is_mark, mark_of

TAB: Final = "tab"  # the hidden field with the language of the tab that a form stands on
OF: Final = "of"  # the hidden field with the address of a form that has buttons for other addresses too
AS_WAS: Final = "as_was"  # the hidden field with the marks of what stood in its boxes when the page was made
# Nobody types these, and where they do, the next page asks for them anew: no passphrase waits anywhere.
NOT_KEPT: Final = re.compile(
    f"csrf_token|kept|{TAB}|{OF}|{AS_WAS}|go|pause|finished|preview|message|entry|seen|draft|mark|key|asked"
    "|(message|seen|take|below|asked)_[0-9a-f]{32}|passphrase.*|again|totp|line|sheet|word"
)
_TAG: Final = re.compile(r"<(/?)(form|input|textarea|select|option)\b([^>]*)>")
_ATTRIBUTE: Final = re.compile(r'([a-z_-]+)(?:="([^"]*)")?')
_NEVER: Final = {"password", "submit", "button", "file"}

# What markupsafe makes of a sign, and back: no other stand in our pages, and of these a hundred thousand may. # P16
_ESCAPED: Final = (("&lt;", "<"), ("&gt;", ">"), ("&#34;", '"'), ("&#39;", "'"), ("&amp;", "&"))

Attributes = dict[str, str]  # as the page writes them; one without a value is empty


class Filled(NamedTuple):
    """A page whose forms are filled, with the address of the first of them in which something changed by it."""

    page: str
    address: str
    there: list[str]  # what somebody else has put into its boxes meanwhile


@dataclass
class _Control:
    tag: str
    attributes: Attributes
    start: int
    end: int
    inner: str = ""  # of a textarea, and of an option
    select: str = ""


@dataclass
class _Form:
    address: str
    start: int  # of what stands in it
    controls: list[_Control] = field(default_factory=list)


def _forms_of(page: str) -> list[_Form]:
    """Find the forms of a page of ours, in which every < begins a tag, and their controls, each with its place."""
    forms, is_open, select = list[_Form](), False, ""
    for part in _TAG.finditer(page):
        tag, attributes = part[2], dict[str, str](_ATTRIBUTE.findall(part[3]))
        if tag == "form":
            is_open = not part[1]
            forms += [_Form(attributes.get("action", ""), part.end())] if is_open else []
        elif not is_open:
            continue
        elif part[1]:
            if tag == "textarea":
                box = forms[-1].controls[-1]
                box.inner, box.end = page[box.end : part.start()], part.start()
        elif tag == "select":
            select = attributes.get("name", "")
        else:
            if attributes.get("name") == OF:
                forms[-1].address = attributes["value"]
            if attributes.get("name") == TAB:
                forms[-1].address = in_tab(forms[-1].address, attributes["value"])
            forms[-1].controls.append(_Control(tag, attributes, *part.span(), select=select if tag == "option" else ""))
    return forms


def in_tab(path: str, tab: str) -> str:
    """Name a form by its path, and by the language of its tab where it has several."""
    return f"{path}?language={tab}" if tab else path


def refill(page: str, held: Mapping[str, Mapping[str, str]]) -> Filled:
    """Fill each form of a page for which something is held."""
    address, there, pieces, done = "", list[str](), list[str](), 0
    for form in _forms_of(page) if held else ():
        fields = held.get(form.address)
        changed = _changes(form, fields) if fields else []
        for control, written in changed:
            pieces += [page[done : control.start], written]
            done = control.end
        seen = [control for control, _ in changed if control.attributes.get("type") != "hidden"]
        if seen and fields and not address:
            address, there = form.address, _there(form, seen, fields)
    return Filled("".join([*pieces, page[done:]]), address, there)


def _changes(form: _Form, fields: Mapping[str, str]) -> list[tuple[_Control, str]]:
    """List the controls of a form that have to be written anew, with what is written; a choice that stands, stands."""
    standing = _standing_in(form)
    left = (each for each in form.controls if not each.select or standing.get(each.select) != fields.get(each.select))
    changes = ((control, _with(control, fields)) for control in left)
    return [(control, written) for control, written in changes if written is not None]


def with_marks(page: str, held: Mapping[str, Mapping[str, str]]) -> str:
    """Put the marks of what stands in its boxes into each form with buttons for several addresses.

    What was held for it has none: it counts as typed anew, since it waits nowhere else once the session has ended.
    """
    pieces, done = list[str](), 0
    for form in _forms_of(page) if f'name="{OF}"' in page else ():
        if any(each.attributes.get("name") == OF for each in form.controls):
            kept = {name for name, typed in held.get(form.address, {}).items() if typed}
            marks = marks_of_boxes({n: text for n, text in _standing_in(form).items() if n not in kept})
            pieces += [page[done : form.start], _written("input", {"type": "hidden", "name": AS_WAS, "value": marks})]
            done = form.start
    return "".join([*pieces, page[done:]])


def marks_of_boxes(fields: Mapping[str, str]) -> str:
    """Give the marks of what stands in the boxes of a form, each under its name."""
    typed = ((name, _one_line_end(text)) for name, text in fields.items() if not NOT_KEPT.fullmatch(name))
    return " ".join(f"{name}:{mark_of(text)[:12]}" for name, text in sorted(typed))


def typed_anew(fields: Mapping[str, str]) -> set[str]:
    """Name the boxes in which something else stands than when the page of this form was made."""
    was, now = _by_name(fields.get(AS_WAS, "")), _by_name(marks_of_boxes(fields))
    return {name for name in was.keys() | now.keys() if was.get(name) != now.get(name)}


def _by_name(marks: str) -> dict[str, str]:
    return dict(part.partition(":")[::2] for part in marks.split())


def _as_typed(escaped: str) -> str:
    for written, sign in _ESCAPED:
        escaped = escaped.replace(written, sign)
    return escaped


def _standing_in(form: _Form) -> dict[str, str]:
    """Give what a browser sends of a form as it stands."""
    standing = dict[str, str]()
    for control in form.controls:
        attributes, kind = control.attributes, control.attributes.get("type") or "text"
        name, value = attributes.get("name") or control.select, _as_typed(attributes.get("value", ""))
        if control.tag == "textarea":
            standing[name] = _as_typed(control.inner)
        elif control.tag == "option":
            if "selected" in attributes or name not in standing:
                standing[name] = value
        elif kind not in _NEVER and (kind not in ("checkbox", "radio") or "checked" in attributes):
            standing[name] = value
    return standing


def _there(form: _Form, seen: list[_Control], fields: Mapping[str, str]) -> list[str]:
    """Give the words in the boxes that are filled over, where the form shows other ones than it did then."""
    marks = {
        name: each.attributes.get("value") for each in form.controls if is_mark(name := each.attributes.get("name", ""))
    }
    if all(fields.get(name) == mark for name, mark in marks.items()):
        return []
    boxes = (each for each in seen if each.tag == "textarea" or each.attributes.get("type") == "text")
    words = (_as_typed(each.attributes.get("value") or each.inner).strip() for each in boxes)
    return [text for text in words if text]


def _with(control: _Control, fields: Mapping[str, str]) -> str | None:
    """Write a control anew with what was typed; None where it stays as it is."""
    attributes, name = control.attributes, control.attributes.get("name") or control.select
    kind, typed = attributes.get("type") or "text", str(escape(fields.get(name, "")))
    if kind in ("checkbox", "radio"):
        return _chosen(control, "checked", chosen=name in fields and typed == attributes.get("value", "on"))
    if name not in fields or kind in _NEVER or (kind == "hidden" and not is_mark(name)):
        return None
    if control.tag == "option":
        return _chosen(control, "selected", chosen=typed == attributes.get("value"))
    if control.tag == "textarea":
        same = _one_line_end(control.inner) == _one_line_end(typed)
        return None if same else f"{_written('textarea', attributes)}\n{typed}"
    return None if attributes.get("value") == typed else _written("input", attributes | {"value": typed})


def _chosen(control: _Control, how: str, *, chosen: bool) -> str | None:
    if chosen == (how in control.attributes):
        return None
    rest = {name: value for name, value in control.attributes.items() if name != how}
    return _written(control.tag, rest | ({how: ""} if chosen else {}))


def _one_line_end(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _written(tag: str, attributes: Attributes) -> str:
    named = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<{tag}{named}>"
