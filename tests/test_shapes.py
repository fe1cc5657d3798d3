"""Whatever comes from outside in JSON is one of the known shapes, or is refused under the name of its door."""

import json
import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Literal, cast

import pytest

from onion_app.crypto import keyslots, payloads, sealing
from onion_app.crypto.keys import new_key
from onion_app.errors import (
    BackupNewer,
    BadAnswers,
    BadSetting,
    DamagedFile,
    NotRunning,
    SanctuaryError,
    SealBroken,
    VaultDamaged,
)
from onion_app.launch import backup_format, children, manage_socket, stdin_answers
from onion_app.shapes import from_json, read_words, to_json
from onion_app.vault import settings
from onion_app.vault.database import Database

KEY = new_key()

HOSTILE = {
    "deep list": b"[" * 4_096,
    "deep object": b'{"a":' * 4_096,
    "deep and whole": b"[" * 900 + b"]" * 900,
    "not a number": b'{"day": NaN}',
    "infinite": b'{"day": 1e999}',
    "huge number": b'{"day": ' + b"9" * 5_000 + b"}",
    "half a letter": rb'{"kind": "text", "text": "\ud800", "day": 1}',
    "half a letter of an answer": rb'{"passphrase": "\ud800"}',
    "half a letter in a list": rb'["\ud800"]',
    "half a letter of a setting": rb'{"en": "\udfff"}',
    "half a letter in a name": rb'{"\ud800": 1}',
    "twice the same name": b'{"kind": "opened", "kind": "opened", "day": 1, "day": 2}',
    "no text": b"\xff\xfe{\x00}\x00",
    "another encoding": '{"kind": "opened", "day": 1, "passphrase": "one two"}'.encode("utf-16"),
    "cut off": b'{"kind": "opened", "da',
    "nothing": b"",
    "a number": b"7",
    "too long": b'{"kind": "text", "passphrase": "' + b"x" * (1 << 21) + b'"}',
}


def answers(text: bytes) -> object:
    reader, writer = os.pipe()
    sender = threading.Thread(target=_send, args=(writer, text))
    sender.start()
    try:
        return stdin_answers.read_answers(reader)
    finally:
        os.close(reader)
        sender.join()


def _send(writer: int, text: bytes) -> None:
    with suppress(BrokenPipeError):
        os.write(writer, text)
    os.close(writer)


def setting(text: bytes) -> object:
    shown = cast("Database", SimpleNamespace(kind="shown"))
    return settings._checked(shown, "how_to_find_us", text.decode(errors="surrogateescape"))


DOORS: dict[str, tuple[Callable[[bytes], object], type[SanctuaryError]]] = {
    "payload": (payloads.unpack, SealBroken),
    "column": (lambda text: read_words(text.decode(errors="surrogateescape")), DamagedFile),
    "key slots": (lambda text: keyslots.open_slots(text.decode(errors="surrogateescape"), "x"), VaultDamaged),
    "setting": (setting, BadSetting),
    "answers": (answers, BadAnswers),
    "backup": (lambda text: from_json(backup_format.Contents, text, BackupNewer), BackupNewer),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
@pytest.mark.parametrize("door", DOORS)
def test_hostile_json_is_refused_by_name(door: str, text: bytes) -> None:
    read, refusal = DOORS[door]
    with pytest.raises(refusal):
        read(text)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_report_is_the_report_of_a_failure(text: bytes) -> None:
    assert children._read_report(text) == children.Report(failed="UnreadableReport")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_order_is_none(text: bytes) -> None:
    assert manage_socket._order(text) == ""


@pytest.mark.parametrize("text", [text for text in HOSTILE.values() if len(text) < 10_000])
def test_a_hostile_launcher_does_not_run(tmp_path: Path, text: bytes) -> None:
    def answer() -> None:
        line, _ = listener.accept()
        with line:
            line.recv(1024)
            line.sendall(text + b"\n")

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        answering = threading.Thread(target=answer)
        answering.start()
        with pytest.raises(NotRunning):
            manage_socket.ask_launcher(tmp_path / "s", "status")
        answering.join()


@pytest.mark.parametrize("text", [text for name, text in HOSTILE.items() if name != "too long"])
def test_hostile_json_in_a_field_of_ours_is_refused_too(monkeypatch: pytest.MonkeyPatch, text: bytes) -> None:
    monkeypatch.setattr(json, "dumps", lambda _fields: text.decode(errors="surrogateescape"))
    try:
        sealed = sealing.seal_field(KEY, "page", {})
    except UnicodeEncodeError:
        return
    monkeypatch.undo()
    with pytest.raises(SealBroken):
        sealing.open_field(KEY, "page", sealed)


class Refused(Exception):
    """Named by whoever reads."""


@dataclass
class Everything:
    """One field of every kind that a shape may have."""

    state: Path
    key: Annotated[bytes, 2]
    names: dict[Annotated[str, str.isupper], list[int]]
    chosen: Literal["a", 1] | None
    words: tuple[str, ...] = ()
    is_set: bool = False


def test_what_was_written_is_read_again() -> None:
    there = Everything(Path("/a"), b"\x01\xff", {"A": [1, 2], "B": []}, 1, ("ا", "b"), is_set=True)
    assert from_json(Everything, to_json(asdict(there)), ValueError) == there
    assert from_json(Everything, b'{"state":"/a","key":"01ff","names":{},"chosen":null}', ValueError).words == ()


@pytest.mark.parametrize(
    "changed",
    [{"state": 1}, {"key": "01"}, {"key": "01 ff"}, {"key": "01FF"}, {"names": {"a": []}}, {"names": {"A": [True]}},
     {"names": [["A", []]]}, {"chosen": True}, {"chosen": "1"}, {"chosen": ["a"]}, {"words": "ab"}, {"words": [1]},
     {"is_set": 1}, {"more": 1}],
)  # fmt: skip
def test_another_type_size_or_choice_is_refused(changed: dict[str, object]) -> None:
    honest = {"state": "/a", "key": "01ff", "names": {}, "chosen": "a"}
    assert from_json(Everything, to_json(honest), Refused).state == Path("/a")
    with pytest.raises(Refused):
        from_json(Everything, to_json(honest | changed), Refused)


def test_a_field_without_a_default_may_not_be_missing() -> None:
    with pytest.raises(Refused):
        from_json(Everything, '{"state":"/a","key":"01ff","chosen":null}', Refused)
