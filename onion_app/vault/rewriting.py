"""Once a day the rows of the last two days are written anew, so that the file keeps no order of arrival.

SQLite gives a long row the next free pages, and each row the next room in its page: whoever decrypts the file could
line all messages up. Deleting and inserting row by row would put each back where it lay, and an order that somebody can
work out could be undone. So the rows of a batch are deleted in an order that is drawn and forgotten, which scatters the
free pages, and inserted in the order of their ids, which says nothing. # P08
"""

from collections.abc import Iterator
from secrets import SystemRandom
from typing import Final, Literal

from onion_app.errors import RowDamaged
from onion_app.shapes import Row
from onion_app.vault.database import Database

ROWS: Final = 500  # in one transaction, during which every writer waits: less than half a second

_Table = Literal["cases", "messages"]
_Place = tuple[_Table, Row]  # a row, by its primary key
_Group = list[_Place]  # a case with its messages, which refer to it

_WHERE: Final[dict[_Table, str]] = {"cases": "id = ?", "messages": "case_id = ? AND number = ?"}


def rewrite_recent_rows(mailbox: Database, today: int) -> None:
    """Rewrite the cases in which somebody wrote today or yesterday, with their messages, by at most 500 rows.

    Each batch is one transaction: cut off at any point, every row is there, once.
    """
    for groups in _batches(mailbox, today):
        _rewrite(mailbox, groups)


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
    for case_id in mailbox.rows("SELECT id FROM cases WHERE last_day >= ? ORDER BY id", (today - 1,)):
        rows = mailbox.rows("SELECT case_id, number FROM messages WHERE case_id = ? ORDER BY number", case_id)
        group: _Group = [("cases", case_id), *(("messages", row) for row in rows)]
        if len(group) <= ROWS:
            yield group
        else:
            yield from (group[at : at + ROWS] for at in range(1, len(group), ROWS))


def _rewrite(mailbox: Database, groups: list[_Group]) -> None:
    """Rewrite rows in one transaction; a case that holds what somebody has planted past a CHECK is left as it is.

    No such row could be inserted again. Its case is found by halves.
    """
    try:
        with mailbox.writing():
            _put_anew(mailbox, [place for group in groups for place in group])
    except RowDamaged:
        half = len(groups) // 2
        if half:
            _rewrite(mailbox, groups[:half])
            _rewrite(mailbox, groups[half:])


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
