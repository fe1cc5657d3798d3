"""A bridge's line is read strictly, asked for and kept; whatever is wrong with it goes no further than a sentence."""

import os
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from onion_app.crypto.keyslots import open_slots
from onion_app.elsewhere import __main__ as elsewhere
from onion_app.elsewhere.key_file import open_machine
from onion_app.errors import (
    BadAnswers,
    BadSetting,
    BadUsage,
    BridgeMistyped,
    BridgesChanged,
    ServiceRefused,
    TransportFailed,
    TransportMissing,
)
from onion_app.launch import bridges
from onion_app.launch.confine import NO_WALLS, around_transport
from onion_app.launch.first_run import Unlocked
from onion_app.launch.state import State
from onion_app.launch.stdin_answers import Answers
from onion_app.launch.way import Way
from onion_app.onion import programs
from onion_app.onion.control import Bootstrap, Control
from onion_app.onion.transport import start_transport
from onion_app.vault import database, settings
from onion_app.vault.bridge_lines import MOST_BRIDGES, is_bridge, read_bridge, shown
from tests.launch.conftest import Installation, Operator
from tests.launch.disks import fill, small_disk
from tests.launch.manage import Heard
from tests.rehearsal import ROOT

PRINT = "0123456789ABCDEF0123456789ABCDEF01234567"
CERT = "cert=" + "Ab1/+" * 14
LINE = f"obfs4 192.0.2.7:443 {PRINT} {CERT} iat-mode=0"
SIX = f"obfs4 [2001:db8::7]:8443 {PRINT} {CERT} iat-mode=1"
INJECTED = (
    f"{LINE}\nUseBridges 0",
    f'{LINE}" DisableNetwork=0 UseBridges="0',
    f"{LINE}\r\nSIGNAL SHUTDOWN",
    f"{LINE} Socks5Proxy=192.0.2.9:1080",
    f"{LINE.replace('443', '443 UseBridges=0')}",
    f"{LINE}\0",
    f"{LINE}\x1b[2J",
    f"{LINE.replace(CERT, CERT[:-1] + chr(34))}",
    LINE.replace("obfs4 ", "obfs4 ../../", 1),
    LINE.replace("192.0.2.7", "192.0.2.7@evil"),
    LINE.replace("192", "\N{ARABIC-INDIC DIGIT ONE}92"),
)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        (LINE, LINE),
        (SIX, SIX),
        (f"  Bridge  {LINE}  ", LINE),
        (LINE.replace(PRINT, PRINT.lower()), LINE),
        (f"obfs4 192.0.2.7:0443 {PRINT} iat-mode=0 {CERT}", LINE),
        (SIX.replace("2001:db8::7", "2001:0DB8:0::7"), SIX),
    ],
)
def test_a_line_is_read_into_one_form(typed: str, read: str) -> None:
    assert read_bridge(typed) == read
    assert is_bridge(read)
    assert is_bridge(typed) == (typed == read)


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ("", "begin with obfs4"),
        (f"192.0.2.7:443 {PRINT}", "plain tor"),
        (f"Bridge 192.0.2.7:443 {PRINT}", "plain tor"),
        ("snowflake 192.0.2.3:80 " + PRINT, "snowflake"),
        ("webtunnel [2001:db8::1]:443 " + PRINT, "webtunnel"),
        ("meek_lite 192.0.2.18:80", "meek"),
        (LINE.replace("192.0.2.7:443", "192.0.2.7"), "an address with a port"),
        (LINE.replace("192.0.2.7", "example.org"), "an address with a port"),
        (LINE.replace("192.0.2.7", "192.0.2.700"), "address is none"),
        (LINE.replace("192.0.2.7", "192.0.2"), "address is none"),
        (LINE.replace("443", "70000"), "nobody can be"),
        (LINE.replace("443", "0"), "nobody can be"),
        (LINE.replace("192.0.2.7", "224.0.0.1"), "nobody can be"),
        (LINE.replace("192.0.2.7", "0.0.0.0"), "nobody can be"),  # noqa: S104
        (LINE.replace(PRINT, PRINT[:-1]), "40 letters"),
        (LINE.replace(PRINT, PRINT[:-1] + "G"), "40 letters"),
        (LINE.replace(CERT, ""), "cert="),
        (LINE.replace(CERT, CERT[:-1]), "cert="),
        (f"{LINE} {CERT}", "cert="),
        (LINE.replace("iat-mode=0", ""), "iat-mode"),
        (LINE.replace("iat-mode=0", "iat-mode=3"), "iat-mode"),
        (f"{LINE} url=https://example.org", "words that no obfs4 line has"),
        ("obfs4", "an address with a port"),
        (f"obfs4 192.0.2.7:443 {PRINT}", "cert="),
        ("x" * 401, "too long"),
    ],
)
def test_what_is_wrong_with_a_line_is_named(typed: str, named: str) -> None:
    with pytest.raises(BridgeMistyped) as wrong:
        read_bridge(typed)
    assert named in wrong.value.sentence
    assert not {"192.0.2", "2001:db8::", PRINT[:-1], CERT[:-1]} & set(wrong.value.sentence.split("such as")[0].split())


