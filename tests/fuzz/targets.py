"""The targets: each takes bytes, hands them to a parser as they would arrive, and lets its named errors pass.

Whatever else comes out is a finding, and so is an input that takes seconds.
"""

import os
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import fields
from functools import cache
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

from nacl.pwhash import argon2id
from stem import ControllerError
from stem.response import ControlMessage
from waitress.adjustments import Adjustments
from werkzeug.formparser import parse_form_data
from werkzeug.test import EnvironBuilder

from onion_app.crypto import codes, keyslots, payloads, sealing
from onion_app.crypto.stream import HEADER_BYTES, OpeningStream
from onion_app.days import DAYS
from onion_app.desk import forms as desk_forms
from onion_app.desk.sentence_diff import side_by_side
from onion_app.errors import (
    BackupDamaged,
    BackupNewer,
    BadAnswers,
    BadSetting,
    BridgeMistyped,
    CodeMistyped,
    ControlLost,
    DamagedFile,
    NotABackup,
    Refused,
    SealBroken,
    StateBeforeRelease,
    VaultDamaged,
    VaultNewer,
    WrongPassphrase,
)
from onion_app.launch import backup_format, children, manage_socket, stdin_answers
from onion_app.launch.processes.child import Orders
from onion_app.onion import control, socks
from onion_app.onion.control import Control
from onion_app.onion.wire import Wire
from onion_app.shapes import from_json, from_row
from onion_app.site import forms, paging
from onion_app.vault import settings
from onion_app.vault.bridge_lines import read_bridge
from onion_app.vault.desk.audit import AuditRow
from onion_app.vault.desk.circles import Circle
from onion_app.vault.mailbox.records import Case, KeyRow, Message
from onion_app.vault.shown.reading import Version
from onion_app.web import details, i18n, markdown
from onion_app.web.app import refusal
from onion_app.web.text import cleaned
from onion_app.web.waitress import server
from onion_app.web.waitress.request_parser import RequestParser
from tests.web.plain_app import plain_app
from tests.world import hardly_stretched

Target = Callable[[bytes], None]
TARGETS: Final[dict[str, Target]] = {}
KEY: Final = bytes(range(32))
_LONGEST: Final = 4096  # letters, where longer ones teach nothing and cost time


def target(run: Target) -> Target:
    """Add a target under its name."""
    TARGETS[run.__name__] = run
    return run


def _text(typed: bytes) -> str:
    """Give bytes as the text that a form brings: whatever is no UTF-8 has become a sign of its own."""
    return typed.decode("utf-8", "replace")


def _raw(typed: bytes) -> str:
    """Give bytes as a text in which halves of letters may stand."""
    return typed.decode("utf-8", "surrogateescape")


@target
def return_codes(typed: bytes) -> None:
    """Read a return code."""
    with suppress(CodeMistyped):
        assert len(codes.read_code(_text(typed))) == codes.DIGITS


@target
def bridge_lines(typed: bytes) -> None:
    """Read the line of a bridge: what comes out is nothing but a bridge to tor, too, and stays as it is."""
    with suppress(BridgeMistyped):
        line = read_bridge(_raw(typed))
        assert control._BRIDGE.fullmatch(line)
        assert read_bridge(line) == line


@target
def writing_forms(body: bytes) -> None:
    """Read the forms of visitors."""
    form = _form(body)
    for kind in ("tell", "ask"):
        draft = forms.read_submission(kind, form, "ar")
        forms.wrong_submission(draft)
        forms.around_the_limit(draft.text)
        assert len(draft.line) <= 40
    forms.wrong_line("1" * codes.DIGITS, form.get("line", ""))


@target
def desk_fields(body: bytes) -> None:
    """Read every field that a form of the desk can have."""
    form = _form(body)
    desk_forms.boxes(form)
    desk_forms.ticked_cases(form, "take")
    desk_forms.after(form)
    desk_forms.place_in_list(form.get("after", ""))
    desk_forms.one_line(form, "title")
    desk_forms.short(form, "passphrase")
    for read in (
        desk_forms.handle,
        desk_forms.text,
        desk_forms.title,
        lambda each: desk_forms.number(each, "seen"),
        lambda each: desk_forms.id_of(each, "message"),
        lambda each: desk_forms.one_of(each, "language", ("ar", "en")),
        lambda each: desk_forms.whole_number(each, "year", range(1900, 2100), "no"),
    ):
        with suppress(Refused):
            read(form)


