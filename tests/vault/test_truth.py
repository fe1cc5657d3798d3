"""Whatever was changed in the mailbox is put back from the desk, and said."""

from dataclasses import dataclass
from typing import Any

import pytest

from onion_app.errors import NothingHere, NotReady
from onion_app.vault import settings, truth
from onion_app.vault.database import Database
from onion_app.vault.desk import audit, circles, entries
from onion_app.vault.mailbox import lifetime
from onion_app.vault.shown import reading, writing
from tests.vault.made import TODAY, Installation, circle, guide, some_id, story


def found(mailbox: Database, desk: Database) -> list[tuple[str, str]]:
    """Repair, and see that it was noted, and that a second look finds nothing."""
    findings = truth.repair(mailbox, desk, TODAY)
    assert [finding for finding in audit.findings(desk) if finding in findings] == sorted(
        findings, key=lambda finding: finding.id
    )
    assert all(finding.day == TODAY and not finding.acknowledged for finding in findings)
    assert truth.repair(mailbox, desk, TODAY) == []
    return sorted((finding.what, finding.subject) for finding in findings)


def tables(db: Database) -> list[Any]:
    names = ("circles", "settings", "texts", "versions", "listed")
    shown = {"texts": "id, kind, slug, year, notes"}
    return [db.rows(f"SELECT {shown.get(name, '*')} FROM {name}") for name in names]


def test_what_was_not_touched_is_left_alone(mailbox: Database, desk: Database) -> None:
    story(mailbox, desk)
    guide(mailbox, desk)
    before, counter = tables(mailbox), reading.published_counter(mailbox)
    assert found(mailbox, desk) == []
    assert tables(mailbox) == before
    assert reading.published_counter(mailbox) == counter


@dataclass(frozen=True)
class Shown:
    """The mailbox with a circle, a guide and a story in it; what is planted there has an id of its own."""

    circle: bytes
    guide: bytes
    story: bytes
    planted: bytes

    def found(self, *expected: str) -> list[tuple[str, str]]:
        """Give the findings that are written as the kind and, after a colon, the name of one of these ids."""
        pairs = [each.partition(": ")[::2] for each in expected]
        return sorted((what, vars(self)[name].hex() if name in vars(self) else name) for what, name in pairs)


@pytest.fixture
def shown(made: Installation, mailbox: Database, desk: Database) -> Shown:
    return Shown(made.circle_id, guide(mailbox, desk), story(mailbox, desk, notes=("death",)), some_id())


# What somebody may do who has the key of the mailbox, and what is found. Where it is not said, pages are made anew.
TAMPERING = {
    "UPDATE circles SET catch_all = 0, coordinators = 0; "
    "INSERT INTO circles VALUES (:planted, zeroblob(32), '[]', '[]', 1, 1)": (
        "circle changed: circle",
        "circle planted: planted",
    ),
    "UPDATE circles SET public_key = zeroblob(32)": ("circle changed: circle",),
    "DELETE FROM circles": ("circle removed: circle",),
    "UPDATE settings SET value = '{\"en\": \"Elsewhere\"}' WHERE name = 'how_to_find_us'; "
    "DELETE FROM settings WHERE name = 'code_salt'; INSERT INTO settings VALUES ('paused', 'true'); "
    "INSERT INTO settings VALUES ('<script>', '1')": (
        "setting changed: how_to_find_us",
        "setting planted: -",
        "setting planted: paused",
        "setting removed: code_salt",
    ),
    "INSERT INTO texts VALUES (:planted, 'guide', 'law', NULL, '[]'); "
    "INSERT INTO versions VALUES (:planted, 'en', 'Title', 'Come here.', NULL, NULL, NULL)": ("text planted: planted",),
    "INSERT INTO versions VALUES ('words', 'en', 'Title', 'Come here.', NULL, NULL, NULL)": ("text planted: -",),
    "UPDATE versions SET body = 'Go there.' WHERE language = 'ar'": ("text changed: guide",),
    "UPDATE versions SET checked_by = 'somebody' WHERE text_id = :guide": ("text changed: guide",),
    "UPDATE versions SET language = 'ckb' WHERE language = 'ar'": ("text changed: guide",),
    "DELETE FROM versions WHERE language = 'ar'": ("text changed: guide",),
    "DELETE FROM versions": ("text changed: guide", "text changed: story"),
    "UPDATE texts SET slug = 'other' WHERE id = :guide": ("text changed: guide",),
    "UPDATE texts SET notes = x'00' WHERE id = :guide": ("text changed: guide",),
    "UPDATE texts SET notes = '[]'": ("text changed: story",),
    "UPDATE texts SET year = 2001 WHERE id = :story": ("text changed: story",),
    "DELETE FROM versions; DELETE FROM texts": ("text removed: guide", "text changed: story"),
    "DELETE FROM listed; DELETE FROM versions; DELETE FROM texts": ("text removed: guide", "text removed: story"),
    "DELETE FROM versions WHERE text_id = :guide; DELETE FROM texts WHERE id = :guide; "
    "INSERT INTO withdrawn VALUES (:guide, 1)": ("text removed: guide",),  # a guide cannot be withdrawn
    "DELETE FROM listed": ("text changed: story",),
    "DELETE FROM listed WHERE language = 'ar'": ("text changed: story",),
    "UPDATE listed SET title = 'Come here'": ("text changed: story",),
    "UPDATE listed SET notes = 0": ("text changed: story",),
    "UPDATE listed SET text_id = :planted": ("text changed: story", "text planted: planted"),
    "INSERT INTO listed SELECT language, missing, 7, year, text_id, title, written_in, 1, languages FROM listed": (
        "text changed: story",
    ),
}


