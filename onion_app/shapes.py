"""What a row may look like when it leaves the vault.

Who holds a database's key can write past every CHECK and past STRICT, and to the desk the mailbox is hostile input:
each value is looked at once more, against the annotations of the dataclass it becomes. Nothing is mended or guessed.
"""

import inspect
import json
from collections.abc import Callable
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from onion_app.days import DAYS
from onion_app.errors import DamagedFile

Value = int | str | bytes | None
Row = tuple[Value, ...]

ID_BYTES = 16

Id = Annotated[bytes, ID_BYTES]
Key = Annotated[bytes, 32]
Day = Annotated[int, DAYS]
NUMBERS = range(2**31)
Number = Annotated[int, NUMBERS]
Words = tuple[str, ...]
"""Kept as a JSON list in one TEXT column."""

Topic = Literal["talk", "safety", "law", "health", "training", "story", "answer", "unknown", "testimony"]
Language = Literal["ar", "ckb", "kmr", "en"]

_Shape = TypeVar("_Shape")


def from_row(shape: Callable[..., _Shape], row: Row) -> _Shape:
    """Make a dataclass of a row whose columns stand in the order of its fields.

    Raises:
        DamagedFile: a value is not of the annotated type, size, range or closed list.
    """
    return shape(*(check(value) for check, value in zip(_checks(shape), row, strict=True)))


def words(value: Value) -> Words:
    """Read the JSON list of a TEXT column.

    Raises:
        DamagedFile: it is not a list of words.
    """
    try:
        found = json.loads(value) if isinstance(value, str) else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        raise DamagedFile
    return tuple(found)


def to_json(listed: Words) -> str:
    """Write a list for its TEXT column, the same list always as the same text."""
    return json.dumps(listed, ensure_ascii=False, separators=(",", ":"))


@cache
def _checks(shape: Callable[..., object]) -> tuple[Callable[[Value], object], ...]:
    return tuple(_check(wanted) for wanted in inspect.get_annotations(shape).values())


def _check(wanted: Any) -> Callable[[Value], object]:  # noqa: ANN401  an annotation has no better type
    """Make the check of one column: it gives the value of the field, or raises DamagedFile."""
    origin, parts = get_origin(wanted), get_args(wanted)
    if wanted == Words:
        return words
    if origin in (Union, UnionType):  # only ever `something | None`
        check = _check(parts[0])
        return lambda value: None if value is None else check(value)
    if wanted is bool:
        return lambda value: bool(_expect(value, fits=type(value) is int and value in (0, 1)))
    if origin is Literal:
        allowed = {(type(part), part) for part in parts}
        return lambda value: _expect(value, fits=(type(value), value) in allowed)
    kind, limit = parts if origin is Annotated else (wanted, None)
    return lambda value: _expect(value, fits=type(value) is kind and _within(limit, value))


def _within(limit: int | range | None, value: Value) -> bool:
    if isinstance(limit, int):
        return isinstance(value, bytes) and len(value) == limit
    return limit is None or value in limit


def _expect(value: Value, *, fits: bool) -> Value:
    if not fits:
        raise DamagedFile
    return value
