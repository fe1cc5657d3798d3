"""Where words go, and under which key: out of a file that the site can only read."""

from typing import Any

import pytest

from onion_app.errors import DamagedFile, NothingHere, Paused
from onion_app.launch.processes.chores import Files
from onion_app.vault import settings
from onion_app.vault.database import Database
from onion_app.vault.desk import circles
from onion_app.vault.shown import routing, writing
from onion_app.vault.shown.routing import CircleKey
from tests.vault.made import Installation, add_circle, circle, follow, founded, put_out, some_id


def writing_circle(mailbox: Database, shown: Database, topic: Any, answer_in: Any) -> CircleKey:
    return routing.writing_circle(mailbox, shown, settings.read_settings(shown), topic, answer_in)


def test_words_go_to_topic_and_language_then_topic_then_the_catch_all(made: Installation, dbs: Files) -> None:
    mailbox, shown, desk = dbs
    arabic = founded(desk, "arabic", topics=("law", "health"), languages=("ar",))[0].id
    sorani = founded(desk, "sorani", topics=("law",), languages=("ckb",))[0].id
    with desk.writing():
        desk.run("UPDATE circles SET coordinators = 0")
    coordinators = founded(desk, "coordinator", coordinators=True)[0].id
    follow(dbs)

    def chosen(topic: Any, answer_in: Any) -> set[bytes]:
        return {writing_circle(mailbox, shown, topic, answer_in).id for _ in range(40)}

    assert chosen("law", "ar") == {arabic}
    assert chosen("law", "ckb") == {sorani}
    assert chosen("law", "any") == {arabic, sorani}
    assert chosen("law", "kmr") == {arabic, sorani}
    assert chosen("health", "kmr") == {arabic}
    assert chosen("talk", "ar") == {made.circle_id}
    assert chosen("testimony", "any") == {made.circle_id}
    assert chosen("story", "ar") == {coordinators}
    assert chosen("answer", "ckb") == {coordinators}
    assert writing_circle(mailbox, shown, "law", "ar") == routing.circle_key(shown, arabic)


def test_a_circle_that_was_emptied_pauses_its_topics_and_one_that_never_had_a_key_leaves_them_to_the_catch_all(
    made: Installation, dbs: Files
) -> None:
    mailbox, shown, desk = dbs
    add_circle(desk, circle(some_id(), "nobody yet", topics=("health",)))
    emptied, member = founded(desk, "who goes", topics=("law",))
    follow(dbs)
    assert writing_circle(mailbox, shown, "health", "ar").id == made.circle_id
    assert writing_circle(mailbox, shown, "law", "ar").id == emptied.id
    put_out(desk, member.id)
    follow(dbs)
    with pytest.raises(Paused):
        writing_circle(mailbox, shown, "law", "ar")
    with pytest.raises(Paused):
        routing.circle_key(shown, emptied.id)
    assert routing.public_key(shown, emptied.id, 1) == circles.public_keys(desk, emptied.id)[1], "it reads on"
    assert writing_circle(mailbox, shown, "talk", "ar").id == made.circle_id


def test_of_two_that_fit_neither_gets_anything_while_one_is_emptied(dbs: Files) -> None:
    mailbox, shown, desk = dbs
    emptied, member = founded(desk, "who goes", topics=("law",))
    other = founded(desk, "who stays", topics=("law",))[0]
    put_out(desk, member.id)
    follow(dbs)
    for _ in range(20):  # P14: or whoever empties a circle has chosen who reads in its place
        with pytest.raises(Paused):
            writing_circle(mailbox, shown, "law", "ar")
    with desk.writing():
        circles.set_routes(desk, emptied.id, (), ())
    follow(dbs)
    assert writing_circle(mailbox, shown, "law", "ar").id == other.id


def test_writing_is_paused_by_the_setting_by_what_is_missing_and_until_the_catch_all_has_a_key(
    made: Installation, dbs: Files
) -> None:
    mailbox, shown, _ = dbs
    for name, stopped, open_again in (("paused", True, False), ("missing", 11, 0)):
        settings.change_setting(shown, name, stopped)
        with pytest.raises(Paused):
            writing_circle(mailbox, shown, "law", "ar")
        settings.change_setting(shown, name, open_again)
        assert writing_circle(mailbox, shown, "law", "ar").id == made.circle_id
    with shown.writing():
        shown.run("DELETE FROM circle_keys")
    with pytest.raises(Paused):
        writing_circle(mailbox, shown, "law", "ar")
    with pytest.raises(Paused):
        routing.circle_key(shown, made.circle_id)


def test_a_new_case_ends_before_a_message_in_an_open_one_does(
    mailbox: Database, shown: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = routing.LEAST_ROOM
    monkeypatch.setattr(Database, "room", lambda _: room)
    writing_circle(mailbox, shown, "law", "ar")
    room -= 1
    with pytest.raises(Paused):
        writing_circle(mailbox, shown, "law", "ar")
    routing.expect_room_to_add(mailbox)
    room = routing.LEAST_ROOM_TO_ADD - 1
    with pytest.raises(Paused):
        routing.expect_room_to_add(mailbox)
    room = routing.LEAST_ROOM
    monkeypatch.setattr(Database, "size", lambda db: (4 if db.kind == "mailbox" else 0) * 1024**3)
    assert routing.is_full(mailbox, settings.read_settings(shown))
    with pytest.raises(Paused):
        writing_circle(mailbox, shown, "law", "ar")


def test_every_generation_there_ever_was_is_found_by_its_number(made: Installation, dbs: Files) -> None:
    _, shown, desk = dbs
    second = made.let_in(desk, made.enrol(desk))
    put_out(desk, second.id)
    first_key, renewed = circles.public_keys(desk, made.circle_id).values()
    assert routing.circle_key(shown, made.circle_id).generation == 1, "until shown.db follows"
    follow(dbs)
    present = routing.circle_key(shown, made.circle_id)
    assert (present.generation, present.public_key) == (2, renewed)
    assert routing.public_key(shown, made.circle_id, 1) == first_key
    for circle_id, generation in ((made.circle_id, 3), (some_id(), 1)):
        with pytest.raises(NothingHere):
            routing.public_key(shown, circle_id, generation)


def test_a_mark_of_an_answer_holds_for_the_bytes_that_were_written_last(shown: Database) -> None:
    case_id, answer = some_id(), some_id()
    with shown.writing():
        for sealed in (b"one", b"two"):
            writing.put_reply(shown, case_id, answer, sealed)
        writing.put_reply(shown, some_id(), some_id(), b"of another case")
    marks = routing.reply_marks(shown, case_id)
    with shown.writing():
        writing.put_reply(shown, case_id, answer, b"two")
    assert routing.reply_marks(shown, case_id) == marks
    assert list(marks) == [answer]
    with shown.writing():
        writing.forget_replies(shown, case_id)
    assert routing.reply_marks(shown, case_id) == {}
    assert shown.row("SELECT count(*) FROM replies") == (1,)


@pytest.mark.parametrize("topics", ["law", "[1]", "{}", "[" * 100_000])
def test_a_circle_with_unreadable_topics_is_named(
    made: Installation, mailbox: Database, shown: Database, topics: str
) -> None:
    with made.hostile("shown") as link:
        link.execute("UPDATE circles SET topics = ?", (topics,))
    with pytest.raises(DamagedFile):
        writing_circle(mailbox, shown, "law", "ar")
