"""What two people decide, seen by each of those whom it concerns; and who may do what alone."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from onion_app.choices import LANGUAGE_CODES
from onion_app.desk import circle_changes, member_removal, proposals
from onion_app.desk import circles as desk_circles
from onion_app.desk.guides import publish_guide, save_guide, take_guide_down
from onion_app.desk.proposal_rules import may_agree
from onion_app.desk.seconds import seconds_in
from onion_app.desk.settings import change_setting, put_find_us_back
from onion_app.errors import LoginSuspended, NotAllowed, NothingHere, NotReady, Refused
from onion_app.vault import settings
from onion_app.vault.desk import circles, guides, invitations, moderators
from onion_app.vault.desk.proposals import OPERATOR, forget_old, open_proposals, read_proposal, suspended
from onion_app.vault.shown import reading
from tests.two_people import OTHER_WORDS, Here
from tests.world import FIND_US, Author, Clock, World

# --- word by word ----------------------------------------------------------------------------------------------------


def test_a_member_reads_what_changes_for_their_circle_and_not_one_word_more(here: Here) -> None:
    narrow = here.propose(here.sara, "circle", here.law, topics=["law"], languages=[])
    assert here.reads(here.rojin, narrow) == [
        "safety in every language will no longer come to your circle.",
        "Law",
        "law",
    ]
    assert here.reads(here.noor, narrow) == ["safety in every language will come to your circle alone."]
    assert here.reads(here.dana, narrow) == ["safety in every language will come to your circle alone.", "Law", "law"]
    proposals.withdraw(here.world.dbs, here.sara.id, narrow)
    wanted = {"name": "Badini law", "topics": ["law", "training"], "languages": ["kmr"]}
    new = here.propose(here.sara, "new_circle", b"n" * 16, **wanted)
    assert here.reads(here.rojin, new) == [
        "law in ar will no longer come to your circle alone.",
        "law in ckb will no longer come to your circle alone.",
        "law in kmr will no longer come to your circle.",
        "law in en will no longer come to your circle alone.",
        "law in any will no longer come to your circle alone.",
    ]
    assert here.reads(here.noor, new) == ["training in every language will no longer come to your circle."]
    assert here.reads(here.dana, new) == [
        "training in every language will no longer come to your circle.", "Badini law", "law", "training", "kmr",
    ]  # fmt: skip
    elsewhere = here.propose(here.sara, "new_circle", b"m" * 16, name="Health", topics=["health"], languages=["ar"])
    assert here.reads(here.lana, elsewhere) is None, "it changes nothing for theirs"
    catch_all = here.propose(here.sara, "catch_all", here.law)
    assert here.reads(here.lana, catch_all) == [
        *(f"{topic} in every language will come to your circle alone." for topic in _OF_NOBODY), "Law"
    ]  # fmt: skip
    assert here.reads(here.noor, catch_all) == [
        f"{topic} in every language will no longer come to your circle." for topic in _OF_NOBODY
    ]


_OF_NOBODY = ("talk", "health", "training", "unknown", "testimony")


def test_where_the_topics_of_an_emptied_circle_go_is_read_by_whom_it_reaches(here: Here) -> None:
    for gone in ("rojin", "lana"):
        here.world.shuts_out(here.sara, gone)
    heir = here.propose(here.dana, "emptied", here.law, to=here.first.hex())
    anew = here.propose(here.dana, "founding", here.law)
    said = [f"{topic} in every language will come to your circle alone." for topic in ("safety", "law")]
    assert here.reads(here.noor, heir) == said
    assert here.reads(here.sara, heir) == [*said, "Law"]
    assert here.reads(here.noor, anew) is None
    assert here.reads(here.sara, anew) == ["Law"]
    assert here.agrees(here.sara, heir)
    assert here.reads(here.noor, heir) == said
    assert circles.read_circle(here.world.desk, here.first).topics == ("law", "safety")
    assert circles.read_circle(here.world.desk, here.law).topics == ()


def test_public_words_are_read_by_everybody_as_they_would_stand_on_the_site(here: Here) -> None:
    words = here.other_words(here.sara)
    said = ["The words on how to find us will be others."]
    for code in LANGUAGE_CODES:
        said += [code, *filter(None, [FIND_US.get(code, "")]), *OTHER_WORDS[code]]
    assert here.reads(here.lana, words) == here.reads(here.dana, words) == said
    guide_id = guides.begin_guide(here.world.desk, b"g" * 16, "now")
    save_guide(here.world.dbs, here.world.member(here.sara), guide_id, "en", "In danger now?", "Go first.")
    assert open_proposals(here.world.desk)[-1].kind == "find_us", "nobody reads a draft"
    publish_guide(here.world.dbs, here.world.member(here.sara), guide_id)
    guide = next(each.id for each in open_proposals(here.world.desk) if each.kind == "guide")
    said = ["Another guide will be on the site.", "en", "Go first.", "In danger now?"]
    assert here.reads(here.lana, guide) == here.reads(here.dana, guide) == said


def test_retention_is_told_with_the_cases_that_would_go_of_ones_own_circles(here: Here) -> None:
    for circle, number in ((here.first, 2), (here.law, 1)):
        for _ in range(number):
            Author(here.world, circle).writes("Somebody follows me.")
    here.clock.wait(days=100)
    waiting = here.propose(here.sara, "retention", days=60)
    kept = "Cases will be destroyed 60 days after their last message, and not 180."
    went = "Cases that are older than that, and will be destroyed: {}."
    assert here.reads(here.noor, waiting) == [kept, went.format(2)]
    assert here.reads(here.lana, waiting) == [kept, went.format(1)]
    assert here.reads(here.dana, waiting) == [kept, went.format(3)]


def test_who_will_be_shut_out_is_named_to_those_who_know_them_and_never_to_themselves(here: Here) -> None:
    member_removal.remove_member(here.world.dbs, here.world.member(here.sara), here.dana.id)
    [waiting] = open_proposals(here.world.desk)
    assert here.reads(here.dana, waiting.id) is None
    assert here.reads(here.baran, waiting.id) == ["A coordinator will be shut out.", "dana"]
    assert here.reads(here.lana, waiting.id) == ["A coordinator will be shut out."]


# --- alone, and no longer --------------------------------------------------------------------------------------------


def test_the_second_person_reads_what_was_set_before_they_came_for_thirty_days(tmp_path: Path) -> None:
    clock = Clock()
    with closing(World(tmp_path, clock)) as world:
        first = world.circle("Listening", catch_all=True)
        sara = world.enrol(first, "sara", coordinator=True)
        for days in (60, 90):
            assert not change_setting(world.dbs, world.member(sara), "retention_days", days)
        clock.wait(days=200)
        forget_old(world.desk, world.today)
        dana = world.enrol(first, "dana")
        world.let_in(sara, first, "dana")
        for days, told in ((0, 1), (30, 1), (1, 0)):
            clock.wait(days=days)
            assert len(proposals.decided_for(world.dbs, dana.id)) == told
        assert settings.read_settings(world.shown).retention_days == 90


def test_what_was_decided_stands_for_thirty_days(here: Here) -> None:
    waiting = here.propose(here.sara, "retention", days=30)
    here.agrees(here.dana, waiting)
    for days, told in ((0, 1), (30, 1), (1, 0)):
        here.clock.wait(days=days)
        assert [len(proposals.decided_for(here.world.dbs, each.id)) for each in (here.noor, here.lana)] == [told] * 2
    forget_old(here.world.desk, here.world.today)
    assert here.world.desk.rows("SELECT 1 FROM proposals") == []


def test_longer_retention_and_a_circle_without_topics_need_nobody(here: Here) -> None:
    member = here.world.member(here.sara)
    assert not change_setting(here.world.dbs, member, "retention_days", 200)
    circle_changes.add_circle(here.world.dbs, member, "Later", (), ())
    assert "Later" in {each.name for each in circles.circles(here.world.desk)}
    circle_changes.add_circle(here.world.dbs, member, "Soon", ("law",), ())
    assert "Soon" not in {each.name for each in circles.circles(here.world.desk)}


def test_only_coordinators_propose(here: Here) -> None:
    for nobody in (here.noor, here.rojin):
        with pytest.raises(NotAllowed):
            here.propose(nobody, "retention", days=30)
    assert open_proposals(here.world.desk) == []


def test_off_is_easier_than_on(here: Here) -> None:
    world, member = here.world, here.world.member(here.sara)
    with pytest.raises(NotReady):
        put_find_us_back(world.dbs, member)
    assert here.agrees(here.dana, here.other_words(here.sara))
    assert settings.read_settings(world.shown).how_to_find_us["en"] == OTHER_WORDS["en"][0]
    put_find_us_back(world.dbs, member)
    assert settings.read_settings(world.shown).how_to_find_us["en"] == FIND_US["en"]
    with pytest.raises(NotReady):  # or the words that somebody has just put away come back by one person
        put_find_us_back(world.dbs, member)
    guide_id = guides.begin_guide(world.desk, b"g" * 16, "now")
    save_guide(world.dbs, member, guide_id, "en", "In danger now?", "Go first.")
    publish_guide(world.dbs, member, guide_id)
    assert here.agrees(here.dana, open_proposals(world.desk)[0].id)
    assert reading.shown_guide(world.shown, "now")
    take_guide_down(world.dbs, world.member(here.baran), guide_id)
    with pytest.raises(NothingHere):
        reading.shown_guide(world.shown, "now")
    assert publish_guide(world.dbs, member, guide_id), "back it comes with two"


# --- people ----------------------------------------------------------------------------------------------------------


def test_the_third_person_within_seven_days_is_suspended_until_a_second_one_has_said_so(here: Here) -> None:
    world = here.world
    here.comes(here.first, "azad", here.noor)
    for gone in ("lana", "rojin"):
        world.shuts_out(here.sara, gone)
        assert (world.desk.folder / "desk.db-wal").stat().st_size == 0, "their grants left the log too"
    world.shuts_out(here.sara, "noor")
    assert [moderators.find_moderator(world.desk, each).state for each in ("lana", "rojin", "noor")] == [
        "out", "out", "active",
    ]  # fmt: skip
    assert suspended(world.desk) == [("sara", "noor")]
    with pytest.raises(LoginSuspended):  # the login alone is gone: their key opens nothing while it is
        world.member(here.noor)
    assert here.noor.id in {each.id for each in circles.members_of(world.desk, here.first)}
    [waiting] = open_proposals(world.desk)
    proposals.withdraw(world.dbs, here.sara.id, waiting.id)
    assert world.member(here.noor).circles
    world.shuts_out(here.sara, "noor")
    assert here.agrees(here.dana, open_proposals(world.desk)[0].id)
    assert moderators.find_moderator(world.desk, "noor").state == "out"
    here.clock.wait(days=8)
    world.shuts_out(here.sara, "azad")
    assert moderators.find_moderator(world.desk, "azad").state == "out", "after seven days it is two again"


def test_a_coordinator_is_shut_out_by_two_others_or_by_the_operator(here: Here) -> None:
    world = here.world
    world.invites_into(here.law, here.dana, here.rojin)
    acts: tuple[Callable[[], object], ...] = (
        lambda: world.shuts_out(here.sara, "dana"),
        lambda: member_removal.remove_from_circle(world.dbs, world.member(here.sara), here.first, here.dana.id),
        lambda: member_removal.remove_from_circle(world.dbs, world.member(here.sara), here.law, here.dana.id),
    )
    for act in acts:
        act()
        [waiting] = open_proposals(world.desk)
        assert world.member(here.dana).coordinates, "nor is her login suspended"
        here.clock.wait(days=4)
        with pytest.raises(Refused):  # this is for coordinators and the operator alone, however long it waits
            here.agrees(here.noor, waiting.id)
        proposals.withdraw(world.dbs, here.sara.id, waiting.id)
    world.shuts_out(here.sara, "dana")
    assert here.agrees(here.baran, open_proposals(world.desk)[0].id)
    member_removal.remove_as_operator(world.dbs, here.baran.id)
    assert {each.handle for each in moderators.active(world.desk, coordinators=True)} == {"sara"}


def test_an_invitation_of_a_coordinator_brings_nobody_in_before_the_yes(here: Here) -> None:
    world = here.world
    codes = [
        desk_circles.invite(world.dbs, world.member(here.sara), here.first, coordinator=True),
        desk_circles.invite_as_operator(world.dbs)[0],
    ]
    for code, proposal in zip(codes, open_proposals(world.desk), strict=True):
        with pytest.raises(Refused, match=invitations.INVITATION_REFUSED):
            world.enrol(here.first, "early", by=code)
        assert proposal.kind == "coordinator"
    for number, proposal in enumerate(open_proposals(world.desk)):
        assert here.agrees(here.dana, proposal.id)
        assert world.enrol(here.first, f"later{number}", by=codes[0] if proposal.proposer else codes[1])
    # Taken back, it brings nobody in; nor does one whose inviter is out.
    for end in ("withdrawn", "cancelled", "out"):
        code = desk_circles.invite(world.dbs, world.member(here.sara), here.first, coordinator=True)
        [waiting] = open_proposals(world.desk)
        if end == "withdrawn":
            proposals.withdraw(world.dbs, here.sara.id, waiting.id)
        elif end == "cancelled":
            desk_circles.cancel(world.dbs, world.member(here.dana), waiting.subject)
        else:
            member_removal.remove_as_operator(world.dbs, here.sara.id)
        assert open_proposals(world.desk) == []
        with pytest.raises(Refused, match=invitations.INVITATION_REFUSED):
            world.enrol(here.first, "never", by=code)


def test_where_no_coordinator_is_left_the_operators_invitation_holds_at_once_and_everybody_reads_it(here: Here) -> None:
    world = here.world
    for handle in ("sara", "dana", "baran"):
        member_removal.remove_as_operator(world.dbs, here.people[handle].id)
    code, waits = desk_circles.invite_as_operator(world.dbs)
    assert not waits
    for reader in (here.noor, here.lana):
        [view] = proposals.decided_for(world.dbs, reader.id)
        assert [line.sentence for line in view.lines] == ["Somebody will become a coordinator."]
    world.enrol(here.first, "hozan", by=code)
    world.let_in(here.noor, here.first, "hozan")
    assert moderators.find_moderator(world.desk, "hozan").coordinator


def test_a_circle_of_two_in_which_one_let_the_other_in_is_one_persons(tmp_path: Path) -> None:
    clock = Clock()
    with closing(World(tmp_path, clock)) as world:
        first = world.circle("Listening", catch_all=True)
        sara = world.enrol(first, "sara", coordinator=True)
        clock.wait(days=100)
        dana = world.enrol(first, "dana")
        world.let_in(sara, first, "dana")
        for days, beside_sara in ((0, set()), (14, set()), (45, set()), (1, {dana.id})):
            clock.wait(days=days)
            assert seconds_in(world.desk, first, sara.id, world.today) == beside_sara
            assert seconds_in(world.desk, first, dana.id, world.today) == {sara.id}, "a newcomer needs her all the same"


def test_who_is_suspended_or_out_or_waits_is_nobodys_second(here: Here) -> None:
    for gone in ("lana", "rojin", "noor"):
        here.world.shuts_out(here.sara, gone)
    waiting = here.propose(here.sara, "retention", days=30)
    here.clock.wait(days=5)
    proposal = read_proposal(here.world.desk, waiting)
    people = [*(each.id for each in moderators.active(here.world.desk)), OPERATOR]
    counted = {who for who in people if may_agree(here.world.dbs, proposal, who or None)}
    assert counted == {here.dana.id, here.baran.id, OPERATOR}


def test_a_cut_between_the_files_decides_all_or_nothing(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut the power after desk.db is committed: `show`, which runs before the site answers, puts shown.db right."""
    waiting = [here.propose(here.sara, "retention", days=30), here.other_words(here.sara)]
    waiting.append(here.propose(here.sara, "circle", here.law, topics=["law"], languages=[]))

    def cut(*_files: object) -> None:
        raise KeyboardInterrupt

    for each in waiting:
        before = here.state
        with monkeypatch.context() as patch:
            patch.setattr(proposals, "show", cut)
            with pytest.raises(KeyboardInterrupt):
                here.agrees(here.dana, each)
        assert here.state == before
        assert not here.waits(each)
        here.world.follow()
        assert here.state != before
