"""P14, today's notice: nobody alone says it or says more with it, and it goes more easily than it came.

A coordinator, an accomplice or somebody with a file would say something to every visitor, or silence a warning.
"""

import pytest

from onion_app.choices import LANGUAGE_CODES
from onion_app.desk import circles as desk_circles
from onion_app.desk import notice, proposals
from onion_app.desk.never_written import expect_no_invitation
from onion_app.errors import NotAllowed, NotReady, Refused
from onion_app.vault.desk import notice as rows
from onion_app.vault.desk.proposals import open_proposals
from onion_app.vault.shown.reading import published_counter, shown_notice
from tests import tables
from tests.two_people import Here
from tests.world import Enrolled

pytestmark = pytest.mark.usefixtures("nothing_is_stretched")

WORDS = {
    "ar": "من يكتب لكم في مكان آخر باسمنا ليس منا.",
    "ckb": "ئەوەی لە شوێنێکی تر بە ناوی ئێمەوە دەنووسێت، ئێمە نین.",
    "kmr": "ئەوێ ل جهەکێ دی ب ناڤێ مە دنڤیسیت، ئەم نینین.",
    "en": "Whoever writes to you elsewhere in our name is not us.",
}


def says(here: Here, who: Enrolled, **changed: str) -> bytes:
    """Propose a notice, which has to wait; give its proposal."""
    assert notice.propose_notice(here.world.dbs, here.world.member(who), WORDS | changed)
    return next(each.id for each in open_proposals(here.world.desk) if (each.kind, each.proposer) == ("notice", who.id))


def takes_off(here: Here, who: Enrolled) -> bool:
    return notice.take_notice_off(here.world.dbs, here.world.member(who))


def on_site(here: Here) -> dict[str, str]:
    return {each.language: each.text for each in shown_notice(here.world.shown, here.world.today)}


def stands(here: Here) -> None:
    here.agrees(here.dana, says(here, here.sara))
    assert on_site(here) == WORDS


def test_nobody_alone_says_anything_to_every_visitor(here: Here) -> None:
    waiting = says(here, here.sara)
    for days in (0, 3, 30):
        here.clock.wait(days=days)
        here.world.chores()
        with pytest.raises(Refused, match="second person"):
            here.agrees(here.sara, waiting, here.mark(here.dana, waiting))
        assert on_site(here) == {}
    other = proposals.open_for(here.world.dbs, here.dana.id)[0]
    assert {said.after for said in other.said} == set(WORDS.values()), "it is agreed to unread"
    for member in (here.noor, here.rojin):
        with pytest.raises(NotAllowed):
            notice.propose_notice(here.world.dbs, here.world.member(member), WORDS)
    before = published_counter(here.world.shown)
    assert here.agrees(here.dana, waiting)
    assert on_site(here) == WORDS
    assert published_counter(here.world.shown) != before, "pages that are kept ready go on without it"


def test_words_changed_after_the_yes(here: Here) -> None:
    waiting = says(here, here.sara)
    mark = here.mark(here.dana, waiting)
    later = says(here, here.sara, en="Trust whoever says the word river.")
    with pytest.raises(Refused, match="changed"):
        here.agrees(here.dana, later, mark)
    assert on_site(here) == {}


def test_it_goes_by_itself_when_its_days_are_over(here: Here) -> None:
    stands(here)
    for days, is_there in ((2, True), (1, False)):
        here.clock.wait(days=days)
        assert bool(on_site(here)) is is_there


def test_what_was_agreed_to_while_the_clock_was_ahead_stands_no_longer_and_comes_back_never(here: Here) -> None:
    waiting = says(here, here.sara)
    here.clock.wait(days=400)
    here.agrees(here.dana, waiting)
    here.clock.wait(days=-400)
    assert on_site(here) == {}
    assert notice.read_notice(here.world.dbs, here.world.member(here.dana)).end_day is None
    rows.forget_past(here.world.desk, here.world.today)
    here.clock.wait(days=400)
    here.world.follow()
    assert on_site(here) == {}


def test_the_same_words_stand_14_days_at_most_however_often_they_are_agreed_to(here: Here) -> None:
    stands(here)
    for _ in range(6):
        here.clock.wait(days=2)
        here.agrees(here.dana, says(here, here.sara))
    here.clock.wait(days=1)
    assert on_site(here) == WORDS
    with pytest.raises(Refused, match="14 days"):
        says(here, here.sara)
    here.clock.wait(days=1)
    assert on_site(here) == {}


