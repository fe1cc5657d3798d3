"""What the operator says beside the desk: yes and no to proposals, and who is out, with the passphrase only."""

import re
import time
from itertools import count

import pytest

from onion_app.choices import LANGUAGE_CODES
from onion_app.days import DAY, date_of
from onion_app.desk.proposal_kinds import present
from onion_app.desk.proposal_rules import digest
from onion_app.desk.proposals import propose
from onion_app.errors import BadUsage, Refused
from onion_app.launch.state import State
from onion_app.shapes import to_json
from onion_app.vault.desk import audit, circles, moderators, proposals
from tests.launch.conftest import Installation, Operator, contents
from tests.launch.keeping import TODAY, noon, opened
from tests.launch.manage import Done, with_secret
from tests.world import World

SETTING = bytes(16)


@pytest.fixture(scope="module")
def installation(opened_at_once: Installation) -> Installation:
    return opened_at_once


@pytest.fixture
def settled(later: Operator, installation: Installation) -> State:
    """Give a state with one coordinator and a member whom they have let in, long ago, and which waits for a yes."""
    state = State(later.state)
    with opened(state, installation.keys) as world:
        [office] = circles.circles(world.desk)
        sara = world.enrol(office.id, "Sara", coordinator=True)
        world.enrol(office.id, "Dana")
        world.let_in(sara, office.id, "Dana")
        world.settle()
        assert propose(world.dbs, sara.id, "retention", SETTING, {"days": ["60"]})
    return state


def says(state: State, installation: Installation, *words: str) -> Done:
    return with_secret(state.path, installation.printed["passphrase"], *words)


def letters(done: Done) -> str:
    [found] = re.findall(r"proposals yes (\w{8})", done.said)
    return str(found)


def waiting(world: World) -> list[str]:
    return [each.kind for each in proposals.open_proposals(world.desk)]


def test_the_operator_lists_what_waits_and_decides_it(settled: State, installation: Installation) -> None:
    listed = says(settled, installation, "proposals")
    assert "Cases will be destroyed 60 days after their last message, and not 180." in listed.said
    assert "It is decided" in says(settled, installation, "proposals", "yes", letters(listed)).said
    with opened(settled, installation.keys) as world:
        assert waiting(world) == []
    assert "retention, decided on" in says(settled, installation, "proposals").said


def test_an_objection_of_the_operators_needs_a_coordinator_too(settled: State, installation: Installation) -> None:
    shown = letters(says(settled, installation, "proposals"))
    assert says(settled, installation, "proposals", "object", shown, "--reason", "doubt").code == 0
    assert "somebody objects: doubt" in says(settled, installation, "proposals").said
    assert isinstance(says(settled, installation, "proposals", "object", shown, "--reason", "doubt").error, Refused)


def test_a_yes_is_to_the_words_that_were_printed_alone(settled: State, installation: Installation) -> None:
    shown = letters(says(settled, installation, "proposals"))
    with opened(settled, installation.keys) as world:
        sara = moderators.find_moderator(world.desk, "Sara")
        propose(world.dbs, sara.id, "retention", SETTING, {"days": ["30"]})
    for words in (["yes", shown], ["object", shown, "--reason", "doubt"], ["yes", "00000000"], ["yes", ""]):
        assert isinstance(says(settled, installation, "proposals", *words).error, BadUsage)
    with opened(settled, installation.keys) as world:
        assert waiting(world) == ["retention"]


def test_no_other_words_are_given_the_letters_that_were_printed(settled: State, installation: Installation) -> None:
    """Attack: a proposer looks for two words on how to find us whose marks begin alike, and exchanges them."""

    def wanted(place: str) -> dict[str, list[str]]:
        return {code: [f"Ask at the {place}."] for code in LANGUAGE_CODES}

    with opened(settled, installation.keys) as world:
        sara = moderators.find_moderator(world.desk, "Sara")
        with world.desk.writing():
            proposals.drop(world.desk, proposals.open_proposals(world.desk)[0].id)
        now, seen = present(world.dbs, "find_us", SETTING), dict[str, str]()
        for place in (f"market {number}" for number in count()):
            mark = digest(to_json(["find_us", SETTING, to_json(wanted(place)), now])).hex()[:8]
            if (other := seen.setdefault(mark, place)) != place:
                break
        propose(world.dbs, sara.id, "find_us", SETTING, wanted(other))
    shown = letters(says(settled, installation, "proposals"))
    with opened(settled, installation.keys) as world:
        propose(world.dbs, sara.id, "find_us", SETTING, wanted(place))
    assert isinstance(says(settled, installation, "proposals", "yes", shown).error, BadUsage)


def test_words_that_are_proposed_look_like_no_line_of_ours(settled: State, installation: Installation) -> None:
    words = "Ask at the market.\n    ./scripts/manage proposals yes 00000000"
    with opened(settled, installation.keys) as world:
        sara = moderators.find_moderator(world.desk, "Sara")
        propose(world.dbs, sara.id, "find_us", SETTING, {code: [words] for code in LANGUAGE_CODES})
    lines = says(settled, installation, "proposals").said.splitlines()
    assert not [line for line in lines if line.lstrip().startswith("./scripts") and "00000000" in line]


@pytest.mark.parametrize(
    ("off", "ahead", "day"),
    [(-365, 0, TODAY), (365, 0, TODAY + 365), (0, 40, TODAY + 40)],
    ids=["a clock that is behind", "a clock that is ahead", "a rehearsal of later days"],
)
def test_the_operator_decides_on_the_day_that_it_is_at_the_desk(
    settled: State, installation: Installation, monkeypatch: pytest.MonkeyPatch, off: int, ahead: int, day: int
) -> None:
    days = ("--days", str(ahead))
    shown = letters(says(settled, installation, "proposals"))
    with opened(settled, installation.keys) as world:
        world.put(seen_day=TODAY)
        before, _ = audit.audit_of(world.desk, None)
    now = noon() + off * DAY
    monkeypatch.setattr(time, "time", lambda: now)
    for words in (("proposals", *days, "yes", shown), ("invite", *days, "--coordinator"), ("remove", *days, "Dana")):
        assert says(settled, installation, *words).code == 0
    assert f"decided on {date_of(day):%d.%m.%Y}" in says(settled, installation, "proposals", *days).said
    with opened(settled, installation.keys) as world:
        noted = [row.day for row in audit.audit_of(world.desk, None)[0] if row not in before]
    assert noted == [day] * 3


@pytest.mark.parametrize("handle", ["Sara", "sara", "ＳＡＲＡ"])
def test_the_operator_shuts_out_whomever_even_the_only_coordinator(
    settled: State, installation: Installation, handle: str
) -> None:
    assert says(settled, installation, "remove", handle).code == 0
    with opened(settled, installation.keys) as world:
        assert moderators.find_moderator(world.desk, "Sara").state == "out"
        assert waiting(world) == [], "what she proposed has fallen with her"
    for gone in (handle, "Nobody"):
        assert isinstance(says(settled, installation, "remove", gone).error, BadUsage)


@pytest.mark.parametrize("words", [["proposals"], ["proposals", "yes", "00000000"], ["remove", "Sara"]])
def test_nothing_is_listed_or_decided_under_a_wrong_passphrase(settled: State, words: list[str]) -> None:
    before = contents(settled.path)
    done = with_secret(settled.path, "never was this it", *words)
    assert (done.code, done.out) == (3, "")
    assert "wait for" not in done.said
    assert contents(settled.path) == before
