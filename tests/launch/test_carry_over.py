"""What a restore must not forget: what was taken back, who is out, which codes and doors are old. And nothing else."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from onion_app.choices import EntryKind
from onion_app.crypto.casekeys import mark_of
from onion_app.crypto.keyslots import change_slot, open_slots
from onion_app.crypto.machine_keys import new_machine_key
from onion_app.crypto.onion_key import new_onion_key
from onion_app.crypto.passphrases import new_passphrase
from onion_app.days import DAY
from onion_app.errors import NotConfirmed, WrongPassphrase
from onion_app.launch import backup_restore
from onion_app.launch.carry_over import CarriedOver
from onion_app.launch.clock import LONGEST_SLEEP
from onion_app.launch.state import State
from onion_app.manage import backups
from onion_app.vault import forgetting, settings, statefiles
from onion_app.vault.connection import KINDS, DatabaseKind
from onion_app.vault.desk import (
    case_records,
    circles,
    entries,
    membership,
    moderators,
    notebook,
    notice,
    quotations,
    tables,
)
from onion_app.vault.desk.case_records import Met, Read
from onion_app.vault.desk.notebook import NotebookRow
from onion_app.vault.mailbox import lifetime, records, withdrawals
from onion_app.vault.settings import FarDesk
from onion_app.vault.shown import routing
from tests import hostile
from tests.launch.conftest import Installation, contents
from tests.launch.keeping import TODAY, Kept, noon, store_case
from tests.launch.manage import manage, with_secret
from tests.tables import past_checks
from tests.vault.made import founded, grant, proofs_of, put_out, put_out_of, some_id, some_key, words
from tests.world import World, publish


def cases_in(world: World) -> set[bytes]:
    return {row[0] for row in world.mailbox.rows("SELECT id FROM cases") if isinstance(row[0], bytes)}


@pytest.fixture(scope="module")
def installation(opened_at_once: Installation) -> Installation:
    return opened_at_once


@pytest.fixture
def rows(kept: Kept) -> list[records.KeyRow]:
    """Have ten cases in the state."""
    with kept.opened() as world:
        return [kept.row, *(store_case(world, TODAY) for _ in range(9))]


@pytest.fixture
def backup(kept: Kept, rows: list[records.KeyRow], tmp_path: Path) -> Path:
    """Have a backup with these cases in it."""
    assert len(rows) == 10
    return kept.save(tmp_path / "backup")


@pytest.mark.parametrize("where", ["mailbox", "shown"])
def test_exactly_the_cases_go_again_whose_authors_took_them_back(
    kept: Kept, rows: list[records.KeyRow], backup: Path, where: str
) -> None:
    back = rows[:3]
    with kept.opened() as world:
        for row in back:
            lifetime.erase_case(world.mailbox, row.id, proofs_of(row))
        if where == "shown":
            with world.mailbox.writing():
                assert len(withdrawals.bring_proofs(world.mailbox, world.shown)) == 6
    assert kept.restore(backup, kept.place.path, replace=True).withdrawn == 3
    with kept.opened() as world:
        assert cases_in(world) == {row.id for row in rows[3:]}


def test_a_machine_that_was_removed_since_stays_out_and_one_that_was_added_stays_in(
    kept: Kept, rows: list[records.KeyRow], tmp_path: Path
) -> None:
    lost, here, later = (new_machine_key().public for _ in range(3))
    before = FarDesk(new_onion_key(), {"lost": lost, "here": here})
    with kept.opened() as world:
        settings.change_far_desk(world.desk, before)
    backup = kept.save(tmp_path / "backup")
    now = FarDesk(new_onion_key(), {"here": here, "later": later})
    with kept.opened() as world:
        settings.change_far_desk(world.desk, now)
    kept.restore(backup, kept.place.path, replace=True)
    with kept.opened() as world:
        assert settings.read_far_desk(world.desk) == now
    kept.restore(backup, tmp_path / "elsewhere")  # where nothing newer is known
    with kept.opened(State(tmp_path / "elsewhere")) as world:
        assert settings.read_far_desk(world.desk) == before
    assert rows


def test_what_was_moved_aside_is_numbered_on_though_the_operator_has_removed_the_first(
    kept: Kept, rows: list[records.KeyRow], backup: Path
) -> None:
    for number in (2, 10):
        (kept.place.path / f"replaced-{number}").mkdir()
    assert [each.path.name for each in backup_restore.asides(kept.place)] == ["replaced-2", "replaced-10"]
    with kept.opened() as world:
        lifetime.erase_case(world.mailbox, rows[0].id, proofs_of(rows[0]))
    assert kept.restore(backup, kept.place.path, replace=True).withdrawn == 1
    assert (kept.place.path / "replaced-11").is_dir()


def test_a_hostile_list_of_marks_ids_and_random_bytes_deletes_nothing(
    kept: Kept, rows: list[records.KeyRow], backup: Path
) -> None:
    with kept.opened() as world:
        planted = [value for row in rows for value in (row.mark, row.id * 2, row.home * 2, row.tag or b"", some_key())]
        planted += [mark_of(row.mark) for row in rows] + [key for row in rows for key in row.codes]
        with world.mailbox.writing():
            withdrawals.add_proofs(world.mailbox, planted)
        # and rows of others' under a mark whose proof somebody has made: their id does not follow from it
        with world.mailbox.writing():
            world.mailbox.run("UPDATE cases SET mark = ? WHERE id = ?", (mark_of(planted[0]), rows[0].id))
    assert kept.restore(backup, kept.place.path, replace=True).withdrawn == 0
    with kept.opened() as world:
        assert cases_in(world) == {row.id for row in rows}


def test_a_row_under_a_mark_that_somebody_has_proved_stays_where_its_id_does_not_follow(
    kept: Kept, rows: list[records.KeyRow], tmp_path: Path
) -> None:
    proof = some_key()
    with kept.opened() as world, world.mailbox.writing():
        world.mailbox.run("UPDATE cases SET mark = ? WHERE id = ?", (mark_of(proof), rows[0].id))
    file = kept.save(tmp_path / "later")
    with kept.opened() as world, world.mailbox.writing():
        withdrawals.add_proofs(world.mailbox, [proof])
    assert kept.restore(file, kept.place.path, replace=True).withdrawn == 0


def test_what_retention_destroyed_or_somebody_deleted_comes_back(
    kept: Kept, rows: list[records.KeyRow], backup: Path
) -> None:
    with kept.opened() as world:
        note_reading(world, rows[0].id)
        note_reading(world, rows[1].id)
        settings.change_setting(world.shown, "retention_days", 30)
        assert forgetting.destroy_due(world.mailbox, world.shown, world.desk, TODAY + 60) == 10
        assert case_records.gone_cases(world.desk) == {rows[0].id, rows[1].id}
    assert kept.restore(backup, kept.place.path, replace=True).withdrawn == 0
    with kept.opened() as world:
        assert cases_in(world) == {row.id for row in rows}
        assert settings.read_settings(world.shown).retention_days == 180
        assert case_records.gone_cases(world.desk) == set()


def note_reading(world: World, case_id: bytes, number: int = 1) -> Read:
    read = Read(number, some_key(), 0, 1, 1)
    with world.desk.writing():
        case_records.put_read(world.desk, case_id, read)
    return read


def test_a_story_goes_again_by_its_authors_proof_and_by_nothing_else(
    kept: Kept, rows: list[records.KeyRow], tmp_path: Path
) -> None:
    marks = [mark_of(proofs_of(row)[1]) for row in rows[:2]]
    with kept.opened() as world:
        told = [words(some_id(), state="public", year=2026) for _ in marks]
        for row, mark, version in zip(rows, marks, told, strict=False):
            publish(world.shown, world.desk, [version], case=row.id, mark=mark)
    file = kept.save(tmp_path / "with stories")
    with kept.opened() as world, world.mailbox.writing():
        withdrawals.add_proofs(world.mailbox, [proofs_of(rows[0])[1], marks[1]])
    kept.restore(file, kept.place.path, replace=True)
    with kept.opened() as world:
        for db in (world.shown, world.desk):
            ours = (told[0].text_id, told[1].text_id)
            left = "SELECT DISTINCT text_id FROM versions WHERE text_id IN (?, ?)"
            assert db.rows(left, ours) == [(told[1].text_id,)]


def test_closed_doors_and_longer_lists_are_carried_over_and_reading_is_the_backups(
    kept: Kept, rows: list[records.KeyRow], tmp_path: Path
) -> None:
    closed, changed, longer_there, later = rows[0].id, rows[1].id, rows[2].id, some_id()
    with kept.opened() as world:
        before = note_reading(world, changed, 1)
        with world.desk.writing():
            case_records.put_met(world.desk, longer_there, of_backup := Met(5, some_key()))
    file = kept.save(tmp_path / "with notes")
    with kept.opened() as world:
        note_reading(world, changed, 7)
        with world.desk.writing():
            case_records.close_door(world.desk, closed, TODAY - 3)
            case_records.close_door(world.desk, later, TODAY - 3)
            world.desk.run("DELETE FROM closing WHERE case_id = ?", (closed,))
            case_records.put_met(world.desk, changed, met := Met(2, some_key()))
            case_records.put_met(world.desk, longer_there, Met(4, some_key()))
    carried = kept.restore(file, kept.place.path, replace=True)
    assert carried.has_desk
    with kept.opened() as world:
        assert (routing.door_of(world.shown, closed), routing.door_of(world.desk, later)) == ("closed", None)
        forgetting.end_boxes(world.mailbox, world.desk, TODAY)
        assert world.mailbox.row("SELECT box FROM cases WHERE id = ?", (closed,)) == (None,)
        assert case_records.read_met(world.desk, changed) == met
        assert case_records.read_met(world.desk, longer_there) == of_backup
        assert case_records.read_read(world.desk, changed) == before


def published(world: World) -> tuple[list[tables.Table], set[bytes]]:
    circle_id = circles.circles(world.desk)[0].id
    return tables.tables_of(world.desk, circle_id), tables.counted(world.desk)


def test_tables_of_numbers_are_carried_over_with_their_cases_and_no_period_is_tried_again(
    kept: Kept, tmp_path: Path
) -> None:
    with kept.opened() as world:
        circle_id = circles.circles(world.desk)[0].id
        first = tables.Table(some_id(), circle_id, TODAY - 200, TODAY - 100, tables.pack(tables.Numbers(20, {})))
        with world.desk.writing():
            tables.add_table(world.desk, first, [some_key()])
    file = kept.save(tmp_path / "with a table")
    with kept.opened() as world:
        tried = tables.Table(some_id(), circle_id, TODAY - 99, TODAY - 10, None)
        made = tables.Table(some_id(), some_id(), TODAY - 99, TODAY - 10, tables.pack(tables.Numbers(25, {})))
        with world.desk.writing():
            tables.add_table(world.desk, tried, [])
            tables.add_table(world.desk, made, [some_key(), some_key()])
        before, all_before = published(world), tables.all_tables(world.desk)
    assert len(before[1]) == 3
    kept.restore(file, kept.place.path, replace=True)
    with kept.opened() as world:
        assert published(world) == before
        assert tables.all_tables(world.desk) == all_before
        assert tables.last_try(world.desk, circle_id) == tried.last_day


def test_a_table_that_is_damaged_keeps_none_of_the_others_back(kept: Kept, tmp_path: Path) -> None:
    file = kept.save(tmp_path / "without")
    with kept.opened() as world:
        circle_id = circles.circles(world.desk)[0].id
        good = tables.Table(some_id(), circle_id, TODAY - 99, TODAY - 10, tables.pack(tables.Numbers(25, {})))
        with world.desk.writing():
            tables.add_table(world.desk, good, [mark := some_key()])
            world.desk.run(
                "INSERT INTO tables (id, circle_id, first_day, last_day, numbers) VALUES (?, ?, -5, -4, NULL)",
                (some_id(), circle_id),
            )
        with past_checks(world.desk.folder / "desk.db", world.keys.desk) as link:
            link.execute("INSERT INTO counted (mark) VALUES (x'00')")
            link.execute(
                "INSERT INTO tables (id, circle_id, first_day, last_day, numbers) VALUES (?, ?, 9, 7, NULL)",
                (some_id(), some_id()),
            )
    kept.restore(file, kept.place.path, replace=True)
    with kept.opened() as world:
        assert published(world) == ([good], {mark})


def let_in(world: World, circle_id: bytes, who: moderators.Moderator) -> None:
    """Give somebody who is at work in another circle this one's present key."""
    generation = circles.read_circle(world.desk, circle_id).generation
    assert generation
    with world.desk.writing():
        membership._store(world.desk, [grant(circle_id, generation, who.id, some_key())])


