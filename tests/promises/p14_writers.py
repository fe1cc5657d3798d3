"""Everything that writes what two people decide, who calls it, and which kind of proposal covers that.

Read from the sources: whoever adds a writer, or calls one from elsewhere, has to say here how nobody decides alone.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

SOURCES: Final = Path(__file__).parents[2] / "onion_app"
TABLES: Final = (
    "circles", "circle_keys", "circle_grants", "foundings", "invitations", "moderators", "texts", "versions",
    "settings", "admissions", "shut_outs", "proposals", "yeses", "objections",
    "notices", "against_notice",
)  # fmt: skip
_WRITES: Final = re.compile(rf"(?:INSERT INTO|UPDATE|DELETE FROM) (?:{'|'.join(TABLES)})\b")
STORY: Final = "a story: its author's word and a second person of the circle (P07, story_actions)"
OWN: Final = "a person's own way in"
RULE: Final = "the rule itself, tried by the tests of it"
RESTORED: Final = "who is out by a newer desk stays out in a restored one"
FIRST: Final = "the first run, when there is nobody yet; the second person reads it on coming"

WRITERS: Final = {
    "vault.desk.admissions.note_admission": RULE,
    "vault.desk.admissions.note_shut_out": RULE,
    "vault.desk.circles.add_circle": "new_circle",
    "vault.desk.circles.set_routes": "circle",
    "vault.desk.circles.set_catch_all": "catch_all",
    "vault.desk.membership.put_out": "shut_out",
    "vault.desk.membership.put_out_of": "shut_out",
    "vault.desk.membership.renew": "founding",
    "vault.desk.membership._store": "founding",
    "vault.desk.guides.begin_guide": "a name, and no words",
    "vault.desk.guides.take_down": "off is easier than on",
    "vault.desk.guides._replace": "guide",
    "vault.desk.invitations.insert_invitation": "coordinator",
    "vault.desk.invitations.open_proposed": "coordinator",
    "vault.desk.invitations.cancel_invitation": "off is easier than on",
    "vault.desk.invitations._use": RULE,
    "vault.desk.moderators.set_locks": OWN,
    "vault.desk.moderators.set_last_step": OWN,
    "vault.desk.moderators.make_active": "coordinator",
    "vault.desk.moderators.add_moderator": OWN,
    "vault.desk.notice.put_notice": "notice",
    "vault.desk.notice.take_off": "off is easier than on",
    "vault.desk.notice.put_against": "off is easier than on",
    "vault.desk.notice.forget_past": "its days are over",
    "vault.desk.proposals.add_proposal": RULE,
    "vault.desk.proposals.note_decided": RULE,
    "vault.desk.proposals.drop": RULE,
    "vault.desk.proposals.fall_with": RULE,
    "vault.desk.proposals.put_yes": RULE,
    "vault.desk.proposals.put_objection": RULE,
    "vault.desk.proposals.allow_founding": "founding",
    "vault.desk.proposals.forget_old": RULE,
    "vault.desk.stories_queue.queue_story": STORY,
    "vault.desk.stories_queue.publish_story": STORY,
    "vault.desk.stories_queue.put_story_back": STORY,
    "vault.desk.stories_queue.take_down_story": STORY,
    "vault.desk.stories_queue.withhold_story": STORY,
    "vault.desk.stories_queue.remove_withdrawn_stories": STORY,
    "vault.desk.stories_queue.forget_unfinished": STORY,
    "vault.settings.put_setting": "retention and find_us: see the callers",
    "vault.settings.forget_find_us_before": "off is easier than on",
    "vault.shown.writing.insert_version": "guide, or " + STORY,
    "vault.shown.writing.show_text": "follows the desk",
    "vault.shown.writing.remove_text": "follows the desk",
}

CALLERS: Final = {
    "set_routes": {"desk.proposal_kinds._set_routes": "circle", "desk.proposal_kinds._inherit": "emptied"},
    "set_catch_all": {"desk.proposal_kinds._set_catch_all": "catch_all", "desk.proposal_kinds._inherit": "emptied"},
    "add_circle": {
        "desk.proposal_kinds._add_circle": "new_circle",
        "launch.first_run._invite_the_first": FIRST,
        "desk.views.new_circle.add": "new_circle",  # the desk's own function of this name, which proposes
    },
    "allow_founding": {
        "desk.proposal_kinds._allow_founding": "founding",
        "desk.circles._invite_coordinator": "coordinator",  # where no coordinator is left
    },
    "show_words": {"desk.proposal_kinds._show_guide": "guide", "launch.first_run.store_guides": FIRST},
    "put_notice": {"desk.notice_rules.apply": "notice"},
    "open_proposed": {"desk.proposal_kinds._open_invitation": "coordinator"},
    "insert_invitation": {
        "vault.desk.invitations.add_invitation": "a member's: who comes by it is let in by a second person",
        "desk.circles._invite_coordinator": "coordinator",
        "launch.first_run._invite_the_first": FIRST,
    },
    "put_out": {"desk.proposal_kinds.shut_out": "shut_out", "launch.carry_over._shut_out": RESTORED},
    "put_out_of": {"desk.proposal_kinds.shut_out": "shut_out", "launch.carry_over._shut_out": RESTORED},
    "make_active": {
        "vault.desk.membership.let_in": "coordinator",
        "vault.desk.invitations.join": "coordinator",
        "vault.desk.invitations._bring_in": "founding",
    },
    "put_setting": {
        "desk.proposal_kinds._set_retention": "retention",
        "desk.proposal_kinds._set_find_us": "find_us",
        "desk.settings.put_find_us_back": "off is easier than on",
        "launch.carry_over.carry_over": "that a backup was restored",
        "launch.clock.check_and_note": "the newest day seen",
        "launch.first_run.make_installation": FIRST,
        "manage.offline.missing": "that the operator has looked",
        "vault.desk.admissions.note_admission": RULE,
        "vault.desk.admissions.stay_in_company": RULE,
        "vault.settings._put_far_desk": "from which machines the desk is reached; who reads there still logs in",
        "vault.settings.change_setting": "see there",
        "vault.show.show": "follows the desk",
    },
    "change_setting": {
        "desk.settings.change_setting": "the four that decide nothing of this: see ALONE",
        "launch.bridges.keep_bridges": "the operator's bridges, through which tor leaves the machine",
        "desk.views.settings.change": "the desk's own function of this name, which proposes",
        "launch.processes.chores.do_all": "the operator's pause",
        "launch.processes.chores.look_through": "that cases are missing",
        "launch.processes.chores.take_no_new_text": "that nobody could look",
    },
}


def functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Give every function of the program with its name."""
    for path in sorted(SOURCES.rglob("*.py")):
        room = ".".join(path.relative_to(SOURCES).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield f"{room}.{node.name}", node


def writers() -> set[str]:
    """Name the functions that hold a sentence of SQL which writes into one of the tables."""
    return {
        name
        for name, function in functions()
        for node in ast.walk(function)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _WRITES.search(node.value)
    }


def callers(called: str) -> set[str]:
    """Name the functions that call one of this name, or hand it on."""
    return {
        name
        for name, function in functions()
        for node in ast.walk(function)
        if called == getattr(node, "attr", getattr(node, "id", "")) and isinstance(node, ast.Attribute | ast.Name)
    }
