"""What somebody who can write into the mailbox cannot hide from whoever reads at the desk."""

from collections.abc import Callable

import pytest

from onion_app.choices import MessageAuthor
from onion_app.crypto.casekeys import KeyName
from onion_app.crypto.payloads import Consent, Payload, Text
from onion_app.vault.desk import audit
from scripts.rehearsal.pages import Page
from tests import planting, tables
from tests.desk.house import House, Volunteer, listed, pairs_of
from tests.planting import Intruder
from tests.test_shapes import HOSTILE
from tests.world import Author

# What stands in no row of ours, by table and column; SQLite is told to look at no CHECK.
MALFORMED: dict[str, dict[str, tuple[object, ...]]] = {
    "cases": {
        "home": (b"", bytes(16)),
        "mark": (b"x",),
        "codes": (b"", bytes(31), bytes(32), bytes(17 * 32)),
        "tag": (b"x",),
        "box": (b"",),
        "stop": (None, b""),
        "circle_id": (b"", bytes(16)),
        **dict.fromkeys(("kind", "topic", "answer_in", "state"), ("", "x")),
        **dict.fromkeys(("unread", "urgent", "spread"), (-1, 2**40)),
        **dict.fromkeys(("received_day", "last_day"), (-1, 2**40)),
    },
    "messages": {
        "number": (-1, 10_000, 2**40),
        "id": (b"", bytes(40)),
        "author": ("", "note"),
        "turn": (-1, 1, 255, 2**40),
        "generation": (0, 2, 2**40),
        "codes": (0, 2, 16, 2**40),
        "sealed": (b"", bytes(2089), bytes(100_000)),
    },
}


Forge = Callable[[Payload, MessageAuthor], None]


@pytest.fixture
def case(author: Author, counsellor: Volunteer) -> str:
    """Give a case of a text, what its author allows, and another text."""
    case = author.tells("First.", "ask")
    author.writes_back("Third.")
    counsellor.log_in()
    return case


@pytest.fixture
def forge(house: House, counsellor: Volunteer, intruder: Intruder, circle: bytes) -> Forge:
    """Write in anybody's name, as a member of the circle can who also writes the mailbox."""

    def write(payload: Payload, author: MessageAuthor) -> None:
        [pair] = pairs_of(house, counsellor, circle)
        intruder.says(payload, intruder.as_circle(pair), pair.public, KeyName(0, 1, 1), author)

    return write


def numbers(counsellor: Volunteer, kind: str) -> list[str]:
    return numbers_of(counsellor.page, kind)


def test_a_reply_that_the_desk_did_not_write_is_marked(
    counsellor: Volunteer, author: Author, case: str, forge: Forge
) -> None:
    counsellor.reply(case, "Real.")
    forge(Text("Send us your name and a photo.", 20_500, sender="Sara"), "circle")
    page = counsellor.get(f"/case/{case}")
    assert numbers(counsellor, "forged") == ["5"]
    forged = page.having_class("forged")[0]
    assert "Send us your name" in forged.text
    assert "Sara" not in forged.text
    assert author.texts() == ["First.", "Third.", "Real."]


@pytest.mark.parametrize(
    ("done", "broken", "missing"),
    [
        ("UPDATE messages SET number = 9 WHERE number = 3", ["9"], "6 messages are"),
        ("DELETE FROM messages WHERE number = 1", [], "1 message is"),
    ],
)
def test_a_message_that_is_moved_or_missing_is_marked(
    counsellor: Volunteer, case: str, intruder: Intruder, done: str, broken: list[str], missing: str
) -> None:
    intruder.runs(done)
    page = counsellor.open_case(case)
    assert numbers(counsellor, "broken") == broken
    assert [gap.text for gap in page.having_class("gap")] == [f"Here {missing} missing."]


@pytest.mark.parametrize(("number", "said"), [(1, "رسالة ناقصة"), (2, "رسالتان"), (3, "٣ رسائل"), (11, "١١ رسالة")])
def test_a_gap_is_counted_the_arabic_way(
    counsellor: Volunteer, case: str, intruder: Intruder, number: int, said: str
) -> None:
    intruder.runs("UPDATE messages SET number = ? WHERE number = 3", 3 + number)
    counsellor.get("/?lang=ar")
    assert said in counsellor.open_case(case).having_class("gap")[0].text


