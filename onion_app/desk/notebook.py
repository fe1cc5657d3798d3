"""The notebook of a circle: messages to all of it, and whom it knows for somebody who asks.

Whoever has one login of the circle reads all of it, an informer too: so it holds nothing that leads to a door. What was
not published by those whom it names is never named here, and counts only once a second person has said that they know
it too. Each reading of the whole is in the circle's audit. # P14
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache, partial
from typing import Final, NamedTuple

from onion_app.choices import NOTEBOOK_ENTRIES, NOTEBOOK_LETTERS, NOTEBOOK_MESSAGE_DAYS, REFERRAL_DAYS
from onion_app.crypto.casekeys import notebook_key
from onion_app.crypto.keys import new_id
from onion_app.crypto.payloads import Payload, Referral, Text, pack, unpack
from onion_app.crypto.sealing import SIZES, open_seal, seal
from onion_app.desk.closed_lists import ANSWER, KINDS, REACHES, in_words
from onion_app.desk.context import Databases
from onion_app.desk.never_written import expect_no_street, expect_nothing_to_follow
from onion_app.desk.permissions import Member, OwnCircle, circle_of, expect_present_key
from onion_app.desk.seconds import is_second_for
from onion_app.errors import NothingHere, Refused, SealBroken, marked
from onion_app.vault.desk import audit, circles, moderators, notebook
from onion_app.vault.desk.notebook import NotebookRow
from onion_app.web.i18n import day_words
from onion_app.web.text import has_too_many_marks

LINE_LETTERS: Final = 120  # of a name, and of a contact
PADDED_TO: Final = SIZES[2]  # bytes, whatever stands in a row
OFFERED: Final = 3  # referrals at a time that are put into an answer

TOO_LONG: Final = marked("This is too long: 1,000 letters fit.")
LINE_TOO_LONG: Final = marked("This is too long: 120 letters fit, on one line.")
LINE_MISSING: Final = marked("Write what they have published.")
FULL: Final = marked("50 stand here already. Take one away first.")
NOT_NAMED: Final = marked("What they have not published does not stand here: the kind and the region are enough.")
NOT_A_SECOND: Final = marked("It needs another one of you, who was not brought in by whoever wrote it, nor lately.")


class CircleMessage(NamedTuple):
    """A message to the circle, and the last day on which it stands here."""

    id: bytes
    writer: str
    day: int
    text: str
    last_day: int


class KnownReferral(NamedTuple):
    """A referral, with the handles of whoever wrote it and of the second person, and whether it may be used."""

    id: bytes
    content: Referral
    writer: str
    known_by: str
    usable: bool
    faded: bool  # a second person knew it, too long ago
    left: bool  # one of the two is not here any more
    may_know_too: bool


class Notebook(NamedTuple):
    """What a member reads, and how many rows do not open for them."""

    messages: list[CircleMessage]
    referrals: list[KnownReferral]
    closed: int


class _Opened(NamedTuple):
    row: NotebookRow
    payload: Payload | None


def read_notebook(dbs: Databases, member: Member, circle_id: bytes) -> Notebook:
    """Open the whole notebook of a circle, and note in its audit that somebody has.

    Raises:
        NotAllowed: it is no circle of theirs.
    """
    circle = circle_of(member, circle_id)
    audit.add_to_audit(dbs.desk, member.id, "read the notebook", dbs.today, circle_id)
    opened = _open_all(dbs, circle)
    return Notebook(
        sorted(_messages(opened, dbs.today), key=lambda each: (-each.day, each.id)),
        sorted(_referrals(dbs, member, circle_id, opened), key=_order),
        sum(each.payload is None for each in opened),
    )


def write_message(dbs: Databases, member: Member, circle_id: bytes, entry_id: bytes, text: str) -> None:
    """Leave a message to the circle, which goes after its days.

    Raises:
        NotAllowed: it is no circle of theirs.
        CircleKeyChanged: the circle has another key by now, or its present key does not open.
        Refused: it is too long, holds what leads to somebody, or as many messages stand there as fit.
    """
    if len(text) > NOTEBOOK_LETTERS:
        raise Refused(TOO_LONG, field="text")
    expect_nothing_to_follow(text, "text")
    payload = Text(text, dbs.today, sender=member.handle)
    with dbs.desk.writing():
        standing = len(list(_messages(_open_all(dbs, circle_of(member, circle_id)), dbs.today)))
        _add(dbs, member, circle_id, entry_id, payload, standing, last_day=dbs.today + NOTEBOOK_MESSAGE_DAYS)


def write_referral(dbs: Databases, member: Member, circle_id: bytes, entry_id: bytes, content: Referral) -> None:
    """Write down whom the circle knows; nobody uses it before a second person has said that they know it too.

    Raises:
        NotAllowed, CircleKeyChanged: as for `write_message`.
        Refused: something is in it that does not stand here, or as many stand there as fit.
    """
    _check(content)
    with dbs.desk.writing():
        opened = _open_all(dbs, circle_of(member, circle_id))
        standing = sum(isinstance(each.payload, Referral) for each in opened)
        _add(dbs, member, circle_id, entry_id, content, standing)


def know_too(dbs: Databases, member: Member, circle_id: bytes, entry_id: bytes) -> None:
    """Say that one knows a referral too, as the second person beside whoever wrote it: that is what checks it.

    Raises:
        NotAllowed, CircleKeyChanged: as for `write_message`.
        NothingHere: it is gone.
        Refused: they do not count as a second person beside whoever wrote it.
    """
    circle = circle_of(member, circle_id)
    with dbs.desk.writing():
        row = notebook.read_row(dbs.desk, entry_id, circle_id)
        content = _open(circle, row)
        if not isinstance(content, Referral):
            raise NothingHere
        if not _may_know_too(dbs, member, _people(dbs, circle_id), content.writer):
            raise Refused(NOT_A_SECOND)
        _seal(dbs, circle, entry_id, replace(content, known_by=member.id.hex(), checked=dbs.today))


def take_away(dbs: Databases, member: Member, circle_id: bytes, entry_id: bytes) -> None:
    """Take something out of the notebook for good: any member, at once.

    Raises:
        NotAllowed: it is no circle of theirs.
        NothingHere: it is gone.
    """
    circle_of(member, circle_id)
    with dbs.desk.writing():
        notebook.read_row(dbs.desk, entry_id, circle_id)
        notebook.take_away(dbs.desk, entry_id, dbs.today)
    audit.add_to_audit(dbs.desk, member.id, "took something out of the notebook", dbs.today, circle_id)


def words_for_answer(dbs: Databases, member: Member, circle_id: bytes, kind: str, region: str, language: str) -> str:
    """Give what an answer may say about whom the circle knows; empty where none has published anything itself.

    It is the same whether the circle knows nobody or somebody who may only be asked: no answer tells which. # P14

    Raises:
        NotAllowed: it is no circle of theirs.
    """
    known = _referrals(dbs, member, circle_id, _open_all(dbs, circle_of(member, circle_id)))
    wanted = [each for each in known if each.usable and each.content.published and each.content.known_for == kind]
    near = sorted(
        (each for each in wanted if each.content.region in (region, "everywhere")),
        key=lambda each: (each.content.language not in (language, "any"), each.content.region != region, _order(each)),
    )
    return "\n\n".join(_in_answer(each.content, language) for each in near[:OFFERED])


def _in_answer(content: Referral, language: str) -> str:
    return ANSWER[language].format(
        name=content.name,
        kind=in_words(KINDS, content.known_for, language),
        region=in_words(REACHES, content.region, language),
        contact=content.contact,
        day=day_words(content.checked or content.day, language),
    )


def _check(content: Referral) -> None:
    if not content.published:
        if content.name or content.contact:
            raise Refused(NOT_NAMED)
        return
    for field, line in (("name", content.name), ("contact", content.contact)):
        if not line:
            raise Refused(LINE_MISSING, field=field)
        if len(line) > LINE_LETTERS or has_too_many_marks(line):
            raise Refused(LINE_TOO_LONG, field=field)
    expect_nothing_to_follow(content.name, "name")
    expect_no_street(content.contact, "contact")


def _add(
    dbs: Databases,
    member: Member,
    circle_id: bytes,
    entry_id: bytes,
    payload: Payload,
    standing: int,
    last_day: int | None = None,
) -> None:
    """Store something new; the same form sent twice stores it once.

    # P14: under an id that was ever used nothing else comes to stand: somebody may be about to say yes to it.
    """
    circle = circle_of(member, circle_id)
    earlier = [each for each in notebook.rows_of(dbs.desk, circle_id) if each.id == entry_id]
    if [_open(circle, each) for each in earlier] == [payload]:
        return
    if standing >= NOTEBOOK_ENTRIES:
        raise Refused(FULL)
    is_used = bool(earlier) or notebook.is_fading(dbs.desk, entry_id)
    _seal(dbs, circle, new_id() if is_used else entry_id, payload, last_day)


def _seal(dbs: Databases, circle: OwnCircle, row_id: bytes, payload: Payload, last_day: int | None = None) -> None:
    expect_present_key(dbs, circle)
    row = NotebookRow(row_id, circle.id, circle.generation, b"")
    sealed = seal(notebook_key(circle.pair.private, circle.id), pack(payload), row.place, PADDED_TO)
    notebook.put_row(dbs.desk, replace(row, sealed=sealed), last_day)


def _open_all(dbs: Databases, circle: OwnCircle) -> list[_Opened]:
    return [_Opened(row, _open(circle, row)) for row in notebook.rows_of(dbs.desk, circle.id)]


def _open(circle: OwnCircle, row: NotebookRow) -> Payload | None:
    if row.generation not in circle.pairs:
        return None
    try:
        opened = unpack(open_seal(notebook_key(circle.pairs[row.generation].private, circle.id), row.sealed, row.place))
    except SealBroken:
        return None
    return opened if isinstance(opened, Text | Referral) else None


def _messages(opened: Iterable[_Opened], today: int) -> Iterator[CircleMessage]:
    for row, payload in opened:
        if isinstance(payload, Text) and today <= payload.day + NOTEBOOK_MESSAGE_DAYS:
            last_day = payload.day + NOTEBOOK_MESSAGE_DAYS
            yield CircleMessage(row.id, payload.sender, payload.day, payload.text, last_day)


def _referrals(dbs: Databases, member: Member, circle_id: bytes, opened: Iterable[_Opened]) -> Iterator[KnownReferral]:
    here = _people(dbs, circle_id)
    handle_of, may_know = cache(partial(_handle, dbs)), cache(partial(_may_know_too, dbs, member, here))
    for row, content in opened:
        if isinstance(content, Referral):
            left = bool({content.writer, content.known_by} - here - {""})
            # On a day to come nobody has checked anything: the clock was ahead, and nobody knows how far.
            checked = content.checked if content.checked is not None and content.checked <= dbs.today else None
            faded = checked is not None and dbs.today - checked > REFERRAL_DAYS
            yield KnownReferral(
                row.id,
                content,
                handle_of(content.writer),
                handle_of(content.known_by),
                usable=checked is not None and not faded and not left,
                faded=faded,
                left=left,
                may_know_too=may_know(content.writer),
            )


def _people(dbs: Databases, circle_id: bytes) -> frozenset[str]:
    return frozenset(each.id.hex() for each in circles.members_of(dbs.desk, circle_id))


def _may_know_too(dbs: Databases, member: Member, here: frozenset[str], writer: str) -> bool:
    return writer in here and is_second_for(dbs.desk, bytes.fromhex(writer), member.id, dbs.today)


def _handle(dbs: Databases, person: str) -> str:
    try:
        return moderators.read_moderator(dbs.desk, bytes.fromhex(person)).handle
    except NothingHere:
        return ""


def _order(each: KnownReferral) -> tuple[int, int, bytes]:
    """Sort by kind and region as the lists have them; what the lists lack stands last."""
    kinds, regions = [*KINDS, each.content.known_for], [*REACHES, each.content.region]
    return kinds.index(each.content.known_for), regions.index(each.content.region), each.id
