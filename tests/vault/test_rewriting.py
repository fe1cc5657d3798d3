"""P08: the file keeps no order of arrival, and rewriting loses and changes nothing."""

import pytest

from onion_app.shapes import Row
from onion_app.vault import rewriting
from onion_app.vault.database import Database
from onion_app.vault.mailbox import lifetime
from tests import tables
from tests.vault.made import TODAY, Installation, key_row, message, new_case, some_id, write


def rows(mailbox: Database) -> dict[str, list[Row]]:
    return {table: mailbox.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in ("cases", "messages")}


def arriving(made: Installation, mailbox: Database, number: int, day: int = TODAY) -> list[bytes]:
    """Store so many cases of one message, one after the other, and give what is sealed in each."""
    cases = [new_case(made.circle_id, day=day) for _ in range(number)]
    with mailbox.writing():
        for each in cases:
            lifetime.store_case(mailbox, each)
    return [each.messages[0].sealed for each in cases]


def pages(made: Installation, mailbox: Database, arrived: list[bytes]) -> list[int]:
    """Say on which page lies what follows the first page of each message."""
    mailbox.checkpoint()
    parts = [sealed[1500:1532] for sealed in arrived]
    return tables.pages_with(tables.decrypted_pages(made.file(), made.keys.mailbox), parts)


@pytest.mark.parametrize("there_were_others", [False, True])
def test_over_several_batches_the_order_of_pages_falls_to_chance(
    made: Installation, mailbox: Database, *, there_were_others: bool
) -> None:
    arriving(made, mailbox, 100 * there_were_others)
    with mailbox.writing():  # their pages are free, and are filled first
        mailbox.run("DELETE FROM messages")
        mailbox.run("DELETE FROM cases")
    arrived = arriving(made, mailbox, 600)
    assert abs(tables.rank_correlation(pages(made, mailbox, arrived))) > (0.4 if there_were_others else 0.99)
    before = rows(mailbox)
    rewriting.rewrite_recent_rows(mailbox, TODAY)
    assert rows(mailbox) == before
    assert abs(tables.rank_correlation(pages(made, mailbox, arrived))) < 0.2, "five times what chance leaves"


def test_what_is_older_than_yesterday_is_left_alone(made: Installation, mailbox: Database) -> None:
    old = arriving(made, mailbox, 20, TODAY - 2)
    new = arriving(made, mailbox, 20, TODAY - 1) + arriving(made, mailbox, 20)
    before = pages(made, mailbox, old), pages(made, mailbox, new)
    rewriting.rewrite_recent_rows(mailbox, TODAY)
    assert pages(made, mailbox, old) == before[0]
    assert sum(one != other for one, other in zip(pages(made, mailbox, new), before[1], strict=True)) > 30


def test_no_transaction_has_more_rows_than_it_may_and_a_long_case_comes_in_parts(
    made: Installation, mailbox: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewriting, "ROWS", 10)
    for number in range(30):
        row = key_row(made.circle_id)
        messages = tuple(message(row.id, each) for each in range(number % 13))
        made.add_case(mailbox, row=row, messages=messages)
    before, sizes, put_anew = rows(mailbox), list[int](), rewriting._put_anew

    def counted(db: Database, places: list[rewriting._Place]) -> None:
        sizes.append(len(places))
        put_anew(db, places)

    monkeypatch.setattr(rewriting, "_put_anew", counted)
    rewriting.rewrite_recent_rows(mailbox, TODAY)
    assert rows(mailbox) == before
    assert max(sizes) == 10
    long = sum(len(before["messages"]) and number % 13 + 1 > 10 for number in range(30))
    assert sum(sizes) == len(before["cases"]) + len(before["messages"]) - long, "all but the rows of the long cases"


@pytest.mark.parametrize(
    "statement", ["DELETE FROM messages", "DELETE FROM cases", "INSERT INTO cases", "INSERT INTO mess"]
)
def test_what_is_cut_off_loses_nothing(
    made: Installation, mailbox: Database, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    for _ in range(20):
        write(mailbox, made.add_case(mailbox).row.id)
    before, run, left = rows(mailbox), Database.run, 10

    def cut(db: Database, sql: str, params: tuple[bytes, ...] = ()) -> int:
        nonlocal left
        left -= sql.startswith(statement)
        if not left:
            raise KeyboardInterrupt
        return run(db, sql, params)

    with monkeypatch.context() as patch:
        patch.setattr(Database, "run", cut)
        with pytest.raises(KeyboardInterrupt):
            rewriting.rewrite_recent_rows(mailbox, TODAY)
    assert rows(mailbox) == before
    rewriting.rewrite_recent_rows(mailbox, TODAY)
    assert rows(mailbox) == before


def test_a_case_erased_meanwhile_stays_away(
    made: Installation, mailbox: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, stays = (made.add_case(mailbox).row for _ in range(2))
    put_anew = rewriting._put_anew

    def after_erasing(db: Database, places: list[rewriting._Place]) -> None:
        lifetime.delete_case(db, gone.id)
        put_anew(db, places)

    monkeypatch.setattr(rewriting, "_put_anew", after_erasing)
    rewriting.rewrite_recent_rows(mailbox, TODAY)
    assert mailbox.rows("SELECT id FROM cases") == [(stays.id,)]
    assert mailbox.rows("SELECT case_id FROM messages") == [(stays.id,)]


@pytest.mark.parametrize(
    "planted",
    ["messages SET number = 4294967295", "messages SET sealed = x'00'", "messages SET turn = 'words'",
     "messages SET author = CAST(x'ff' AS TEXT)", "cases SET state = 'planted'", "cases SET codes = x''",
     "cases SET box = 'words'"],
)  # fmt: skip
def test_what_is_planted_past_a_check_stays_with_its_case_and_stops_nothing(
    made: Installation, mailbox: Database, planted: str
) -> None:
    victim = made.add_case(mailbox).row.id
    arrived = arriving(made, mailbox, 100)
    with made.hostile_past_strict() as link:
        link.execute(f"UPDATE {planted} WHERE {'id' if planted.startswith('cases') else 'case_id'} = ?", (victim,))
    before, lay = rows(mailbox), pages(made, mailbox, arrived)
    rewriting.rewrite_recent_rows(mailbox, TODAY)
    assert rows(mailbox) == before
    moved = sum(one != other for one, other in zip(pages(made, mailbox, arrived), lay, strict=True))
    assert moved > 50


def test_an_empty_mailbox_is_rewritten_too(mailbox: Database) -> None:
    rewriting.rewrite_recent_rows(mailbox, TODAY)
    assert mailbox.row("SELECT 1 FROM cases WHERE id = ?", (some_id(),)) is None
