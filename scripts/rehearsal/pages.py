"""Reading a page the way a browser without scripts does: its elements, what they say, and its forms."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from typing import Self

from scripts.rehearsal.wire import Answer, Fields

_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)
_FILLER = re.compile(r'(?:\?|&amp;|&)-+(?=["\s]|$)')


def without_fillers(html: str) -> str:
    """Give a page, or an address, without the queries that mean nothing."""
    return _FILLER.sub("", html)


class Element:
    """One element, with what stands in it."""

    def __init__(self, tag: str, attributes: dict[str, str] | None = None) -> None:
        """Begin with nothing inside."""
        self.tag = tag
        self.attributes = attributes or {}
        self.parts: list[Element | str] = []

    def get(self, name: str) -> str:
        """Give an attribute, or nothing."""
        return self.attributes.get(name, "")

    @property
    def classes(self) -> list[str]:
        """The names in its class."""
        return self.get("class").split()

    def walk(self) -> "Iterator[Element]":
        """Go through all elements inside, in reading order."""
        for part in self.parts:
            if isinstance(part, Element):
                yield part
                yield from part.walk()

    def every(self, tag: str = "", **attributes: str) -> "list[Element]":
        """Find the elements with this tag and these attributes."""
        wanted = attributes.items()
        return [
            found
            for found in self.walk()
            if tag in ("", found.tag) and all(found.get(name) == value for name, value in wanted)
        ]

    def first(self, tag: str = "", **attributes: str) -> "Element":
        """Find the first such element.

        Raises:
            LookupError: there is none.
        """
        found = self.every(tag, **attributes)
        if not found:
            raise LookupError(f"no {tag or 'element'} with {attributes}")
        return found[0]

    def has(self, tag: str = "", **attributes: str) -> bool:
        """Say whether there is such an element."""
        return bool(self.every(tag, **attributes))

    def having_class(self, name: str) -> "list[Element]":
        """Find the elements of a class."""
        return [found for found in self.walk() if name in found.classes]

    @property
    def text(self) -> str:
        """What is written inside, with single blanks."""
        return " ".join(self.raw_text.split())

    @property
    def raw_parts(self) -> str:
        """The letters that stand directly inside, as they are in the file."""
        return "".join(part for part in self.parts if isinstance(part, str))

    @property
    def raw_text(self) -> str:
        """What is written inside, as it stands."""
        return "".join(
            part if isinstance(part, str) else "" if part.tag in ("style", "script") else part.raw_text
            for part in self.parts
        )

    @property
    def lines(self) -> str:
        """The digits of a code that is shown inside, its lines one after the other."""
        return "".join(self.text.split())


class _Reader(HTMLParser):
    """Build the tree of elements."""

    def __init__(self, root: Element) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].parts.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        while len(self.open) > 1 and tag in [element.tag for element in self.open]:
            if self.open.pop().tag == tag:
                return

    def handle_data(self, data: str) -> None:
        self.open[-1].parts.append(data)


@dataclass(frozen=True)
class Form:
    """A form as it lies on the page: where it goes, what stands in it, and its buttons."""

    action: str
    fields: Fields
    buttons: Fields
    element: Element

    @classmethod
    def of(cls, element: Element) -> Self:
        """Read a form."""
        fields: Fields = []
        buttons: Fields = []
        for part in element.walk():
            name, kind = part.get("name"), part.get("type")
            if part.tag == "button" and "disabled" in part.attributes:
                continue  # Enter presses it, and nobody else can
            if part.tag == "button" or (part.tag == "input" and kind == "submit"):
                buttons.append((name, part.get("value")))
            elif part.tag == "textarea":
                fields.append((name, part.raw_text.removeprefix("\n")))
            elif part.tag == "select":
                chosen = [option for option in part.every("option") if "selected" in option.attributes]
                fields += [(name, option.get("value")) for option in (chosen or part.every("option"))[:1]]
            elif part.tag == "input" and (kind not in ("radio", "checkbox") or "checked" in part.attributes):
                fields.append((name, part.get("value")))
        return cls(element.get("action"), fields, buttons, element)

    def filled(self, button: int = 0, /, **typed: str | None) -> Fields:
        """Fill it in and press a button; `None` leaves a field out."""
        fields = [(name, value) for name, value in self.fields if name and name not in typed]
        fields += [(name, value) for name, value in typed.items() if value is not None]
        fields = [(name, value.replace("\r\n", "\n").replace("\n", "\r\n")) for name, value in fields]  # as browsers do
        if self.buttons and self.buttons[button][0] and self.buttons[button][0] not in typed:
            fields.append(self.buttons[button])
        return fields

    def value(self, name: str) -> str:
        """Read what stands in a field.

        Raises:
            LookupError: there is no such field, or nothing of it is chosen.
        """
        found = [value for key, value in self.fields if key == name]
        if not found:
            raise LookupError(name)
        return found[0]

    @property
    def values(self) -> dict[str, str]:
        """What stands in each field."""
        return dict(self.fields)

    def leads_to(self, action: str) -> bool:
        """Say whether it, or one of its buttons, is sent to this path."""
        return self.action == action or self.element.has("button", formaction=action)


class Page(Element):
    """An answer, read."""

    def __init__(self, answer: Answer) -> None:
        """Read an answer."""
        super().__init__("")
        self.answer = answer
        reader = _Reader(self)
        reader.feed(self.html)
        reader.close()

    @property
    def status(self) -> int:
        """The status of the answer."""
        return self.answer.status

    @property
    def html(self) -> str:
        """The page as it was sent."""
        return self.answer.body.decode()

    @property
    def main(self) -> Element:
        """The page without what stands around every page."""
        return self.first("main")

    @property
    def main_html(self) -> str:
        """The same, as it was sent, but for what only fills up the addresses of links."""
        return without_fillers(self.html).partition("<main>")[2].partition("</main>")[0]

    @property
    def heading(self) -> str:
        """The page's own name."""
        return self.first("h1").text

    @property
    def title(self) -> str:
        """What the window is called."""
        return self.first("title").text

    @property
    def code(self) -> str:
        """The 28 digits that stand on the page, or nothing."""
        return self.first(id="code").lines if self.has(id="code") else ""

    @property
    def box(self) -> str:
        """What stands in the box for a text."""
        return self.main.first("textarea").raw_text.removeprefix("\n")

    @property
    def errors(self) -> str:
        """What is said about mistakes, or nothing."""
        return " ".join(box.text for box in self.having_class("errors"))

    def forms(self) -> list[Form]:
        """List the forms of the page's main part."""
        return [Form.of(element) for element in self.main.every("form")]

    def form(self, which: Callable[[Form], bool] = lambda _form: True) -> Form:
        """Find the first form of the main part that `which` accepts.

        Raises:
            LookupError: there is none.
        """
        for form in self.forms():
            if which(form):
                return form
        raise LookupError(f"no such form on {self.title!r}")

    def form_with(self, *names: str) -> Form:
        """Find the first form of the main part that has fields of these names."""
        return self.form(lambda form: all(form.element.has(name=name) for name in names))

    def form_doing(self, what: str) -> Form:
        """Find the form whose hidden field `do` says this, or whose button does: that one is pressed."""
        form = self.form(lambda form: ("do", what) in form.fields + form.buttons)
        return replace(form, buttons=[("do", what)]) if ("do", what) in form.buttons else form

    def form_ending(self, ending: str) -> Form:
        """Find the first form of the main part that is sent to a path with this ending."""
        return self.form(lambda form: form.action.endswith(ending))

    def form_to(self, action: str) -> Form:
        """Find the form, anywhere on the page, that leads to this path.

        Raises:
            LookupError: there is none.
        """
        outside = {button.get("form") for button in self.every("button", formaction=action)} - {""}
        every = [Form.of(element) for element in self.every("form")]
        found = [form for form in every if form.leads_to(action) or form.element.get("id") in outside]
        if not found:
            raise LookupError(f"no form leads to {action}")
        return found[0]