def test_who_was_shut_out_since_stays_out_and_has_no_part_in_the_next_key(kept: Kept, tmp_path: Path) -> None:
    with kept.opened() as world:
        _, ana = founded(world.desk, "ana")
        one, ben = founded(world.desk, "ben")
        two, cem = founded(world.desk, "cem")
        for who in (ana, cem):
            let_in(world, one.id, who)
        let_in(world, two.id, ben)
        world.follow()
        old = circles.public_keys(world.desk, one.id)
    file = kept.save(tmp_path / "with people")
    with kept.opened() as world:
        put_out(world.desk, ana.id)
        put_out_of(world.desk, ben.id, one.id)
        founded(world.desk, "dan")  # a circle of which the backup knows nothing
    carried = kept.restore(file, kept.place.path, replace=True)
    assert sorted(carried.shut_out) == ["ana", "ben"]
    with kept.opened() as world:
        assert {who.handle for who in circles.members_of(world.desk, one.id)} == {"cem"}
        assert {who.handle for who in circles.members_of(world.desk, two.id)} == {"ben", "cem"}
        assert moderators.read_moderator(world.desk, ana.id).state == "out"
        assert moderators.read_moderator(world.desk, ben.id).state == "active"
        assert not world.desk.rows("SELECT 1 FROM circle_grants WHERE moderator_id = ?", (ana.id,))
        present = routing.circle_key(world.shown, one.id)
        assert present.generation > max(old)
        assert present.public_key not in old.values()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("where", ["in the backup", "in the state that it replaces"])
