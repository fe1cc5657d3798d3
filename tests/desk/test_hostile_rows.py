"""Rows that no honest program has written, in every table at once: the chores do all else, and every page answers."""

import json
import os
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from onion_app.launch.processes import child, chores
from onion_app.site import SiteConfig, create_app
from onion_app.vault.connection import KINDS, DatabaseKind
from onion_app.vault.desk import audit, case_records, notice, taken
from onion_app.vault.settings import read_settings
from onion_app.vault.shown import routing
from onion_app.web.app import Hardened
from scripts.rehearsal.people import Visitor
from scripts.rehearsal.wire import into
from tests import hostile, tables
from tests.desk.house import House, Volunteer, listed
from tests.desk.story_steps import in_queue, on_the_site
from tests.site.conftest import ADDRESS
from tests.world import Author

Reported = list[dict[str, Any]]


class Everything:
    """A house in which most tables have rows, and everything that the chores do is due."""

    def __init__(self, house: House, editor: Volunteer, circle: bytes, law: bytes) -> None:
        self.house, self.editor, self.circle = house, editor, circle
        self.told = Author(house, circle)
        _, self.story = in_queue(editor, self.told)
        self.erased, self.old, self.handed, self.kept = (Author(house, circle) for _ in range(4))
        sara = house.unlocked("Sara", editor.login.passphrase)
        for each in (self.erased, self.old, self.handed, self.kept):
            editor.take(each.writes("I wrote."))
            house.notes(sara, each.case_id, "A note.")
        house.hands_over(sara, self.handed.case_id, law)
        self.kept.changes_code()
        editor.reply(self.kept.case_id.hex(), "We answer.")
        house.show({"en": ("Now", "Words.")}, slug="now")
        editor.press_on(f"/notebook/{circle.hex()}", f"/notebook/{circle.hex()}/message", text="Be brief.")
        with house.desk.writing():
            notice.put_notice(house.desk, {"en": "Searches today."}, house.today, house.today + 2)
            notice.put_against(house.desk, sara.id)
        house.invitation(circle)
        house.enrol(circle, "waits")
        gone = Author(house, circle)
        gone.writes("Not this.")
        gone.erases()
        house.forgets()
        taken.step_out(house.desk, self.handed.case_id, sara.id)
        with house.desk.writing():
            audit.add_finding(house.desk, house.today, "circle changed", "ab" * 16)
            case_records.close_door(house.desk, self.old.case_id, house.today)
        audit.acknowledge(house.desk, audit.findings_for(house.desk, sara.id)[0].id, sara.id)
        house.follow()

    def let_all_be_due(self) -> None:
        """Let two weeks pass, a case grow old, and its author erase another; of a circle readers know nothing yet."""
        self.house.clock.wait(days=15)
        self.house.put(seen_day=self.house.today)
        self.erased.erases()
        with self.house.mailbox.writing():
            self.house.mailbox.run("UPDATE cases SET last_day = 1 WHERE id = ?", (self.old.case_id,))
        self.begun = self.house.circle("Begun since", topics=("health",))
        with self.house.shown.writing():
            self.house.shown.run("DELETE FROM circles WHERE id = ?", (self.begun,))

    def rounds(self) -> Reported:
        """Let much be due, the chores do a round of each kind, and give what they report."""
        self.let_all_be_due()
        reading, writing = os.pipe()
        house = self.house
        for work in ("all", "short", "daily"):
            orders = child.Orders(house.state.path, house.keys.mailbox, house.keys.desk, "x.onion", "x", 1, 0, work)
            chores.do_round(child.Child(orders, (), child.Reports(writing), threading.Event()), house.files)
        os.close(writing)
        with os.fdopen(reading) as said:
            return [json.loads(line) for line in said]

    def expect_all_is_done(self, *, much_is_missing: bool = False) -> None:
        """See that nothing was left undone for what is planted beside it; forgetting waits where much is missing."""
        house = self.house
        assert self.old.case_id not in house.mailbox.ids("SELECT id FROM cases")
        assert much_is_missing or self.erased.case_id in case_records.gone_cases(house.desk)
        assert on_the_site(house, self.story.id)
        assert house.shown.ids("SELECT id FROM circles WHERE id = ?", (self.begun,))

    def findings(self) -> list[tuple[str, str]]:
        return [(each.what, each.subject) for each in audit.findings_for(self.house.desk, bytes(16))]


