"""Whatever was changed in the mailbox is put back from the desk, and said."""

import json
from typing import Any, Literal

import pytest

from onion_app.errors import DamagedFile, NothingHere, StillShown
from onion_app.vault import cases, people, settings, texts, truth, worklog
from onion_app.vault.database import Database
from onion_app.vault.texts import Text, Version
from tests.vault.made import TODAY, Installation, new_case, sealing, some_id, some_key


def guide(mailbox: Database, desk: Database, slug: str = "now", body: str = "Go first.") -> bytes:
    text = Text(some_id(), "guide", slug, None, ())
    versions = [Version(text.id, language, "Title", body, None, None, None) for language in ("ar", "en")]
    texts.draft(desk, text, versions)
    texts.publish(mailbox, desk, text.id)
    return text.id


def found(mailbox: Database, desk: Database) -> list[tuple[str, str]]:
    """Repair, and see that it was noted, and that a second look finds nothing."""
    findings = truth.repair(mailbox, desk, TODAY)
    assert [finding for finding in worklog.findings(desk) if finding in findings] == sorted(
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
    before, counter = tables(mailbox), texts.published(mailbox)
    assert found(mailbox, desk) == []
    assert tables(mailbox) == before
    assert texts.published(mailbox) == counter


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
    people.add_circle(desk, people.Circle(some_id(), "empty", ("law",), ("ar",), False, False, 0, None))  # noqa: FBT003
    assert found(mailbox, desk) == []
    assert len(mailbox.rows("SELECT id FROM circles")) == 1


def test_changed_removed_and_planted_settings_are_put_right(
    made: Installation, mailbox: Database, desk: Database
) -> None:
    before, counter = tables(mailbox), texts.published(mailbox)
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
    assert texts.published(mailbox) > counter, "kept pages say how to find us"


def test_a_planted_text_is_removed(made: Installation, mailbox: Database, desk: Database) -> None:
    planted = some_id()
    with made.hostile() as link:
        link.execute("INSERT INTO texts VALUES (?, 'guide', 'now', NULL, '[]')", (planted,))
        link.execute("INSERT INTO versions VALUES (?, 'en', 'Title', 'Come here.', NULL, NULL, NULL)", (planted,))
    counter = texts.published(mailbox)
    assert found(mailbox, desk) == [("text planted", planted.hex())]
    assert texts.published(mailbox) > counter
    with pytest.raises(NothingHere):
        texts.read(mailbox, planted)


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
    before, counter = tables(mailbox), texts.published(mailbox)
    with made.hostile_past_strict() as link:
        link.execute(tampering)
    assert found(mailbox, desk) == [("text changed", text_id.hex())]
    assert tables(mailbox) == before
    assert texts.published(mailbox) > counter


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
    assert texts.read(mailbox, text_id)[0].slug == "now"


def test_a_story_taken_down_is_not_shown_again_by_anybody(
    made: Installation, mailbox: Database, desk: Database
) -> None:
    new = new_case(made.circle_id)
    cases.add_case(mailbox, new)
    text = Text(some_id(), "story", None, 2026, ())
    texts.draft(desk, text, [Version(text.id, "en", "t", "b", None, None, None)], new.id)
    texts.publish(mailbox, desk, text.id)
    shown = texts.shown_by_mailbox(mailbox, text.id)
    texts.take_down(mailbox, desk, text.id)
    assert found(mailbox, desk) == []
    with made.hostile() as link:
        link.execute("INSERT INTO texts VALUES (?, ?, ?, ?, ?)", shown[0][0])
    assert found(mailbox, desk) == [("text planted", text.id.hex())]
    with pytest.raises(NothingHere):
        texts.read(mailbox, text.id)
    texts.publish(mailbox, desk, text.id)
    assert texts.shown_by_mailbox(mailbox, text.id) == shown


def test_a_text_that_is_shown_is_not_changed_behind_its_readers_backs(mailbox: Database, desk: Database) -> None:
    text_id = guide(mailbox, desk)
    text, versions = texts.read(desk, text_id)
    with pytest.raises(StillShown):
        texts.draft(desk, text, versions[:1])
    texts.take_down(mailbox, desk, text_id)
    texts.draft(desk, text, versions[:1])
    texts.publish(mailbox, desk, text_id)
    assert texts.read(mailbox, text_id) == (text, versions[:1])
    assert found(mailbox, desk) == []
    for change in (texts.publish, texts.take_down):
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
    assert worklog.findings(desk) == [finding]
    worklog.acknowledge(desk, finding.id)
    assert worklog.findings(desk) == []


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
        cases.add_case(mailbox, case)
        for kind in kinds:
            worklog.add_entry(
                desk, some_id(), case.id, kind=kind, author=made.moderator_id, day=TODAY, epoch=1, language=None,
                seal=sealing(),
            )  # fmt: skip
    text = Text(some_id(), "story", None, 2026, ())
    texts.draft(desk, text, [Version(text.id, "en", "t", "b", None, None, None)], new.id)
    texts.publish(mailbox, desk, text.id)
    texts.withdraw(mailbox, text.id, TODAY)
    assert found(mailbox, desk) == []
    assert [entry.kind for entry in worklog.entries_of(desk, new.id)] == ["note"]
    assert len(worklog.entries_of(desk, other.id)) == 3
    with pytest.raises(NothingHere):
        texts.publish(mailbox, desk, text.id)