def test_whatever_rows_somebody_has_planted_the_rest_is_carried_over(
    kept: Kept, rows: list[records.KeyRow], tmp_path: Path, where: str, kind: DatabaseKind
) -> None:
    with kept.opened() as world:
        circle, cem = founded(world.desk, "cem")
        _, ana = founded(world.desk, "ana")
        let_in(world, circle.id, ana)
        if where == "in the backup":
            assert hostile.plant_everywhere(world, kind) > 50
        ours = {row.id for row in rows}
    file = kept.save(tmp_path / "hostile")
    with kept.opened() as world:
        lifetime.erase_case(world.mailbox, rows[0].id, proofs_of(rows[0]))
        put_out(world.desk, ana.id)
        if where != "in the backup":
            hostile.plant_everywhere(world, kind)
    assert "ana" in kept.restore(file, kept.place.path, replace=True).shut_out
    with kept.opened() as world:
        assert ours - cases_in(world) == {rows[0].id}
        assert cem.id in {who.id for who in circles.members_of(world.desk, circle.id)}
        assert ana.id not in {who.id for who in circles.members_of(world.desk, circle.id)}


def test_a_desk_that_is_older_than_the_backup_shuts_nobody_out(kept: Kept, tmp_path: Path) -> None:
    with kept.opened() as world:
        shared, _ = founded(world.desk, "ana")
        _, ben = founded(world.desk, "ben")
        world.follow()
    older = State(tmp_path / "older")
    kept.restore(kept.save(tmp_path / "without ben"), older.path)
    statefiles.write_backup_day(older.path, TODAY - 1)
    with kept.opened() as world:
        let_in(world, shared.id, ben)
    carried = kept.restore(kept.save(tmp_path / "with ben"), older.path, replace=True)
    assert (carried.shut_out, carried.has_desk) == ((), False)
    with kept.opened(older) as world:
        assert {who.handle for who in circles.members_of(world.desk, shared.id)} == {"ana", "ben"}


