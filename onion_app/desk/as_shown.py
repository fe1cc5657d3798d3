"""The mark of what a page showed: who saves over it, or agrees to it, is refused when it is another by then."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Final

from onion_app.errors import ChangedMeanwhile
from onion_app.shapes import to_json

AS_SHOWN: Final = "as_shown"  # the hidden field of a form


def mark_of(*shown: object) -> str:
    """Give the mark of values that a page shows, of all that a save replaces and a yes counts for."""
    return blake2b(to_json(shown).encode(), digest_size=16).hexdigest()


def is_mark(name: str) -> bool:
    """Say whether a field has this name, or is the one of several in its form."""
    return name.startswith(AS_SHOWN)


def expect_as_shown(form: Mapping[str, str], *there: object, part: str = "") -> None:
    """See that what a form, or a part of it, was shown with is still there.

    Raises:
        ChangedMeanwhile: it is something else by now.
    """
    if form.get(AS_SHOWN + part, "") != mark_of(*there):
        raise ChangedMeanwhile