def _form(body: bytes) -> Any:
    builder = EnvironBuilder(
        method="POST", content_type="application/x-www-form-urlencoded", input_stream=BytesIO(body)
    )
    environ = builder.get_environ() | {"CONTENT_LENGTH": str(len(body))}
    return parse_form_data(environ)[1]


@target
def texts(typed: bytes) -> None:
    """Clean a text, cut it into pages, and lay it beside another."""
    text = cleaned(_text(typed)[:_LONGEST])
    assert cleaned(text) == text
    half = len(text) // 2
    side_by_side(text[:half], text[half:])
    assert "".join("".join(map("".join, paging.parts_of(text, len))).split()) == "".join(text.split())


@target
def pointed_out_details(typed: bytes) -> None:
    """Find what could show who wrote a text."""
    details.pointed_out(_text(typed)[:_LONGEST])


@target
def guides(typed: bytes) -> None:
    """Make a page of Markdown: no tag comes out that is not in the closed list."""
    made = str(markdown.render(_text(typed)[:_LONGEST]))
    assert not {"script", "style", "a", "img"} & {part.split(">")[0].split(" ")[0] for part in made.split("<")[1:]}


@target
def sealed_payloads(packed: bytes) -> None:
    """Read what was sealed, and write its day in words."""
    with suppress(SealBroken):
        payload = payloads.unpack(packed)
        i18n.day_words(getattr(payload, "day", DAYS[-1]), "ckb")
        payloads.pack(payload)


@target
def sealed_fields(field: bytes) -> None:
    """Open a hidden field that anybody could have written, and one that holds anything under a true seal."""
    with suppress(SealBroken):
        sealing.open_field(KEY, "page", _raw(field))
    with suppress(SealBroken):
        sealing.open_bytes(KEY, field, b"field")
    with suppress(SealBroken):
        from_json(dict[str, Any], field, SealBroken, 1 << 24)


@target
def settings_values(value: bytes) -> None:
    """Read a value of each setting."""
    for kind, names in settings._SHAPES.items():
        for name in names:
            with suppress(BadSetting):
                settings._checked(cast("Any", SimpleNamespace(kind=kind)), name, _raw(value))


@target
def key_slots(text: bytes) -> None:
    """Open a file of keys."""
    with suppress(VaultDamaged, VaultNewer, WrongPassphrase):
        keyslots.open_slots(_raw(text), "one two three")


@target
def reports(line: bytes) -> None:
    """Read what a child reports, what it is ordered, and what the launcher is ordered and answers."""
    children._read_report(line)
    manage_socket._order(line)
    with suppress(ValueError):
        Orders.read(line)


@target
def answers(text: bytes) -> None:
    """Read answers on standard input."""
    with suppress(BadAnswers):
        stdin_answers._answers(from_json(dict[str, Any], text, BadAnswers))


@target
def backup_heads(block: bytes) -> None:
    """Read the head of a backup; where the first byte says so its checksum is made right."""
    made_right, block = block[:1] > b"\x7f", block[1:]
    if made_right:
        start = backup_format.MAGIC + bytes([backup_format.FORMAT]) + block
        clear = backup_format._with_checksum(start[: backup_format._CLEAR - 32].ljust(backup_format._CLEAR - 32, b"\0"))
        block = clear + bytes(HEADER_BYTES)
    descriptor = os.memfd_create("backup")
    with os.fdopen(descriptor, "w+b") as file:
        file.write(block)
        file.flush()
        os.truncate(descriptor, backup_format.LEAST)
        file.seek(0)
        with suppress(NotABackup, BackupNewer, StateBeforeRelease, BackupDamaged):
            head = backup_format.read_head(file)
            with suppress(VaultDamaged, VaultNewer, WrongPassphrase):
                keyslots.open_slots(head.slots, "one two three")


@target
def backup_members(plain: bytes) -> None:
    """Take apart what a backup holds; where the first byte says so behind a description that is right."""
    if plain[:1] > b"\x7f":
        plain = _description() + plain[1:]
    pieces: Iterator[bytes] = iter([plain[at : at + 512] for at in range(0, len(plain), 512)])
    into = {kind: BytesIO() for kind in ("mailbox", "shown", "desk")}
    with suppress(BackupDamaged, BackupNewer):
        backup_format.read_plain(pieces, cast("Any", into), longest=1 << 20)


