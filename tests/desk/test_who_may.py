"""Every endpoint of the desk, asked for by those who have no business with what it names."""

import pytest

from onion_app.vault.desk import guides, invitations, moderators, notebook, tables
from onion_app.vault.shown.reading import Version
from tests.desk.house import House, Volunteer, invites
from tests.world import Author

OWN = ("login", "account")  # these end sessions, and name nothing
ANYBODYS = {"home.acknowledge"}  # what the chores found is for every member
COORDINATORS = {
    "circles.add", "guides.begin", "guides.show", "notice.propose", "settings.change", "settings.show", "stories.show",
}  # fmt: skip
SECRET = ("For the lawyers alone", "A note of theirs", "Rojin", "Baran", ">Law<", "Not published yet")
DESK_TABLES = (
    "taken", "entries", "moderators", "circles", "invitations", "texts", "versions", "settings", "notebook", "fading",
    "tables", "counted",
)  # fmt: skip


@pytest.fixture
def ids(house: House, law: bytes, lawyer: Volunteer) -> dict[str, bytes]:
    """Fill the lawyers' circle, and name what it has: a case, a story, an invitation, somebody who waits."""
    case = Author(house, law)
    lawyer.log_in()
    lawyer.take(case.writes("For the lawyers alone."))
    lawyer.press(f"/case/{case.case_id.hex()}/note", note="A note of theirs")
    table = tables.Table(b"t" * 16, law, house.today - 90, house.today - 1, tables.pack(tables.Numbers(20, {})))
    with house.desk.writing():
        tables.add_table(house.desk, table, [])
    house.volunteer(law, "Baran")
    invites(lawyer, law)
    lawyer.press_on(f"/notebook/{law.hex()}", f"/notebook/{law.hex()}/message", text="For the lawyers alone.")
    entry = notebook.rows_of(house.desk, law)[0].id
    guide = guides.begin_guide(house.desk, b"g" * 16, "now")
    words = Version(guide, "en", "Not published yet", "x")  # with the text that the form sends
    guides.save_draft(house.desk, words)
    return {
        "circle_id": law,
        "entry_id": entry,
        "case_id": case.case_id,
        "story_id": house.show({"en": ("Not published yet", "Words.")}, case=case.case_id),
        "guide_id": guide,
        "table_id": table.id,
        "invitation_id": invitations.open_invitations(house.desk)[0].id,
        "newcomer_id": moderators.find_moderator(house.desk, "Baran").id,
        **dict.fromkeys(("moderator_id", "gone_id"), moderators.find_moderator(house.desk, "Rojin").id),
    }


def paths(house: House, ids: dict[str, bytes]) -> list[tuple[str, str, str]]:
    """List endpoint, method and path of everything that names something, with these ids in it."""
    found = house.endpoints(ids)
    theirs = [each for each in found if each[0].partition(".")[0] not in OWN and each[0] not in ANYBODYS]
    return [(endpoint, method, path.replace("/settings/new", "/settings/paused")) for endpoint, method, path in theirs]


def rows(house: House) -> list[object]:
    """Read what nobody may have changed."""
    kept = [house.desk.rows(f"SELECT * FROM {table}") for table in DESK_TABLES]
    return [*kept, *(house.mailbox.rows(f"SELECT * FROM {table}") for table in ("cases", "messages"))]


@pytest.mark.parametrize("waits", [False, True])
def test_whoever_is_not_in_a_circle_finds_and_does_nothing_there_nor_what_is_the_coordinators(
    house: House, counsellor: Volunteer, law: bytes, ids: dict[str, bytes], *, waits: bool
) -> None:
    somebody = house.volunteer(law, "Hana") if waits else counsellor
    somebody.log_in()
    fields = [*somebody.token, ("text", "x"), ("message", "1" * 32), ("entry", "1" * 32), ("seen", "9")]
    fields += [("phrase", "received"), ("phrase_in", "en"), ("circle", law.hex()), ("name", "Mine"), ("slug", "mine")]
    fields += [("title", "Changed"), ("language", "en"), ("pause", "1")]
    fields += [("key", moderators.find_moderator(house.desk, "Baran").public_key.hex()), ("retention_days", "30")]
    before, asked = rows(house), paths(house, ids)
    nothing = paths(house, {name: bytes(16) for name in ids})
    assert len(asked) > 40
    for (endpoint, method, path), (_, _, to_nothing) in zip(asked, nothing, strict=True):
        answers = []
        for each in (path, to_nothing):
            page = somebody.post(each, fields) if method == "POST" else somebody.get(each)
            answers.append((page.status, page.html))
        assert (endpoint, [word for word in SECRET if word in answers[0][1]]) == (endpoint, [])
        if path != to_nothing or endpoint in COORDINATORS:
            assert (endpoint, answers[0][0]) == (endpoint, 404)
            assert answers[0] == answers[1], endpoint
    assert rows(house) == before