def test_the_day_of_the_backup_is_told_and_an_earlier_one_is_never_called_off(kept: Kept, tmp_path: Path) -> None:
    for told, day in ((None, TODAY), (TODAY - 9, TODAY - 9)):
        with kept.opened() as world:
            world.put(restored=told)
        kept.restore(kept.save(tmp_path / f"told {told}"), kept.place.path, replace=True)
        with kept.opened() as world:
            assert settings.read_settings(world.shown).restored == day


@pytest.mark.parametrize("is_lost", [False, True])
def test_an_old_passphrase_comes_back_with_an_old_backup_only_where_the_newer_keys_are_taken_away(
    kept: Kept, backup: Path, *, is_lost: bool
) -> None:
    new, place = new_passphrase(), kept.place.path
    statefiles.write_keyslots(place, change_slot(statefiles.read_keyslots(place), kept.keys, "passphrase", new))
    if is_lost:
        (kept.place.mailbox / "mailbox.db").unlink()
    done = with_secret(place, kept.passphrase, "restore", str(backup), "--replace")
    assert "spare code of the newer state" in done.said
    assert (f"taken back in {place} cannot be read" in done.said) == is_lost
    slots = statefiles.read_keyslots(place)
    assert open_slots(slots, new) == kept.keys
    with pytest.raises(WrongPassphrase):
        open_slots(slots, kept.passphrase)
    for folder in (place, *place.glob("replaced-*")):
        (folder / "vault.key").unlink()
    assert "spare code of the backup" in with_secret(place, kept.passphrase, "restore", str(backup), "--replace").said
    assert open_slots(statefiles.read_keyslots(place), kept.passphrase) == kept.keys


