"""A rehearsal that keeps its state, and is gone on with on a later day; what it shows is tried elsewhere."""

import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from onion_app.choices import LANGUAGE_CODES
from onion_app.errors import BadUsage, NoLoopback
from scripts.rehearsal import house
from scripts.rehearsal.people import Login, Visitor, Volunteer
from scripts.rehearsal.wire import through_unix
from tests import processes
from tests.launch.conftest import Installation
from tests.rehearsal import ROOT, START, Rehearsal, rehearsing

NOTICES = {language: house.NOTICE[f"notice_{language}"] for language in LANGUAGE_CODES}
NAMES = {"onion", "socks_port", "site_socket", "desk_url", "state", "return_code", "logins"}


def messages(stage: Rehearsal) -> list[str]:
    """Come back with the return code, and read the case, or nothing when there is none."""
    visitor = Visitor(through_unix(Path(stage.printed["site_socket"])), stage.onion)
    return [message.text for message in visitor.come_back(stage.printed["return_code"]).having_class("message")]


@pytest.mark.slow
def test_a_kept_rehearsal_goes_on_and_later_its_cases_are_destroyed(standing_network: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="kept-") as folder:
        place, state = Path(folder), Path(folder) / "state"
        with rehearsing(place, "--state", str(state), joined=standing_network) as first:
            assert first.printed.keys() == NAMES
            assert first.state == state
            assert len(messages(first)) == 2, "a request and its answer"
        assert (state / "vault.key").exists()
        with rehearsing(place, "--state", str(state), "--days", "217", joined=standing_network) as later:
            for name in ("onion", "return_code", "logins"):
                assert later.printed[name] == first.printed[name]
            # Phones have not gone on by 217 days: the second factor is that of this moment.
            [login, *_] = later.printed["logins"]
            member = Volunteer(later.desk_url)
            member.login = Login(**login)
            assert member.log_in().having_class("circle")
            # 180 days and a fifth are over: the first chores destroy the case.
            processes.until(lambda: not messages(later), START, "the end of the case")


@pytest.mark.slow
def test_the_house_has_people_in_it_and_cases_to_practise_on() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="kept-") as folder,
        rehearsing(Path(folder), "--practice", bare=False) as stage,
    ):
        assert [login["handle"] for login in stage.printed["logins"]] == ["Narin", "Salar", "Rojin"]
        for language in LANGUAGE_CODES:
            visitor = Visitor(through_unix(Path(stage.printed["site_socket"])), stage.onion, language)
            assert NOTICES[language] in visitor.go("").main.text
            assert len(visitor.go("stories").main.every("h2")) + len(visitor.go("stories").main.every("h3")) >= 3
        assert len(visitor.go("guides").main.every("li")) > 15
        member = Volunteer(stage.desk_url)
        member.login = Login(**stage.printed["logins"][0])
        page = member.log_in()
        assert "1 proposal waits for a second person's yes" in page.main.text
        assert "overdue" in page.main.text
        cases = member.queue("new", "reading", "waiting")
        assert len(cases) > 18
        folded = [member.open_case(case).first(id="notes").every("details") for case in cases]
        assert len([each for each in folded if each]) == 10
        [(circle, _)] = member.circles()
        assert "contact@organisation.example" in member.get(f"/notebook/{circle}").text


@pytest.mark.slow
def test_nobody_rehearses_on_a_real_installation(installation: Installation) -> None:
    words = [str(ROOT / "scripts" / "rehearse"), "--json", "--state", str(installation.state)]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=START)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no rehearsal" in done.stderr


def test_nobody_joins_a_network_that_is_not_there(tmp_path: Path) -> None:
    words = [str(ROOT / "scripts" / "rehearse"), "--json", "--join", str(tmp_path)]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=START)
    assert (done.returncode, done.stdout) == (BadUsage.exit_code, "")
    assert f"no private network stands in {tmp_path}" in done.stderr


def test_a_machine_that_does_not_answer_itself_is_named_at_once_with_the_command() -> None:
    words = ["unshare", "-r", "-n", str(ROOT / "scripts" / "rehearse")]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (NoLoopback.exit_code, "")
    assert done.stderr == f"{NoLoopback().sentence}\n    {NoLoopback.hint}\n"


def test_new_digits_are_printed_for_the_key_that_a_rehearsal_prints() -> None:
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

    def asked(key: str) -> "subprocess.CompletedProcess[str]":
        words = [str(ROOT / "scripts" / "rehearse"), "--digits", key]
        return subprocess.run(words, check=False, capture_output=True, text=True, timeout=START)

    before, done, after = time.time(), asked(secret), time.time()
    assert done.stdout[:6] in {Login("", "", secret).digits(at) for at in (before, after)}
    refused = asked("no key!")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "scripts/rehearse" in refused.stderr
