"""P07: what was taken back is gone, from the tables, from the file, from the log and from what is shown."""

import pytest

from onion_app.errors import AlreadyWithdrawn, CheckpointBusy, NothingHere
from onion_app.vault import statefiles, truth
from onion_app.vault.database import Database
from onion_app.vault.desk import audit, entries, known_keys, taken
from onion_app.vault.mailbox import case_keys, lifetime, messages
from onion_app.vault.mailbox.records import AUTHOR, Case
from onion_app.vault.shown import reading, writing
from tests import tables
from tests.vault.made import TODAY, Installation, draft, queued, sealing, some_id, story, write


def everything(made: Installation, kind: str = "mailbox") -> list[object]:
    key = made.mailbox_key if kind == "mailbox" else made.desk_key
    rows = tables.dump(made.folder / kind / f"{kind}.db", key).values()
    return [value for table in rows for row in table for value in row]


def test_an_erased_case_is_in_no_table_and_not_in_the_log(
    made: Installation, mailbox: Database, desk: Database
) -> None:
    new = made.add_case(mailbox)
    sealed = b"sealed blob of a second message"
    write(mailbox, lifetime.read_case(mailbox, new.id), seal=sealing(sealed))
    story_id = story(mailbox, desk, case_id=new.id)
    published = reading.published_counter(mailbox)

    lifetime.erase_case(mailbox, new.id, TODAY, story_id)

    left = everything(made)
    gone = [message.sealed for message in new.messages] + [held.wrap for held in new.wraps] + [sealed + b"\2"]
    assert not [value for value in left if value in (*gone, new.lookup_tag, new.author_key, "A title in en", "A body")]
    assert mailbox.rows("SELECT id, day FROM withdrawn ORDER BY id") == sorted([(new.id, TODAY), (story_id, TODAY)])
    assert reading.published_counter(mailbox) == published + 1
    assert made.log() == 0
    with pytest.raises(NothingHere):
        lifetime.find_by_tag(mailbox, new.lookup_tag or b"")


def test_the_decrypted_file_holds_no_byte_of_an_erased_case(made: Installation, mailbox: Database) -> None:
    file, new = made.mailbox_folder / "mailbox.db", made.add_case(mailbox)
    mailbox.checkpoint()
    parts = [new.messages[0].sealed[100:200], new.messages[0].sealed[-200:-100], *(held.wrap for held in new.wraps)]
    found = tables.decrypted_pages(file, made.mailbox_key)
    assert all(part in found for part in parts), "while the case exists this reading finds it"
    lifetime.erase_case(mailbox, new.id, TODAY)
    assert made.log() == 0
    found = tables.decrypted_pages(file, made.mailbox_key)
    for part in (new.messages[0].sealed, *parts, new.lookup_tag or b""):
        assert not [at for at in range(0, len(part) - 15, 8) if part[at : at + 16] in found]


def test_erasing_twice_and_erasing_what_never_was_do_no_harm(mailbox: Database, case: Case) -> None:
    lifetime.erase_case(mailbox, case.id, TODAY)
    lifetime.erase_case(mailbox, case.id, TODAY + 1)
    lifetime.erase_case(mailbox, some_id(), TODAY)
    assert mailbox.rows("SELECT day FROM withdrawn WHERE id = ?", (case.id,)) == [(TODAY,)]


def test_other_cases_and_stories_stay(made: Installation, mailbox: Database, desk: Database, case: Case) -> None:
    other = made.add_case(mailbox)
    stays = story(mailbox, desk, case_id=other.id)
    lifetime.erase_case(mailbox, case.id, TODAY, story(mailbox, desk, case_id=case.id))
    assert lifetime.find_by_tag(mailbox, other.lookup_tag or b"").id == other.id
    assert len(messages.messages_of(mailbox, other.id)) == 1
    assert len(case_keys.wraps_of(mailbox, other.id, AUTHOR)) == 1
    assert reading.read_text(mailbox, stays)[0].id == stays


