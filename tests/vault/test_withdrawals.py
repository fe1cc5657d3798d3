"""What was taken back stays away from a state that is older than the taking back."""

import pytest

from onion_app.errors import AlreadyWithdrawn, NothingHere
from onion_app.vault import statefiles, withdrawals
from onion_app.vault.database import Database
from onion_app.vault.desk import entries
from onion_app.vault.mailbox import lifetime
from onion_app.vault.mailbox.records import Case
from tests.vault.made import TODAY, Installation, new_case, some_id


def test_a_newer_list_destroys_what_an_older_mailbox_still_has(
    made: Installation, mailbox: Database, desk: Database, case: Case
) -> None:
    kept = made.add_case(mailbox)
    made.entry(desk, case.id)
    assert withdrawals.apply_withdrawals(mailbox, desk, [(case.id, TODAY)], TODAY) == 1
    with pytest.raises(NothingHere):
        lifetime.read_case(mailbox, case.id)
    for table in ("case_keys", "messages"):
        assert mailbox.row(f"SELECT count(*) FROM {table} WHERE case_id = ?", (case.id,)) == (0,)
    assert entries.entries_of(desk, case.id) == []
    assert lifetime.read_case(mailbox, kept.id).id == kept.id
    assert made.log() == made.log("desk") == 0


def test_what_a_newer_list_names_is_never_stored_again(made: Installation, mailbox: Database, desk: Database) -> None:
    late = new_case(made.circle_id)
    withdrawals.apply_withdrawals(mailbox, desk, [(late.id, TODAY)], TODAY)
    with pytest.raises(AlreadyWithdrawn):
        lifetime.add_case(mailbox, late)
    assert withdrawals.withdrawn_ids(mailbox) == [(late.id, TODAY)]


def test_applying_a_list_again_changes_nothing(mailbox: Database, desk: Database, case: Case) -> None:
    newer = [(case.id, TODAY), (some_id(), TODAY - 1)]
    assert withdrawals.apply_withdrawals(mailbox, desk, list(newer), TODAY) == 2
    assert withdrawals.apply_withdrawals(mailbox, desk, list(newer), TODAY) == 0


def test_the_day_of_a_backup_is_kept_and_nothing_finer(made: Installation) -> None:
    assert statefiles.read_backup_day(made.folder) is None
    statefiles.write_backup_day(made.folder, TODAY)
    statefiles.write_backup_day(made.folder, TODAY + 1)
    assert statefiles.read_backup_day(made.folder) == TODAY + 1
    assert (made.folder / "last-backup").stat().st_mtime == (TODAY + 1) * 86_400
    (made.folder / "last-backup").write_text("soon")
    assert statefiles.read_backup_day(made.folder) is None
