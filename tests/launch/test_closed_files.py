"""Permission is taken away: it is named, nobody is sent to a backup, and all goes on when it is given back."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from onion_app.errors import FileClosed, StateClosed
from onion_app.launch import manage_socket
from tests import processes
from tests.launch.conftest import ORDINARY, START, Installation, Operator
from tests.launch.manage import failed, status
from tests.marks import latin_mark
from tests.rehearsal import ROOT


@contextmanager
def closed(*files: Path) -> Iterator[None]:
    """Take every permission from these files for a while."""
    for file in files:
        file.chmod(0)
    try:
        yield
    finally:
        for file in files:
            file.chmod(0o600)


def test_a_database_that_is_closed_is_named_and_goes_on_when_it_is_opened(
    later: Operator, installation: Installation
) -> None:
    answers = installation.passphrase
    launched = later.launch(answers, before=ORDINARY)
    launched.volunteer().enrol(installation.printed["invitation"], "Noor")
    mark, visitor = latin_mark(), launched.visitor()
    code = visitor.hand_in("tell", mark)
    check = visitor.check("ask", "words")
    with closed(launched.state / "mailbox" / "mailbox.db"):
        first = launched.running("site")
        processes.kill(first)
        processes.until(lambda: launched.running("site") != first, START, "another site")
        kept = visitor.confirm(check)
        assert (kept.status, kept.form_with("text").value("text")) == (503, "words")
        manage_socket.ask_launcher(launched.state / "run" / "manage.sock", "pause")  # starts the chores
        both = {("site", "StateClosed"), ("chores", "StateClosed")}
        processes.until(lambda: both <= failed(launched.state), START, "both errors")
    assert visitor.come_back(code).main.having_class("text")[0].text == mark
    processes.until(lambda: status(launched.state)["paused"], START, "chores that go on")
    assert launched.stop() == 0


@pytest.mark.parametrize("name", ["vault.key", "mailbox/mailbox.db", "desk/desk.db"])
def test_a_launch_names_the_file_that_it_may_not_read(later: Operator, installation: Installation, name: str) -> None:
    with closed(later.state / name):
        launched = later.start(installation.passphrase, before=ORDINARY)
        assert launched.process.wait(START) == StateClosed.exit_code
        assert StateClosed(str(later.state / name)).sentence in launched.words()


@pytest.mark.parametrize("words", [("backup",), ("restore", "--check")])
def test_a_backup_in_a_folder_that_is_closed_is_named_with_the_command_that_makes_another(
    later: Operator, installation: Installation, tmp_path: Path, words: tuple[str, ...]
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir(mode=0)  # as the desktop's are to every other account
    answers = json.dumps(installation.passphrase)
    command = [*ORDINARY, str(ROOT / "scripts" / "manage"), "--as-is", "--state", str(later.state), "--answers", "-"]
    command += [*words, str(stick / "file")]
    done = subprocess.run(command, input=answers, capture_output=True, text=True, timeout=START, check=False)
    assert done.returncode == FileClosed.exit_code
    assert done.stderr.endswith(f"{FileClosed(str(stick / 'file')).sentence}\n    {FileClosed.hint}\n")
    stick.chmod(0o700)
    assert not list(stick.iterdir())
