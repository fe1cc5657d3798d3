"""What needs a second person's yes, kind by kind: what may be wanted, how it is now, and what a yes changes.

A kind that is added needs a row in `KINDS`, a word in `choices.ProposalKind` and in the schema, and nothing else.
Everything is changed at the desk, in one transaction with the decision; `show` lets the site follow. # P14
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final, NamedTuple

from onion_app.choices import CIRCLE_TOPICS, FIND_US_LETTERS, LANGUAGE_CODES, RETENTION_DAYS
from onion_app.desk import notice_rules
from onion_app.desk.context import Databases
from onion_app.desk.permissions import holder_of
from onion_app.desk.proposal_words import Wanted
from onion_app.errors import DamagedFile, KeysChanged, NothingHere, Refused, marked
from onion_app.shapes import from_json, to_json
from onion_app.vault import settings
from onion_app.vault.desk import circles, guides, invitations, membership, moderators, proposals
from onion_app.vault.desk.taken import taken_cases
from onion_app.vault.shown.reading import Version
from onion_app.vault.shown.routing import Route, routes

SETTING: Final = bytes(16)  # the subject of what is about no row
_LONGEST: Final = 1 << 20  # letters: a guide in four languages
_TOO_LONG: Final = marked("This is too long: 300 letters fit, on one line.")
NOT_EMPTIED: Final = marked("This circle has not been emptied.")
OTHERS: Final = ""  # instead of a circle: the topics go to whoever has them too, else to the catch-all


class Kind(NamedTuple):
    """A kind of proposal; the functions take the databases and its subject."""

    check: Callable[[Databases, bytes, Wanted], None]
    present: Callable[[Databases, bytes], object]
    apply: Callable[[Databases, bytes, Wanted], None]
    after: Callable[[list[Route], bytes, Wanted], list[Route]] | None = None  # where cases go then


def lists_in(kept: str) -> dict[str, list[str]]:
    """Read what is wanted, or what was there before, as a proposal keeps it."""
    return from_json(dict[str, list[str]], kept, DamagedFile, _LONGEST)


def routes_before(before: str) -> list[Route]:
    """Read where cases went before a change of it."""
    rows = from_json(list[dict[str, list[str]]], before, DamagedFile, _LONGEST)
    return [
        Route(
            bytes.fromhex(row["id"][0]),
            int(row["generation"][0]) if row["generation"] else None,
            tuple(row["topics"]),
            tuple(row["languages"]),
            catch_all=bool(row["catch_all"]),
            coordinators=bool(row["coordinators"]),
        )
        for row in rows
    ]


def _routes_now(dbs: Databases, _subject: bytes) -> object:
    """Write down where cases go; a key that is renewed changes nothing of that."""
    return [
        {
            "id": [each.id.hex()],
            "generation": ["1"] if each.generation else [],
            "topics": list(each.topics),
            "languages": list(each.languages),
            "catch_all": ["1"] * each.catch_all,
            "coordinators": ["1"] * each.coordinators,
        }
        for each in routes(dbs.desk)
    ]


# --- where cases go ------------------------------------------------------------------------------------------------


def _check_lists(wanted: Wanted) -> None:
    if not (set(wanted["topics"]) <= set(CIRCLE_TOPICS) and set(wanted["languages"]) <= set(LANGUAGE_CODES)):
        raise NothingHere


def _check_circle(dbs: Databases, subject: bytes, wanted: Wanted) -> None:
    circles.read_circle(dbs.desk, subject)
    _check_lists(wanted)


def _set_routes(dbs: Databases, subject: bytes, wanted: Wanted) -> None:
    circles.set_routes(dbs.desk, subject, tuple(wanted["topics"]), tuple(wanted["languages"]))


def _with_routes(now: list[Route], subject: bytes, wanted: Wanted) -> list[Route]:
    topics, languages = tuple(wanted["topics"]), tuple(wanted["languages"])
    return [replace(each, topics=topics, languages=languages) if each.id == subject else each for each in now]


def _check_new(dbs: Databases, _subject: bytes, wanted: Wanted) -> None:
    _check_lists(wanted)
    [name] = wanted["name"]
    if name.casefold() in {each.name.casefold() for each in circles.circles(dbs.desk)}:
        raise Refused("Another circle has this name.", field="name")


def _add_circle(dbs: Databases, subject: bytes, wanted: Wanted) -> None:
    lists = tuple(wanted["topics"]), tuple(wanted["languages"])
    made = circles.Circle(subject, wanted["name"][0], *lists, catch_all=False, coordinators=False, generation=None)
    circles.add_circle(dbs.desk, made)


def _with_new(now: list[Route], subject: bytes, wanted: Wanted) -> list[Route]:
    lists = (tuple(wanted["topics"]), tuple(wanted["languages"]))
    return [*now, Route(subject, 1, *lists, catch_all=False, coordinators=False)]


def _expect_emptied(dbs: Databases, subject: bytes, _wanted: Wanted) -> None:
    if circles.read_circle(dbs.desk, subject).generation is not None or not circles.public_keys(dbs.desk, subject):
        raise Refused(NOT_EMPTIED)


def _allow_founding(dbs: Databases, subject: bytes, _wanted: Wanted) -> None:
    proposals.allow_founding(dbs.desk, subject)


def _with_founded(now: list[Route], subject: bytes, _wanted: Wanted) -> list[Route]:
    return [replace(each, generation=1) if each.id == subject else each for each in now]


def _expect_inhabited(dbs: Databases, subject: bytes, _wanted: Wanted) -> None:
    if circles.read_circle(dbs.desk, subject).generation is None:
        raise Refused(circles.CIRCLE_CHANGED)


def _set_catch_all(dbs: Databases, subject: bytes, _wanted: Wanted) -> None:
    circles.set_catch_all(dbs.desk, subject)


def _with_catch_all(now: list[Route], subject: bytes, _wanted: Wanted) -> list[Route]:
    return [replace(each, catch_all=each.id == subject) for each in now]


def _check_heir(dbs: Databases, subject: bytes, wanted: Wanted) -> None:
    _expect_emptied(dbs, subject, wanted)
    [heir] = wanted["to"]
    emptied = circles.read_circle(dbs.desk, subject)
    if heir != OTHERS:
        _expect_inhabited(dbs, bytes.fromhex(heir), wanted)
    elif emptied.catch_all:
        raise Refused(circles.CIRCLE_CHANGED)  # nobody else gets what no circle gets


def _inherit(dbs: Databases, subject: bytes, wanted: Wanted) -> None:
    for each in _with_heir(routes(dbs.desk), subject, wanted):
        circles.set_routes(dbs.desk, each.id, each.topics, each.languages)
        if each.catch_all:
            circles.set_catch_all(dbs.desk, each.id)


def _with_heir(now: list[Route], subject: bytes, wanted: Wanted) -> list[Route]:
    """Give an emptied circle's topics to another one; it keeps none, and stays the coordinators' if it was that."""
    emptied, heir = next(each for each in now if each.id == subject), wanted["to"][0]

    def changed(each: Route) -> Route:
        if each.id == subject:
            return replace(each, topics=(), languages=(), catch_all=False)
        if each.id.hex() != heir:
            return each
        topics = tuple(dict.fromkeys((*each.topics, *emptied.topics)))
        # A circle that names no language gets those that nobody names: it goes on doing so.
        languages = tuple(dict.fromkeys((*each.languages, *emptied.languages))) if each.languages else ()
        return replace(each, topics=topics, languages=languages, catch_all=each.catch_all or emptied.catch_all)

    return [changed(each) for each in now]


# --- settings and public words -------------------------------------------------------------------------------------


def _check_retention(_dbs: Databases, _subject: bytes, wanted: Wanted) -> None:
    if int(wanted["days"][0]) not in RETENTION_DAYS:
        raise NothingHere


def _retention_now(dbs: Databases, _subject: bytes) -> object:
    return {"days": [str(settings.read_settings(dbs.shown).retention_days)]}


def _set_retention(dbs: Databases, _subject: bytes, wanted: Wanted) -> None:
    settings.put_setting(dbs.desk, "retention_days", int(wanted["days"][0]))


def _check_find_us(_dbs: Databases, _subject: bytes, wanted: Wanted) -> None:
    if set(wanted) != set(LANGUAGE_CODES):
        raise NothingHere
    for words in wanted.values():
        if len(words[0]) > FIND_US_LETTERS:
            raise Refused(_TOO_LONG, field="how_to_find_us")


def _find_us_now(dbs: Databases, _subject: bytes) -> object:
    words = settings.read_settings(dbs.shown).how_to_find_us
    return {language: [words[language]] for language in LANGUAGE_CODES}


def _set_find_us(dbs: Databases, _subject: bytes, wanted: Wanted) -> None:
    settings.put_setting(dbs.desk, "find_us_before", settings.read_settings(dbs.shown).how_to_find_us)
    settings.put_setting(dbs.desk, "how_to_find_us", {language: words[0] for language, words in wanted.items()})


def _check_guide(dbs: Databases, subject: bytes, wanted: Wanted) -> None:
    guides.read_guide(dbs.desk, subject)
    if not wanted or not set(wanted) <= set(LANGUAGE_CODES):
        raise NothingHere


def _guide_now(dbs: Databases, subject: bytes) -> object:
    _, versions = guides.read_guide(dbs.desk, subject)
    return {each.language: [each.title, each.body] for each in versions if each.state == "public"}


def _show_guide(dbs: Databases, subject: bytes, wanted: Wanted) -> None:
    written = [code for code in LANGUAGE_CODES if code in wanted]
    guides.show_words(dbs.desk, [Version(subject, code, wanted[code][0], wanted[code][1]) for code in written])


# --- people --------------------------------------------------------------------------------------------------------


def _check_coordinator(dbs: Databases, subject: bytes, _wanted: Wanted) -> None:
    invitation = invitations.read_invitation(dbs.desk, subject)
    if invitation.state != "proposed" or not invitation.coordinator:
        raise Refused(invitations.INVITATION_REFUSED)


def _open_invitation(dbs: Databases, subject: bytes, _wanted: Wanted) -> None:
    invitations.open_proposed(dbs.desk, subject, dbs.today)


def _check_person(dbs: Databases, subject: bytes, _wanted: Wanted) -> None:
    if moderators.read_moderator(dbs.desk, subject).state == "out":
        raise NothingHere


def _person_now(dbs: Databases, subject: bytes) -> object:
    """Write down what is known of somebody's place here; circles are named by ids."""
    who = moderators.read_moderator(dbs.desk, subject)
    theirs = [circle.id.hex() for circle in circles.circles_of(dbs.desk, subject)]
    return {"circles": sorted(theirs), "coordinator": ["1"] * who.coordinator}


