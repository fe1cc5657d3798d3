"""Rows and JSON become dataclasses here, each value checked against the annotation of its field.

Who holds a database's key can write past every CHECK and past STRICT, who controls the site can seal anything, and to
the desk both are hostile: nothing from outside is mended or guessed, and a refusal has the name that its reader gives.
"""

import inspect
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache, partial
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from onion_app.days import DAYS
from onion_app.errors import DamagedFile

Value = int | str | bytes | None
Row = tuple[Value, ...]
Refusal = Exception | type[Exception]

ID_BYTES = 16
NUMBERS = range(2**31)

Id = Annotated[bytes, ID_BYTES]
Key = Annotated[bytes, 32]
HexId = Annotated[str, re.compile("[0-9a-f]{32}")]
Day = Annotated[int, DAYS]
Number = Annotated[int, NUMBERS]
Words = tuple[str, ...]
"""Kept as a JSON list in one TEXT column."""

LONGEST = 1 << 16  # bytes or letters of JSON: a sealed message has fewer, and so has everything else that is not large
_DEEPEST = 8  # lists and objects in each other; ours have four
_HEX = re.compile("([0-9a-f]{2})*")

_Shape = TypeVar("_Shape")
_Check = Callable[[Any], Any]


def from_row(shape: Callable[..., _Shape], row: Row) -> _Shape:
    """Make a dataclass of a row whose columns stand in the order of its fields.

    Raises:
        DamagedFile: a value is not of the annotated type, size, range or closed list.
    """
    columns = list(zip(_columns(shape), row, strict=True))
    try:
        return shape(*(check(value) for check, value in columns))
    except ValueError:
        raise DamagedFile from None


def from_json(shape: Callable[..., _Shape], text: str | bytes, refusal: Refusal, longest: int = LONGEST) -> _Shape:
    """Read JSON of one shape: a dataclass, or an annotation such as `dict[str, int]`; bytes stand in it in hexadecimal.

    Raises:
        Exception: the refusal; it is longer, deeper, no JSON in UTF-8, names something twice, or has another shape.
    """
    try:
        _expect(text, fits=len(text) <= longest)
        value = json.loads(text.decode() if isinstance(text, bytes) else text, object_pairs_hook=_each_once)
        _expect(value, fits=_depth(value) <= _DEEPEST)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()  # half a letter fails, and what is no number
    except (ValueError, RecursionError):
        raise refusal from None
    return as_shape(shape, value, refusal)


def as_shape(shape: Callable[..., _Shape], value: object, refusal: Refusal) -> _Shape:
    """Check a part of what `from_json` gave against a shape of its own.

    Raises:
        Exception: the refusal.
    """
    try:
        shaped: _Shape = _check(shape, of_json=True)(value)
    except ValueError:
        raise refusal from None
    return shaped


def read_words(value: Value) -> Words:
    """Read the JSON list of a TEXT column.

    Raises:
        DamagedFile: it is not a list of words.
    """
    return from_json(Words, value if isinstance(value, str) else "", DamagedFile)


def to_json(value: object) -> str:
    """Write JSON as `from_json` reads it, the same value always as the same text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_as_text)


def _as_text(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _each_once(members: list[tuple[str, object]]) -> dict[str, object]:
    named = dict(members)
    if len(named) != len(members):
        raise ValueError
    return named


def _depth(value: object) -> int:
    """Count the lists and objects that stand in each other; what they hold besides is not looked at one by one."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max((_depth(each) if each else 1 for each in inside if isinstance(each, list | dict)), default=0)


@cache
def _columns(shape: Callable[..., object]) -> tuple[_Check, ...]:
    return tuple(_check(wanted, of_json=False) for wanted in inspect.get_annotations(shape).values())


@cache
def _check(wanted: Any, *, of_json: bool) -> _Check:  # noqa: ANN401, PLR0911 - an annotation is of one of many kinds
    """Make the check of an annotation: it gives the value of the field, or raises ValueError."""
    origin, parts = get_origin(wanted), get_args(wanted)
    special = _OF_JSON if of_json else _OF_ROW
    if wanted in special:
        return special[wanted]
    if origin is None:
        return _object(wanted) if is_dataclass(wanted) else partial(_typed, wanted)
    if origin is Literal:
        return lambda value: _expect(value, fits=any(type(value) is type(part) and value == part for part in parts))
    first = _check(parts[0], of_json=of_json)
    if origin is Annotated:
        return lambda value: _within(parts[1], first(value))
    if origin in (Union, UnionType):  # only ever `something | None`
        return lambda value: None if value is None else first(value)
    if wanted == dict[str, Any]:
        return partial(_typed, dict)  # P16: thousands of names are not looked at before their shape is known
    if origin is dict:
        second = _check(parts[1], of_json=of_json)
        return lambda value: {first(name): second(member) for name, member in _typed(dict, value).items()}
    return lambda value: origin(first(member) for member in _typed(list, value))  # a list, or a tuple of any length


def _object(shape: Any) -> _Check:  # noqa: ANN401 - a class has no better type
    checks = {name: _check(wanted, of_json=True) for name, wanted in inspect.get_annotations(shape).items()}
    needed = {each.name for each in fields(shape) if each.default is each.default_factory is MISSING}

    def check(value: object) -> object:
        members = _typed(dict, value)
        _expect(members, fits=needed <= members.keys() <= checks.keys())
        return shape(**{name: checks[name](member) for name, member in members.items()})

    return check


def _within(limit: Any, value: Any) -> Any:  # noqa: ANN401 - a value is given back as it came
    match limit:
        case int():
            return _expect(value, fits=len(value) == limit)
        case range():
            return _expect(value, fits=value in limit)
        case re.Pattern():
            return _expect(value, fits=limit.fullmatch(value) is not None)
    return _expect(value, fits=limit(value))


def _typed(kind: Any, value: Any) -> Any:  # noqa: ANN401 - likewise
    return _expect(value, fits=type(value) is kind)


def _expect(value: Any, *, fits: bool) -> Any:  # noqa: ANN401 - likewise
    if not fits:
        raise ValueError
    return value


_OF_ROW: Mapping[Any, _Check] = {bool: lambda value: bool(_within(range(2), _typed(int, value))), Words: read_words}
_OF_JSON: Mapping[Any, _Check] = {
    bytes: lambda value: bytes.fromhex(_within(_HEX, _typed(str, value))),
    Path: lambda value: Path(_typed(str, value)),
    Any: lambda value: value,
}