@pytest.fixture
def everything(
    house: House, editor: Volunteer, circle: bytes, law: bytes, lawyer: Volunteer, monkeypatch: pytest.MonkeyPatch
) -> Everything:
    assert lawyer.login.handle
    house.make_coordinator(editor.login.handle)
    monkeypatch.setattr(child, "time", SimpleNamespace(time=house.clock))
    return Everything(house, editor, circle, law)


@pytest.fixture
def site(everything: Everything) -> Hardened:
    house = everything.house
    return create_app(SiteConfig(house.state.mailbox, house.state.shown, house.keys.mailbox, ADDRESS, house.clock))


def test_where_nothing_is_planted_all_is_done_and_nothing_reported(everything: Everything) -> None:
    said = everything.rounds()
    everything.expect_all_is_done()
    assert [each for each in said if "failed" in each] == []
    assert said[-3]["counts"]["malformed"] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_chores_do_all_else_and_count_what_is_planted(everything: Everything, kind: DatabaseKind) -> None:
    planted = hostile.plant_everywhere(everything.house, kind)
    assert planted > 100
    said = everything.rounds()

    everything.expect_all_is_done(much_is_missing=kind == "desk")
    counts = next(each["counts"] for each in said if "counts" in each)
    assert counts["malformed"] >= min(planted // 2, 80)
    assert "rows that no honest program has written" in [what for what, _ in everything.findings()]
    if kind == "desk":
        assert {"failed": "RowDamaged"} in said
        assert not routing.takes_new_text(read_settings(everything.house.shown)), (
            "what cannot be shown is looked at first"
        )


@pytest.mark.parametrize("kind", KINDS)
def test_every_page_answers(everything: Everything, site: Hardened, kind: DatabaseKind) -> None:
    house, editor, kept = everything.house, everything.editor, everything.kept
    hostile.plant_everywhere(house, kind)
    ids = {"case_id": kept.case_id, "circle_id": everything.circle, "story_id": everything.story.id}
    for endpoint, method, path in house.endpoints(ids):
        if method == "GET":
            assert editor.get(path).status < 500, endpoint
    assert kept.case_id.hex() in listed(editor.get("/mine"), "mine")
    assert "I wrote." in editor.open_case(kept.case_id.hex()).text
    visitor = Visitor(into(site), ADDRESS)
    for path in ("", "tell", "ask", "return", "stories", "guides", "guides/now", "protects"):
        assert visitor.go(path).status in ({200, 503} if kind == "shown" else {200}), path  # 503: paused
    assert "We answer." in visitor.come_back(kept.code).text


@pytest.mark.parametrize("damage", [
    "UPDATE handed SET circle_id = 'x' WHERE case_id = ?",
    "UPDATE read SET number = 1.5 WHERE case_id = ?",
    "UPDATE met SET mark = x'' WHERE case_id = ?",
    "UPDATE entries SET kind = 7 WHERE case_id = ?",
])  # fmt: skip
def test_what_the_desk_knows_of_one_case_hides_no_other(everything: Everything, damage: str) -> None:
    house, editor, kept = everything.house, everything.editor, everything.kept
    other = everything.handed if "handed" in damage else everything.kept
    beside = Author(house, everything.circle)
    editor.take(beside.writes("Beside it."))
    with tables.past_strict(house.state.desk / "desk.db", house.keys.desk) as link:
        assert link.execute(damage, (other.case_id,)).rowcount
    page = editor.get("/mine")
    assert page.status == 200
    assert beside.case_id.hex() in listed(page, "mine")
    for path in (f"/case/{other.case_id.hex()}", f"/case/{other.case_id.hex()}/story", f"/case/{kept.case_id.hex()}"):
        assert editor.get(path).status < 500, path
