"""P07: taking back is real: wraps, rows and story go, notes and drafts go with their key, and the log is truncated."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from onion_app.crypto import epochs, payloads
from onion_app.errors import AlreadyWithdrawn, NothingHere, SealBroken
from onion_app.vault.shown import reading, writing
from scripts.rehearsal.pages import Page
from scripts.rehearsal.people import Visitor, Volunteer
from tests import tables
from tests.house import House
from tests.keyring import Keyring
from tests.marks import latin_mark
from tests.served import Site, serving

DAY = 86_400


@dataclass
class Lived:
    """A case in which everything has happened: messages both ways, a note, somebody who has taken it."""

    visitor: Visitor
    code: str
    case: bytes
    ciphertexts: list[bytes]
    sent: Page


def live(house: House, coordinator: Volunteer) -> Lived:
    """Let a case come to have something in every table."""
    mark = latin_mark()
    visitor = house.visitor()
    check = visitor.check("tell", mark)
    visitor.confirm(check)
    desk = house.at_desk(coordinator)
    case = house.case_of(check.code)
    page = desk.reply(case, f"an answer to {mark}")
    desk.send(page.form_ending("/note"), text=f"a note on {mark}")
    visitor.write_back(visitor.come_back(check.code), f"more of {mark}")
    rows = belonging(house.tables(), bytes.fromhex(case))
    assert {"mailbox.cases", "mailbox.case_keys", "mailbox.messages", "desk.entries", "desk.written_replies"} <= set(
        rows
    )
    assert "desk.taken" in rows
    long_values = [value for lines in rows.values() for line in lines for value in line if isinstance(value, bytes)]
    return Lived(visitor, check.code, bytes.fromhex(case), [value for value in long_values if len(value) > 40], check)


def belonging(all_tables: tables.Tables, case: bytes) -> tables.Tables:
    """Find every row of every table in which the id of a case stands."""
    found = {name: [row for row in rows if case in row] for name, rows in all_tables.items()}
    return {name: rows for name, rows in found.items() if rows}


def erase_from_within(lived: Lived) -> None:
    """Open the case and erase it from there."""
    case = lived.visitor.come_back(lived.code)
    lived.visitor.send(lived.visitor.send(case.form_doing("erase")).form())


def erase_without_opening(lived: Lived) -> None:
    """Erase from the page where the code is typed."""
    lived.visitor.erase_without_opening(lived.code)


WAYS = [erase_from_within, erase_without_opening]


@pytest.mark.parametrize("erase", WAYS)
def test_erasing_destroys_every_row_and_every_key(
    house: House, coordinator: Volunteer, erase: Callable[[Lived], None]
) -> None:
    lived = live(house, coordinator)
    erase(lived)
    left = belonging(house.tables(), lived.case)
    assert {name for name in left if name.startswith("mailbox.")} == {"mailbox.withdrawn"}
    ring = Keyring(house.tables(), [house.keys.mailbox, house.keys.desk])
    ring.try_passphrase(coordinator.login.passphrase)
    ring.privates.add(house.author(lived.code).author.private)
    assert lived.case not in ring.opened()
    assert lived.visitor.come_back(lived.code).has("article") is False


@pytest.mark.parametrize("erase", WAYS)
def test_erasing_truncates_the_log(house: House, coordinator: Volunteer, erase: Callable[[Lived], None]) -> None:
    lived = live(house, coordinator)
    log = house.state / "mailbox" / "mailbox.db-wal"
    assert log.stat().st_size > 0
    erase(lived)
    assert log.stat().st_size == 0


def test_no_erased_byte_is_left_in_the_decrypted_file(house: House, coordinator: Volunteer) -> None:
    lived = live(house, coordinator)
    keys, file = house.keys, house.state / "mailbox" / "mailbox.db"
    with house.world() as world:
        world.mailbox.checkpoint()
    pieces = [blob[200:260] for blob in lived.ciphertexts if len(blob) > 1_000]
    before = tables.decrypted_pages(file, keys.mailbox)
    written = [piece for piece in pieces if piece in before]
    assert len(written) > 1, "the search would not find it"
    erase_without_opening(lived)
    after = tables.decrypted_pages(file, keys.mailbox)
    assert not any(piece in after for piece in written)


def test_the_chores_clear_the_desk_of_an_erased_case(house: House, coordinator: Volunteer) -> None:
    lived = live(house, coordinator)
    erase_without_opening(lived)
    with house.world() as world:
        world.chores()
    assert set(belonging(house.tables(), lived.case)) == {"mailbox.withdrawn"}


def test_what_is_taken_back_is_gone_from_the_desk_at_once(house: House, coordinator: Volunteer) -> None:
    lived = live(house, coordinator)
    desk = house.at_desk(coordinator)
    erase_without_opening(lived)
    page = desk.get(f"/case/{lived.case.hex()}")
    assert page.status == 404
    assert lived.case.hex() not in desk.queue("mine", "waiting", "reading", "new")


def test_what_was_erased_is_not_stored_again_by_the_same_form(house: House, coordinator: Volunteer) -> None:
    lived = live(house, coordinator)
    erase_without_opening(lived)
    again = lived.visitor.confirm(lived.sent)
    assert set(belonging(house.tables(), lived.case)) <= {"mailbox.withdrawn", *desk_tables()}
    assert again.code != lived.code


def desk_tables() -> set[str]:
    """Name the tables that the next chores clear."""
    return {f"desk.{name}" for name in ("entries", "written_replies", "taken", "stepped_out", "known_keys")}


def test_an_old_code_opens_nothing_after_a_new_one(house: House, coordinator: Volunteer) -> None:
    lived = live(house, coordinator)
    case = lived.visitor.come_back(lived.code)
    renewed = lived.visitor.send(case.form_doing("new_code"))
    assert lived.visitor.come_back(lived.code).has("article"), "the old one holds until the new one was typed"
    lived.visitor.confirm(renewed)
    keys = house.author(lived.code)
    author = [row for row in house.tables()["mailbox.case_keys"] if row[0] == lived.case and row[2] == bytes(16)]
    assert author
    for _, epoch, holder, _, wrap in author:
        private = keys.author.private
        with pytest.raises(SealBroken):
            epochs.unwrap(wrap, case_id=lived.case, epoch=epoch, holder=holder, private_key=private)
    assert keys.tag not in tables.everything_in(house.tables())
    assert (house.state / "mailbox" / "mailbox.db-wal").stat().st_size == 0


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as served:
        yield served


@pytest.mark.parametrize("erase", WAYS)
def test_a_published_story_goes_with_its_case(site: Site, erase: Callable[[Lived], None]) -> None:
    visitor = site.visitor()
    code = visitor.hand_in("tell", "words")
    mailbox, desk, case = site.mailbox, site.desk, site.case_of(code)
    story = site.show({"en": ("A title", "words made public")}, case=case)
    site.says(site.member_of_first, case, payloads.StoryLink(story.hex()))
    counter = reading.published_counter(mailbox)
    erase(Lived(visitor, code, case, [], visitor.get("/en/")))
    assert not any(story in row for row in mailbox.rows("SELECT * FROM texts") + mailbox.rows("SELECT * FROM versions"))
    assert reading.published_counter(mailbox) > counter
    assert {row[0] for row in mailbox.rows("SELECT id FROM withdrawn")} == {case, story}
    site.chores()
    assert not any(story in row for row in desk.rows("SELECT * FROM texts") + desk.rows("SELECT * FROM versions"))
    with pytest.raises((NothingHere, AlreadyWithdrawn)):
        writing.publish_text(mailbox, desk, story)
