"""P14: nobody alone decides who reads what comes, how long it is kept, or what guides and *how to find us* say.

Somebody of the desk, a coordinator with patience or with a second account, tries to be the only one who decides.
"""

from contextlib import closing, nullcontext
from pathlib import Path
from typing import NamedTuple

import pytest

from onion_app.choices import LANGUAGE_CODES
from onion_app.desk import circles as desk_circles
from onion_app.desk import enrolment, handover, member_removal, proposals, queues
from onion_app.desk.guides import publish_guide, save_guide, take_guide_down
from onion_app.desk.proposal_kinds import KINDS, SETTING
from onion_app.desk.settings import change_setting
from onion_app.errors import NothingHere, Paused, Refused
from onion_app.site import author_actions
from onion_app.vault import settings
from onion_app.vault.desk import admissions, circles, guides
from onion_app.vault.desk.proposals import is_suspended, open_proposals, suspended
from onion_app.vault.shown import reading, routing
from tests.promises import p14_writers
from tests.two_people import Here
from tests.world import Author, Clock, Enrolled, World

pytestmark = pytest.mark.usefixtures("nothing_is_stretched")


def guide(here: Here) -> bytes:
    """Write the guide for danger, which nobody is shown yet."""
    guide_id = guides.begin_guide(here.world.desk, b"g" * 16, "now")
    save_guide(here.world.dbs, here.world.member(here.sara), guide_id, "en", "In danger now?", "Go first.")
    return guide_id


class Waiting(NamedTuple):
    """Something that waits, and who may say yes to it at once."""

    id: bytes
    other: Enrolled


def everything(here: Here) -> list[Waiting]:
    """Propose one of each kind, as far as three a person reach."""
    emptied = here.world.circle("Clinic", topics=("health",))
    here.people["shilan"] = here.world.enrol(emptied, "shilan")
    here.world.settle()
    here.world.shuts_out(here.sara, "shilan")
    by_sara = [
        here.propose(here.sara, "circle", here.law, topics=["law"], languages=["ar"]),
        here.propose(here.sara, "new_circle", b"n" * 16, name="Training", topics=["training"], languages=[]),
        here.propose(here.sara, "catch_all", here.law),
    ]
    by_dana = [
        here.propose(here.dana, "emptied", emptied, to=here.law.hex()),
        here.propose(here.dana, "retention", days=30),
        here.other_words(here.dana),
    ]
    publish_guide(here.world.dbs, here.world.member(here.people["baran"]), guide(here))
    by_baran = [each.id for each in open_proposals(here.world.desk) if each.kind == "guide"]
    by_baran.append(here.propose(here.people["baran"], "founding", emptied))
    warning: dict[str, object] = dict.fromkeys(LANGUAGE_CODES, "A trap.")
    by_baran.append(here.propose(here.people["baran"], "notice", SETTING, **warning))
    desk_circles.invite_as_operator(here.world.dbs)
    by_operator = [each.id for each in open_proposals(here.world.desk) if each.kind == "coordinator"]
    return [
        *(Waiting(each, here.dana) for each in by_sara),
        *(Waiting(each, here.sara) for each in (*by_dana, *by_baran, *by_operator)),
    ]


def test_until_a_yes_everything_stays_as_it_was_and_silence_is_never_one(here: Here) -> None:
    waiting = everything(here)
    before = here.state
    for days in (3, 30, 300):
        here.clock.wait(days=days)
        here.world.chores()
        assert here.state == before
        assert all(here.waits(each.id) for each in waiting)


def test_each_kind_takes_effect_with_the_yes_of_another_coordinator_and_of_nobody_less(here: Here) -> None:
    waiting = everything(here)
    assert {each.kind for each in open_proposals(here.world.desk)} | {"shut_out"} == set(KINDS)
    for each in waiting:
        before = here.whole
        for nobody in (None, here.noor, here.rojin):
            with pytest.raises((Refused, NothingHere)):
                here.agrees(nobody, each.id, here.mark(each.other, each.id))
        assert here.whole == before
        assert here.agrees(each.other, each.id)
        assert here.whole != before


