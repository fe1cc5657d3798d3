"""What cannot wait needs nothing: no environment of ours, no network, no home, no room, no order in the state."""

import argparse
import errno
import fcntl
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from onion_app.errors import NotRunning, StillThere
from onion_app.launch import manage_socket
from onion_app.launch.state import State
from onion_app.manage import emergency, key_files, status_text
from onion_app.vault import statefiles
from tests import processes
from tests.launch.conftest import START, Installation, Operator
from tests.launch.disks import failing_disk
from tests.launch.manage import at_once
from tests.processes import only_root_looks_in
from tests.rehearsal import ROOT

SLOTS = "the slots"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Make a state of nothing but its keys, and those of one that was moved aside and of a restore that was cut off."""
    for folder in ("", "replaced-1", "restoring/deeper"):
        (tmp_path / "state" / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
        (tmp_path / "state" / folder / "vault.key").write_text(SLOTS)
    return tmp_path / "state"


def keys_left(state: Path) -> list[Path]:
    return [path for path in state.rglob("vault.key*") if path.is_file() and SLOTS in path.read_text(errors="replace")]


def test_the_keys_are_overwritten_before_they_are_removed(state: Path, tmp_path: Path) -> None:
    os.link(state / "vault.key", tmp_path / "same-blocks")
    done = at_once(state, "panic", typed="destroy\n")
    assert (done.code, keys_left(state)) == (0, [])
    left = (tmp_path / "same-blocks").read_bytes()
    assert len(left) == len(SLOTS)
    assert left != SLOTS.encode()


def test_a_panic_needs_no_launcher(later: Operator) -> None:
    (later.state / "replaced-1").mkdir()
    shutil.copy(later.state / "vault.key", later.state / "replaced-1")  # a restored backup leaves it: of the same keys
    assert at_once(later.state, "panic", typed="destroy\n").code == 0
    assert not list(later.state.rglob("vault.key*"))


@pytest.mark.parametrize(
    "odd", ["a folder", "a pipe", "a link", "a link in a circle", "closed", "a socket", "nameless"]
)
def test_an_odd_file_among_the_keys_saves_none_of_the_others(state: Path, odd: str, tmp_path: Path) -> None:
    file = state / "replaced-1" / "vault.key.new"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text(SLOTS)
    if odd == "a folder":
        file.mkdir()
        (file / "vault.key").write_text(SLOTS)
    elif odd == "a pipe":
        os.mkfifo(file)
    elif odd == "a link":
        file.symlink_to(elsewhere)
    elif odd == "a link in a circle":
        file.symlink_to(file)
    elif odd == "closed":
        file.write_text(SLOTS)
        file.chmod(0)
    elif odd == "a socket":
        os.mknod(file, stat.S_IFSOCK | 0o600)
    else:
        Path(os.fsdecode(bytes(file) + b"\xff")).write_text(SLOTS)
    done = at_once(state, "panic", typed="destroy\n")
    assert keys_left(state) == []
    assert done.code == 0, done.said
    assert not [path for path in state.rglob("vault.key*") if os.path.lexists(path)]
    assert elsewhere.exists() == (odd != "a link")


def test_no_name_of_a_file_or_a_circle_gives_the_terminal_an_order(state: Path) -> None:
    line = status_text.Line("Circle", "\x1b[2J\n! Backup\x9b1A\u202enoor\udcff", bad=True)
    assert [letter for letter in line.text if not letter.isprintable()] == []
    sorani = "ئەم\u200cناوە"
    assert sorani in status_text.Line("Circle", sorani).text
    Path(os.fsdecode(bytes(state) + b"/vault.key\x1b[2J\xff")).write_text(SLOTS)
    done = at_once(state, "panic", typed="destroy\n")
    assert (done.code, keys_left(state), "\x1b" in done.said) == (0, [], False)
    assert f"{state}/vault.key" in done.said


def test_half_a_backup_that_nobody_knows_of_is_named_with_the_command_that_destroys_it(state: Path) -> None:
    statefiles.note_elsewhere(state, {Path("/media/a stick/backup.part")})
    done = at_once(state, "panic", typed="destroy\n")
    assert done.code == 0
    assert "shred -u '/media/a stick/backup.part'" in done.said


def on_a_frozen_disk(frozen: Path, *then: str) -> tuple[str, ...]:
    """Give the words before a command for which a folder lies on a disk that is mounted to be read only."""
    bound = f'mount --bind {frozen} {frozen} && mount -o remount,ro,bind {frozen} && exec "$@"'
    return ("/usr/bin/unshare", "--mount", "/bin/sh", "-c", bound, "-", *then)


@only_root_looks_in
def test_a_file_that_nobody_may_change_is_named_with_the_command_that_frees_it(state: Path) -> None:
    frozen = state / "replaced-1"
    before = on_a_frozen_disk(frozen, "/usr/bin/setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin")
    done = at_once(state, "panic", typed="destroy\n", before=before)
    assert done.code == 1
    assert f"{frozen}/vault.key is still there (Read-only file system)" in done.said
    assert f"mount -o remount,rw {frozen}; shred -u {frozen}/vault.key" in done.said
    assert keys_left(state) == [frozen / "vault.key"]


@only_root_looks_in
def test_a_disk_that_is_mounted_to_be_read_only_is_opened_for_it(state: Path) -> None:
    done = at_once(state, "panic", typed="destroy\n", before=on_a_frozen_disk(state / "replaced-1"))
    assert (done.code, keys_left(state)) == (0, [])


@only_root_looks_in
def test_on_a_disk_that_stays_read_only_after_an_error_its_own_blocks_are_overwritten(tmp_path: Path) -> None:
    with failing_disk(tmp_path) as (disk, break_it, image):
        (disk / "vault.key").write_text(SLOTS * 1000)  # some blocks
        os.sync()
        break_it()
        done = at_once(disk, "panic", typed="destroy\n")
        assert (done.code, keys_left(disk)) == (0, []), done.said
        assert SLOTS.encode() not in image.read_bytes()


@pytest.mark.parametrize("times", [1, 2])
def test_a_disk_that_takes_no_byte_any_more_gives_up_its_reserve_and_the_file_goes_in_any_case(
    state: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """As where a file is overwritten at another place of the disk: with no room there, or a quota that is used up."""
    (state / "mailbox").mkdir()
    (state / "mailbox" / "reserve").touch()
    refusals = [OSError(errno.EDQUOT, "Disk quota exceeded")] * times
    overwrite = key_files._overwrite

    def refused_at_first(file: Path) -> None:
        if refusals:
            raise refusals.pop()
        overwrite(file)

    monkeypatch.setattr(key_files, "_overwrite", refused_at_first)
    obstacles: list[str] = []
    key_files.destroy(state / "vault.key", state / "mailbox", obstacles)
    assert not (state / "vault.key").exists()
    assert not (state / "mailbox" / "reserve").exists()
    assert [f"{state}/vault.key is removed, but was not overwritten" in each for each in obstacles] == [True] * (
        times - 1
    )


@only_root_looks_in
def test_a_python_that_is_half_replaced_keeps_no_key(later: Operator, installation: Installation) -> None:
    gone = f'mount --bind {later.folder} {Path(os.__file__).parent} && exec "$@"'
    before = ("/usr/bin/unshare", "--mount", "/bin/sh", "-c", gone, "-")
    launched = later.launch(installation.passphrase)
    family = launched.family()
    for words in (("status",), ("panic",)):
        done = at_once(later.state, *words, before=before)
        assert "The Python of this system does not start." in done.said
        assert (done.code != 0, len(list(later.state.rglob("vault.key")))) == (True, 1)
    done = at_once(later.state, "panic", typed="destroy\n", before=before)
    assert (done.code, list(later.state.rglob("vault.key*"))) == (0, []), done.said
    processes.until(lambda: not any(process.alive for process in family), START, "the end of all")


def test_where_nothing_is_found_it_says_so_and_does_not_look_done(tmp_path: Path) -> None:
    for state in (tmp_path, tmp_path / "nowhere"):
        done = at_once(state, "panic", typed="destroy\n")
        assert done.code == 1
        assert f"is it another --state than {state}?" in done.said


@pytest.mark.parametrize("words", [("status",), ("stop",), ("panic",)])
def test_no_terminal_at_all_is_no_traceback(state: Path, words: tuple[str, ...]) -> None:
    for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full"):
        done = at_once(state, *words, before=("/bin/sh", "-c", f'"$0" "$@" {closed}'))
        assert "Traceback" not in done.said + done.out
        assert done.code in (2, 8), closed
    assert len(keys_left(state)) == 3


@only_root_looks_in
def test_neither_network_nor_inode_nor_environment_nor_path_is_needed(state: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    shutil.copytree(ROOT, clone, ignore=shutil.ignore_patterns(".*", "*.pyc.*", "node_modules", "wheels"))
    full = tmp_path / "full"
    full.mkdir()
    mount = (
        f'mount -t tmpfs -o nr_inodes=20 tmpfs {full} && cp -r {state} {full} && while mkdir "{full}/$((i=i+1))" 2>&-'
    )
    script = f'{mount}; do :; done; printf "destroy\\n" | env -i {clone}/scripts/manage --state {full}/state panic'
    done = subprocess.run(
        ["unshare", "--net", "--mount", "sh", "-c", f"{script}; code=$?; find {full}/state -name 'vault*'; exit $code"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert not (clone / ".venv").exists()


@only_root_looks_in
@pytest.mark.parametrize("words", [("status",), ("status", "--json"), ("stop",), ("panic",)])
def test_an_account_that_sees_nothing_of_the_state_says_nothing_of_it(state: Path, words: tuple[str, ...]) -> None:
    nobody = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
    done = at_once(state, *words, typed="destroy\n", before=nobody)
    assert "root" in done.said
    for word in ("does not run", "No launcher", "Nothing runs", '"running"', "none yet"):
        assert word not in done.said + done.out
    assert done.code != 0
    assert len(keys_left(state)) == 3


def test_where_the_holder_of_the_state_cannot_be_named_nothing_is_said_to_have_ended(
    state: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """As on a disk whose locks the kernel lists under other numbers than those of the file."""
    monkeypatch.setattr(emergency, "lock_holder", lambda _state: 0)
    monkeypatch.setattr(emergency, "_PANIC", 0.1)
    monkeypatch.setattr(emergency, "ask", lambda _question: "destroy")
    with (state / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StillThere, match="something still runs"):
            emergency.panic(argparse.Namespace(), State(state))
    assert "Nothing runs" not in capfd.readouterr().err
    assert keys_left(state) == []


def test_for_a_person_lines_are_wrapped_between_words_and_commands_and_addresses_stay_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address, command = f"http://{'a' * 56}.onion/", f"    ./scripts/manage --state /{'x' * 90} uninstall"
    line = f"! Onion        {address} is not published, and there is more to say of it"
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((80, 24)))
    assert emergency._wrapped(line) == line, "a file gets it as it is"
    monkeypatch.setattr(sys, "stderr", SimpleNamespace(isatty=lambda: True, fileno=lambda: 2))
    shown = emergency._wrapped(line).split("\n")
    assert max(map(len, shown)) <= 80
    assert [address in each for each in shown].count(True) == 1
    assert " ".join(" ".join(shown).split()) == " ".join(line.split())
    assert emergency._wrapped(command) == command


NAMELESS = (
    "import ctypes, sys; ctypes.CDLL(None).prctl(15, b'\\xff) \\xfe', 0, 0, 0); print(1, flush=True); sys.stdin.read()"
)


def test_a_process_whose_name_is_no_text_is_found_among_those_that_a_launcher_has_started(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = subprocess.Popen([sys.executable, "-c", NAMELESS], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        assert child.stdout.readline()
        monkeypatch.setattr(emergency, "lock_holder", lambda _state: os.getpid())
        assert child.pid in emergency._family(State(state))
        assert emergency._is_alive(child.pid)
    finally:
        child.kill()
        child.communicate()


@pytest.mark.parametrize("facts", [{}, {"running": 1}, {"running": True, "self_check": []}, {"running": False}])
def test_the_status_of_another_version_is_said_and_ends_nothing(
    state: Path, monkeypatch: pytest.MonkeyPatch, facts: dict[str, object]
) -> None:
    monkeypatch.setattr(manage_socket, "ask_launcher", lambda *_: facts)
    with pytest.raises(NotRunning):
        emergency.status(argparse.Namespace(json=False), State(state))
