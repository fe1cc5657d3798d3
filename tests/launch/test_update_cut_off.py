"""An update, or the way back, that ends at any moment: begun once more, it comes to its end, and nothing is lost."""

import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from onion_app import errors
from onion_app.launch import unlock
from onion_app.launch.state import State
from onion_app.launch.stdin_answers import Answers
from onion_app.manage.repository import Repository
from onion_app.vault import update_copies
from tests.launch.conftest import Installation
from tests.launch.disks import fill, small_disk
from tests.launch.keeping import noon
from tests.launch.makers import SIGNERS, Makers, Updating, tor_that_leads_to
from tests.launch.manage import at_once
from tests.processes import until

EXCHANGE, COPIES = "onion_app/manage/exchange.py", "onion_app/vault/update_copies.py"
KILLED = "__import__('os').kill(__import__('os').getpid(), 9)"
FORWARD = [
    (COPIES, "        for part in _PARTS:\n            _copy(folder", "between two copies"),
    (COPIES, "    half.replace(target)", "in a copy"),
    (EXCHANGE, "    _remove(places.before)\n    _write_out", "before that of before goes"),
    (EXCHANGE, "    _exchange(places.clone, places.new)", "before the exchange"),
    (EXCHANGE, "    places.new.rename(places.before)\n\n\ndef back", "after the exchange"),
]
BACK = [
    (COPIES, "    for kind, copy in found.items():\n        for part in (*_PARTS", "before the first is put back"),
    (COPIES, "        for part in reversed(_PARTS):\n", "with no log"),
    (COPIES, "    (folder / _GOING_BACK).unlink()", "before the mark goes"),
    (EXCHANGE, "    _exchange(places.clone, places.before)", "before the exchange"),
    (EXCHANGE, "    _remove(places.before)\n\n\ndef forget", "before that of before goes"),
    (COPIES, "    (folder / _NOTE).unlink", "before the note goes"),
]


def ending(here: Updating, file: str, line: str) -> str:
    """Have the program of this operator end there, and give it as it was."""
    before = (here.clone / file).read_text()
    indent = line[: len(line) - len(line.lstrip())]
    here.change(file, line, f"{indent}{KILLED}\n{line}")
    return before


def files(folder: Path) -> dict[str, bytes]:
    """Read the files of a version; what Python or a lock has left beside them is none."""
    names = Repository(folder)._git("ls-files", "-z").decode().split("\0")[:-1]
    return {name: (folder / name).read_bytes() for name in names if name != SIGNERS}


def databases(state: Path) -> dict[str, bytes]:
    kinds = ("mailbox", "shown", "desk")
    return {file.name: file.read_bytes() for kind in kinds for file in (state / kind).glob(f"{kind}.db*")}


@pytest.fixture
def ready(here: Updating, installation: Installation) -> Updating:
    """Give an operator of 2.0 with a state, to whom 2.1 is offered, and who has a version from before."""
    shutil.copytree(installation.state, here.state)
    (here.state / "desk" / "desk.db-wal").write_bytes(b"a log of then")
    here.makers.commit("2.1", **{SIGNERS.replace("/", "__"): here.makers.line("ada")})
    here.makers.sign("2.1", "ada")
    shutil.copytree(here.clone, here.clone.with_name("clone.before"))
    older = here.clone.with_name("clone.before") / "pyproject.toml"
    older.write_text(older.read_text().replace('"2.0"', '"1.9"'))
    return here


@pytest.mark.parametrize(("file", "line"), [step[:2] for step in FORWARD], ids=[step[2] for step in FORWARD])
def test_an_update_that_is_killed_is_begun_again_and_done(ready: Updating, file: str, line: str) -> None:
    then, old, bundle = databases(ready.state), files(ready.clone), ready.makers.bundle()
    whole = ending(ready, file, line)
    assert ready.update(bundle).code == -9
    assert databases(ready.state) == then
    assert ready.number() in ("2.0", "2.1"), "there is one at every moment"
    if ready.number() == "2.0":
        (ready.clone / file).write_text(whole)
    again = ready.update(bundle)
    assert again.code == 0 or "(2.1 runs;" in again.said, again.said
    assert ready.number() == "2.1"
    before = ready.clone.with_name("clone.before")
    (before / file).write_text(whole)
    assert files(before) == old, "the way back is not lost"
    assert not ready.clone.with_name("clone.new").exists()
    back = ready.update("--back")
    assert (back.code, ready.number(), databases(ready.state)) == (0, "2.0", then), back.said


