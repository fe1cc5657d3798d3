"""What a first run makes, and what is left of one that was cut off."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from nacl.pwhash import argon2id

from onion_app.crypto.codes import invitation_digest, new_code, read_code
from onion_app.crypto.keyslots import new_vault_keys, open_slots
from onion_app.crypto.onion_key import new_onion_key
from onion_app.errors import EarlierInstallation, NotConfirmed, VaultDamaged
from onion_app.launch import first_run, unlock
from onion_app.launch.state import State, default_state
from onion_app.launch.stdin_answers import Answers
from onion_app.vault import settings, statefiles
from onion_app.vault.desk import circles, invitations
from tests.launch.conftest import FIND_US, Installation, Operator, contents
from tests.launch.cut_off import cut_off
from tests.launch.keeping import opened
from tests.launch.manage import Heard
from tests.world import hardly_stretched

CLOCK = lambda: 1_800_000_000.0  # noqa: E731
TODAY = 1_800_000_000 // 86400


def test_a_first_run_prints_one_line_with_what_only_people_keep_and_a_later_one_no_secret(operator: Operator) -> None:
    given = {"passphrase": "six words that somebody chose themselves", "spare_code": new_code()}
    launched = operator.launch(given)
    printed = launched.printed
    assert set(printed) == {"passphrase", "spare_code", "invitation", "desk_url", "onion"}
    assert given.items() <= printed.items()
    assert read_code(printed["invitation"]) != given["spare_code"]
    text = statefiles.read_keyslots(operator.state)
    assert open_slots(text, given["spare_code"]) == open_slots(text, given["passphrase"])
    for kind in ("tell", "ask"):
        page = launched.visitor().get(f"/en/{kind}")
        assert "text" not in {name for form in page.forms() for name, _ in form.filled()}, "nobody could open it"
    assert launched.stop() == 0
    again = operator.launch({"passphrase": given["passphrase"]})
    assert again.printed == {name: printed[name] for name in ("desk_url", "onion")}
    assert again.stop() == 0
    for each in (launched, again):
        assert each.process.stdout is not None
        assert each.process.stdout.read() == ""


def test_the_one_circle_takes_every_topic_and_has_no_key_yet(installation: Installation) -> None:
    with opened(State(installation.state), installation.keys) as world:
        [circle] = circles.circles(world.desk)
        assert (circle.catch_all, circle.coordinators, circle.generation) == (True, True, None)
        mark = invitation_digest(installation.printed["invitation"])
        invitation = invitations.find_invitation(world.desk, mark, world.today)
        assert (invitation.circle_id, invitation.coordinator) == (circle.id, True)


def test_the_site_reads_what_was_set_and_who_is_there(installation: Installation) -> None:
    with opened(State(installation.state), installation.keys) as world:
        assert {**settings.read_settings(world.shown).how_to_find_us} == {"ckb": "", "kmr": "", **FIND_US}
        assert world.shown.rows("SELECT id FROM circles") == world.desk.rows("SELECT id FROM circles")


# --- cut off ------------------------------------------------------------------------------------------------------

HANDED = first_run.FirstSecrets("one two three four five six", new_code(), new_code())
DRAWN = first_run.Drawn(new_vault_keys(), new_onion_key(), HANDED)
STEPS = {
    first_run.__file__: {"make_installation", "_begin_from_nothing", "_invite_the_first"},
    statefiles.__file__: {"write_keyslots", "change_keyslots", "_replace", "sync"},
}


def made_until(state: State, last: int) -> bool:
    """Make an installation, cut off at its `last` step; say whether it came that far."""
    return cut_off(lambda: first_run.make_installation(state, DRAWN, FIND_US, CLOCK, lambda: None), last, STEPS)


def fresh(folder: Path) -> State:
    state = State(folder)
    for inner in (state.path, state.mailbox, state.desk):
        inner.mkdir(mode=0o700)
    return state


def test_a_first_run_cut_off_at_any_step_leaves_nothing_or_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(argon2id, "kdf", hardly_stretched)
    remnants = set()
    last = 1
    while True:
        state = fresh(tmp_path / str(last))
        killed = made_until(state, last)
        left = frozenset(str(file.relative_to(state.path)) for file in state.path.rglob("*") if file.is_file())
        if not first_run.is_due(state):
            keys = open_slots(statefiles.read_keyslots(state.path), HANDED.spare_code)
            with opened(state, keys) as world:
                invitations.find_invitation(world.desk, invitation_digest(HANDED.invitation), TODAY)
        elif left not in remnants:
            remnants.add(left)
            first_run.make_installation(state, DRAWN, FIND_US, CLOCK, lambda: None)
            assert not first_run.is_due(state)
        if not killed:
            break
        last += 1
    assert last > 30, "the steps were counted"
    assert len(remnants) > 3, "it was cut off at different points"


def test_a_first_run_whose_person_goes_away_before_the_end_is_begun_again(tmp_path: Path) -> None:
    def gone() -> None:
        raise EOFError

    state = fresh(tmp_path / "state")
    with pytest.raises(EOFError):
        first_run.make_installation(state, DRAWN, FIND_US, CLOCK, gone)
    assert first_run.is_due(state)
    assert not (state.path / "vault.key").exists()


def test_a_state_without_its_keys_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    state = fresh(tmp_path / "state")
    (state.desk / "desk.db").write_bytes(b"something")
    with pytest.raises(VaultDamaged):
        first_run.is_due(state)


def test_what_a_program_has_read_is_there_already(tmp_path: Path) -> None:
    state, read = fresh(tmp_path / "state"), list[first_run.Drawn]()

    def reads(drawn: first_run.Drawn) -> None:
        read.append(drawn)
        assert open_slots(statefiles.read_keyslots(state.path), drawn.secrets.passphrase) == drawn.keys
        assert not first_run.is_due(state)

    assert unlock.unlock_with_answers(state, Answers(), CLOCK, reads).keys == read[0].keys


# --- an earlier one -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("left", ["restoring", "replaced-3"])
def test_what_an_earlier_installation_has_left_forbids_a_first_run(tmp_path: Path, left: str) -> None:
    state = fresh(tmp_path / "state")
    (state.path / left).mkdir()
    with pytest.raises(EarlierInstallation, match=left if left[-1] == "3" else "restore was cut off"):
        unlock.unlock_with_answers(state, Answers(), CLOCK)
    assert (state.path / left).is_dir()
    assert not (state.path / "first-run").exists()


def test_a_disk_that_is_missing_forbids_a_first_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = fresh(tmp_path / "state")
    table = tmp_path / "fstab"
    monkeypatch.setattr(first_run, "_DISKS", table)
    table.write_text(f"# /dev/sda {state.path}\n/dev/sdb / ext4\n/dev/sdc {tmp_path}/another ext4\n\nhalf\n")
    assert first_run.is_due(state)
    table.write_text(f"UUID=1 {state.path} ext4 defaults 0 2\n")
    with pytest.raises(EarlierInstallation, match="missing") as refused:
        first_run.is_due(state)
    assert refused.value.cure == f"mount {state.path} && ./scripts/launch"


def test_a_place_that_changes_with_where_one_stands_is_none(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(operator.folder))
    monkeypatch.setenv("XDG_STATE_HOME", "somewhere")
    operator.state = default_state()
    assert operator.state == operator.folder / ".local/state/sanctuary"
    assert isinstance(operator.refused({}), EarlierInstallation)
    assert not any(contents(operator.state / "desk"))


def test_an_account_without_a_home_still_knows_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError

    monkeypatch.setattr(Path, "home", homeless)
    assert default_state().is_absolute()


@pytest.mark.parametrize("name", ["passphrase", "spare_code"])
def test_answers_of_a_later_run_make_no_other_site(tmp_path: Path, name: str) -> None:
    state = fresh(tmp_path / "state")
    with pytest.raises(EarlierInstallation):
        unlock.unlock_with_answers(state, Answers(**{name: getattr(HANDED, name)}), CLOCK)
    assert not contents(state.path)


def test_a_person_who_did_not_mean_a_new_site_makes_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Heard, "expect_private", lambda *_: None)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    state = fresh(tmp_path / "state")
    terminal = Heard("yes?")
    with pytest.raises(NotConfirmed):
        unlock.unlock_with_a_person(state, terminal, CLOCK, 1)
    assert any(str(state.path) in line for line in terminal.said)
    assert not any(file.is_file() for file in state.path.rglob("*"))


def test_what_is_not_given_is_drawn_anew_each_time() -> None:
    drawn = [first_run.draw_secrets(Answers()).secrets for _ in range(2)]
    assert drawn[0].passphrase != drawn[1].passphrase
    assert drawn[0].spare_code != drawn[1].spare_code
    assert drawn[0].invitation != drawn[1].invitation
    assert "passphrase" not in json.dumps(repr(drawn[0])), "it does not show itself"
