"""Reads the line of a bridge, as the Tor Project hands it out, into the one form that is kept and told to tor.

What comes out of here holds letters that can end no word of tor's, and no option but the four that an obfs4 bridge has:
nothing is looked up, and nothing stands in an error but the name of the part that is wrong.
"""

import ipaddress
import re
from typing import Final

from onion_app.errors import BridgeMistyped

MOST_BRIDGES: Final = 8  # tor asks three at first; the Tor Project hands out as many at a time
_LONGEST: Final = 400  # letters; the longest true line has 210
_PORTS: Final = range(1, 65536)
_OTHERS: Final = {
    "snowflake": "a snowflake line: it looks up names and sends UDP past tor",
    "meek_lite": "a meek line: it looks up names past tor",
    "webtunnel": "a webtunnel line: it looks up names past tor",
    "conjure": "a conjure line: it looks up names and sends UDP past tor",
    "obfs3": "an obfs3 line: it hides no tor any more from who asks the bridge itself",
}
_PLACE: Final = re.compile(r"(?:\[([0-9a-f:.]{2,45})\]|([0-9.]{7,15})):([0-9]{1,5})", re.IGNORECASE)
_FINGERPRINT: Final = re.compile(r"[0-9A-F]{40}")
_CERT: Final = re.compile(r"cert=[A-Za-z0-9+/]{70}")  # 52 bytes in base64 without its end: an id and a key
_MODE: Final = re.compile(r"iat-mode=[0-2]")


def is_bridge(line: str) -> bool:
    """Say whether this is a line as `read_bridge` gives it."""
    try:
        return read_bridge(line) == line
    except BridgeMistyped:
        return False


def read_bridge(typed: str) -> str:
    """Read a line, with or without the word `Bridge` before it.

    Raises:
        BridgeMistyped: it is none, or one of a kind that is not used here.
    """
    if len(typed) > _LONGEST or not typed.isascii() or not typed.isprintable():
        raise BridgeMistyped("it is too long, or holds what is no letter")
    words = typed.split()
    words = words[1:] if words[:1] and words[0].lower() == "bridge" else words
    _expect_obfs4(words[0].lower() if words else "")
    place, fingerprint, *options = [*words[1:], "", ""][: max(2, len(words) - 1)]
    options = [option for option in options if option]
    return " ".join(["obfs4", _place(place), _fingerprint(fingerprint), *_options(options)])


def shown(bridge: str) -> str:
    """Say which bridge this is, to somebody who has its line: nobody else finds it by these letters."""
    return f"{bridge.split()[2][:8]}\N{HORIZONTAL ELLIPSIS}"


def _expect_obfs4(kind: str) -> None:
    if kind == "obfs4":
        return
    if kind in _OTHERS:
        raise BridgeMistyped(f"this is {_OTHERS[kind]}; only obfs4 is used here")
    if _PLACE.fullmatch(kind):
        raise BridgeMistyped(
            "it begins with an address: this bridge speaks plain tor, which shows; only obfs4 is used here"
        )
    raise BridgeMistyped("it does not begin with obfs4")


def _place(typed: str) -> str:
    found = _PLACE.fullmatch(typed)
    if found is None:
        raise BridgeMistyped("after obfs4 comes an address with a port, such as 192.0.2.7:443 or [2001:db8::7]:443")
    try:
        address = ipaddress.ip_address(found[1] or found[2])
    except ValueError:
        raise BridgeMistyped("its address is none: a number is missing or too large") from None
    if address.is_multicast or address.is_unspecified or int(found[3]) not in _PORTS:
        raise BridgeMistyped("nobody can be at its address or port")
    return f"[{address}]:{int(found[3])}" if address.version == 6 else f"{address}:{int(found[3])}"  # noqa: PLR2004


def _fingerprint(typed: str) -> str:
    if not _FINGERPRINT.fullmatch(typed.upper()):
        raise BridgeMistyped("after the address come 40 letters and digits, 0 to 9 and A to F: one is missing or wrong")
    return typed.upper()


def _options(typed: list[str]) -> list[str]:
    certs = [word for word in typed if word.startswith("cert=")]
    modes = [word for word in typed if word.startswith("iat-mode=")]
    if len(certs) != 1 or not _CERT.fullmatch(certs[0]):
        raise BridgeMistyped("cert= and 70 letters are missing, or one of them is")
    if len(modes) != 1 or not _MODE.fullmatch(modes[0]):
        raise BridgeMistyped("iat-mode=0 is missing at its end, or 1 or 2 in its place")
    if len(typed) != len(certs) + len(modes):
        raise BridgeMistyped("it goes on with words that no obfs4 line has")
    return [certs[0], modes[0]]