@pytest.mark.parametrize(("file", "line"), [step[:2] for step in BACK], ids=[step[2] for step in BACK])
def test_a_way_back_that_is_killed_is_begun_again_and_done(
    ready: Updating, installation: Installation, file: str, line: str
) -> None:
    then = databases(ready.state)
    assert ready.update(ready.makers.bundle()).code == 0
    (ready.state / "mailbox" / "mailbox.db").write_bytes(b"as a migration leaves it")
    update_copies.note(ready.state, ["mailbox", "shown", "desk"])
    whole = ending(ready, file, line)
    assert ready.update("--back").code == -9
    if (ready.state / "going-back").exists():
        with pytest.raises(errors.DamagedFile) as refused:
            unlock.unlock_with_answers(State(ready.state), Answers(passphrase=installation.printed["passphrase"]), noon)
        assert "./scripts/update --back" in refused.value.told
    if ready.number() == "2.1":
        (ready.clone / file).write_text(whole)
    again = ready.update("--back")
    assert (again.code, ready.number(), databases(ready.state)) == (0, "2.0", then), again.said
    assert not any(ready.clone.with_name(f"clone.{name}").exists() for name in ("new", "before"))
    assert not any((ready.state / name).exists() for name in ("going-back", "updated"))


def test_half_of_a_version_is_never_put_in_the_place_of_a_whole_one(ready: Updating) -> None:
    (ready.clone.with_name("clone.before") / "pyproject.toml").unlink()
    done = ready.update("--back")
    assert (done.code, ready.number()) == (errors.NoWayBack.exit_code, "2.0")


def begun(here: Updating, *bundle: Path) -> "subprocess.Popen[str]":
    """Start an update whose words are typed later."""
    command: list[str | Path] = [here.clone / "scripts/update", "--state", here.state, "--as-is", *bundle]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env={}, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True)


def asked(update: "subprocess.Popen[str]") -> None:
    """Read until the word is asked for."""
    assert update.stdout is not None
    assert any(line.startswith("All of it") for line in iter(update.stdout.readline, ""))


def type_word(update: "subprocess.Popen[str]") -> None:
    assert update.stdin is not None
    update.stdin.write("update\n")
    update.stdin.flush()


def test_a_second_update_waits_for_the_first(ready: Updating) -> None:
    bundle = ready.makers.bundle()
    with begun(ready, bundle) as one:
        asked(one)
        with begun(ready, bundle) as two:
            assert two.stdout is not None
            assert two.stdout.readline().startswith("Another update is under way here.")
            type_word(one)
            assert one.wait(60) == 0
            assert "There is no version above" in two.stdout.read()
    assert ready.number() == "2.1"


ENDINGS = {signal.SIGHUP: "a terminal that closes", signal.SIGTERM: "a kill", signal.SIGKILL: "a kill -9"}


@pytest.mark.parametrize("ending", ENDINGS, ids=ENDINGS.get)
def test_whatever_ends_an_update_tor_leads_to_onions_only_again(ready: Updating, ending: signal.Signals) -> None:
    ready.makers.serve()
    ready.fetch_from("http://makers.example/served.git")
    with tor_that_leads_to(ready.folder, ready.state) as told, begun(ready) as one:
        asked(one)
        assert "OnionTrafficOnly" not in next(order for order in reversed(told) if "SETCONF" in order)
        one.send_signal(ending)
        assert one.wait(60) == (-9 if ending == signal.SIGKILL else 2)
        until(lambda: "OnionTrafficOnly" in told[-1], 60, "tor's socket as it was")
    assert ready.number() == "2.0"
    assert ready.clone.with_name("clone.new").exists() == (ending == signal.SIGKILL)


def test_an_update_whose_keys_are_destroyed_meanwhile_takes_no_copies(ready: Updating) -> None:
    with begun(ready, ready.makers.bundle()) as one:
        asked(one)
        assert at_once(ready.state, "panic", typed="destroy\n").code == 0
        type_word(one)
        assert one.wait(60) == 0
    assert not list(ready.state.rglob("*.before.*"))


def test_without_room_for_the_copies_nothing_is_stopped_and_nothing_changes(ready: Updating) -> None:
    with small_disk() as disk:
        ready.state = shutil.copytree(ready.state, disk / "state")
        then = databases(ready.state)
        fill(disk, leaving=1 << 20)
        done = ready.update(ready.makers.bundle())
        assert f"The disk is full. ({ready.state})" in done.said
        assert (ready.number(), databases(ready.state)) == ("2.0", then)
        assert not list(ready.state.rglob("*.before.*"))


def test_without_room_for_what_is_fetched_it_says_so(ready: Updating) -> None:
    bundle = ready.makers.bundle()
    with small_disk() as disk:
        folder = shutil.copytree(ready.folder, disk / "of", symlinks=True)
        there = Updating(Makers(folder), folder)
        for left in (1 << 16, bundle.stat().st_size + (1 << 16)):
            ballast = fill(disk, leaving=left)
            done = there.update(bundle)
            assert done.said.splitlines()[-2].startswith("The disk is full."), done.said
            assert there.number() == "2.0"
            ballast.unlink()
    assert Path(bundle).exists()


def test_what_was_killed_holds_no_lock(ready: Updating) -> None:
    bundle = ready.makers.bundle()
    with begun(ready, bundle) as one:
        asked(one)
        one.kill()
    assert (ready.clone / ".updating").exists()
    assert ready.update(bundle).code == 0
