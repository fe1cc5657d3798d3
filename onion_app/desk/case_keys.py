"""A case as the keys of a member open it: every message, and how far each can be believed.

Whoever writes the mailbox can plant, move, exchange and take away rows. A member believes the desk's own rows: which
circle has had the case, which list of the author's keys somebody has met, up to where somebody has read, which answers
were written here. What opens and does not fit to these is shown, and counts for nothing.
# P05: nothing is sealed to a list of keys that the author has not proved, nor to one that is not the one that was met.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from onion_app.crypto.casekeys import KeyName, MessageKeys, met_mark, note_key, open_handed, read_mark, reply_mark
from onion_app.crypto.keys import shared_secret
from onion_app.crypto.payloads import Consent, Text
from onion_app.crypto.sealing import open_seal
from onion_app.desk.context import Databases
from onion_app.desk.opened_message import OpenedMessage, payload_in
from onion_app.desk.permissions import Member, OwnCircle, case_of, circle_of, expect_present_key
from onion_app.errors import DamagedFile, KeysChanged, NoReturn, SealBroken, marked
from onion_app.vault.desk import case_records
from onion_app.vault.desk.case_records import Handed, Met, Read
from onion_app.vault.mailbox import case_keys, records
from onion_app.vault.mailbox.messages import messages_of
from onion_app.vault.shown.routing import door_of, reply_marks

DOOR_CLOSED: Final = marked("The author's door is closed, so that nobody would read an answer.")
NO_KEY_YET: Final = marked(
    "Your circle has no key for what stands here, perhaps because it was founded anew. "
    "The author has to come back once before you can answer."
)


class CaseKeys:
    """The keys of one case, worked out by a member of the circle that has it, while a page is made."""

    def __init__(self, dbs: Databases, member: Member, case: records.Case) -> None:
        """Read what names the keys: the row, whose id fits, and the desk's turns.

        Raises:
            NothingHere: the case is gone.
            KeysChanged: its id does not follow from its row.
        """
        self.row = case_keys.key_row(dbs.mailbox, case.id)
        self.turns: dict[int, Handed] = case_records.turns_of(dbs.desk, case.id)
        self.turn = max(self.turns, default=0)
        self.circle: OwnCircle = circle_of(member, case.circle_id)
        self._member = member
        privates = {pair.public: pair.private for own in member.circles.values() for pair in own.pairs.values()}
        codes = self.row.codes
        self._worked_out = MessageKeys(case.id, codes, lambda at, ours: shared_secret(privates[ours], codes[at]))
        self.handed = {name: key for turn in self.turns.values() for name, key in self._opened(turn).items()}

    @property
    def present(self) -> KeyName:
        """The name of the key for what is written next."""
        return KeyName(self.turn, self.circle.generation, len(self.row.codes))

    def circle_at(self, turn: int) -> bytes | None:
        """Give the circle that had the case in a turn."""
        if turn == 0:
            return self.row.home
        return self.turns[turn].circle_id if turn in self.turns else None

    def key(self, name: KeyName) -> bytes | None:
        """Give the key of a name: one that was handed over, or one that follows; None when there is none for us."""
        return self.handed[name] if name in self.handed else self.worked_out(name)

    def worked_out(self, name: KeyName) -> bytes | None:
        """Give the key of a name as it follows from the row: what opens under it was sealed to the keys in it."""
        circle = self._member.circles.get(self.circle_at(name.turn) or b"")
        if circle is None or name.generation not in circle.pairs:
            return None
        try:
            return self._worked_out.key(name.turn, circle.pairs[name.generation].public, name.codes)
        except SealBroken:
            return None

    def entry_key(self, circle_id: bytes, generation: int) -> bytes | None:
        """Give the key of an entry that the circle which has the case wrote; another circle's opens for nobody here."""
        if circle_id != self.circle.id or generation not in self.circle.pairs:
            return None
        return note_key(self.circle.pairs[generation].private, self.row.id, self.row.codes[0])

    def _opened(self, handed: Handed) -> dict[KeyName, bytes]:
        circle = self._member.circles.get(handed.circle_id)
        if circle is None or handed.generation not in circle.pairs:
            return {}
        private, to = circle.pairs[handed.generation].private, (handed.circle_id, handed.generation)
        first, turn = self.row.codes[0], handed.turn
        try:
            return open_handed(handed.sealed, private, case_id=handed.case_id, first=first, turn=turn, to=to)
        except SealBroken:
            return {}


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """A case with its keys and its messages, in the order of their numbers, and what the desk had noted of it."""

    case: records.Case
    keys: CaseKeys = field(repr=False)
    messages: list[OpenedMessage] = field(repr=False)
    met: Met
    read: Read
    was_changed: bool  # what somebody has read is not what stands there

    @property
    def met_fits(self) -> bool:
        """Whether the list of the author's keys begins with the one that was met."""
        codes, met = self.keys.row.codes, self.met
        return len(codes) >= met.codes and met_mark(self.case.id, codes[: met.codes]) == met.mark

    @property
    def is_proved(self) -> bool:
        """Whether its author has written under the whole list, so that they can open what is sealed to it.

        Of a list that was met, or that the case is named by, whatever opens is theirs; another one has to be proved.
        """
        whole = len(self.keys.row.codes)
        is_known = whole == self.met.codes
        return any(
            each.proves
            or (is_known and each.packed is not None and not each.out_of_order and each.message.author != "circle")
            for each in self.messages
            if each.message.codes == whole
        )

    @property
    def consent(self) -> Consent | None:
        """What its author allows, by their newest word on it that is believed."""
        said = (each.consent for each in reversed(self.messages) if each.message.number and each.counts)
        return next((consent for consent in said if consent), None)

    @property
    def says_alone(self) -> bool:
        """Whether its author took no code, as their first words say; whoever writes the mailbox can take one away."""
        theirs = [each.payload for each in self.messages if each.message.author == "visitor" and each.payload]
        return not theirs or (isinstance(theirs[0], Text) and theirs[0].alone)