def test_clock_on_by_three_days_lets_a_member_answer_and_decides_nothing(here: Here) -> None:
    waiting = here.propose(here.sara, "retention", days=30)
    with pytest.raises(Refused, match="second person"):
        here.agrees(here.noor, waiting)
    with pytest.raises(Refused, match="second person"):
        here.agrees(None, waiting)
    here.clock.wait(days=3)
    assert here.waits(waiting)
    assert settings.read_settings(here.world.shown).retention_days == 180
    assert here.agrees(here.noor, waiting)
    assert settings.read_settings(here.world.shown).retention_days == 30


def test_emptied_circle_sends_its_topics_nowhere_until_two_have_said_where_to(here: Here) -> None:
    world = here.world
    accomplices = world.circle("More law", topics=("law",))
    here.people["informer"] = world.enrol(accomplices, "informer")
    in_force = settings.read_settings(world.shown)
    world.shuts_out(here.sara, "rojin")
    world.shuts_out(here.sara, "lana")
    for topic in ("law", "safety"):
        with pytest.raises(Paused):
            routing.writing_circle(world.mailbox, world.shown, in_force, topic, "ar")
    assert routing.writing_circle(world.mailbox, world.shown, in_force, "talk", "ar").id == here.first
    # Nor does she begin it anew with somebody of hers.
    with pytest.raises(Refused, match="second person must agree"):
        world.enrol(here.law, "accomplice")
    heir = here.propose(here.sara, "emptied", here.law, to=accomplices.hex())
    anew = here.propose(here.sara, "founding", here.law)
    assert here.agrees(here.dana, anew)
    world.enrol(here.law, "hozan")
    with pytest.raises(Refused):  # somebody is there again: what was proposed makes no sense any more
        here.agrees(here.dana, heir)
    assert routing.writing_circle(world.mailbox, world.shown, in_force, "safety", "ar").id == here.law


def test_the_exception_coming_back(tmp_path: Path) -> None:
    """Attack: whoever was alone once lets a second person in, shuts them out, and would be alone again."""
    with closing(World(tmp_path, Clock())) as world:
        first = world.circle("Listening", catch_all=True)
        sara = world.enrol(first, "sara", coordinator=True)
        member = world.member(sara)
        assert not change_setting(world.dbs, member, "retention_days", 90), "there is no second person yet"
        world.enrol(first, "dana")
        world.let_in(sara, first, "dana")
        world.shuts_out(sara, "dana")
        assert not admissions.is_alone(world.desk)
        assert change_setting(world.dbs, world.member(sara), "retention_days", 30)
        assert settings.read_settings(world.shown).retention_days == 90


def test_second_account_of_one_s_own(here: Here) -> None:
    """Attack: a coordinator brings in themselves, through others too, and says yes to what they want."""
    world = here.world
    own = desk_circles.invite(world.dbs, world.member(here.sara), here.first)
    here.people["again"] = world.enrol(here.first, "again", by=own)
    with pytest.raises(Refused, match="another member"):  # the inviter lets nobody in, nor does a stranger's account
        world.let_in(here.sara, here.first, "again")
    world.let_in(here.dana, here.first, "again")
    world.make_coordinator("again")
    waiting = here.propose(here.sara, "retention", days=30)
    for days in (0, 14, 45):
        here.clock.wait(days=days)
        with pytest.raises(Refused, match="second person"):
            here.agrees(here.again, waiting)
        theirs = here.other_words(here.again)
        with pytest.raises(Refused, match="second person"):
            here.agrees(here.sara, theirs)
        proposals.withdraw(world.dbs, here.again.id, theirs)
    assert settings.read_settings(world.shown).retention_days == 180