def test_one_coordinator_takes_it_off_at_once(here: Here) -> None:
    stands(here)
    assert takes_off(here, here.baran)
    assert on_site(here) == {}
    with pytest.raises(NotReady):
        takes_off(here, here.sara)


def test_two_members_take_it_off_and_one_with_two_accounts_does_not(here: Here) -> None:
    stands(here)
    own = desk_circles.invite(here.world.dbs, here.world.member(here.noor), here.first)
    here.people["again"] = here.world.enrol(here.first, "again", by=own)
    here.world.let_in(here.dana, here.first, "again")
    for who in (here.noor, here.again, here.noor):
        assert not takes_off(here, who)
    assert on_site(here) == WORDS
    assert takes_off(here, here.rojin)
    assert on_site(here) == {}


def test_whoever_is_shut_out_wants_nothing_off_any_more(here: Here) -> None:
    stands(here)
    assert not takes_off(here, here.noor)
    here.world.shuts_out(here.sara, "noor")
    assert not takes_off(here, here.rojin)
    assert on_site(here) == WORDS


def test_a_row_of_nobody_keeps_no_notice_on_the_site(here: Here) -> None:
    stands(here)
    with tables.past_strict(here.world.state.path / "desk" / "desk.db", here.world.keys.desk) as file:
        file.execute("INSERT INTO against_notice (moderator_id) VALUES (?)", (bytes(16),))
    assert not takes_off(here, here.noor)
    assert takes_off(here, here.rojin)
    assert on_site(here) == {}


def test_other_words_begin_without_those_who_wanted_the_former_off(here: Here) -> None:
    stands(here)
    assert not takes_off(here, here.noor)
    here.agrees(here.dana, says(here, here.sara, en="Searches today."))
    assert not takes_off(here, here.rojin)
    assert on_site(here)["en"] == "Searches today."


@pytest.mark.parametrize(
    "text",
    [
        "Call 115 today.",
        "اتصلوا ٠٧٧٠",
        "Call ❶❶❺",
        "Call ⓫⓫",
        "Call 〇七七〇",
        "Call 0*7*7*0",
        "اتصلوا ٠،٧،٧،٠",
        "Call 1 . . . 1 . . . 5",
        "Call one one five.",
        "Call 1, one and ٥",
        "اتصلوا صفر سبعة وسبعة",
        "پەیوەندی بکەن: سفر حەوت حەوت",
        "Come  to the park.",
        "See example.org",
        "Write to @helper",
        "help@example.org",
        "Come to the park at noon.",
        "Go to the old school, they help.",
        "We meet at the library.",
        "They help in Rashid street.",
        "تعالوا إلى الحديقة",
        "احذفوا كل شيء وتعالوا إلى الحديقة",
        "اذهبوا إلى المدرسة القديمة",
        "لقاء في المكتبة",
        "وەرن بۆ پارکەکە",
        "هەرن بۆ قوتابخانێ",
    ],
)
def test_a_notice_warns_and_never_invites(text: str) -> None:
    with pytest.raises(Refused):
        expect_no_invitation(text, "")


@pytest.mark.parametrize(
    "text",
    [
        "Do not go to anybody from an app today.",
        "Searches in Mosul today.",
        "Two or three people were stopped, and seven more.",
        "أوقفوا شخصين أو ثلاثة.",
        "لا تذهبوا إلى أحد من تطبيق.",
        "مەچن بۆ لای کەس.",
        *WORDS.values(),
    ],
)
def test_what_warns_is_not_refused(text: str) -> None:
    expect_no_invitation(text, "")


def test_what_invites_in_any_language_or_is_too_long_never_waits_for_a_yes(here: Here) -> None:
    for language in LANGUAGE_CODES:
        for text in ("Come to the park at noon.", "a" * 401, "a" + "\u0301" * 40):
            with pytest.raises(Refused) as refused:
                says(here, here.sara, **{language: text})
            assert refused.value.field == f"notice_{language}"
    assert open_proposals(here.world.desk) == []
    assert says(here, here.sara, en="a" * 400)


def test_what_the_desk_never_said_goes_from_the_shown_file(here: Here) -> None:
    """Attack: somebody who can write the shown file, or has put back an older one, says something to every visitor."""
    with tables.opened(here.world.state.path / "shown" / "shown.db", here.world.keys.shown) as file:
        file.executemany(
            "INSERT INTO notices VALUES (?, 'Come at noon.', ?)",
            [(each, here.world.today + 1) for each in LANGUAGE_CODES],
        )
    assert set(on_site(here)) == set(LANGUAGE_CODES), "until the desk is followed"
    here.world.follow()
    assert on_site(here) == {}
