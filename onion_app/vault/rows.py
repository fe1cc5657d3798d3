"""What a row may look like when it leaves the vault.

Who holds a database's key can write past every CHECK and past STRICT, and to the desk the mailbox is hostile input:
each value is looked at once more, against the annotations of the dataclass it becomes. Nothing is mended or guessed.
"""

import inspect
import json
from collections.abc import Callable
from types import UnionType
from typing import Annotated, Literal, TypeVar, Union, get_args, get_origin

from onion_app.errors import DamagedFile

Value = int | str | bytes | None
Row = tuple[Value, ...]

ID_BYTES = 16

Id = Annotated[bytes, ID_BYTES]
Key = Annotated[bytes, 32]
Day = Annotated[int, range(150_000)]
"""Days since 1970-01-01 UTC, up to the year 2380: a date can be made of every one of them."""
Number = Annotated[int, range(2**31)]
Words = tuple[str, ...]
"""Kept as a JSON list in one TEXT column."""

Topic = Literal["talk", "safety", "law", "health", "training", "story", "answer", "unknown", "testimony"]
Language = Literal["ar", "ckb", "kmr", "en"]

_Shape = TypeVar("_Shape")


def shaped(shape: Callable[..., _Shape], row: Row) -> _Shape:
    """Make a dataclass of a row whose columns stand in the order of its fields.

    Raises: DamagedFile when a value is not of the annotated type, size, range or closed list.
    """
    wanted = inspect.get_annotations(shape).values()
    return shape(*(_fit(kind, value) for kind, value in zip(wanted, row, strict=True)))


def words(value: Value) -> Words:
    """Read the JSON list of a TEXT column.

    Raises: DamagedFile.
    """
    try:
        found = json.loads(value) if isinstance(value, str) else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        raise DamagedFile
    return tuple(found)


def as_json(listed: Words) -> str:
    """Write a list for its TEXT column, the same list always as the same text."""
    return json.dumps(listed, ensure_ascii=False, separators=(",", ":"))


def _fit(wanted: object, value: Value) -> object:
    if wanted == Words:
        return words(value)
    if get_origin(wanted) in (Union, UnionType):  # only ever `something | None`
        return None if value is None else _fit(get_args(wanted)[0], value)
    if wanted is bool:
        return bool(_fit(Literal[0, 1], value))
    if not _fits(wanted, value):
        raise DamagedFile
    return value


def _fits(wanted: object, value: Value) -> bool:
    parts = get_args(wanted)
    if get_origin(wanted) is Literal:
        return any(type(value) is type(part) and value == part for part in parts)
    if get_origin(wanted) is not Annotated:
        return type(value) is wanted
    kind, limit = parts
    if isinstance(value, bytes):
        return kind is bytes and len(value) == limit
    return type(value) is int and kind is int and value in limit
