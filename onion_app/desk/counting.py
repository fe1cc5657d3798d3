"""The making of a table: a member's keys go through the cases with facts, step by step, and count what they find.

Nothing of it is shown but how far it is, and nothing is kept before the last step, which looks again at what has
changed meanwhile, draws the numbers, and notes them and their cases in one transaction. Of a period there is one try.
# P07: a case stands in one table at most, and what was published stays as it was.
"""

import secrets
import struct
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from onion_app.country import FactList
from onion_app.crypto.casekeys import counted_mark
from onion_app.crypto.keys import new_id
from onion_app.crypto.payloads import Facts
from onion_app.desk.case_keys import open_case_messages
from onion_app.desk.context import Databases
from onion_app.desk.fact_lists import lists_of, name_on
from onion_app.desk.facts import circle_has, opened_facts
from onion_app.desk.noise import Event, make_numbers
from onion_app.desk.periods import Period, periods_to_try
from onion_app.desk.permissions import Member, circle_of, expect_present_key
from onion_app.errors import DamagedFile, KeysChanged, NotAllowed, NothingHere, NotReady
from onion_app.vault.desk import audit, entries, tables
from onion_app.vault.mailbox import messages, queues

STEP: Final = 100  # cases that are looked at for one page: it costs about ten times the first one

_SEEN: Final = struct.Struct(">16s16s?32sH16sB")
_CELL: Final = struct.Struct(">H")

Cell = tuple[str, str]


class SeenCase(NamedTuple):
    """A case as it was looked at: its facts of then, whether it counts, and the number of its newest message."""

    case_id: bytes
    entry_id: bytes
    counts: bool = False
    mark: bytes = bytes(32)
    newest: int = 0
    same_as: bytes = bytes(16)
    cells: tuple[int, ...] = ()  # by their places among all cells


@dataclass(frozen=True, slots=True)
class Counting:
    """How far the making of a table has come; it is kept with the member's session, as that is."""

    circle_id: bytes
    first_day: int
    last_day: int
    began: int  # the day
    cases: int  # with facts
    looked_at: int = 0  # of these
    newest: str = ""  # the id of the last of them, in hexadecimal digits
    seen: tuple[str, ...] = ()  # what was seen of them, packed, of each page; the later word on a case holds


def periods_of(dbs: Databases, circle_id: bytes) -> list[Period]:
    """List the periods of which a circle may try to make numbers."""
    return periods_to_try(tables.last_try(dbs.desk, circle_id), dbs.today)


def begin(dbs: Databases, member: Member, circle_id: bytes, last_day: int) -> Counting:
    """Begin to count for the period that ends on a day.

    Raises:
        NotAllowed: no circle of theirs.
        NotReady: it is not over, was tried, or does not follow on the last one.
    """
    circle_of(member, circle_id)
    period = next((each for each in periods_of(dbs, circle_id) if each.last_day == last_day), None)
    if period is None:
        raise NotReady
    return Counting(circle_id, *period, dbs.today, entries.number_with_facts(dbs.desk, circle_id))


def go_on(dbs: Databases, member: Member, counting: Counting) -> Counting | tables.Table:
    """Look at the next cases; after the last one, make the table.

    Raises:
        NotAllowed: no circle of theirs.
        NotReady: somebody else has tried this period meanwhile.
        CircleKeyChanged: the circle has another key by now, or its present key does not open.
    """
    circle_of(member, counting.circle_id)
    after = bytes.fromhex(counting.newest)
    if unseen := entries.cases_with_facts(dbs.desk, counting.circle_id, after, STEP):
        looked_at = counting.looked_at + len(unseen)
        return replace(_after_a_look(dbs, member, counting, unseen), looked_at=looked_at, newest=unseen[-1].hex())
    with dbs.mailbox.writing():
        expect_present_key(dbs, circle_of(member, counting.circle_id))
        seen = {each.case_id: each for packed in counting.seen for each in _unpacked(packed)}
        again = _to_look_at(dbs, member, counting, seen)
        if len(again) > STEP:
            return _after_a_look(dbs, member, counting, again[:STEP])
        seen |= _looked(dbs, member, counting, again)
        return _make(dbs, member, counting, seen)


def _after_a_look(dbs: Databases, member: Member, counting: Counting, cases: Iterable[bytes]) -> Counting:
    return replace(counting, seen=(*counting.seen, _packed(_looked(dbs, member, counting, cases).values())))


def _to_look_at(dbs: Databases, member: Member, counting: Counting, seen: Mapping[bytes, SeenCase]) -> list[bytes]:
    """List the cases that were not looked at, and those of which anything has changed since.

    # P16: of the others no case is asked for by itself, so that the last page costs little more than the first.
    """
    circle_id, none = counting.circle_id, bytes(16)
    facts = entries.newest_facts(dbs.desk, circle_id)
    changed = {
        each for each in facts.keys() | seen.keys() if each not in seen or facts.get(each, none) != seen[each].entry_id
    }
    written = queues.written_since(dbs.mailbox, counting.began) & seen.keys() - changed
    changed |= {each for each in written if messages.newest_number(dbs.mailbox, each) != seen[each].newest}
    counted = {each for each, case in seen.items() if case.counts}
    away = counted - queues.in_queues_of(dbs.mailbox, circle_id, sorted(counted))  # erased, if its row says the truth
    doubted = (away | counted & entries.handed_on_with_facts(dbs.desk, circle_id)) - changed
    return [*changed, *(each for each in doubted if not circle_has(dbs, member, circle_id, each))]


