"""The operator's guide has every sentence that the program can say to an operator, with its cure.

Errors by their class are looked up in test_doctor; these are status, doctor, setup and the launcher's own lines.
"""

import ast
import inspect
import re
from dataclasses import replace
from typing import Any

import pytest

from onion_app.elsewhere import __main__ as elsewhere
from onion_app.launch import self_check, supervisor, tor_supervisor, walls, way
from onion_app.launch.confine import ALL_WALLS
from onion_app.launch.state import State
from onion_app.launch.terminal import Terminal
from onion_app.manage import __main__ as manage
from onion_app.manage import (
    doctor,
    exchange,
    far_machines,
    packages,
    repository,
    signatures,
    status_text,
    through_tor,
    update,
)
from onion_app.onion.control import Health
from tests.launch.test_doctor import GUIDE, named
from tests.launch.told import bare_status
from tests.rehearsal import ROOT

SAYING = ("say", "ask", "BadUsage", "MachineListRefused")


def fragments(text: str) -> list[str]:
    """Take a sentence apart where something is put into it; what is left is long enough to be looked for."""
    parts = re.split(r"\$\{[^}]*\}|\$[\w*]+|\{[^}]*\}|\\n", text)
    return [part.strip(" .,;:(") for part in parts if len(part.strip(" .,;:(")) > 8]


def test_the_guide_has_every_sentence_with_which_setup_refuses() -> None:
    said = re.findall(r'say "([^"]+)"', (ROOT / "scripts" / "setup").read_text())
    going_on = ("Installing", "Making", "Keeping", "Ready", "    ")
    refusals = [line for line in said if not line.startswith(going_on)]
    assert len(refusals) > 10
    tried = re.findall(r'^tried="(.+)"$', (ROOT / "scripts" / "setup").read_text(), re.MULTILINE)[0]
    for line in refusals:
        assert all(part in GUIDE for part in fragments(line.replace("$tried", tried))), line


def test_the_guide_has_why_tor_does_not_get_through_a_bridge() -> None:
    assert len(way._WHY) > 1
    assert all(f"| tor: {why} |" in GUIDE for why in way._WHY.values())


@pytest.mark.parametrize("module", [supervisor, tor_supervisor], ids=["supervisor", "tor_supervisor"])
def test_the_guide_has_every_line_that_the_launcher_says_of_its_processes(module: Any) -> None:
    calls = [node for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.Call)]
    said = [
        ast.unparse(call.args[0]) for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "say"
    ]
    assert len(said) > 2
    for line in said:
        for part in fragments(re.sub(r"^f?['\"](tor: )?|['\"]$", "", line)):
            assert part in GUIDE, line


@pytest.mark.parametrize("module", [elsewhere, far_machines], ids=["desk", "machine"])
def test_the_guides_have_every_line_about_machines_elsewhere(module: Any) -> None:
    guides = GUIDE + (ROOT / "docs" / "moderator-guide.md").read_text()
    calls = [node for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.Call)]
    saying = [call.args[0] for call in calls if call.args and ast.unparse(call.func).split(".")[-1] in SAYING]
    assert len(saying) > 8
    for line in map(ast.unparse, saying):
        words = line.removeprefix("f").strip("\"'").replace("{_LEAST}", "12").replace("{MOST_MACHINES}", "48")
        for part in fragments(words):
            assert part in guides or " " not in part, line  # a name that stands in the code alone is no sentence


_REFUSALS = ("NotFetched", "NotSigned", "NoSigner", "NoWayBack", "BadUsage", "NeedsRoot", "say", "ask")
_OF_AN_UPDATE = [update, exchange, repository, signatures, through_tor, packages]


@pytest.mark.parametrize("module", _OF_AN_UPDATE, ids=lambda module: module.__name__.rpartition(".")[2])
def test_the_guide_has_every_sentence_of_an_update(module: Any) -> None:
    calls = [node for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.Call)]
    facts = [
        ast.unparse(call.args[0])
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id in _REFUSALS and call.args
    ]
    said = [fact for fact in facts if fact.startswith(("'", '"', "f'", 'f"'))]
    assert said
    for sentence in said:
        if "is no commit" not in sentence:  # which makers alone meet
            for part in fragments(re.sub(r"^f?['\"]|['\"]$", "", sentence)):
                assert part in GUIDE, sentence


