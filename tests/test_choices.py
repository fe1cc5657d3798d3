"""The closed lists and bounds that stand once in `choices` are those of the schema and of the sentences."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from onion_app import choices
from onion_app.desk.views import settings
from onion_app.vault import schema
from onion_app.vault.connection import KINDS
from onion_app.vault.shown.routing import Door

LISTS: dict[str, Any] = {
    "cases.kind": choices.CaseKind,
    "cases.topic": choices.Topic,
    "cases.answer_in": choices.AnswerIn,
    "cases.state": choices.CaseState,
    "cases.urgent": choices.Urgent,
    "messages.author": choices.MessageAuthor,
    "doors.state": Door,
    "versions.state": choices.TextState,
    "versions.language": choices.LanguageCode,
    "versions.translated_from": choices.LanguageCode,
    "entries.kind": choices.EntryKind,
    "entries.language": choices.LanguageCode,
    "given.receiver": choices.Receiver,
    "invitations.state": choices.InvitationState,
    "moderators.state": choices.ModeratorState,
    "proposals.kind": choices.ProposalKind,
    "proposals.state": choices.ProposalState,
    "notices.language": choices.LanguageCode,
    "objections.reason": choices.ObjectionReason,
}
_TABLE = re.compile(r"CREATE TABLE (\w+) \((.*?)\n\)", re.DOTALL)
_LIST = re.compile(r"(\w+) IN\s*\(([^)]*)\)")


def lists_of_the_schemas() -> set[tuple[str, str]]:
    """Give every closed list of the schemas but those of yes and no: the column and its values."""
    return {
        (f"{table}.{column}", re.sub(r"\s+", "", values))
        for kind in KINDS
        for table, columns in _TABLE.findall(schema.written_schema(kind))
        for column, values in _LIST.findall(columns)
        if values != "0, 1"
    }


def test_each_closed_list_is_that_of_the_schema() -> None:
    expected = {(column, ",".join(map(repr, get_args(choice)))) for column, choice in LISTS.items()}
    assert lists_of_the_schemas() == expected


@pytest.mark.parametrize(
    ("sentence", "bounds"),
    [
        (settings._DAYS, choices.ANSWER_DAYS),
        (settings._RETENTION, choices.RETENTION_DAYS),
        (settings._BACKUPS, choices.BACKUP_DAYS),
        (settings._GIB, choices.QUOTA_GIB),
    ],
)
def test_a_sentence_names_the_bounds_that_hold(sentence: str, bounds: range) -> None:
    assert re.findall(r"\d+", sentence) == [str(bounds[0]), str(bounds[-1])]


@pytest.mark.parametrize(
    ("file", "letters"),
    [
        ("desk/proposal_kinds.py", choices.FIND_US_LETTERS),
        ("desk/templates/settings.html", choices.FIND_US_LETTERS),
        ("desk/forms.py", choices.TEXT_LETTERS),
        ("site/templates/fixed.html", choices.TEXT_LETTERS),
    ],
)
def test_a_sentence_names_how_many_letters_fit(file: str, letters: int) -> None:
    source = (Path(choices.__file__).parent / file).read_text(encoding="utf-8")
    named = re.findall(r"([\d,]+) letters(?: fit| in each|, then)", source)
    assert named
    assert set(named) == {f"{letters:,}"}
