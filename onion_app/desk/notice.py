"""Today's notice: a coordinator proposes it, a second person agrees; one coordinator, or two members, take it off.

It warns and never invites: no number, address, link, account or place to go to stands in it. # P14
"""

from collections.abc import Mapping
from typing import NamedTuple

from onion_app.desk.context import Databases
from onion_app.desk.permissions import Member, only_coordinators
from onion_app.desk.proposal_kinds import SETTING
from onion_app.desk.proposals import note, propose
from onion_app.desk.seconds import is_second_for
from onion_app.errors import NotAllowed, NotReady
from onion_app.vault.desk import notice
from onion_app.vault.show import show


class StandingNotice(NamedTuple):
    """What stands on the site, by language, until when, and whether a member, or the reader, wants it off."""

    words: dict[str, str]
    end_day: int | None  # None: none stands
    wanted_off: bool
    wanted_off_by_me: bool


def read_notice(dbs: Databases, member: Member) -> StandingNotice:
    """Give what stands on the site.

    Raises:
        NotAllowed: they are in no circle.
    """
    _expect_in_a_circle(member)
    there, against = notice.standing(dbs.desk, dbs.today), notice.against(dbs.desk)
    words: dict[str, str] = {each.language: each.text for each in there}
    end_day = there[0].end_day if there else None
    return StandingNotice(words, end_day, bool(against), member.id in against)


def propose_notice(dbs: Databases, member: Member, words: Mapping[str, str]) -> bool:
    """Propose words for today, or that those which stand do so for longer; tell whether that waits for a second person.

    Raises:
        NotAllowed: they are no coordinator.
        Refused: what no notice may say stands in it, or three of their proposals wait.
    """
    only_coordinators(member)
    wanted = {language: [text] for language, text in words.items()}
    return propose(dbs, member.id, "notice", SETTING, wanted)


def take_notice_off(dbs: Databases, member: Member) -> bool:
    """Take it off the site at once, or note that a member wants that; tell whether it is off.

    Raises:
        NotAllowed: they are in no circle.
        NotReady: none stands.
    """
    _expect_in_a_circle(member)
    with dbs.mailbox.writing():
        with dbs.desk.writing():
            if not notice.standing(dbs.desk, dbs.today):
                raise NotReady
            is_off = member.coordinates or any(_are_two(dbs, each, member.id) for each in notice.against(dbs.desk))
            if is_off:
                notice.take_off(dbs.desk)
            else:
                notice.put_against(dbs.desk, member.id)
        if is_off:
            show(dbs.shown, dbs.desk)
    note(dbs, member.id, "took the notice off the site" if is_off else "wants the notice off the site")
    return is_off


def _are_two(dbs: Databases, one: bytes, other: bytes) -> bool:
    """Tell whether two members who work here count as two."""
    return is_second_for(dbs.desk, one, other, dbs.today) and is_second_for(dbs.desk, other, one, dbs.today)


def _expect_in_a_circle(member: Member) -> None:
    if not member.circles:
        raise NotAllowed
