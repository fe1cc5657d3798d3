"""P07: what was taken back is gone, from the tables, from the file and from the log, and its author's proofs stay."""

import pytest

from onion_app.crypto.casekeys import mark_of
from onion_app.errors import CheckpointBusy, NothingHere
from onion_app.vault import statefiles
from onion_app.vault.database import Database
from onion_app.vault.mailbox import case_keys, lifetime, messages, withdrawals
from onion_app.vault.mailbox.records import Case
from tests import tables
from tests.vault.made import Installation, proofs_of, prove, some_id, some_key, write


def everything(made: Installation) -> list[object]:
    rows = tables.dump(made.file("mailbox"), made.keys.mailbox).values()
    return [value for table in rows for row in table for value in row]


def test_an_erased_case_is_in_no_table_and_not_in_the_log(made: Installation, mailbox: Database) -> None:
    new = made.add_case(mailbox)
    row, more = new.row, write(mailbox, new.row.id)
    counter = withdrawals.counter(mailbox)

    lifetime.erase_case(mailbox, row.id, proofs_of(row))

    left = set(everything(made))
    gone = {row.id, row.home, row.mark, row.packed_codes, row.tag, row.box, row.stop}
    gone |= {part for message in (*new.messages, more) for part in (message.id, message.sealed)}
    assert not gone & left
    assert sorted(withdrawals.proofs_in(mailbox)) == sorted(proofs_of(row))
    assert withdrawals.counter(mailbox) != counter, "pages that are kept ready go"
    assert made.log() == 0
    with pytest.raises(NothingHere):
        case_keys.find_case(mailbox, "tag", row.tag or b"")


def test_the_decrypted_file_holds_no_byte_of_an_erased_case(made: Installation, mailbox: Database) -> None:
    new = made.add_case(mailbox)
    mailbox.checkpoint()
    sealed, row = new.messages[0].sealed, new.row
    parts = [sealed[100:200], sealed[-200:-100], row.packed_codes, row.box or b"", row.stop or b"", row.tag or b""]
    found = b"".join(tables.decrypted_pages(made.file(), made.keys.mailbox))
    assert all(part in found for part in parts), "while the case exists this reading finds it"
    lifetime.erase_case(mailbox, row.id, [])
    assert made.log() == 0
    found = b"".join(tables.decrypted_pages(made.file(), made.keys.mailbox))
    for part in (sealed, *parts):
        assert not [at for at in range(0, len(part) - 15, 8) if part[at : at + 16] in found]


def test_erasing_twice_and_erasing_what_never_was_do_no_harm(mailbox: Database, case: Case) -> None:
    proofs = [some_key(), some_key()]
    for _ in range(2):
        lifetime.erase_case(mailbox, case.id, proofs)
    lifetime.erase_case(mailbox, some_id(), [])
    assert sorted(withdrawals.proofs_in(mailbox)) == sorted(proofs)


def test_erasing_is_all_or_nothing(mailbox: Database, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    def power_cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(lifetime, "delete_case", power_cut)
        with pytest.raises(KeyboardInterrupt):
            lifetime.erase_case(mailbox, case.id, [some_key()])
    assert lifetime.read_case(mailbox, case.id) == case
    assert len(messages.messages_of(mailbox, case.id)) == 1
    assert withdrawals.proofs_in(mailbox) == []


def test_a_reader_in_the_way_delays_only_the_log(made: Installation, mailbox: Database, case: Case) -> None:
    with made.hostile() as reader:
        mailbox._link.set_busy_timeout(0)  # the reader below never goes away
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM cases").fetchall() == [(1,)]
        lifetime.erase_case(mailbox, case.id, [])
        with pytest.raises(CheckpointBusy):
            mailbox.checkpoint()
        assert mailbox.row("SELECT count(*) FROM cases") == (0,)
    mailbox.checkpoint()
    assert made.log() == 0


def test_what_was_proved_is_withdrawn_at_once_and_for_good(mailbox: Database, shown: Database) -> None:
    proofs = [some_key() for _ in range(3)]
    marks, others = {mark_of(proof) for proof in proofs}, {some_key(), None}
    prove(mailbox, *proofs)
    assert withdrawals.withdrawn_among(mailbox, shown, marks | others) == marks
    brought = bring(mailbox, shown)
    assert set(brought) == set(proofs)
    withdrawals.discard_proofs(mailbox, brought)
    assert withdrawals.proofs_in(mailbox) == []
    assert withdrawals.withdrawn_among(mailbox, shown, marks | others) == marks
    assert bring(mailbox, shown) == []
    prove(mailbox, *proofs[:1])  # the same form once more
    bring(mailbox, shown)
    assert shown.row("SELECT count(*) FROM withdrawn") == (3,)


def test_a_mark_an_id_or_words_in_the_place_of_a_proof_withdraw_nothing(
    made: Installation, mailbox: Database, shown: Database
) -> None:
    row = made.add_case(mailbox).row
    planted = [
        row.mark,
        row.id * 2,
        row.tag,
        row.packed_codes,
        some_key(),
        b"short",
        "thirty-two letters, and no proof.",
    ]
    with made.hostile_past_strict() as link:
        link.executemany("INSERT INTO withdrawn (proof) VALUES (?)", [(each,) for each in planted])
    assert withdrawals.withdrawn_among(mailbox, shown, [row.mark]) == set()
    withdrawals.discard_proofs(mailbox, bring(mailbox, shown))
    assert withdrawals.withdrawn_among(mailbox, shown, [row.mark]) == set()
    assert mailbox.row("SELECT count(*) FROM withdrawn") == (0,)


def test_a_flood_of_made_up_proofs_fills_neither_the_memory_nor_what_is_kept_for_good(
    mailbox: Database, shown: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(withdrawals, "MOST", 3)
    prove(mailbox, *(some_key() for _ in range(10)))
    brought = bring(mailbox, shown)
    withdrawals.discard_proofs(mailbox, brought)
    assert (len(brought), withdrawals.proofs_in(mailbox)) == (3, [])
    assert len(withdrawals.proofs_in(shown)) == 3
    prove(mailbox, *(some_key() for _ in range(2)))
    assert bring(mailbox, shown) == withdrawals.proofs_in(mailbox), "and then they count again"


def bring(mailbox: Database, shown: Database) -> list[bytes]:
    with mailbox.writing():
        return withdrawals.bring_proofs(mailbox, shown)


def test_proofs_that_a_cut_left_in_both_files_are_brought_again(mailbox: Database, shown: Database) -> None:
    proof = some_key()
    prove(mailbox, proof)
    assert bring(mailbox, shown) == bring(mailbox, shown) == [proof]
    assert shown.rows("SELECT mark, proof FROM withdrawn") == [(mark_of(proof), proof)]


def test_room_that_was_half_set_aside_is_set_aside_again(made: Installation, mailbox: Database) -> None:
    kept_free = made.mailbox_folder / "reserve"
    kept_free.touch()  # a power cut comes between the name and the room
    for _ in range(2):
        statefiles.keep_reserve(mailbox.folder)
        assert kept_free.stat().st_blocks * 512 >= statefiles.RESERVE_BYTES