def open_case_messages(dbs: Databases, member: Member, case_id: bytes) -> OpenedCase:
    """Open every message of a case that the member's keys open, and judge each; nothing is changed.

    Raises:
        NothingHere, NotAllowed, KeysChanged: as for `case_of`.
    """
    case = case_of(dbs, member, case_id)
    keys = CaseKeys(dbs, member, case)
    # Without either: the one key that the case is named by was met, and nothing was read.
    try:
        met = case_records.read_met(dbs.desk, case_id) or Met(1, met_mark(case_id, keys.row.codes[:1]))
        read = case_records.read_read(dbs.desk, case_id) or Read(0, read_mark(case_id, []), 0, 0, 0)
    except DamagedFile:
        raise KeysChanged from None
    messages = messages_of(dbs.mailbox, case_id)
    ours = reply_marks(dbs.shown, case_id)  # after the messages: the mark of an answer is there before the answer
    was_changed = _mark_up_to(messages, case_id, read.number) != read.mark
    opened = _judged(messages, keys, ours, read, was_changed=was_changed)
    return OpenedCase(case, keys, opened, met, read, was_changed)


def _judged(
    messages: Sequence[records.Message], keys: CaseKeys, ours: dict[bytes, bytes], read: Read, *, was_changed: bool
) -> list[OpenedMessage]:
    """Open the messages in the order of their numbers; each must not be older, by its key, than those before it."""
    opened = []
    before = 0
    newest, most = (0, 0), 0  # turn with generation, and number of codes, that a message must at least have
    for message in messages:
        has_read = message.number <= read.number
        if not has_read:
            newest, most = max(newest, (read.turn, read.generation)), max(most, read.codes)
        name = message.key_name
        key = keys.key(name)
        packed = _unsealed(key, message)
        forged = message.author == "circle" and ours.get(message.id) != reply_mark(message.sealed)
        in_order = message.number == 0 or ((name.turn, name.generation) >= newest and name.codes >= most)
        if message.number and packed is not None and not forged and in_order:
            newest, most = (name.turn, name.generation), name.codes
        changed = was_changed and has_read and message.number > 0 and message.author != "circle"
        # The record of a visit stands in no order, so that somebody who lost access could add one at any time.
        is_newest = name[:2] >= (read.turn, read.generation) if message.number == 0 else in_order and not changed
        proves = packed is not None and message.author != "circle" and is_newest and key == keys.worked_out(name)
        opened.append(
            OpenedMessage(
                message,
                packed,
                payload_in(packed, message),
                no_key=key is None,
                forged=forged,
                out_of_order=not in_order,
                changed=changed,
                proves=proves,
                gap=max(0, message.number - before - 1),
                elsewhere=message.author == "circle" and keys.circle_at(message.turn) != keys.circle.id,
            )
        )
        before = message.number
    return opened


