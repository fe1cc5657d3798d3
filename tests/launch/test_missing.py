"""Cases that are gone at once: nothing is forgotten and no text taken until the operator has looked, and said so."""

from pathlib import Path

import pytest

from onion_app.errors import NotConfirmed, WrongPassphrase
from onion_app.launch.state import State
from onion_app.manage import offline
from onion_app.manage.doctor import examine
from onion_app.vault.desk import case_records
from onion_app.vault.desk.case_records import Read
from onion_app.vault.mailbox import lifetime
from onion_app.vault.settings import read_settings
from onion_app.vault.shown import routing
from tests import processes
from tests.launch.conftest import START, Installation, Operator
from tests.launch.keeping import TODAY, Kept, store_case
from tests.launch.manage import manage, status, with_secret
from tests.launch.test_manage import counted, marked
from tests.vault.made import some_key


@pytest.fixture
def lost(kept: Kept) -> set[bytes]:
    """Have twelve cases that the desk knows and the mailbox lacks, and say that they are missing."""
    with kept.opened() as world:
        cases = {store_case(world, TODAY).id for _ in range(12)}
        with world.mailbox.writing(), world.desk.writing():
            for case_id in cases:
                case_records.put_read(world.desk, case_id, Read(1, some_key(), 0, 1, 1))
                lifetime.delete_case(world.mailbox, case_id)
        world.put(missing=12, unchecked=True)
    return cases


def test_missing_cases_are_forgotten_by_passphrase_and_word_only(
    kept: Kept, lost: set[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = with_secret(kept.place.path, "never was this it", "missing", "--yes")
    assert isinstance(refused.error, WrongPassphrase)
    with monkeypatch.context() as patched:
        patched.setattr(offline, "open_keys", lambda *_: kept.keys)
        done = manage(kept.place.path, "missing", typed="yes\n")
        assert isinstance(done.error, NotConfirmed)
        assert "12 cases that the desk knows are not in the mailbox" in done.said
        with kept.opened() as world:
            assert not routing.takes_new_text(read_settings(world.shown))
            assert case_records.gone_cases(world.desk) == set()
        assert manage(kept.place.path, "missing", typed="forget\n").error is None
    with kept.opened() as world:
        assert routing.takes_new_text(read_settings(world.shown))
        assert case_records.gone_cases(world.desk) == lost
        assert routing.door_of(world.shown, next(iter(lost))) == "gone"
        assert not world.desk.rows("SELECT 1 FROM read")


def test_where_nothing_is_missing_a_look_is_enough(kept: Kept) -> None:
    with kept.opened() as world:
        world.put(unchecked=True)
    done = with_secret(kept.place.path, kept.passphrase, "missing")
    assert done.error is None
    with kept.opened() as world:
        assert routing.takes_new_text(read_settings(world.shown))
    assert kept.is_there()


@pytest.mark.slow
def test_status_doctor_and_site_say_that_cases_are_missing(
    later: Operator, kept: Kept, lost: set[bytes], installation: Installation
) -> None:
    assert later.state == kept.place.path
    launched = later.launch(installation.passphrase)
    assert counted(launched.state)["missing"] == len(lost)
    assert "Messages" in marked(status(launched.state))
    assert "./scripts/manage missing" in manage(launched.state, "status").said
    [found] = [one for one in examine(State(launched.state)) if one.cure == "./scripts/manage missing"]
    assert (found.grade, found.answer) == ("bad", f"{len(lost)} are missing, and no new text is taken")
    assert launched.visitor().get("/en/tell").status == 503
    answers = with_secret(launched.state, installation.printed["passphrase"], "missing", "--yes")
    assert answers.error is None
    with kept.opened(State(Path(launched.state))) as world:
        assert routing.takes_new_text(read_settings(world.shown))
    assert processes.until(launched.site_answers, START, "the site, which was not stopped")
