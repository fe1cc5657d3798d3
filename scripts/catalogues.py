"""Compiles the catalogues: beside each `.po` the `.mo` that is read at run time, the same bytes wherever it is made."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileParser

import onion_app

PRODUCT = Path(onion_app.__file__).parent


class _AsWritten(Catalog):
    """A catalogue with the header of its file; Babel's own has the time, and no field that Babel does not know."""

    header: Message

    def __setitem__(self, sentence: str | list[str] | tuple[str, ...], message: Message) -> None:
        if not sentence:
            self.header = message
        super().__setitem__(sentence, message)

    def __iter__(self) -> Iterator[Message]:
        _, *messages = super().__iter__()
        return iter([self.header, *messages])


def compiled(source: Path) -> bytes:
    """Give what a `.po` compiles to; a sentence that is marked as fuzzy is left out."""
    catalogue = _AsWritten()
    PoFileParser(catalogue, ignore_obsolete=True, abort_invalid=True).parse(source.read_text("utf-8").splitlines())
    result = BytesIO()
    write_mo(result, catalogue)
    return result.getvalue()


def compile_catalogues(folder: Path) -> None:
    """Compile each `.po` under a folder, and remove each `.mo` that has lost its own."""
    for left in folder.rglob("*.mo"):
        left.unlink()
    for source in folder.rglob("*.po"):
        source.with_suffix(".mo").write_bytes(compiled(source))


if __name__ == "__main__":
    compile_catalogues(PRODUCT)