def test_erasing_is_all_or_nothing(
    mailbox: Database, desk: Database, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    story_id = story(mailbox, desk, case_id=case.id)

    def power_cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(writing, "raise_published_counter", power_cut)
        with pytest.raises(KeyboardInterrupt):
            lifetime.erase_case(mailbox, case.id, TODAY, story_id)
    assert lifetime.read_case(mailbox, case.id) == case
    assert case_keys.wraps_of(mailbox, case.id, AUTHOR)
    assert reading.read_text(mailbox, story_id)


def test_a_reader_in_the_way_delays_only_the_log(made: Installation, mailbox: Database, case: Case) -> None:
    with made.hostile() as reader:
        mailbox._link.set_busy_timeout(0)  # the reader below never goes away
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM cases").fetchall() == [(1,)]
        lifetime.erase_case(mailbox, case.id, TODAY)
        with pytest.raises(CheckpointBusy):
            mailbox.checkpoint()
        assert mailbox.row("SELECT count(*) FROM case_keys") == (0,)
    mailbox.checkpoint()
    assert made.log() == 0


@pytest.mark.parametrize("known", [True, False])
def test_a_story_goes_with_its_case_from_the_desk_too_and_is_not_published_again(
    mailbox: Database, desk: Database, case: Case, *, known: bool
) -> None:
    story_id = story(mailbox, desk, case_id=case.id)
    lifetime.erase_case(mailbox, case.id, TODAY, story_id if known else None)
    published = reading.published_counter(mailbox)
    if known:
        with pytest.raises(AlreadyWithdrawn):
            writing.publish_text(mailbox, desk, story_id)
    assert truth.repair(mailbox, desk, TODAY) == [], "a listed withdrawal is no finding"
    assert reading.published_counter(mailbox) > published or known
    for db in (mailbox, desk):
        with pytest.raises(NothingHere):
            reading.read_text(db, story_id)
        assert db.row("SELECT count(*) FROM versions") == (0,)


def test_a_draft_and_what_is_queued_go_with_their_case(mailbox: Database, desk: Database, case: Case) -> None:
    draft(desk, case_id=case.id)
    queued(mailbox, desk, case.id)
    lifetime.erase_case(mailbox, case.id, TODAY)
    truth.repair(mailbox, desk, TODAY)
    assert desk.row("SELECT count(*) FROM texts") == (0,)
    assert desk.row("SELECT count(*) FROM versions") == (0,)


def test_the_desk_forgets_what_it_noted_about_an_erased_case(
    made: Installation, mailbox: Database, desk: Database, case: Case
) -> None:
    other = made.add_case(mailbox)
    for case_id in (case.id, other.id):
        made.entry(desk, case_id)
        entries.record_reply(desk, some_id(), case_id, b"sealed")
        taken.take_case(desk, case_id, made.moderator_id, TODAY)
        known_keys.remember_keys(desk, case_id, [known_keys.KnownKey(1, bytes(32), bytes(16))])
    only_read = some_id()  # a case of which nothing is noted but its key
    known_keys.remember_keys(desk, only_read, [known_keys.KnownKey(1, bytes(32), bytes(16))])
    taken.step_out(desk, case.id, made.moderator_id)
    audit.add_to_audit(desk, made.moderator_id, "opened a case", TODAY, made.circle_id, bytes(32))

    lifetime.erase_case(mailbox, case.id, TODAY)
    truth.repair(mailbox, desk, TODAY)

    assert not {case.id, only_read} & set(everything(made, "desk"))
    assert list(known_keys.known_keys(desk, other.id)) == [1]
    assert made.log("desk") == 0
    assert len(entries.entries_of(desk, other.id)) == 1
    assert len(entries.replies_of(desk, other.id)) == 1
    assert taken.taken_cases(desk, made.moderator_id) == [other.id]
    assert len(audit.audit_of(desk, None, 0)) == 1


def test_room_that_was_half_set_aside_is_set_aside_again(made: Installation, mailbox: Database) -> None:
    kept_free = made.mailbox_folder / "reserve"
    kept_free.touch()  # a power cut comes between the name and the room
    for _ in range(2):
        statefiles.keep_reserve(mailbox.folder)
        assert kept_free.stat().st_blocks * 512 >= statefiles.RESERVE_BYTES