def test_no_circle_is_left_to_a_second_account_of_one_s_own(here: Here) -> None:
    """Attack: a coordinator brings in themselves, and shuts out everybody else who reads what comes to a circle."""
    world = here.world
    own = desk_circles.invite(world.dbs, world.member(here.sara), here.law)
    world.enrol(here.law, "again", by=own)
    world.let_in(here.lana, here.law, "again")
    world.shuts_out(here.sara, "rojin")
    world.shuts_out(here.sara, "lana")
    assert "lana" in {each.handle for each in circles.members_of(world.desk, here.law)}
    assert is_suspended(world.desk, here.lana.id)
    assert here.agrees(here.dana, open_proposals(world.desk)[0].id)
    assert {each.handle for each in circles.members_of(world.desk, here.law)} == {"again"}


def test_whoever_is_suspended_stays_so_when_one_circle_of_theirs_turns_them_out(here: Here) -> None:
    """Attack: an accomplice with the office turns somebody out of one circle, and with that ends their suspension."""
    world = here.world
    enrolment.join(world.dbs, world.member(here.lana), world.invitation(here.first))
    for handle in ("one", "two"):
        here.comes(here.first, handle, here.dana)
    world.settle()
    for handle in ("one", "two", "lana"):
        world.shuts_out(here.sara, handle)
    assert is_suspended(world.desk, here.lana.id)
    member_removal.remove_from_circle(world.dbs, world.member(here.dana), here.law, here.lana.id)
    assert is_suspended(world.desk, here.lana.id)
    assert suspended(world.desk) == [("sara", "lana")], "who only waits somewhere is named, too"


def test_objecting_for_ever(here: Here) -> None:
    """Attack: a member objects again and again; and a proposer sheds an objection by proposing the same anew."""
    world = here.world
    waiting = here.propose(here.sara, "retention", days=30)
    proposals.object_to(world.dbs, here.noor.id, waiting, "too_soon")
    with pytest.raises(Refused, match="objected to this already"):
        proposals.object_to(world.dbs, here.noor.id, waiting, "doubt")
    with pytest.raises(NothingHere):
        proposals.object_to(world.dbs, here.lana.id, waiting, "because I say so")  # type: ignore[arg-type]
    proposals.withdraw(world.dbs, here.sara.id, waiting)
    again = here.propose(here.sara, "retention", days=30)
    assert not here.agrees(here.dana, again), "it needs two coordinators"
    with pytest.raises(Refused, match="objected to this already"):
        proposals.object_to(world.dbs, here.noor.id, again, "doubt")
    for member in (here.rojin, here.lana):
        proposals.object_to(world.dbs, member.id, again, "too_soon")
    assert here.agrees(None, again), "one of them and the operator are enough, whoever objects"
    assert settings.read_settings(world.shown).retention_days == 30


def test_words_changed_after_the_yes(here: Here) -> None:
    """Attack: other words are put under a yes, by its proposer or by a change of what they are compared with."""
    world = here.world
    guide_id, member = guide(here), world.member(here.sara)
    assert publish_guide(world.dbs, member, guide_id)
    [waiting] = open_proposals(world.desk)
    seen = here.mark(here.dana, waiting.id)
    save_guide(world.dbs, member, guide_id, "en", "In danger now?", "Go to the house with the green door.")
    assert here.agrees(here.dana, waiting.id, seen), "a draft is not what was proposed"
    assert reading.shown_guide(world.shown, "now")[0].body == "Go first."
    # The words of what is proposed change with what is proposed: another proposal, to which nobody has said yes.
    assert save_guide(world.dbs, member, guide_id, "en", "In danger now?", "Call this number.")
    [waiting] = open_proposals(world.desk)
    seen = here.mark(here.dana, waiting.id)
    assert save_guide(world.dbs, member, guide_id, "en", "In danger now?", "Go to the green door.")
    with pytest.raises(NothingHere):
        here.agrees(here.dana, waiting.id, seen)
    [waiting] = open_proposals(world.desk)
    with pytest.raises(Refused, match="changed since it was shown"):
        here.agrees(here.dana, waiting.id, seen)
    # What it would change is another thing by now: the yes was to something else.
    seen = here.mark(here.dana, waiting.id)
    take_guide_down(world.dbs, member, guide_id)
    with pytest.raises(Refused, match="changed since it was shown"):
        here.agrees(here.dana, waiting.id, seen)
    with pytest.raises(NothingHere):
        reading.shown_guide(world.shown, "now")


