"""Reads a page the way a person sees it: its forms, with what already stands in them, and the text of its parts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self

# The tags of HTML that never have anything inside, as far as our pages use them.
_VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "wbr"})


@dataclass
class Element:
    """A part of a page, with what stands in it in order: words and further parts."""

    tag: str
    attributes: dict[str, str]
    inside: "list[Element | str]" = field(default_factory=list)

    @property
    def words(self) -> str:
        """Everything written in it, one after the other."""
        return "".join(part if isinstance(part, str) else part.words for part in self.inside)

    def all(self, tag: str) -> "Iterable[Element]":
        """Go through every part of one kind, in the order of the page."""
        for part in self.inside:
            if isinstance(part, Element):
                if part.tag == tag:
                    yield part
                yield from part.all(tag)

    def every(self) -> "Iterable[Element]":
        """Go through every part, in the order of the page."""
        for part in self.inside:
            if isinstance(part, Element):
                yield part
                yield from part.every()


class Page(HTMLParser):
    """A whole page."""

    def __init__(self) -> None:
        """Start with nothing."""
        super().__init__()
        self.root = Element("page", {})
        self._open = [self.root]

    @classmethod
    def read(cls, html: str) -> Self:
        """Read a page."""
        page = cls()
        page.feed(html)
        page.close()
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a part."""
        part = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].inside.append(part)
        if tag not in _VOID:
            self._open.append(part)

    def handle_endtag(self, tag: str) -> None:
        """Close a part, and whatever was left open in it."""
        for depth in range(len(self._open) - 1, 0, -1):
            if self._open[depth].tag == tag:
                del self._open[depth:]
                return

    def handle_data(self, data: str) -> None:
        """Take words."""
        self._open[-1].inside.append(data)

    def by_id(self, name: str) -> Element:
        """Find the part with an id. Raises: LookupError."""
        for part in self.root.every():
            if part.attributes.get("id") == name:
                return part
        raise LookupError(name)

    def form_with(self, *names: str) -> "Form":
        """Find the first form that has all of these fields. Raises: LookupError."""
        for part in self.root.all("form"):
            form = Form(part)
            if all(name in form.names for name in names):
                return form
        raise LookupError(", ".join(names))

    def form_to(self, ending: str) -> "Form":
        """Find the first form that is sent to a path with this ending. Raises: LookupError."""
        for part in self.root.all("form"):
            if part.attributes.get("action", "").endswith(ending):
                return Form(part)
        raise LookupError(ending)


class Form:
    """A form: where it goes, and what stands in it before anybody types."""

    def __init__(self, part: Element) -> None:
        """Read the fields of a form."""
        self.action = part.attributes.get("action", "")
        self.names = {p.attributes["name"] for p in part.every() if p.tag != "button" and "name" in p.attributes}
        self.stands = [pair for p in part.every() if (pair := _standing(p))]

    def filled(self, **typed: str) -> list[tuple[str, str]]:
        """Give what is sent when these fields were filled in. Raises: LookupError for a field it does not have."""
        for name in typed:
            if name not in self.names:
                raise LookupError(name)
        return [pair for pair in self.stands if pair[0] not in typed] + list(typed.items())


def _standing(part: Element) -> tuple[str, str] | None:
    """Give what a field would send as it stands."""
    name, kind = part.attributes.get("name"), part.attributes.get("type", "text")
    if not name:
        return None
    if part.tag == "textarea":
        return name, part.words.removeprefix("\n")
    if part.tag == "select":
        options = list(part.all("option"))
        chosen = [option for option in options if "selected" in option.attributes] or options[:1]
        return (name, chosen[0].attributes.get("value", chosen[0].words)) if chosen else None
    if part.tag != "input" or kind == "submit" or (kind in ("radio", "checkbox") and "checked" not in part.attributes):
        return None
    return name, part.attributes.get("value", "on" if kind == "checkbox" else "")