@cache
def _description() -> bytes:
    made = bytearray()
    plain = SimpleNamespace(write=made.extend)
    contents = backup_format.Contents(20_500, {"mailbox": 1, "shown": 1, "desk": 1})
    with suppress(KeyError):  # there are no copies to go on with
        backup_format._write_members(cast("Any", plain), contents, {})
    return bytes(made)[:1024]


@target
def backup_streams(sealed: bytes) -> None:
    """Open a piece of a sealed stream."""
    with suppress(SealBroken):
        OpeningStream(KEY, b"clear", sealed[:HEADER_BYTES]).open(sealed[HEADER_BYTES:], last=True)


@target
def tor_answers(lines: bytes) -> None:
    """Read what tor answers on its control socket."""

    def answered(_line: str) -> ControlMessage:
        try:
            return ControlMessage.from_str(lines.decode("latin-1"))
        except ValueError:  # stem's own reading thread ends with it, and takes the connection along
            raise ControllerError from None

    control: Any = object.__new__(Control)
    control._service_id = "abc"
    control._wire = object.__new__(Wire)
    control._wire.msg, control._wire.close = answered, lambda: None
    for ask in (control.bootstrap, control.health):
        with suppress(ControlLost):
            ask()
    control.uploaded = SimpleNamespace(set=lambda: None)
    control._note_event(_text(lines))


@target
def socks_answers(sent: bytes) -> None:
    """Read what tor answers on its SOCKS socket."""
    stream = BytesIO(sent)
    line = cast("Any", SimpleNamespace(sendall=lambda _: None, recv=stream.read))
    with suppress(OSError):
        socks._greet(line, b"a")
        socks._connect(line, b"a.onion", 80)


@target
def requests(sent: bytes) -> None:
    """Read requests, in pieces of a length that the first byte gives."""
    size, sent = (sent[0] if sent else 0) + 1, sent[1:]
    parser = RequestParser(_limits())
    while sent and not parser.completed:
        taken = parser.received(sent[:size])
        assert taken > 0 or parser.completed
        sent = sent[taken:]
    if parser.completed and not parser.empty and parser.error is None:
        environ = {name if name.startswith("CONTENT_") else f"HTTP_{name}": it for name, it in parser.headers.items()}
        refusal(environ | {"REQUEST_METHOD": parser.command}, "a.onion")
        parser.get_body_stream().read()


@cache
def _limits() -> Adjustments:
    return Adjustments(listen="", threads=1, ident=None, **server._LIMITS)


@target
def cookies(sent: bytes) -> None:
    """Read the cookies of a request, the session's among them."""
    app = _app()
    for cookie in (b"visit=" + sent, sent):
        environ = {"HTTP_COOKIE": cookie.decode("latin-1"), "REQUEST_METHOD": "GET", "wsgi.url_scheme": "http"}
        assert not app.session_interface.open_session(app, app.request_class(environ))


@cache
def _app() -> Any:
    return plain_app(Path(__file__).parent)


@target
def rows(packed: bytes) -> None:
    """Make dataclasses of rows in which anything stands."""
    values = _values(packed)
    shapes: tuple[Any, ...] = (Case, KeyRow, Message, Circle, AuditRow, Version)
    for shape in shapes:
        row = tuple(next(values) for _ in fields(shape))
        with suppress(DamagedFile):
            from_row(shape, row)


def _values(packed: bytes) -> Iterator[Any]:
    """Give values of all kinds that SQLite has, as the bytes say, and then None for ever."""
    while len(packed) > 1:
        kind, size, packed = packed[0] % 6, packed[1], packed[2:]
        part, packed = packed[:size], packed[size:]
        yield {
            0: None,
            1: int.from_bytes(part[:8], "big", signed=True),
            2: struct.unpack("<d", part[:8].ljust(8, b"\0"))[0],
            3: _text(part),
            4: part,
            5: part.ljust(32, b"\0")[: 16 * (1 + size % 2)],
        }[kind]
    while True:
        yield None


def hardly_stretch() -> None:
    """Take hardly any time for passphrases: everything else is as it is."""
    argon2id.kdf = hardly_stretched  # type: ignore[assignment]