def _unsealed(key: bytes | None, message: records.Message) -> bytes | None:
    try:
        return None if key is None else open_seal(key, message.sealed, message.place)
    except SealBroken:
        return None


def note_met_and_read(dbs: Databases, opened: OpenedCase, *, confirmed: bool = False) -> None:
    """Note which list of the author's keys was met, and up to where was read, inside the mailbox's `writing()`.

    Of a case in which something read was changed nothing is noted as read, unless a member has confirmed it.
    """
    met, read = _newly_met(opened), _newly_read(opened)
    put_read = read != opened.read and (confirmed or not opened.was_changed)
    if met == opened.met and not put_read:
        return
    with dbs.desk.writing():
        if met != opened.met:
            case_records.put_met(dbs.desk, opened.case.id, met)
        if put_read:
            case_records.put_read(dbs.desk, opened.case.id, read)


def mark_of_all(opened: OpenedCase) -> bytes:
    """Give the mark of everything that stands in a case now."""
    stored = [each.message for each in opened.messages]
    return _mark_up_to(stored, opened.case.id, stored[-1].number if stored else 0)


def _newly_met(opened: OpenedCase) -> Met:
    """Give the longest list that its author has proved, if it goes on from the one met."""
    count = max((each.message.codes for each in opened.messages if each.proves), default=1)
    if count <= opened.met.codes or not opened.met_fits:
        return opened.met
    return Met(count, met_mark(opened.case.id, opened.keys.row.codes[:count]))


def _newly_read(opened: OpenedCase) -> Read:
    """Note what opens and fits: nothing that somebody has planted behind it hides what its author writes next."""
    stored = [each for each in opened.messages if each.message.number]
    fitting = [each.message for each in stored if each.packed is not None and not (each.forged or each.out_of_order)]
    before = opened.read
    all_taken_away = opened.was_changed and not stored
    if not all_taken_away and (not stored or (before.codes and not fitting)):
        return before
    newest = max((opened.keys.turn, opened.keys.circle.generation), (before.turn, before.generation))
    codes = max([each.codes for each in fitting] + [before.codes, _newly_met(opened).codes])
    number = max([each.number for each in fitting] + [0 if opened.was_changed else before.number])
    return Read(number, _mark_up_to([each.message for each in stored], opened.case.id, number), *newest, codes)


def _mark_up_to(messages: Sequence[records.Message], case_id: bytes, number: int) -> bytes:
    rows = [(each.number, each.id, each.sealed) for each in messages if 0 < each.number <= number]
    return read_mark(case_id, rows)


def key_to_answer(dbs: Databases, opened: OpenedCase) -> tuple[KeyName, bytes]:
    """Give the key for an answer, inside the mailbox's `writing()`; its author opens it, and nobody who lost access.

    Raises:
        NoReturn: the author does not come back, or their door is closed.
        CircleKeyChanged: the circle has another key by now, or its present key does not open.
        KeysChanged: the list of the author's keys is not the one that was met, or not proved; or their code is missing.
    """
    if opened.keys.row.tag is None:
        raise NoReturn if opened.says_alone else KeysChanged
    if door_of(dbs.desk, opened.case.id) is not None:
        raise NoReturn(DOOR_CLOSED)
    expect_present_key(dbs, opened.keys.circle)
    name = opened.keys.present
    key = opened.keys.worked_out(name)  # P05: nothing is sealed under a key that came from another circle
    if not opened.met_fits or not opened.is_proved or key is None:
        is_new_here = opened.met_fits and opened.messages and all(each.no_key for each in opened.messages)
        raise KeysChanged(*([NO_KEY_YET] if is_new_here else []))
    return name, key