@pytest.mark.parametrize("typed", INJECTED)
def test_no_line_carries_an_option_into_tor(typed: str, tmp_path: Path) -> None:
    with pytest.raises(BridgeMistyped):
        read_bridge(typed)
    with closing(database.create_database(tmp_path / "desk", "desk", bytes(32))) as desk:
        with pytest.raises(BadSetting):
            settings.change_setting(desk, "bridges", (typed,))
        assert settings.read_bridges(desk) == ()
    control: Any = SimpleNamespace(_ask=pytest.fail)
    with pytest.raises(ServiceRefused):
        Control.use_bridges(control, (LINE, typed), 1)


def test_no_more_are_kept_than_tor_asks(tmp_path: Path) -> None:
    many = [LINE.replace(":443", f":{443 + number}") for number in range(MOST_BRIDGES + 1)]
    with pytest.raises(BridgeMistyped):
        bridges.read_bridges("\n".join(many))
    with closing(database.create_database(tmp_path / "desk", "desk", bytes(32))) as desk, pytest.raises(BadSetting):
        settings.change_setting(desk, "bridges", many)


@pytest.fixture
def before_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))


@pytest.mark.usefixtures("before_a_terminal")
def test_lines_are_asked_for_unseen_until_one_is_empty_and_a_wrong_one_is_asked_again() -> None:
    heard = Heard(LINE, "snowflake 192.0.2.3:80", f"Bridge {SIX}", LINE, "")
    assert bridges.ask_bridges(heard, "./scripts/launch") == (LINE, SIX)
    assert any("snowflake" in line for line in heard.said)
    assert all("(hidden)" in line for line in heard.said if line.startswith("Bridge"))
    said = " ".join(heard.said)
    assert "sees the address of this machine" in said
    assert "never from somebody who wrote to you" in said
    assert shown(LINE) in said
    assert not [secret for secret in ("192.0.2.7", "2001:db8", CERT, PRINT) if secret in said]


@pytest.mark.usefixtures("before_a_terminal")
def test_an_empty_line_alone_lets_nobody_go_without() -> None:
    assert bridges.ask_bridges(Heard("", "", LINE, ""), "./scripts/launch") == (LINE,)
    assert bridges.ask_bridges(Heard("snowflake", "", "yes", "", "directly"), "./scripts/launch") == ()


def test_who_cannot_be_asked_is_not() -> None:
    with pytest.raises(BadUsage):
        bridges.wanted_bridges(None, Heard(), asks=True, locked=True)
    with pytest.raises(BadAnswers):
        bridges.wanted_bridges(Answers(), Heard(), asks=True)
    assert bridges.wanted_bridges(Answers(), Heard(), asks=False) is None
    assert bridges.wanted_bridges(Answers(bridge=""), Heard(), asks=False) == ()
    assert LINE not in repr(Answers(bridge=LINE))


