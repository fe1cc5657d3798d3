"""The case that a form was made for: each page says it in the forms that it shows, each form says it when it is sent.

An empty form carries a drawn seed, and with the first text that it is sent with follows the seed of a case, by which
every later form of the same case is known: shown again, on the check page, and sent once more after months.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import Final

from flask import g

from onion_app.crypto import casekeys
from onion_app.crypto.keys import KEY_BYTES, new_key
from onion_app.crypto.sealing import open_bytes, seal_bytes
from onion_app.errors import AlreadyWithdrawn, KeysChanged, NothingHere, SealBroken
from onion_app.site import seat
from onion_app.site.author_keys import CaseAccess
from onion_app.site.context import SiteFiles
from onion_app.site.new_case import Prepared, prepare
from onion_app.vault.database import Database
from onion_app.vault.mailbox import case_keys, withdrawals
from onion_app.vault.shown import routing

ANY_FIELD: Final = "sealed-field-of-this-form"  # stands in a page that is kept for everybody
_PLACE: Final = b"case of a form"


class Stage(IntEnum):
    """How far a case has come in the form that names it."""

    NONE = 0  # the form is for no case
    EMPTY = 1  # nothing was written yet
    WRITTEN = 2  # its words have reached us
    CHECKED = 3  # the check page has shown them, with the code
    SENT = 4  # its author has it open


@dataclass(frozen=True)
class FormCase:
    """The case of a form: its seed, or the mark of one that is open, with the number of its codes."""

    stage: Stage = Stage.NONE
    secret: bytes = field(default=b"", repr=False)
    codes: int = 1

    @cached_property
    def prepared(self) -> Prepared:
        """What follows from the seed of a case that is not open."""
        return Prepared(self.secret)

    @cached_property
    def mark(self) -> bytes | None:
        """The mark of the case."""
        if self.stage in (Stage.NONE, Stage.EMPTY):
            return None
        return self.secret if self.stage is Stage.SENT else self.prepared.mark


def empty() -> FormCase:
    """Draw what an empty form carries."""
    return FormCase(Stage.EMPTY, new_key())


def is_open(access: CaseAccess) -> FormCase:
    """Name a case that its author has open."""
    return FormCase(Stage.SENT, access.mark, len(access.privates))


def make_forms_for(case: FormCase) -> None:
    """Let every form of this page be for a case; unless it is said, they are for that of the form that was sent."""
    g.page_case = case


def in_any_form(render: Callable[[], str]) -> str:
    """Render a page whose forms have `ANY_FIELD` in the place of their sealed field."""
    g.any_field = True
    try:
        return render()
    finally:
        del g.any_field


def form_field() -> str:
    """Give the one sealed field that each form of this page has."""
    if "any_field" in g:
        return ANY_FIELD
    case: FormCase = g.get("page_case") or of_form()
    fields: dict[FormCase, str] = g.setdefault("page_fields", {})
    if case not in fields:
        packed = bytes((case.stage, case.codes)) + case.secret
        about = seal_bytes(seat.case_key(), packed, _PLACE) if case.stage is Stage.SENT else packed
        fields[case] = seat.sealed_stamp(about)  # all forms of a page are made at once
    return fields[case]


def of_form() -> FormCase:
    """Give the case of the form that was sent."""
    case: FormCase = g.get("form_case") or FormCase()
    return case


def written() -> FormCase:
    """Give the case that the words of this form are for; those that came in a form for no such case begin a new one."""
    if of_form().stage not in (Stage.WRITTEN, Stage.CHECKED):
        go_on_with(FormCase(Stage.WRITTEN, prepare().seed))
    return of_form()


def go_on_with(case: FormCase) -> None:
    """Take the form that was sent for one of this case."""
    g.form_case = case


def read_form_case(about: bytes, text: str) -> None:
    """Read which case the form that was sent is for; `text` is what it was sent with."""
    try:
        packed = about if len(about) <= 2 + KEY_BYTES else open_bytes(seat.case_key(), about, _PLACE)
    except SealBroken:  # of another seat: no case of this one
        packed = bytes((Stage.NONE, 1))
    case = FormCase(Stage(packed[0]), packed[2:], packed[1])
    if case.stage is Stage.EMPTY:
        case = FormCase(Stage.WRITTEN, casekeys.form_seed(case.secret, text.encode()))
    go_on_with(case)


def expect_as_it_was(files: SiteFiles, case: FormCase, access: CaseAccess | None = None) -> None:
    """See that the case of a form is neither gone nor has another key by now; a case that was not sent yet is neither.

    `access` is to the case that is open: a form of that one is asked for no code, since its visit has the newest.

    Raises:
        AlreadyWithdrawn: its author has erased it. # P07: what the form says is not stored again, and not shown.
        NothingHere: its door was closed, or it has another code by now.
    """
    if case.mark is None:
        return
    if withdrawals.withdrawn_among(files.mailbox, files.shown, [case.mark]):
        raise AlreadyWithdrawn
    if case.stage is Stage.SENT and access is not None and access.mark == case.mark:
        return
    found = _id_and_codes(files.mailbox, case.mark)
    if found and (found[1] > case.codes or routing.door_of(files.shown, found[0]) is not None):
        raise NothingHere


def _id_and_codes(mailbox: Database, mark: bytes) -> tuple[bytes, int] | None:
    try:
        row = case_keys.key_row(mailbox, case_keys.find_case(mailbox, "mark", mark).id)
    except (KeysChanged, NothingHere):
        return None
    return row.id, len(row.codes)