WELL: dict[str, Any] = {
    "running": True, "onion": "x.onion", "published": True, "bootstrap": 100, "tor_trouble": [], "proof_of_work": True,
    "introduction_points": 3, "relays_hold_minutes": 100, "self_check": {"worked_minutes_ago": 1, "last_failed": False},
    "answering": {"site": True, "desk": True}, "errors": [], "started_again": {"site": 0}, "missing_walls": [],
    "confined": {"ours": True, "tor": True, "around_tor": True}, "paused": False, "has_members": True, "has_room": True,
    "clock_off_days": 0, "circles": [{"name": "A", "unread": 1, "urgent": 0, "overdue": 0, "oldest": None}],
    "bridges": 2, "bridge_trouble": "", "proposals": 0, "suspended": [], "findings": 0,
    "missing": 0, "unchecked": False, "malformed": 0,
    "site_held_locks": 0, "backup_days": 1, "free_bytes": 1 << 40, "days_up": 1, "versions": {}, "missing_words": [],
}  # fmt: skip
HEALTH = Health(network_up=True, circuits=True, dormant=False, published=True, introduction_points=1, relays_until=2e10)
TROUBLES = [
    self_check.tor_trouble(None, 0.0),
    *(self_check.tor_trouble(replace(HEALTH, **{name: not value}), 1e10) for name, value in vars(HEALTH).items()),
]
RED: list[dict[str, Any]] = [
    {"running": False}, {"locked": True}, {"published": False}, {"proof_of_work": False},
    *({"tor_trouble": trouble} for trouble in TROUBLES), {"self_check": {"worked_minutes_ago": 1, "last_failed": True}},
    {"answering": {"site": False}}, {"errors": [{"process": "site", "error": "DiskFull", "minutes_ago": 1}]},
    {"errors": [{"process": "site", "error": "ended with status 1 before its first word", "minutes_ago": 1}]},
    {"started_again": {"site": 1}, "started_again_lately": ["site"]},
    {"missing_walls": [{"wall": "x", "sentence": "y", "cure": "z"}]},
    {"confined": {"ours": True, "tor": False, "around_tor": False}}, {"site_held_locks": 1}, {"missing": 3},
    {"unchecked": True}, {"has_members": False}, {"paused": True}, {"has_room": False}, {"clock_off_days": 5},
    {"findings": 1}, {"malformed": 1}, {"circles": [WELL["circles"][0] | {"overdue": 1}]}, {"proposals": 1},
    {"suspended": [{"who": "a", "by": "b"}]}, {"backup_days": None}, {"backup_days": 8}, {"backup_days": -1},
    {"bridges": 1, "bridge_trouble": way._WHY[""]}, {"bridges": 2, "bridge_trouble": way._WHY["IDENTITY"]},
    {"free_bytes": 1}, {"makers_silent_since": 20_000},
]  # fmt: skip


def test_every_fault_of_tor_is_one_of_the_status() -> None:
    assert all(trouble for trouble in TROUBLES)


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Give the status of a launcher that is well, with every member that a real one has."""
    state = State(tmp_path_factory.mktemp("state"))
    return bare_status(state, Terminal(), ALL_WALLS, []) | WELL


@pytest.mark.parametrize("fault", RED, ids=str)
def test_the_guide_has_every_line_of_the_status_that_wants_something(
    healthy: dict[str, Any], fault: dict[str, Any]
) -> None:
    assert not [line for line in status_text.status_lines(healthy) if line.bad]
    table = GUIDE.partition("### A line of the status")[2].partition("\n### ")[0]
    rows = [re.split(r"[:;,.…]+", cell) for cell in re.findall(r"^\| (.+?) \| .+ \|$", table, re.MULTILINE)]
    lines = [line for line in status_text.status_lines(healthy | fault) if line.bad or line.name in fault_names(fault)]
    assert lines
    for line in lines:
        words = f"{line.name} {line.fact}"
        assert any(row[0].strip() and words.startswith(row[0].split()[0]) and told(row, words) for row in rows), words


def fault_names(fault: dict[str, Any]) -> set[str]:
    return {"Proposals"} & {name.capitalize() for name in fault}


def told(row: list[str], words: str) -> bool:
    """Tell whether a row is of this line: it names the line alone, or one of its facts too."""
    parts = [part.strip() for part in row if part.strip()]
    return (len(parts) == 1 and words.startswith(parts[0])) or any(part in words for part in parts[1:])


def test_the_guide_has_every_question_of_the_doctor_with_each_of_its_cures() -> None:
    table = GUIDE.partition("### An answer of the doctor")[2].partition("\n### ")[0]
    for question in doctor.QUESTIONS:
        assert f"| {question} |" in table
    texts = [node.value for node in ast.walk(ast.parse(inspect.getsource(doctor))) if isinstance(node, ast.Constant)]
    begins = (
        "sudo ",
        "./scripts/",
        "git ",
        "chmod ",
        "chown ",
        "df ",
        "echo ",
        "set it ",
        "install Debian",
        "look at it",
    )
    cures = {text.strip(" :") for text in texts if isinstance(text, str) and text.startswith(begins)}
    assert len(cures) >= 14
    for cure in cures:
        assert cure.replace("|", r"\|") in table, cure
    for switch in walls.SWITCHES:
        assert switch.name in GUIDE


def test_the_guide_has_every_exit_status_and_no_command_has_another() -> None:
    table = GUIDE.partition("### The exit code of a command")[2].partition("\n### ")[0]
    written = {int(code) for code in re.findall(r"^\| (\d) \|", table, re.MULTILINE)}
    assert written == {0, *(one.exit_code for one in named().values())} == set(range(9))
    told_by_help = set(map(int, re.findall(r"\b(\d) [a-z]", manage._EPILOG)))
    assert told_by_help <= written


CODES = {
    "WrongPassphrase": 3, "TorMissing": 4, "TorTooOld": 4, "VaultDamaged": 5, "VaultNewer": 5, "DamagedFile": 5,
    "NewerFile": 5, "AddressInUse": 6, "AlreadyRunning": 7, "NotRunning": 8, "BadUsage": 2, "NotConfirmed": 2,
    "KeysStillThere": 2, "StillThere": 1, "DiskFull": 1,
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(CODES))
def test_an_exit_status_stays_what_other_programs_believe_it_is(name: str) -> None:
    assert named()[name].exit_code == CODES[name]