def test_a_first_run_that_was_begun_with_a_bridge_is_not_begun_again_without(operator: Operator) -> None:
    operator.state.mkdir(mode=0o700)
    bridges.announce(State(operator.state), (LINE,))
    assert type(operator.refused({})) is BridgesChanged
    assert not (operator.state / "vault.key").exists()


def test_without_obfs4proxy_nothing_is_made(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    found = programs.path_of

    def lacks(name: str, *missing: Any) -> str:
        return found("no-such-program" if name == "obfs4proxy" else name, *missing)

    monkeypatch.setattr(programs, "path_of", lacks)
    assert type(operator.refused({"bridge": LINE})) is TransportMissing
    assert type(operator.refused({"bridge": LINE[:-1] + "9"})) is BridgeMistyped
    assert type(operator.refused({"bridge": [LINE]})) is BadAnswers
    assert not (operator.state / "vault.key").exists()
    assert not (operator.state / "bridged").exists()


def test_nothing_starts_with_other_bridges_than_a_person_has_typed_here(installation: Installation) -> None:
    state = State(installation.state)
    keys = open_slots((state.path / "vault.key").read_text(), installation.printed["passphrase"])
    opened = Unlocked(keys, SimpleNamespace(address="x"))  # type: ignore[arg-type]
    kept = bridges.keep_bridges(state, opened, (LINE, SIX))
    assert kept.bridges == (LINE, SIX)
    with closing(database.open_database(state.desk, "desk", keys.desk)) as desk:
        assert settings.read_bridges(desk) == (LINE, SIX)
    assert LINE not in repr(kept)
    assert bridges.keep_bridges(state, kept, None).bridges == (LINE, SIX)
    assert state.bridged.stat().st_mode & 0o777 == 0o600
    # As whoever has taken over the desk, which writes the database, could have them.
    for planted in ((), (LINE,), (LINE, SIX, LINE.replace("192.0.2.7", "192.0.2.66"))):
        with pytest.raises(BridgesChanged):
            bridges.keep_bridges(state, replace(opened, bridges=planted), None)
    assert bridges.keep_bridges(state, kept, ()).bridges == ()
    assert not state.bridged.exists()
    assert bridges.keep_bridges(state, opened, None).bridges == ()
    with pytest.raises(BridgesChanged):
        bridges.keep_bridges(state, kept, None)


def test_a_full_disk_keeps_nobody_from_starting_with_the_bridges_that_are_kept() -> None:
    with small_disk() as disk:
        state = State(disk)
        bridges.mark(state, (LINE,))
        fill(disk, leaving=0)
        bridges.expect_kept(state, (LINE,), None)
        with pytest.raises(BridgesChanged):
            bridges.expect_kept(state, (SIX,), None)


def test_what_is_cut_off_while_bridges_are_kept_goes_nowhere(installation: Installation) -> None:
    state = State(installation.state)
    bridges.announce(state, (LINE,))
    with pytest.raises(BridgesChanged):
        bridges.expect_kept(state, (), None)
    for later in ((SIX,), (), None):
        bridges.announce(state, later)
        bridges.expect_kept(state, (LINE,), None)
    assert state.bridged.exists()
    state.bridged.write_bytes(b"")  # as a power cut leaves what was not brought to the disk
    with pytest.raises(BridgesChanged):
        bridges.expect_kept(state, (), None)
    state.bridged.unlink()


@pytest.mark.usefixtures("nothing_is_stretched", "before_a_terminal")
def test_a_volunteers_machine_keeps_its_bridge_under_its_passphrase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "_lead", pytest.fail)
    words = "a passphrase of mine"
    elsewhere.desk("", "", Heard(LINE, "", words, words), only_key=True, bridge=True, folder=tmp_path / "far")
    assert open_machine(tmp_path / "far" / "key", words).bridges == (LINE,)
    lying = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"192.0.2.7" not in lying
    assert (tmp_path / "far" / "bridged").exists()
    elsewhere.desk("", "", Heard(words), only_key=True, folder=tmp_path / "far")
    elsewhere.desk("", "", Heard("", "directly", words), only_key=True, bridge=True, folder=tmp_path / "far")
    assert open_machine(tmp_path / "far" / "key", words).bridges == ()
    assert not (tmp_path / "far" / "bridged").exists()


