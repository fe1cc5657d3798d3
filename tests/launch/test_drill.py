"""The drill: the machine is gone, a backup and the spare code are left, and everybody finds what is theirs."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.launch.conftest import Installation, Operator
from tests.launch.manage import manage


@pytest.fixture
def elsewhere() -> Iterator[Operator]:
    """Give an operator on another machine, who holds nothing yet but the file."""
    with tempfile.TemporaryDirectory(prefix="launch-") as folder:
        somebody = Operator(Path(folder))
        yield somebody
        somebody.end()


def test_the_drill(later: Operator, elsewhere: Operator, installation: Installation) -> None:
    spare = {"spare_code": installation.printed["spare_code"]}
    first = later.launch(spare)
    member = first.volunteer().enrol(installation.printed["invitation"], "Noor")
    kept, gone = first.visitor().hand_in("tell", "kept words"), first.visitor().hand_in("ask", "gone words")
    backup = later.folder / "backup"
    assert manage(later.state, "--answers", "-", "backup", str(backup), typed=json.dumps(spare)).code == 0
    assert first.visitor().erase_without_opening(gone).status == 200
    newer = first.visitor().hand_in("tell", "newer words")
    assert first.stop() == 0

    # The disk of the old machine is still there, and its list of what was taken back with it.
    restore = ("--answers", "-", "restore", str(backup))
    with_list = manage(elsewhere.state, *restore, "--withdrawn-from", str(later.state), typed=json.dumps(spare))
    assert with_list.code == 0, with_list.said
    assert "gone again: 1" in with_list.said
    second = elsewhere.launch(spare)
    assert second.printed["onion"] == first.printed["onion"]
    page = second.visitor().come_back(kept)
    assert [found.text for found in page.main.having_class("text")] == ["kept words"]
    assert page.has(id="restored")
    assert "please erase it once more" not in page.main.text
    for lost in (gone, newer):
        assert "nothing under this code" in second.visitor().come_back(lost).main.text
    desk = second.volunteer()
    desk.login = member.login
    assert desk.log_in().having_class("circle")
    [case] = desk.queue()
    assert "kept words" in desk.reply(case, "an answer").main.text
    assert "an answer" in second.visitor().come_back(kept).main.text
    assert second.stop() == 0

    # The old machine is gone: what was taken back is here again, and its author is told.
    shutil.rmtree(elsewhere.state)
    without = manage(elsewhere.state, *restore, typed=json.dumps(spare))
    assert "every author whose case is back is told so" in without.said
    third = elsewhere.launch(spare)
    page = third.visitor().come_back(gone)
    assert "please erase it once more" in page.main.text
    assert third.visitor().erase_without_opening(gone).status == 200
    assert "nothing under this code" in third.visitor().come_back(gone).main.text
