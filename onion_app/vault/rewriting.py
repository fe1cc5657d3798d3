"""Once a day the rows of the last two days are written anew, so that the file keeps no order of arrival.

SQLite gives a long row the next free pages, and each row the next room in its page: whoever decrypts the file could
line all messages up. Deleting and inserting row by row would put each back where it lay, and an order that somebody can
work out could be undone. So the rows of a batch are deleted in an order that is drawn and forgotten, which scatters the
free pages, and inserted in the order of their ids, which says nothing. # P08
"""

from collections.abc import Iterator, Sequence
from functools import partial
from secrets import SystemRandom
from typing import Final, Literal

from onion_app.shapes import Row
from onion_app.vault.database import Database
from onion_app.vault.mailbox.records import LONGEST_SEALED, WHOLE_ROW_FITS

ROWS: Final = 500  # in one transaction, during which every writer waits: less than half a second

_Table = Literal["cases", "messages"]
_Place = tuple[_Table, Row]  # a row, by its primary key
_Group = list[_Place]  # a case with its messages, which refer to it

_WHERE: Final[dict[_Table, str]] = {"cases": "id = ?", "messages": "case_id = ? AND number = ?"}


def rewrite_recent_rows(mailbox: Database, today: int) -> None:
    """Rewrite the cases in which somebody wrote today or yesterday, with their messages, by at most 500 rows.

    Each batch is one transaction: cut off at any point, every row is there, once. A case that holds what somebody has
    planted past a CHECK is left as it is: no such row could be inserted again.
    """
    for groups in _batches(mailbox, today):
        mailbox.by_halves(groups, partial(_rewrite, mailbox))


def _batches(mailbox: Database, today: int) -> Iterator[list[_Group]]:
    batch: list[_Group] = []
    for group in _groups(mailbox, today):
        if sum(map(len, batch)) + len(group) > ROWS:
            yield batch
            batch = []
        batch.append(group)
    yield batch


def _groups(mailbox: Database, today: int) -> Iterator[_Group]:
    """Give the cases by id; one that has too many rows for one batch comes in parts, and its own row stays."""
    recent = f"SELECT id FROM cases WHERE last_day >= ? AND {WHOLE_ROW_FITS} ORDER BY id"  # noqa: S608
    for case_id in mailbox.ids(recent, (today - 1,)):
        of_case = "SELECT case_id, number FROM messages WHERE case_id = ? "
        if mailbox.row(of_case + "AND octet_length(sealed) > ?", (case_id, LONGEST_SEALED)):
            mailbox.left_out += 1
            continue
        rows = mailbox.rows(of_case + "ORDER BY number", (case_id,))
        group: _Group = [("cases", (case_id,)), *(("messages", row) for row in rows)]
        if len(group) <= ROWS:
            yield group
        else:
            yield from (group[at : at + ROWS] for at in range(1, len(group), ROWS))


def _rewrite(mailbox: Database, groups: Sequence[_Group]) -> None:
    """Rewrite rows in one transaction."""
    with mailbox.writing():
        _put_anew(mailbox, [place for group in groups for place in group])


def _put_anew(mailbox: Database, places: list[_Place]) -> None:
    rows: dict[_Place, Row] = {}
    for table, key in places:  # what was erased meanwhile stays away
        row = mailbox.row(f"SELECT * FROM {table} WHERE {_WHERE[table]}", key)  # noqa: S608
        if row is not None:
            rows[table, key] = row
    for refers in ("messages", "cases"):
        drawn = [place for place in rows if place[0] == refers]
        SystemRandom().shuffle(drawn)
        for table, key in drawn:
            mailbox.run(f"DELETE FROM {table} WHERE {_WHERE[table]}", key)  # noqa: S608
    for (table, _), row in rows.items():  # by id, and each case before its messages
        mailbox.run(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608