@pytest.mark.parametrize("tampering", TAMPERING)
def test_what_was_done_to_the_mailbox_is_undone_and_said(
    made: Installation, mailbox: Database, desk: Database, shown: Shown, tampering: str
) -> None:
    before, counter = tables(mailbox), reading.published_counter(mailbox)
    with made.hostile_past_strict() as link:
        for statement in tampering.split("; "):
            names = {name: each for name, each in vars(shown).items() if f":{name}" in statement}
            link.execute(statement, names)
    assert found(mailbox, desk) == shown.found(*TAMPERING[tampering])
    assert tables(mailbox) == before
    if "circle" not in tampering:
        assert reading.published_counter(mailbox) > counter, "kept pages say it"


def test_a_circle_without_a_key_is_not_copied(mailbox: Database, desk: Database) -> None:
    circles.add_circle(desk, circle(some_id(), "empty", topics=("law",), languages=("ar",)))
    assert found(mailbox, desk) == []
    assert len(mailbox.rows("SELECT id FROM circles")) == 1


def test_slugs_that_were_exchanged_are_put_back(made: Installation, mailbox: Database, desk: Database) -> None:
    ids = [guide(mailbox, desk, slug) for slug in ("one", "two")]
    before = tables(mailbox)
    with made.hostile() as link:
        for slug, text_id in (("three", ids[0]), ("one", ids[1]), ("two", ids[0])):
            link.execute("UPDATE texts SET slug = ? WHERE id = ?", (slug, text_id))
    assert found(mailbox, desk) == sorted(("text changed", text_id.hex()) for text_id in ids)
    assert tables(mailbox) == before


def test_a_story_taken_down_is_not_shown_again_by_anybody(
    made: Installation, mailbox: Database, desk: Database
) -> None:
    text_id = story(mailbox, desk, case_id=made.add_case(mailbox).id)
    shown = writing.shown_by_mailbox(mailbox, text_id)
    writing.take_down_text(mailbox, desk, text_id)
    assert found(mailbox, desk) == []
    with made.hostile() as link:
        link.execute("INSERT INTO texts VALUES (?, ?, ?, ?, ?)", shown[0][0])
    assert found(mailbox, desk) == [("text planted", text_id.hex())]
    with pytest.raises(NothingHere):
        reading.read_text(mailbox, text_id)
    writing.publish_text(mailbox, desk, text_id)
    assert writing.shown_by_mailbox(mailbox, text_id) == shown


def test_a_text_that_is_shown_is_not_changed_behind_its_readers_backs(mailbox: Database, desk: Database) -> None:
    text_id = guide(mailbox, desk)
    text, versions = reading.read_text(desk, text_id)
    with pytest.raises(NotReady):
        writing.store_draft(desk, text, versions[:1])
    writing.take_down_text(mailbox, desk, text_id)
    writing.store_draft(desk, text, versions[:1])
    writing.publish_text(mailbox, desk, text_id)
    assert reading.read_text(mailbox, text_id) == (text, versions[:1])
    assert found(mailbox, desk) == []
    for change in (writing.publish_text, writing.take_down_text):
        with pytest.raises(NothingHere):
            change(mailbox, desk, some_id())


def test_a_finding_stands_until_it_is_acknowledged(made: Installation, mailbox: Database, desk: Database) -> None:
    with made.hostile() as link:
        link.execute("DELETE FROM circles")
    finding = truth.repair(mailbox, desk, TODAY)[0]
    assert audit.findings(desk) == [finding]
    audit.acknowledge(desk, finding.id)
    assert audit.findings(desk) == []


def test_what_the_desk_changes_while_it_holds_the_mailbox_is_no_finding(mailbox: Database, desk: Database) -> None:
    with mailbox.writing():
        with desk.writing():
            settings.put_setting(desk, "retention_days", 90)
        truth.copy_settings(mailbox, desk)
    assert found(mailbox, desk) == []
    assert settings.read_settings(mailbox).retention_days == 90


def test_the_drafts_and_approvals_of_a_story_taken_back_go_with_it_and_the_notes_stay(
    made: Installation, mailbox: Database, desk: Database
) -> None:
    new, other = made.add_case(mailbox), made.add_case(mailbox)
    for case in (new, other):
        for kind in ("note", "draft", "approval"):
            made.entry(desk, case.id, kind)
    text_id = story(mailbox, desk, case_id=new.id)
    lifetime.withdraw_story(mailbox, text_id, TODAY)
    assert found(mailbox, desk) == []
    assert [entry.kind for entry in entries.entries_of(desk, new.id)] == ["note"]
    assert len(entries.entries_of(desk, other.id)) == 3
    with pytest.raises(NothingHere):
        writing.publish_text(mailbox, desk, text_id)
