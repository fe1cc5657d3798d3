"""P07: taking back is real: keys, rows and story go from all three files, nothing left opens, the log is truncated.

And nobody but its author can make it look as if they had taken something back.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from onion_app.crypto import casekeys
from onion_app.crypto.keys import ID_BYTES, KEY_BYTES
from onion_app.crypto.payloads import StoryLink
from onion_app.errors import AlreadyWithdrawn, NothingHere, SanctuaryError, SealBroken
from onion_app.vault.connection import KINDS, DatabaseKind
from onion_app.vault.desk import stories_queue, taken
from onion_app.vault.mailbox import case_keys, lifetime
from onion_app.vault.settings import read_settings
from onion_app.vault.shown import reading
from onion_app.vault.shown.reading import name_of
from scripts.rehearsal.pages import Page
from scripts.rehearsal.people import Visitor
from tests import hostile, tables
from tests.keyring import Keyring
from tests.marks import latin_mark
from tests.served import Site, serving
from tests.world import Enrolled

OF_A_CASE = {
    "mailbox": ("cases", "messages"),
    "shown": ("handed", "replies"),
    "desk": ("entries", "handed", "met", "read", "taken", "stepped_out"),
}
LEFT = {"desk.doors", "shown.doors"}  # the id of what is gone, so that it does not come again


@dataclass
class Lived:
    """A case in which everything has happened: messages both ways, two circles, notes, a new code, a taker."""

    site: Site
    visitor: Visitor
    codes: list[str]
    case: bytes
    mark: str
    sent: Page
    people: list[Enrolled]

    def copy(self) -> tables.Tables:
        """Copy every file."""
        return tables.dump_all(self.site.state.path, self.site.keys)

    def rows(self) -> tables.Tables:
        """Give every row in which the id of the case stands."""
        return tables.belonging(self.copy(), self.case)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as served:
        yield served


@pytest.fixture
def lived(site: Site) -> Lived:
    mark, visitor, noor = latin_mark(), site.visitor(), site.member_of_first
    law = site.circle("Law", topics=("law",))
    lawyer = site.enrol(law, "Amara")
    sent = visitor.check("tell", mark)
    visitor.confirm(sent)
    case = site.case_of(sent.code)
    site.answers(noor, case, f"an answer to {mark}")
    site.notes(noor, case, f"a note on {mark}")
    codes = [sent.code, visitor.new_code(sent.code)]
    visitor.write_back(visitor.come_back(codes[1]), f"more of {mark}")
    site.opens(noor, case)
    site.hands_over(noor, case, law)
    site.answers(lawyer, case, f"another answer to {mark}")
    site.notes(lawyer, case, f"another note on {mark}")
    taken.step_out(site.desk, case, noor.id)
    found = Lived(site, visitor, codes, case, mark, sent, [noor, lawyer])
    assert {f"{kind}.{name}" for kind, names in OF_A_CASE.items() for name in names} <= set(found.rows())
    return found


def erase_from_within(lived: Lived) -> None:
    """Open the case and erase it from there."""
    case = lived.visitor.come_back(lived.codes[-1])
    lived.visitor.send(lived.visitor.send(case.form_doing("erase")).form())


def erase_without_opening(lived: Lived) -> None:
    """Erase from the page where the code is typed."""
    lived.visitor.erase_without_opening(lived.codes[-1])


WAYS = [erase_from_within, erase_without_opening]


@pytest.mark.parametrize("erase", WAYS)
def test_everything_of_the_case_goes_from_all_three_files(lived: Lived, erase: Callable[[Lived], None]) -> None:
    erase(lived)
    assert not any(name.startswith("mailbox.") for name in lived.rows()), "at once"
    with pytest.raises(NothingHere):
        lived.site.opens(lived.people[1], lived.case)
    lived.site.chores()
    assert set(lived.rows()) == LEFT
    assert not lived.visitor.come_back(lived.codes[-1]).has("article")


def test_after_erasing_no_key_of_anybody_opens_what_is_left(lived: Lived) -> None:
    """Take every private key of everybody, every code, all that lies in the files, and sealed bytes that were left."""
    before, salt = lived.copy(), read_settings(lived.site.shown).code_salt
    erase_without_opening(lived)
    lived.site.chores()
    after = lived.copy()
    firsts = [code for row in before["mailbox.cases"] for code in casekeys.split_codes(row[3])]
    assert not any(first in tables.everything_in(after) for first in firsts)
    for name in ("mailbox.messages", "desk.entries", "desk.handed"):
        after[name] += before[name]
    opened = []
    for files in (after, before):  # the second: it would have opened
        ring = Keyring(files, [*(lived.site.keys.of(kind) for kind in KINDS), *(who.private for who in lived.people)])
        for code in lived.codes:
            ring.try_code(code, salt)
        ring.try_every_value()
        ring.suppose_first_keys(lived.case)
        opened.append(" ".join(ring.opened().get(lived.case, [])))
    assert opened[0] == ""
    for words in ("an answer to", "more of", "a note on", "another answer to", "another note on"):
        assert f"{words} {lived.mark}" in opened[1]


@pytest.mark.parametrize("erase", WAYS)
def test_erasing_truncates_the_log(lived: Lived, erase: Callable[[Lived], None]) -> None:
    log = lived.site.state.mailbox / "mailbox.db-wal"
    assert log.stat().st_size > 0
    erase(lived)
    assert log.stat().st_size == 0


def test_no_erased_byte_is_left_in_the_decrypted_files(lived: Lived) -> None:
    site, sealed = lived.site, {name: [row[-1] for row in rows] for name, rows in lived.rows().items()}
    pieces = {
        name: [blob[200:260] for blob in blobs if isinstance(blob, bytes) and len(blob) > 1_000]
        for name, blobs in sealed.items()
    }

    def left(kind: DatabaseKind) -> list[bytes]:
        for db in (site.mailbox, site.desk):
            db.checkpoint()
        pages = b"".join(tables.decrypted_pages(site.state.path / kind / f"{kind}.db", site.keys.of(kind)))
        return [piece for name in pieces if name.startswith(kind) for piece in pieces[name] if piece in pages]

    assert left("mailbox")
    assert left("desk"), "the search would not find it"
    erase_without_opening(lived)
    assert left("mailbox") == []
    site.chores()
    assert left("desk") == []


def test_what_was_erased_is_not_stored_again(lived: Lived) -> None:
    """Send the same form again, and put the row back as somebody could who writes the mailbox."""
    site = lived.site
    row, case = case_keys.key_row(site.mailbox, lived.case), lived.copy()["mailbox.cases"]
    erase_without_opening(lived)
    for words in (lived.mark, "other words"):
        again = lived.visitor.confirm(lived.sent, text=words)
        assert not again.has(id="arrived")
        assert words not in again.raw_text
        assert set(lived.rows()) <= {
            *LEFT,
            *(f"desk.{name}" for name in OF_A_CASE["desk"]),
            "shown.handed",
            "shown.replies",
        }
        site.chores()
        assert set(lived.rows()) == LEFT
    with site.mailbox.writing():
        for values in case:
            site.mailbox.run(f"INSERT INTO cases VALUES ({', '.join('?' * len(values))})", values)
    assert case_keys.key_row(site.mailbox, lived.case) == row
    assert not lived.visitor.come_back(lived.codes[-1]).has("article")
    site.chores()
    assert set(lived.rows()) == LEFT


def test_an_old_code_opens_nothing_after_a_new_one(lived: Lived) -> None:
    site, (old, new) = lived.site, lived.codes
    asked = lived.visitor.send(lived.visitor.come_back(new).form_doing("new_code"))
    assert lived.visitor.come_back(new).has("article"), "the old one holds until the new one was typed"
    lived.visitor.confirm(asked)
    row = case_keys.key_row(site.mailbox, lived.case)
    for code in (old, new):
        keys = site.author_keys(code)
        assert keys.tag not in tables.everything_in(lived.copy())
        assert not lived.visitor.come_back(code).has("article")
        with pytest.raises(SealBroken):
            casekeys.open_box(keys.box, lived.case, row.box or b"")
        with pytest.raises(SealBroken):
            casekeys.open_stop(keys.stop, lived.case, row.stop or b"")
    assert lived.visitor.come_back(asked.code).has("article")


def published(lived: Lived) -> bytes:
    """Publish the story of the case as its author's consent allows it."""
    site, mark = lived.site, story_mark(lived)
    story = site.show({"en": ("A title", "words made public")}, case=lived.case, mark=mark)
    site.says(lived.people[1], lived.case, StoryLink(story.hex()))
    lifetime.set_state(site.mailbox, lived.case, "published")
    assert "words made public" in site.visitor().get(f"/en/stories/{name_of(story)}").raw_text
    return story


