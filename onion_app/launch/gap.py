"""The withdrawals between a backup and its restore, as far as other states of the same installation still know them.

# P07: unless a state knows all of it for sure, the authors are told that what they took back may be here again, and
what they were told after an earlier restore is never called off by a later one.
"""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from onion_app.crypto.keyslots import VaultKeys
from onion_app.errors import SanctuaryError
from onion_app.launch.state import State
from onion_app.shapes import Row
from onion_app.vault import database, settings, statefiles, withdrawals
from onion_app.vault.connection import file_name


@dataclass(frozen=True)
class Gap:
    """The lists of withdrawals, the states whose list did not open, and the notice to the authors."""

    lists: list[Row]
    unread: tuple[Path, ...]
    restored: settings.Restored


def find_gap(coming: State, day: int, in_use: list[State], aside: list[State], keys: VaultKeys) -> Gap:
    """Read every list there is; `coming` is the backup of this day since 1970.

    Only a state of `in_use` can have a whole list, and only if it ran on the day of the backup or later: a state that
    was moved aside has had a successor.
    """
    lists: list[Row] = []
    unread: list[Path] = []
    since = _since(_settings(coming, keys))
    is_whole = False
    for state in (*in_use, *aside):
        if not (state.mailbox / file_name("mailbox")).exists():
            continue
        try:
            with closing(database.open_mailbox(state.mailbox, keys.mailbox)) as mailbox:
                lists += withdrawals.withdrawn_ids(mailbox)
            values = _settings(state, keys)
        except SanctuaryError:
            unread.append(state.path)
            continue
        since += _since(values)
        last_day = max(values.seen_day or 0, statefiles.read_backup_day(state.path) or 0)
        is_whole = is_whole or (state not in aside and last_day >= day)
    all_gone = is_whole and not since and not unread
    return Gap(lists, tuple(unread), settings.Restored(day, None if all_gone else min([day, *since])))


def _settings(state: State, keys: VaultKeys) -> settings.Settings:
    with closing(database.open_desk(state.desk, keys.desk)) as desk:  # the desk's word: the mailbox could be changed
        return settings.read_settings(desk)


def _since(values: settings.Settings) -> list[int]:
    return [values.restored.back_since] if values.restored and values.restored.back_since is not None else []