@pytest.mark.parametrize("day", ["today", -1, 10**9, None, True])
def test_a_sealed_letter_of_the_wrong_kind_is_a_broken_one(
    counsellor: Volunteer, case: str, forge: Forge, day: object
) -> None:
    forge(Text("x", day), "visitor")  # type: ignore[arg-type]
    counsellor.open_case(case)
    assert (counsellor.status, numbers(counsellor, "broken")) == (200, ["4"])


@pytest.mark.parametrize("sealed", ["deep list", "half a letter", "huge number", "twice the same name", "no text"])
def test_whatever_stands_under_a_seal_the_page_and_the_other_cases_are_shown(
    house: House, counsellor: Volunteer, author: Author, case: str, forge: Forge, sealed: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    other = Author(house, author.circle_id).writes("And me.")
    for each in (case, other):
        counsellor.take(each)
    monkeypatch.setattr(planting, "pack", lambda _payload: HOSTILE[sealed])
    forge(Text("", 20_500), "visitor")
    page = counsellor.get("/mine")
    assert {case, other} <= set(listed(page, "mine"))
    assert numbers_of(counsellor.open_case(case), "broken") == ["4"]
    assert "Third." in counsellor.page.text
    assert author.texts() == ["First.", "Third."]


def numbers_of(page: Page, kind: str) -> list[str]:
    return [article.get("data-number") for article in page.having_class(kind)]


@pytest.mark.parametrize("writer", ["circle", "site"])
def test_nobody_but_the_author_consents(
    counsellor: Volunteer, author: Author, case: str, forge: Forge, writer: MessageAuthor
) -> None:
    before = counsellor.open_case(case).first(id="consents").text
    forge(Consent("yes", count=True, quote=True, day=20_500, mark=author.access.story_mark.hex()), writer)
    page = counsellor.open_case(case)
    assert numbers(counsellor, "broken") == ["4"]
    assert page.first(id="consents").text == before


def test_what_the_chores_found_stays_until_somebody_has_seen_it(house: House, counsellor: Volunteer) -> None:
    with house.desk.writing():
        audit.add_finding(house.desk, 20_500, "circle changed", "ab" * 16)
    line = counsellor.log_in().having_class("findings")[0]
    assert line.text == "1 sign that somebody or something changed the mailbox"
    finding = counsellor.get(line.get("href")).having_class("finding")[0].get("data-finding")
    assert counsellor.press(f"/finding/{finding}/acknowledge").having_class("finding") == []
    assert counsellor.get("/").having_class("findings") == []


@pytest.mark.parametrize("table", MALFORMED)
def test_whatever_a_row_is_made_of_every_page_answers_and_the_other_cases_go_on(
    house: House, counsellor: Volunteer, author: Author, case: str, table: str
) -> None:
    other = Author(house, author.circle_id).writes("And me.")
    for each in (case, other):
        counsellor.take(each)
    queue, of_case = f"/circle/{author.circle_id.hex()}", f"WHERE {'id' if table == 'cases' else 'case_id'} = ?"
    where = of_case + (" AND number = 3" if table == "messages" else "")
    with tables.opened(house.state.mailbox / "mailbox.db", house.keys.mailbox) as link:
        link.execute("PRAGMA ignore_check_constraints = ON")
        true = link.execute(f"SELECT * FROM {table} {of_case}", (author.case_id,)).fetchall()
        for column, value in ((column, value) for column, values in MALFORMED[table].items() for value in values):
            link.execute(f"UPDATE {table} SET {column} = ? {where}", (value, author.case_id))
            for path in ("/", f"{queue}/new", f"{queue}/reading", f"{queue}/mine", f"/case/{case}/ways-out"):
                assert counsellor.get(path).status in (200, 404), (column, value, path)
            assert counsellor.open_case(case).status in (200, 404), (column, value)
            assert other in listed(counsellor.get("/mine"), "mine"), (column, value)
            assert "And me." in counsellor.open_case(other).text
            link.execute(f"DELETE FROM {table} {of_case}", (author.case_id,))
            link.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(true[0]))})", true)
    assert "Third." in counsellor.open_case(case).text