def story_mark(lived: Lived) -> bytes:
    """Give the mark of the proof that takes the story back, as the consents of this case name it."""
    keys = lived.site.author_keys(lived.codes[-1])
    row = case_keys.key_row(lived.site.mailbox, lived.case)
    _, privates = casekeys.open_box(keys.box, lived.case, row.box or b"")
    return casekeys.mark_of(casekeys.story_proof(casekeys.stop_root(privates[0])))


@pytest.mark.parametrize("erase", WAYS)
def test_a_published_story_goes_with_its_case(lived: Lived, erase: Callable[[Lived], None]) -> None:
    site, story = lived.site, published(lived)
    reader = site.visitor()
    erase(lived)
    assert reader.get(f"/en/stories/{name_of(story)}").status == 404, "at once"
    assert "A title" not in reader.get("/en/stories").raw_text
    site.chores()
    assert not tables.belonging(lived.copy(), story)
    assert len(site.shown.rows("SELECT mark FROM withdrawn")) == len(("the case", "its story"))
    with pytest.raises(SanctuaryError):
        stories_queue.publish_story(site.mailbox, site.shown, site.desk, story)


def test_nobody_but_its_author_makes_it_look_as_if_they_had_taken_something_back(lived: Lived) -> None:
    """Plant as proofs every mark, id and value there is, and random bytes: what has no proof stays."""
    site, story = lived.site, published(lived)
    others = [site.case_of(site.visitor().hand_in("ask", f"another case {number}")) for number in range(3)]
    site.chores()  # which note the marks of the cases that are known at the desk
    values = tables.values_in(lived.copy(), ID_BYTES, KEY_BYTES)
    planted = {(value + bytes(ID_BYTES))[:KEY_BYTES] for value in values} | {
        (bytes(ID_BYTES) + value)[-KEY_BYTES:] for value in values
    }
    keys = {value for value in values if len(value) == KEY_BYTES}
    planted |= keys | {casekeys.mark_of(value) for value in keys} | {casekeys.case_proof(value) for value in keys}
    planted |= {secrets.token_bytes(KEY_BYTES) for _ in range(100)}
    with site.mailbox.writing():
        for value in planted:
            site.mailbox.run("INSERT INTO withdrawn (proof) VALUES (?)", (value,))
        site.mailbox.run("UPDATE counter SET withdrawals = withdrawals + 1")
    assert len(site.mailbox.rows("SELECT 1 FROM withdrawn")) > len(values)
    before = lived.rows()
    for _ in range(2):
        assert "words made public" in site.visitor().get(f"/en/stories/{name_of(story)}").raw_text
        assert "A title" in site.visitor().get("/en/stories").raw_text
        site.chores()
    assert lived.rows() == before
    assert {row[0] for row in site.mailbox.rows("SELECT id FROM cases")} == {lived.case, *others}
    assert f"more of {lived.mark}" in lived.visitor.come_back(lived.codes[-1]).raw_text