@pytest.mark.parametrize(
    "says",
    [
        "exit 3",
        "echo CMETHOD obfs4 socks5 192.0.2.1:80; echo CMETHODS DONE",
        "echo CMETHOD obfs4 socks4 127.0.0.1:80; echo CMETHODS DONE",
        "echo 'CMETHOD obfs4 socks5 127.0.0.1:80\" UseBridges=\"0'; echo CMETHODS DONE",
        "echo CMETHOD-ERROR obfs4 no; echo CMETHODS DONE",
        "echo CMETHOD obfs4 socks5 127.0.0.1:80; exit 0",
        "yes CMETHOD",
    ],
)
def test_a_program_that_is_no_obfs4proxy_is_named_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str
) -> None:
    program = tmp_path / "bin" / "obfs4proxy"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{says}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    with pytest.raises(TransportFailed):
        start_transport(tmp_path / "own", lambda *words: around_transport(NO_WALLS, *words))
    assert not (tmp_path / "own").exists()


def test_it_is_given_no_surroundings_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "obfs4proxy"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nenv > {tmp_path}/env\n")
    program.chmod(0o755)
    for name in ("PATH", "LD_PRELOAD", "GODEBUG", "TOR_PT_PROXY", "TOR_PT_SERVER_TRANSPORTS"):
        monkeypatch.setenv(name, f"{program.parent}:{os.environ['PATH']}" if name == "PATH" else "")
    with pytest.raises(TransportFailed):
        start_transport(tmp_path / "own", lambda *words: around_transport(NO_WALLS, *words))
    names = {line.partition("=")[0] for line in (tmp_path / "env").read_text().splitlines()}
    wanted = {"MANAGED_TRANSPORT_VER", "CLIENT_TRANSPORTS", "STATE_LOCATION", "EXIT_ON_STDIN_CLOSE"}
    assert names - {"PWD", "_", "SHLVL", "OLDPWD"} == {"PATH", "LC_ALL", *(f"TOR_PT_{name}" for name in wanted)}


def test_tor_is_started_with_no_way_out_where_there_is_a_bridge() -> None:
    assert Way().tor_options == ()
    assert Way().trouble(Bootstrap(5, "Connecting")) == ""
    assert Way((LINE,)).tor_options[:2] == ("--DisableNetwork", "1")


@pytest.mark.parametrize("how", ["word", "mark", "state"])
def test_past_a_bridge_setup_fetches_nothing(tmp_path: Path, how: str) -> None:
    """Run what stands before every command, on a clone without its packages, where a call of apt or pip would show."""
    clone, called = tmp_path / "clone", tmp_path / "called"
    (clone / "scripts").mkdir(parents=True)
    for name in ("setup", "bridged", "version"):
        (clone / "scripts" / name).write_bytes((ROOT / "scripts" / name).read_bytes())
        (clone / "scripts" / name).chmod(0o755)
    (clone / "requirements.txt").write_bytes((ROOT / "requirements.txt").read_bytes())
    (clone / "scripts" / "x").write_text(
        "set -euo pipefail\nhere=$1; shift; kept=sanctuary-desk\nsource $here/scripts/bridged\n"
        '"$here/scripts/setup" "${way[@]}" < /dev/null\n'
    )
    (tmp_path / "bin").mkdir()
    for name in ("apt-get", "curl", "dpkg-query"):
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\necho {name} >> {called}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    states = tmp_path / "states" / "sanctuary-desk"
    states.mkdir(parents=True)
    words = {"word": ["--bridge"], "mark": [], "state": ["--state", str(states)]}[how]
    if how != "word":
        (states / "bridged").touch()
    environment = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "XDG_STATE_HOME": str(states.parent)}
    done = subprocess.run(
        ["bash", str(clone / "scripts" / "x"), str(clone), *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4
    assert "past a bridge nothing is fetched" in done.stderr
    assert "apt-get" not in called.read_text().splitlines()
