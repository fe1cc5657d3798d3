"""Whatever was changed in the mailbox is put back from the desk, and said."""

import json
from typing import Any, Literal

import pytest

from onion_app.errors import DamagedFile, NothingHere, StillShown
from onion_app.vault import settings, truth
from onion_app.vault.database import Database
from onion_app.vault.desk import audit, circles, entries
from onion_app.vault.mailbox import lifetime
from onion_app.vault.shown import reading, writing
from onion_app.vault.shown.reading import StoryOrGuide, Version
from tests.vault.made import TODAY, Installation, new_case, sealing, some_id, some_key


def guide(mailbox: Database, desk: Database, slug: str = "now", body: str = "Go first.") -> bytes:
    text = StoryOrGuide(some_id(), "guide", slug, None, ())
    versions = [Version(text.id, language, "Title", body, None, None, None) for language in ("ar", "en")]
    writing.draft(desk, text, versions)
    writing.publish(mailbox, desk, text.id)
    return text.id


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
    names = ("circles", "settings", "texts", "versions")
    shown = {"texts": "id, kind, slug, year, notes"}
    return [db.rows(f"SELECT {shown.get(name, '*')} FROM {name}") for name in names]


def test_what_was_not_touched_is_left_alone(mailbox: Database, desk: Database) -> None:
    guide(mailbox, desk)
    before, counter = tables(mailbox), reading.published(mailbox)
    assert found(mailbox, desk) == []
    assert tables(mailbox) == before
    assert reading.published(mailbox) == counter


def test_a_planted_circle_is_removed(made: Installation, mailbox: Database, desk: Database) -> None:
    before, planted = tables(mailbox), some_id()
    with made.hostile() as link:
        link.execute("UPDATE circles SET catch_all = 0, coordinators = 0")
        link.execute("INSERT INTO circles VALUES (?, ?, '[]', '[]', 1, 1)", (planted, some_key()))
    assert found(mailbox, desk) == [("circle changed", made.circle_id.hex()), ("circle planted", planted.hex())]
    assert tables(mailbox) == before


def test_an_exchanged_circle_key_is_put_back(made: Installation, mailbox: Database, desk: Database) -> None:
    before = tables(mailbox)
    with made.hostile() as link:
        link.execute("UPDATE circles SET public_key = ?", (some_key(),))
    assert found(mailbox, desk) == [("circle changed", made.circle_id.hex())]
    assert tables(mailbox) == before


def test_a_removed_circle_comes_back(made: Installation, mailbox: Database, desk: Database) -> None:
    before = tables(mailbox)
    with made.hostile() as link:
        link.execute("DELETE FROM circles")
    assert found(mailbox, desk) == [("circle removed", made.circle_id.hex())]
    assert tables(mailbox) == before


def test_a_circle_without_a_key_is_not_copied(mailbox: Database, desk: Database) -> None:
    circles.add_circle(desk, circles.Circle(some_id(), "empty", ("law",), ("ar",), False, False, 0, None))  # noqa: FBT003
    assert found(mailbox, desk) == []
    assert len(mailbox.rows("SELECT id FROM circles")) == 1


def test_changed_removed_and_planted_settings_are_put_right(
    made: Installation, mailbox: Database, desk: Database
) -> None:
    before, counter = tables(mailbox), reading.published(mailbox)
    with made.hostile() as link:
        link.execute("UPDATE settings SET value = ? WHERE name = 'how_to_find_us'", (json.dumps({"en": "Elsewhere"}),))
        link.execute("DELETE FROM settings WHERE name = 'code_salt'")
        link.execute("INSERT INTO settings VALUES ('paused', 'true')")
        link.execute("INSERT INTO settings VALUES ('<script>', '1')")
    assert found(mailbox, desk) == [
        ("setting changed", "how_to_find_us"),
        ("setting planted", "-"),
        ("setting planted", "paused"),
        ("setting removed", "code_salt"),
    ]
    assert tables(mailbox) == before
    assert reading.published(mailbox) > counter, "kept pages say how to find us"


def test_a_planted_text_is_removed(made: Installation, mailbox: Database, desk: Database) -> None:
    planted = some_id()
    with made.hostile() as link:
        link.execute("INSERT INTO texts VALUES (?, 'guide', 'now', NULL, '[]')", (planted,))
        link.execute("INSERT INTO versions VALUES (?, 'en', 'Title', 'Come here.', NULL, NULL, NULL)", (planted,))
    counter = reading.published(mailbox)
    assert found(mailbox, desk) == [("text planted", planted.hex())]
    assert reading.published(mailbox) > counter
    with pytest.raises(NothingHere):
        reading.read(mailbox, planted)


def test_a_planted_version_without_a_text_is_removed(made: Installation, mailbox: Database, desk: Database) -> None:
    with made.hostile_past_strict() as link:
        link.execute("INSERT INTO versions VALUES ('words', 'en', 'Title', 'Come here.', NULL, NULL, NULL)")
    assert found(mailbox, desk) == [("text planted", "-")]
    assert mailbox.rows("SELECT * FROM versions") == []


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE versions SET body = 'Go there.' WHERE language = 'ar'",
        "UPDATE versions SET checked_by = 'somebody'",
        "UPDATE versions SET language = 'ckb' WHERE language = 'ar'",
        "DELETE FROM versions WHERE language = 'ar'",
        "DELETE FROM versions",
        "UPDATE texts SET slug = 'other'",
        "UPDATE texts SET notes = x'00'",
    ],
)
def test_a_changed_text_is_put_back(made: Installation, mailbox: Database, desk: Database, tampering: str) -> None:
    text_id = guide(mailbox, desk)
    before, counter = tables(mailbox), reading.published(mailbox)
    with made.hostile_past_strict() as link:
        link.execute(tampering)
    assert found(mailbox, desk) == [("text changed", text_id.hex())]
    assert tables(mailbox) == before
    assert reading.published(mailbox) > counter