@pytest.mark.parametrize("moved", [0, 1, 2, 3])
def test_a_restore_that_was_cut_off_while_it_moved_the_old_state_aside_forgets_nothing(
    kept: Kept, rows: list[records.KeyRow], backup: Path, monkeypatch: pytest.MonkeyPatch, moved: int
) -> None:
    new, place, rename, done = new_passphrase(), kept.place.path, Path.rename, list[Path]()
    statefiles.write_keyslots(place, change_slot(statefiles.read_keyslots(place), kept.keys, "passphrase", new))
    with kept.opened() as world:
        with world.desk.writing():
            case_records.close_door(world.desk, rows[1].id, TODAY)
            settings.put_setting(world.desk, "seen_day", TODAY)
        lifetime.erase_case(world.mailbox, rows[0].id, proofs_of(rows[0]))

    def cut(here: Path, there: Path) -> Path:
        if there.parent.name.startswith("replaced-"):
            done.append(here)
            if len(done) > moved:
                raise KeyboardInterrupt
        return rename(here, there)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", cut)
        patched.setattr(backup_restore, "_move_in", cut_off)
        with pytest.raises(KeyboardInterrupt):
            kept.restore(backup, place, replace=True)
    carried = kept.restore(backup, place, replace=True)
    assert (carried.withdrawn, carried.has_desk) == (1, True)
    with kept.opened() as world:
        assert routing.door_of(world.shown, rows[1].id) == "closed"
    assert open_slots(statefiles.read_keyslots(place), new) == kept.keys


def cut_off(*_: object) -> None:
    raise KeyboardInterrupt


def test_the_number_is_shown_before_anything_is_done(kept: Kept, backup: Path) -> None:
    kept.take_back()
    before, seen = contents(kept.place.path), list[CarriedOver]()

    def refuse(carried: CarriedOver) -> None:
        seen.append(carried)
        raise NotConfirmed

    with pytest.raises(NotConfirmed):
        kept.restore(backup, kept.place.path, replace=True, agree=refuse)
    assert [carried.withdrawn for carried in seen] == [1]
    after = contents(kept.place.path)
    assert {name for name in before if before[name] != after.get(name)} == set()
    assert not list(kept.place.path.glob("restor*"))


