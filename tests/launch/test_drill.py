"""The drill: the machine is gone, a backup and the spare code are left, and everybody finds what is theirs."""

import shutil
from collections.abc import Iterator

import pytest

from tests.launch.conftest import Installation, Operator, beginner
from tests.launch.manage import with_secret


@pytest.fixture
def elsewhere() -> Iterator[Operator]:
    """Give an operator on another machine, who holds nothing yet but the file."""
    with beginner() as somebody:
        yield somebody


def test_the_drill(later: Operator, elsewhere: Operator, installation: Installation) -> None:
    code = installation.printed["spare_code"]
    spare = {"spare_code": code}
    first = later.launch(spare)
    member = first.volunteer().enrol(installation.printed["invitation"], "Noor")
    kept, gone = first.visitor().hand_in("tell", "kept words"), first.visitor().hand_in("ask", "gone words")
    backup = later.folder / "backup"
    assert with_secret(later.state, code, "backup", str(backup)).error is None
    assert first.visitor().erase_without_opening(gone).status == 200
    newer = first.visitor().hand_in("tell", "newer words")
    assert first.stop() == 0

    # The disk of the old machine is still there, and its list of what was taken back with it.
    with_list = with_secret(elsewhere.state, code, "restore", str(backup), "--withdrawn-from", str(later.state))
    assert "gone again: 1" in with_list.said, with_list.error
    second = elsewhere.launch(spare)
    assert second.printed["onion"] == first.printed["onion"]
    page = second.visitor().come_back(kept)
    assert [found.text for found in page.main.having_class("text")] == ["kept words"]
    assert page.has(id="restored")
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
    without = with_secret(elsewhere.state, code, "restore", str(backup))
    assert "no newer desk" in without.said
    assert "may be here again" in without.said
    third = elsewhere.launch(spare)
    page = third.visitor().come_back(gone)
    assert page.has(id="restored")
    assert third.visitor().erase_without_opening(gone).status == 200
    assert "nothing under this code" in third.visitor().come_back(gone).main.text