def _looked(dbs: Databases, member: Member, counting: Counting, cases: Iterable[bytes]) -> dict[bytes, SeenCase]:
    lists = lists_of(counting.last_day)
    places = {cell: place for place, cell in enumerate(_cells(lists))}
    seen = {}
    for case_id in cases:
        found = _found_in(dbs, member, counting, case_id)
        chosen = found.facts.chosen if found.facts else {}
        most = {each: chosen.get(each, [])[: listed.most] for each, listed in lists.items()}
        named = [(each, name_on(each, name, lists)) for each, names in most.items() for name in names]
        in_cells = tuple(places[each, name] for each, name in named if name is not None)
        seen[case_id] = found.seen._replace(cells=in_cells)
    return seen


class _Found(NamedTuple):
    seen: SeenCase
    facts: Facts | None = None


def _found_in(dbs: Databases, member: Member, counting: Counting, case_id: bytes) -> _Found:
    """Look at one case; whatever cannot be read of it does not count."""
    entry = entries.facts_of(dbs.desk, case_id, counting.circle_id)
    newest = messages.newest_number(dbs.mailbox, case_id)
    not_counted = SeenCase(case_id, entry.id if entry else bytes(16), newest=newest)
    try:
        opened = open_case_messages(dbs, member, case_id)
    except (NothingHere, NotAllowed, KeysChanged, DamagedFile):
        return _Found(not_counted)
    is_theirs = opened.case.circle_id == counting.circle_id and opened.case.received_day <= counting.last_day
    facts = opened_facts(entry, opened.keys)
    if facts is None or not is_theirs or opened.consent is None or not opened.consent.count:
        return _Found(not_counted)
    mark, same_as = counted_mark(case_id, opened.keys.row.codes[0]), bytes.fromhex(facts.same_as) or bytes(16)
    return _Found(not_counted._replace(counts=True, mark=mark, same_as=same_as), facts)


def _make(dbs: Databases, member: Member, counting: Counting, seen: Mapping[bytes, SeenCase]) -> tables.Table:
    """Draw the numbers and keep them, with their cases and who made them; or keep that there were too few."""
    period, lists = Period(counting.first_day, counting.last_day), lists_of(counting.last_day)
    with dbs.desk.writing():
        if period not in periods_of(dbs, counting.circle_id):
            raise NotReady
        events, marks = events_among(seen.values(), tables.counted(dbs.desk), _cells(lists))
        numbers = make_numbers(events, {each: listed.names for each, listed in lists.items()})
        packed = tables.pack(numbers) if numbers else None
        table = tables.Table(new_id(), counting.circle_id, *period, packed)
        tables.add_table(dbs.desk, table, marks if numbers else ())
        what = "made a table of numbers" if numbers else "tried to make a table of numbers"
        line = audit.AuditRow(secrets.token_bytes(16), dbs.today, member.id, what, counting.circle_id, None)
        audit.insert_line(dbs.desk, line)
    return table


def events_among(
    seen: Collection[SeenCase], counted: AbstractSet[bytes], cells: Sequence[Cell]
) -> tuple[list[Event], set[bytes]]:
    """Give the events of the cases that count and stand in no table yet, and the marks of all that then stand in one.

    Cases of the same event are one, with the facts of all of them; where one of them stands in a table the others add
    nothing to another.
    """
    counting = {case.case_id: case for case in seen if case.counts}
    events, marks = list[Event](), set[bytes]()
    for together in _same_events(counting):
        its_marks = {case.mark for case in together}
        if its_marks <= counted:
            continue
        marks |= its_marks
        if its_marks.isdisjoint(counted):
            events.append(_event(cells[place] for case in together for place in case.cells))
    return events, marks


def _event(cells: Iterable[Cell]) -> Event:
    event: dict[str, set[str]] = {}
    for list_name, name in cells:
        event.setdefault(list_name, set()).add(name)
    return event


def _same_events(cases: Mapping[bytes, SeenCase]) -> list[list[SeenCase]]:
    """Put cases together that tell of the same event, whichever of them says so."""
    groups = {case_id: [case] for case_id, case in cases.items()}
    for case_id, case in cases.items():
        one, other = groups[case_id], groups.get(case.same_as)
        if other is not None and other is not one:
            one += other
            groups |= dict.fromkeys((each.case_id for each in other), one)
    return list({id(group): group for group in groups.values()}.values())


def _cells(lists: Mapping[str, FactList]) -> list[Cell]:
    """Give every cell of a table, in an order of its own."""
    return [(each, name) for each, listed in lists.items() for name in listed.names]


def _packed(seen: Iterable[SeenCase]) -> str:
    parts = [
        part
        for case in seen
        for part in (_SEEN.pack(*case[:-1], len(case.cells)), *(_CELL.pack(place) for place in case.cells))
    ]
    return b64encode(b"".join(parts)).decode()


def _unpacked(packed: str) -> list[SeenCase]:
    raw, at, seen = b64decode(packed), 0, list[SeenCase]()
    while at < len(raw):
        *values, number = _SEEN.unpack_from(raw, at)
        at += _SEEN.size
        cells = tuple(_CELL.unpack_from(raw, at + _CELL.size * each)[0] for each in range(number))
        seen.append(SeenCase._make([*values, cells]))
        at += _CELL.size * number
    return seen