def test_slugs_that_were_exchanged_are_put_back(made: Installation, mailbox: Database, desk: Database) -> None:
    ids = [guide(mailbox, desk, slug) for slug in ("one", "two")]
    before = tables(mailbox)
    with made.hostile() as link:
        for slug, text_id in (("three", ids[0]), ("one", ids[1]), ("two", ids[0])):
            link.execute("UPDATE texts SET slug = ? WHERE id = ?", (slug, text_id))
    assert found(mailbox, desk) == sorted(("text changed", text_id.hex()) for text_id in ids)
    assert tables(mailbox) == before


def test_a_text_deleted_without_being_listed_comes_back(made: Installation, mailbox: Database, desk: Database) -> None:
    text_id = guide(mailbox, desk)
    before = tables(mailbox)
    with made.hostile() as link:
        link.execute("DELETE FROM versions")
        link.execute("DELETE FROM texts")
    assert found(mailbox, desk) == [("text removed", text_id.hex())]
    assert tables(mailbox) == before


def test_a_guide_cannot_be_withdrawn(made: Installation, mailbox: Database, desk: Database) -> None:
    text_id = guide(mailbox, desk)
    with made.hostile() as link:
        link.execute("DELETE FROM versions")
        link.execute("DELETE FROM texts")
        link.execute("INSERT INTO withdrawn VALUES (?, 1)", (text_id,))
    assert found(mailbox, desk) == [("text removed", text_id.hex())]
    assert reading.read(mailbox, text_id)[0].slug == "now"


def test_a_story_taken_down_is_not_shown_again_by_anybody(
    made: Installation, mailbox: Database, desk: Database
) -> None:
    new = new_case(made.circle_id)
    lifetime.add_case(mailbox, new)
    text = StoryOrGuide(some_id(), "story", None, 2026, ())
    writing.draft(desk, text, [Version(text.id, "en", "t", "b", None, None, None)], new.id)
    writing.publish(mailbox, desk, text.id)
    shown = writing.shown_by_mailbox(mailbox, text.id)
    writing.take_down(mailbox, desk, text.id)
    assert found(mailbox, desk) == []
    with made.hostile() as link:
        link.execute("INSERT INTO texts VALUES (?, ?, ?, ?, ?)", shown[0][0])
    assert found(mailbox, desk) == [("text planted", text.id.hex())]
    with pytest.raises(NothingHere):
        reading.read(mailbox, text.id)
    writing.publish(mailbox, desk, text.id)
    assert writing.shown_by_mailbox(mailbox, text.id) == shown


def test_a_text_that_is_shown_is_not_changed_behind_its_readers_backs(mailbox: Database, desk: Database) -> None:
    text_id = guide(mailbox, desk)
    text, versions = reading.read(desk, text_id)
    with pytest.raises(StillShown):
        writing.draft(desk, text, versions[:1])
    writing.take_down(mailbox, desk, text_id)
    writing.draft(desk, text, versions[:1])
    writing.publish(mailbox, desk, text_id)
    assert reading.read(mailbox, text_id) == (text, versions[:1])
    assert found(mailbox, desk) == []
    for change in (writing.publish, writing.take_down):
        with pytest.raises(NothingHere):
            change(mailbox, desk, some_id())


def test_a_planted_trigger_stops_the_repair(made: Installation, mailbox: Database, desk: Database) -> None:
    with made.hostile() as link:
        link.execute("CREATE TRIGGER planted AFTER DELETE ON circles BEGIN DELETE FROM settings; END")
    with pytest.raises(DamagedFile):
        truth.repair(mailbox, desk, TODAY)


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
            settings.put(desk, "retention_days", 90)
        truth.copy_settings(mailbox, desk)
    assert found(mailbox, desk) == []
    assert settings.read(mailbox).retention_days == 90


def test_the_drafts_and_approvals_of_a_story_taken_back_go_with_it_and_the_notes_stay(
    made: Installation, mailbox: Database, desk: Database
) -> None:
    new, other = new_case(made.circle_id), new_case(made.circle_id)
    kinds: tuple[Literal["note", "draft", "approval"], ...] = ("note", "draft", "approval")
    for case in (new, other):
        lifetime.add_case(mailbox, case)
        for kind in kinds:
            entries.add_entry(
                desk, some_id(), case.id, kind=kind, author=made.moderator_id, day=TODAY, epoch=1, language=None,
                seal=sealing(),
            )  # fmt: skip
    text = StoryOrGuide(some_id(), "story", None, 2026, ())
    writing.draft(desk, text, [Version(text.id, "en", "t", "b", None, None, None)], new.id)
    writing.publish(mailbox, desk, text.id)
    lifetime.withdraw(mailbox, text.id, TODAY)
    assert found(mailbox, desk) == []
    assert [entry.kind for entry in entries.entries_of(desk, new.id)] == ["note"]
    assert len(entries.entries_of(desk, other.id)) == 3
    with pytest.raises(NothingHere):
        writing.publish(mailbox, desk, text.id)
