"""Reading a page the way a browser without scripts does: its elements, what they say, and its forms."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self

from tests.wire import Answer, Fields

VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"),
)


@dataclass
class Element:
    """One element, with what stands in it."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    parts: "list[Element | str]" = field(default_factory=list)

    def get(self, name: str) -> str:
        return self.attributes.get(name, "")

    @property
    def classes(self) -> list[str]:
        return self.get("class").split()

    def walk(self) -> "Iterator[Element]":
        """Go through all elements inside, in reading order."""
        for part in self.parts:
            if isinstance(part, Element):
                yield part
                yield from part.walk()

    def every(self, tag: str = "", **attributes: str) -> "list[Element]":
        """Find the elements with this tag and these attributes."""
        return [
            found
            for found in self.walk()
            if (not tag or found.tag == tag) and all(found.get(name) == value for name, value in attributes.items())
        ]

    def first(self, tag: str = "", **attributes: str) -> "Element":
        """Find the first such element.

        Raises:
            LookupError: there is none.
        """
        found = self.every(tag, **attributes)
        if not found:
            message = f"no {tag or 'element'} with {attributes}"
            raise LookupError(message)
        return found[0]

    def has(self, tag: str = "", **attributes: str) -> bool:
        return bool(self.every(tag, **attributes))

    def having_class(self, name: str) -> "list[Element]":
        return [found for found in self.walk() if name in found.classes]

    @property
    def text(self) -> str:
        """Give what is written inside, with single blanks."""
        return " ".join(self.raw_text.split())

    @property
    def raw_parts(self) -> str:
        """Give the letters that stand directly inside, as they are in the file."""
        return "".join(part for part in self.parts if isinstance(part, str))

    @property
    def raw_text(self) -> str:
        """Give what is written inside, as it stands."""
        return "".join(
            part if isinstance(part, str) else "" if part.tag in ("style", "script") else part.raw_text
            for part in self.parts
        )


class Reader(HTMLParser):
    """Build the tree of elements."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].parts.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
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
    method: str
    fields: Fields
    buttons: Fields
    element: Element

    @classmethod
    def of(cls, element: Element) -> Self:
        fields: Fields = []
        buttons: Fields = []
        for part in element.walk():
            name, kind = part.get("name"), part.get("type")
            if part.tag == "button" or (part.tag == "input" and kind == "submit"):
                buttons.append((name, part.get("value")))
            elif part.tag == "textarea":
                fields.append((name, part.raw_text.removeprefix("\n")))
            elif part.tag == "select":
                chosen = [option for option in part.every("option") if "selected" in option.attributes]
                fields += [(name, option.get("value")) for option in (chosen or part.every("option"))[:1]]
            elif part.tag == "input" and (kind not in ("radio", "checkbox") or "checked" in part.attributes):
                fields.append((name, part.get("value")))
        return cls(element.get("action"), element.get("method").upper() or "GET", fields, buttons, element)

    def filled(self, button: int = 0, /, **typed: str | None) -> Fields:
        """Fill it in and press a button; `None` leaves a field out."""
        fields = [(name, value) for name, value in self.fields if name not in typed]
        fields += [(name, value) for name, value in typed.items() if value is not None]
        fields = [(name, value.replace("\r\n", "\n").replace("\n", "\r\n")) for name, value in fields]  # as browsers do
        if self.buttons and self.buttons[button][0]:
            fields.append(self.buttons[button])
        return fields

    def value(self, name: str) -> str:
        """Read what stands in a field."""
        return next(value for key, value in self.fields if key == name)


class Page:
    """An answer, read."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        reader = Reader()
        reader.feed(answer.body.decode())
        self.root = reader.root

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def main(self) -> Element:
        return self.root.first("main")

    @property
    def heading(self) -> str:
        return self.root.first("h1").text

    @property
    def title(self) -> str:
        return self.root.first("title").text

    @property
    def code(self) -> str:
        """Give the 28 digits that stand on the page."""
        return "".join(self.root.first(id="code").text.split())

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
        message = f"no such form on {self.title!r}"
        raise LookupError(message)

    def form_with(self, name: str) -> Form:
        """Find the first form of the main part that has a field of this name."""
        return self.form(lambda form: any(key == name for key, _ in form.fields) or form.element.has(name=name))

    def form_doing(self, what: str) -> Form:
        """Find the form whose hidden field `do` says this."""
        return self.form(lambda form: ("do", what) in form.fields)