def test_who_moves_a_proved_mark_to_another_case_deletes_nothing(lived: Lived) -> None:
    site, visitor = lived.site, lived.site.visitor()
    other = visitor.hand_in("ask", "words that stay")
    erase_without_opening(lived)
    site.chores()
    [mark, *_] = [row[0] for row in site.shown.rows("SELECT mark FROM withdrawn")]
    with site.mailbox.writing():
        site.mailbox.run("UPDATE cases SET mark = ?", (mark,))
    site.chores()
    assert "words that stay" in visitor.come_back(other).raw_text


@pytest.mark.parametrize("erase", WAYS)
@pytest.mark.parametrize("kind", ["mailbox", "shown"])
def test_whatever_is_planted_beside_it_an_author_erases_and_it_is_forgotten(
    lived: Lived, erase: Callable[[Lived], None], kind: DatabaseKind
) -> None:
    site = lived.site
    assert hostile.plant_everywhere(site, kind) > 100
    erase(lived)
    assert lived.case not in site.mailbox.ids("SELECT id FROM cases")
    site.chores()
    assert lived.rows().keys() <= LEFT


def test_a_proof_that_somebody_takes_away_after_the_chores_holds(lived: Lived) -> None:
    site, story = lived.site, published(lived)
    lived.visitor.send(lived.visitor.come_back(lived.codes[-1]).form_doing("take_back"))
    assert site.visitor().get(f"/en/stories/{name_of(story)}").status == 404
    site.chores()
    with site.mailbox.writing():
        site.mailbox.run("DELETE FROM withdrawn")
        site.mailbox.run("UPDATE counter SET withdrawals = withdrawals + 1")
    assert site.visitor().get(f"/en/stories/{name_of(story)}").status == 404
    site.chores()
    assert site.visitor().get(f"/en/stories/{name_of(story)}").status == 404
    version = reading.Version(b"", "en", "A title", "the same words")
    with pytest.raises(AlreadyWithdrawn):
        stories_queue.queue_story(
            site.mailbox, site.shown, site.desk, lived.case, version, story_mark(lived), site.today
        )
