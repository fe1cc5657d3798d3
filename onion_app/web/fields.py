"""The fields of a form or an address, read in one place: all that the views see of what was typed is regular already.

Flask's own readers are replaced, so that nobody can forget it. Each byte is looked at a fixed number of times.
"""

import re
from binascii import a2b_qp
from typing import Final

from flask import Request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.utils import cached_property

from onion_app.web.text import cleaned

MOST_FIELDS: Final = 200  # the longest form of ours, with 25 cases, has a hundred

_MOST_LONE: Final = 1_000  # no browser sends one
_LONE_PERCENT: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class FormRequest(Request):
    """A request whose form and whose address are read by this module."""

    @cached_property
    def form(self) -> ImmutableMultiDict[str, str]:
        """Read the posted form."""
        return read_fields(self.get_data(cache=False))

    @cached_property
    def args(self) -> ImmutableMultiDict[str, str]:
        """Read the address."""
        return read_fields(self.query_string)


def read_fields(encoded: bytes) -> ImmutableMultiDict[str, str]:
    """Read urlencoded fields; bytes that are no letters become U+FFFD.

    Raises:
        RequestEntityTooLarge: more fields than any form of ours has.
    """
    if encoded.count(b"&") >= MOST_FIELDS:
        raise RequestEntityTooLarge
    pairs = (field.partition(b"=") for field in encoded.split(b"&") if field)
    return ImmutableMultiDict((_decoded(name), cleaned(_decoded(value))) for name, _, value in pairs)


def _decoded(encoded: bytes) -> str:
    """Decode a name or value, by the standard library's one reader of such escapes that is not a loop in Python."""
    whole = _LONE_PERCENT.sub(b"%25", encoded, count=_MOST_LONE)
    if _LONE_PERCENT.search(whole):
        whole = encoded.replace(b"%", b"%25")  # nobody has escaped anything here
    return a2b_qp(whole.replace(b"+", b" ").replace(b"=", b"=3D").replace(b"%", b"=")).decode("utf-8", "replace")
