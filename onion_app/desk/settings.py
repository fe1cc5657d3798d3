"""Settings, by coordinators: shorter retention and how to find us wait for a second person; the rest holds at once.

What is off is easier than on: the words on how to find us go back to the last that were agreed to by one person. # P14
"""

from collections.abc import Mapping
from typing import Any, Final

from onion_app.desk.context import Databases
from onion_app.desk.permissions import Member, only_coordinators
from onion_app.desk.proposal_kinds import SETTING
from onion_app.desk.proposals import note, propose
from onion_app.errors import BadSetting, NotReady
from onion_app.vault import settings
from onion_app.vault.show import show

ALONE: Final = ("answer_days", "backup_days", "quota_gib", "paused")
"""These one coordinator may set: none of them decides who reads, how long what comes is kept, or what readers read."""


def change_setting(dbs: Databases, member: Member, name: str, value: Any) -> bool:  # noqa: ANN401 - each has its type
    """Set one thing, or propose it; tell whether it waits for a second person.

    Raises:
        NotAllowed: they are no coordinator.
        Refused: it does not fit, or three of their proposals wait.
    """
    only_coordinators(member)
    if name == "how_to_find_us":
        return _propose_words(dbs, member, value)
    if name == "retention_days":
        longer = value >= settings.read_settings(dbs.shown).retention_days
        return propose(dbs, member.id, "retention", SETTING, {"days": [str(value)]}, at_once=longer)
    if name not in ALONE:
        raise BadSetting
    settings.change_setting(dbs.shown, name, value)
    note(dbs, member.id, "changed a setting")
    return False


def _propose_words(dbs: Databases, member: Member, words: Mapping[str, str]) -> bool:
    if words == settings.read_settings(dbs.shown).how_to_find_us:
        return False
    return propose(dbs, member.id, "find_us", SETTING, {language: [said] for language, said in words.items()})


def put_find_us_back(dbs: Databases, member: Member) -> None:
    """Put how to find us back to the words that were agreed to before the present ones; once.

    Raises:
        NotAllowed: they are no coordinator.
        NotReady: there are none.
    """
    only_coordinators(member)
    with dbs.mailbox.writing():
        with dbs.desk.writing():
            before = settings.read_find_us_before(dbs.desk)
            if before is None:
                raise NotReady
            settings.put_setting(dbs.desk, "how_to_find_us", before)
            settings.forget_find_us_before(dbs.desk)
        show(dbs.shown, dbs.desk)
    note(dbs, member.id, "put the words on how to find us back")