@pytest.mark.parametrize("age", [LONGEST_SLEEP, LONGEST_SLEEP + 1])
def test_the_operator_reads_what_is_done_and_that_the_clock_will_be_doubted(
    kept: Kept, backup: Path, monkeypatch: pytest.MonkeyPatch, age: int
) -> None:
    kept.take_back()
    monkeypatch.setattr(backups, "time", SimpleNamespace(time=lambda: noon() + age * DAY))
    done = with_secret(kept.place.path, kept.passphrase, "restore", str(backup), "--replace")
    assert done.error is None
    assert "gone again: 1 cases" in done.said
    assert "may be here again" in done.said
    assert "no newer desk" not in done.said
    assert (" clock\n" in done.said) is (age > LONGEST_SLEEP)
    away = with_secret(kept.place.path.with_name("away"), kept.passphrase, "restore", str(backup))
    assert "no newer desk" in away.said
    assert type(manage(kept.place.path, "restore", str(backup), "--replace", typed="x\n").error) is not None


def test_what_was_taken_out_of_a_notebook_since_stays_out_and_what_was_only_lost_comes_back(
    kept: Kept, tmp_path: Path
) -> None:
    with kept.opened() as world:
        circle_id = circles.circles(world.desk)[0].id
        stays, taken_away, lost, message = (NotebookRow(some_id(), circle_id, 1, bytes(8233)) for _ in range(4))
        with world.desk.writing():
            for row in (stays, taken_away, lost):
                notebook.put_row(world.desk, row)
            notebook.put_row(world.desk, message, last_day=TODAY + 3)
    file = kept.save(tmp_path / "with-notebook")
    with kept.opened() as world, world.desk.writing():
        notebook.take_away(world.desk, taken_away.id, TODAY)
        world.desk.run("DELETE FROM notebook WHERE id = ?", (lost.id,))
    kept.restore(file, kept.place.path, replace=True)
    with kept.opened() as world:
        there = {row.id for row in notebook.rows_of(world.desk, circle_id)}
        assert there == {stays.id, lost.id, message.id}
        notebook.forget_faded(world.desk, TODAY + 3)
        assert len(notebook.rows_of(world.desk, circle_id)) == 3
        notebook.forget_faded(world.desk, TODAY + 4)
        assert {row.id for row in notebook.rows_of(world.desk, circle_id)} == {stays.id, lost.id}


def test_a_notice_out_of_a_backup_warns_nobody(kept: Kept, tmp_path: Path) -> None:
    with kept.opened() as world, world.desk.writing():
        notice.put_notice(world.desk, {"en": "Searches today."}, TODAY, TODAY + 2)
    file = kept.save(tmp_path / "with-notice")
    kept.restore(file, kept.place.path, replace=True)
    with kept.opened() as world:
        assert notice.standing(world.desk, TODAY) == []
        assert not world.shown.rows("SELECT 1 FROM notices")


def test_words_chosen_before_a_backup_are_chosen_anew_and_the_months_of_what_was_given_stay(
    kept: Kept, tmp_path: Path
) -> None:
    given = quotations.Given(TODAY, "un")
    with kept.opened() as world:
        circle, member = founded(world.desk, "Words")
        facts = (None, circle.id, 1, member.id, TODAY, b"")
        kinds: tuple[EntryKind, ...] = ("note", "quotation")
        for kind in kinds:
            entry = entries.Entry(some_id(), kept.case, kind, 0, *facts)
            entries.add_entry(world.desk, entry, lambda _place: bytes(2089))
    file = kept.save(tmp_path / "with-words")
    with kept.opened() as world, world.desk.writing():
        quotations.note_given(world.desk, given)
    kept.restore(file, kept.place.path, replace=True)
    with kept.opened() as world:
        assert [each.kind for each in entries.entries_of(world.desk, kept.case)] == ["note"]
        assert quotations.all_given(world.desk) == [given]
