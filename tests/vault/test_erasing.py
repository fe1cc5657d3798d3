"""P07: what was taken back is gone, from the tables, from the file, from the log and from what is shown."""

import subprocess
from collections.abc import Iterator

import pytest

from onion_app.errors import AlreadyWithdrawn, CheckpointBusy, NothingHere
from onion_app.vault import reserve, truth
from onion_app.vault.database import Database
from onion_app.vault.desk import audit, entries, known_keys, taken
from onion_app.vault.mailbox import case_keys, lifetime, messages
from onion_app.vault.mailbox.records import AUTHOR, Case
from onion_app.vault.shown import reading, writing
from onion_app.vault.shown.reading import StoryOrGuide, Version
from tests.vault.made import TODAY, Installation, new_case, sealing, some_id, write


def story(desk: Database, mailbox: Database, case: Case, title: str = "A title") -> bytes:
    text = StoryOrGuide(some_id(), "story", None, 2026, ("violence",))
    writing.draft(desk, text, [Version(text.id, "en", title, "A body", None, None, None)], case.id)
    writing.publish(mailbox, desk, text.id)
    return text.id


def everything(db: Database) -> list[object]:
    tables = [str(row[0]) for row in db.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return [value for table in tables for row in db.rows(f"SELECT * FROM {table}") for value in row]


def test_an_erased_case_is_in_no_table_and_not_in_the_log(
    made: Installation, mailbox: Database, desk: Database
) -> None:
    new = new_case(made.circle_id)
    lifetime.add_case(mailbox, new)
    sealed = b"sealed blob of a second message"
    write(mailbox, lifetime.read_case(mailbox, new.id), seal=sealing(sealed))
    story_id = story(desk, mailbox, lifetime.read_case(mailbox, new.id))
    published = reading.published(mailbox)

    lifetime.erase_case(mailbox, new.id, TODAY, story_id)

    left = everything(mailbox)
    gone = [message.sealed for message in new.messages] + [held.wrap for held in new.wraps] + [sealed + b"\2"]
    assert not [value for value in left if value in (*gone, new.lookup_tag, new.author_key, "A title", "A body")]
    assert mailbox.rows("SELECT id, day FROM withdrawn ORDER BY id") == sorted([(new.id, TODAY), (story_id, TODAY)])
    assert reading.published(mailbox) == published + 1
    assert (made.mailbox_folder / "mailbox.db-wal").stat().st_size == 0
    with pytest.raises(NothingHere):
        lifetime.find_by_tag(mailbox, new.lookup_tag or b"")


def test_the_decrypted_file_holds_no_byte_of_an_erased_case(made: Installation) -> None:
    mailbox = made.mailbox()
    new = new_case(made.circle_id)
    lifetime.add_case(mailbox, new)
    mailbox.checkpoint()
    sealed = new.messages[0].sealed
    found = b"".join(pages(made))
    assert sealed[100:200] in found, "while the case exists this reading finds it"
    assert sealed[-200:-100] in found
    assert new.wraps[0].wrap in found
    lifetime.erase_case(mailbox, new.id, TODAY)
    found = b"".join(pages(made))
    assert not [at for at in range(0, len(sealed), 16) if sealed[at : at + 16] in found]
    for held in new.wraps:
        assert not [at for at in range(0, len(held.wrap) - 16, 8) if held.wrap[at : at + 16] in found]
    assert new.lookup_tag is not None
    assert new.lookup_tag not in found


def pages(made: Installation) -> Iterator[bytes]:
    """Decrypt the mailbox page by page, free pages too: AES-256-CBC, the IV 80 bytes before a page's end."""
    raw = (made.mailbox_folder / "mailbox.db").read_bytes()
    assert (made.mailbox_folder / "mailbox.db-wal").stat().st_size == 0
    for start in range(0, len(raw), 4096):
        page = raw[start : start + 4096]
        body = page[16 if start == 0 else 0 : -80]  # the file begins with its salt
        cipher = ["openssl", "enc", "-d", "-aes-256-cbc", "-nopad", "-K", made.mailbox_key.hex()]
        iv = page[-80:-64].hex()
        yield subprocess.run([*cipher, "-iv", iv], input=body, capture_output=True, check=True).stdout


def test_erasing_twice_and_erasing_what_never_was_do_no_harm(mailbox: Database, case: Case) -> None:
    lifetime.erase_case(mailbox, case.id, TODAY)
    lifetime.erase_case(mailbox, case.id, TODAY + 1)
    lifetime.erase_case(mailbox, some_id(), TODAY)
    assert mailbox.rows("SELECT day FROM withdrawn WHERE id = ?", (case.id,)) == [(TODAY,)]


def test_other_cases_and_stories_stay(made: Installation, mailbox: Database, desk: Database, case: Case) -> None:
    other = new_case(made.circle_id)
    lifetime.add_case(mailbox, other)
    stays = story(desk, mailbox, lifetime.read_case(mailbox, other.id))
    lifetime.erase_case(mailbox, case.id, TODAY, story(desk, mailbox, case))
    assert lifetime.find_by_tag(mailbox, other.lookup_tag or b"").id == other.id
    assert len(messages.messages_of(mailbox, other.id)) == 1
    assert len(case_keys.wraps_of(mailbox, other.id, AUTHOR)) == 1
    assert reading.read(mailbox, stays)[0].id == stays


def test_erasing_is_all_or_nothing(
    mailbox: Database, desk: Database, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    story_id = story(desk, mailbox, case)

    def power_cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(writing, "raise_counter", power_cut)
        with pytest.raises(KeyboardInterrupt):
            lifetime.erase_case(mailbox, case.id, TODAY, story_id)
    assert lifetime.read_case(mailbox, case.id) == case
    assert case_keys.wraps_of(mailbox, case.id, AUTHOR)
    assert reading.read(mailbox, story_id)


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
    assert (made.mailbox_folder / "mailbox.db-wal").stat().st_size == 0


def test_a_withdrawn_story_leaves_the_desk_too_and_is_not_published_again(
    mailbox: Database, desk: Database, case: Case
) -> None:
    story_id = story(desk, mailbox, case)
    lifetime.erase_case(mailbox, case.id, TODAY, story_id)
    with pytest.raises(AlreadyWithdrawn):
        writing.publish(mailbox, desk, story_id)
    assert truth.repair(mailbox, desk, TODAY) == [], "a listed withdrawal is no finding"
    for db in (mailbox, desk):
        with pytest.raises(NothingHere):
            reading.read(db, story_id)
        assert db.row("SELECT count(*) FROM versions") == (0,)


def test_a_story_goes_with_its_case_even_when_the_site_did_not_know_of_it(
    mailbox: Database, desk: Database, case: Case
) -> None:
    story_id = story(desk, mailbox, case)
    lifetime.erase_case(mailbox, case.id, TODAY)
    published = reading.published(mailbox)
    assert truth.repair(mailbox, desk, TODAY) == []
    for db in (mailbox, desk):
        with pytest.raises(NothingHere):
            reading.read(db, story_id)
    assert reading.published(mailbox) > published


def test_a_draft_and_what_is_queued_go_with_their_case(mailbox: Database, desk: Database, case: Case) -> None:
    for state in ("draft", "queued"):
        text = StoryOrGuide(some_id(), "story", None, None, ())
        writing.draft(desk, text, [Version(text.id, "ar", "t", "b", None, None, None)], case.id)
        with desk.writing():
            desk.run("UPDATE texts SET state = ? WHERE id = ?", (state, text.id))
    lifetime.erase_case(mailbox, case.id, TODAY)
    truth.repair(mailbox, desk, TODAY)
    assert desk.row("SELECT count(*) FROM texts") == (0,)
    assert desk.row("SELECT count(*) FROM versions") == (0,)


def test_the_desk_forgets_what_it_noted_about_an_erased_case(
    made: Installation, mailbox: Database, desk: Database, case: Case
) -> None:
    other = new_case(made.circle_id)
    lifetime.add_case(mailbox, other)
    for case_id in (case.id, other.id):
        entries.add_entry(
            desk, some_id(), case_id, kind="note", author=made.moderator_id, day=TODAY, epoch=1, language=None,
            seal=sealing(),
        )  # fmt: skip
        entries.record_reply(desk, some_id(), case_id, b"sealed")
        taken.take(desk, case_id, made.moderator_id, TODAY)
        known_keys.remember(desk, case_id, [known_keys.KnownKey(1, bytes(32), bytes(16))])
    only_read = some_id()  # a case of which nothing is noted but its key
    known_keys.remember(desk, only_read, [known_keys.KnownKey(1, bytes(32), bytes(16))])
    taken.step_out(desk, case.id, made.moderator_id)
    audit.audit(desk, made.moderator_id, "opened a case", TODAY, made.circle_id, bytes(32))

    lifetime.erase_case(mailbox, case.id, TODAY)
    truth.repair(mailbox, desk, TODAY)

    assert not {case.id, only_read} & set(everything(desk))
    assert list(known_keys.known_keys(desk, other.id)) == [1]
    assert (made.desk_folder / "desk.db-wal").stat().st_size == 0
    assert len(entries.entries_of(desk, other.id)) == 1
    assert len(entries.replies_of(desk, other.id)) == 1
    assert taken.taken_cases(desk, made.moderator_id) == [other.id]
    assert len(audit.audit_of(desk, None, 0)) == 1


def test_room_that_was_half_set_aside_is_set_aside_again(made: Installation, mailbox: Database) -> None:
    kept_free = made.mailbox_folder / "reserve"
    kept_free.touch()  # a power cut comes between the name and the room
    for _ in range(2):
        reserve.keep(mailbox)
        assert kept_free.stat().st_blocks * 512 >= reserve.BYTES