def test_a_yes_given_before_a_change_does_not_count_with_a_later_one(here: Here) -> None:
    waiting = here.propose(here.sara, "circle", here.law, topics=["law"], languages=[])
    proposals.object_to(here.world.dbs, here.lana.id, waiting, "takes_away")
    assert not here.agrees(here.dana, waiting)
    with here.world.desk.writing():
        circles.set_routes(here.world.desk, here.first, ("safety",), ())
    assert not here.agrees(None, waiting), "hers was to other words"
    assert here.agrees(here.dana, waiting)


@pytest.mark.parametrize("gone", ["sara", "dana"])
def test_shut_out_in_between(here: Here, gone: str) -> None:
    """Attack: a proposal, or a yes, outlives the person who gave it."""
    waiting = here.propose(here.sara, "retention", days=30)
    proposals.object_to(here.world.dbs, here.noor.id, waiting, "doubt")
    assert not here.agrees(here.dana, waiting)
    third = here.comes(here.first, "third", here.noor, coordinator=True)
    here.world.settle()
    seen = here.mark(third, waiting)
    member_removal.remove_as_operator(here.world.dbs, here.people[gone].id)
    if gone == "sara":
        assert open_proposals(here.world.desk) == [], "nobody wants it any more"
        with pytest.raises(NothingHere):
            here.agrees(third, waiting, seen)
    else:
        assert not here.agrees(third, waiting), "the yes of whoever is out does not count"
    assert settings.read_settings(here.world.shown).retention_days == 180


def test_two_hundred_proposals(here: Here) -> None:
    """Attack: somebody proposes so much that nobody reads it."""
    for number in range(200):
        wanted = {"name": f"Circle {number}", "topics": ["law"], "languages": []}
        with pytest.raises(Refused, match="Three of your") if number > 2 else nullcontext():
            here.propose(here.sara, "new_circle", bytes([number]) * 16, **wanted)
    assert len(open_proposals(here.world.desk)) == 3
    assert len(proposals.open_for(here.world.dbs, here.dana.id)) == 3
    here.other_words(here.dana)
    assert len(open_proposals(here.world.desk)) == 4, "others are not kept from proposing"


def test_everything_that_writes_what_two_decide_is_covered_by_a_kind() -> None:
    assert p14_writers.writers() == set(p14_writers.WRITERS)
    for called, by_whom in p14_writers.CALLERS.items():
        assert p14_writers.callers(called) == set(by_whom), called
    covered = {kind for by_whom in p14_writers.CALLERS.values() for kind in by_whom.values()}
    assert set(KINDS) <= covered


def test_closing_a_door_leaves_erasing_alive(here: Here) -> None:
    """Attack: one member alone closes an author's door, and the chores have been."""
    world, author = here.world, Author(here.world, here.first)
    author.writes("They found my phone.")
    member = world.member(here.noor)
    queues.take_case(world.dbs, member, author.case_id)
    handover.close_authors_door(world.dbs, member, author.case_id)
    for days in (0, 1, 1):
        here.clock.wait(days=days)
        world.chores()
    with pytest.raises(NothingHere):
        author.comes_back()
    assert world.stores(author.code), "the code finds nothing to erase"
    author_actions.erase_without_opening(author.files, author.code)
    world.chores()
    assert (world.count("cases"), world.count("messages")) == (0, 0)