def shut_out(dbs: Databases, person: bytes, wanted: Wanted) -> None:
    """Turn somebody out of everything, or of one circle, inside `writing()` of the desk; the mailbox is locked.

    Raises:
        Refused: a circle changed at the same moment.
    """
    if not wanted["circle"]:
        membership.put_out(dbs.desk, person)
        return
    circle_id = bytes.fromhex(wanted["circle"][0])
    cases = [case_id for case_id in taken_cases(dbs.desk, person) if _may_be_in(dbs, case_id, circle_id)]
    membership.put_out_of(dbs.desk, person, circle_id, cases)


def _may_be_in(dbs: Databases, case_id: bytes, circle_id: bytes) -> bool:
    try:
        return holder_of(dbs, case_id) == circle_id
    except (NothingHere, KeysChanged):
        return True  # given back once too often it is taken again, and kept it would wait for nobody


def _nothing(*_about: object) -> object:
    return {}


KINDS: Final[dict[str, Kind]] = {
    "circle": Kind(_check_circle, _routes_now, _set_routes, _with_routes),
    "new_circle": Kind(_check_new, _routes_now, _add_circle, _with_new),
    "founding": Kind(_expect_emptied, _routes_now, _allow_founding, _with_founded),
    "catch_all": Kind(_expect_inhabited, _routes_now, _set_catch_all, _with_catch_all),
    "emptied": Kind(_check_heir, _routes_now, _inherit, _with_heir),
    "retention": Kind(_check_retention, _retention_now, _set_retention),
    "find_us": Kind(_check_find_us, _find_us_now, _set_find_us),
    "guide": Kind(_check_guide, _guide_now, _show_guide),
    "coordinator": Kind(_check_coordinator, _nothing, _open_invitation),
    "shut_out": Kind(_check_person, _person_now, shut_out),
    "notice": Kind(notice_rules.check, notice_rules.present, notice_rules.apply),
}


def present(dbs: Databases, kind: str, subject: bytes) -> str:
    """Write down, as JSON, how that is now which a proposal would change."""
    return to_json(KINDS[kind].present(dbs, subject))
