"""What the operator decides with others at the desk: yes and no to proposals, and shutting somebody out.

Who asks for it types the passphrase or the spare code. The rules are the desk's own: the operator's word counts where
no other coordinator has answered, where somebody has objected, and where a coordinator is to be shut out. # P14
"""

import argparse
from typing import Final

from onion_app.days import date_of
from onion_app.desk import member_removal, proposals
from onion_app.desk.proposal_rules import digest
from onion_app.desk.proposals import View
from onion_app.errors import BadUsage, NothingHere
from onion_app.launch.state import State
from onion_app.launch.terminal import Terminal
from onion_app.manage.offline import open_databases, open_keys
from onion_app.vault.desk import moderators

_LETTERS: Final = 8  # of a proposal: a yes is to the words that it was printed with, and to no others
_EVERY_LANGUAGE: Final = "every language"


def decide(chosen: argparse.Namespace, state: State, terminal: Terminal) -> None:
    """List what waits for a second person's yes, or answer one of it.

    Raises:
        BadUsage: nothing waits under these letters, so the words may have changed.
        Refused: the operator's word does not count there, or not yet.
    """
    with open_databases(chosen, state, open_keys(chosen, state, terminal)) as dbs:
        waiting = proposals.open_for(dbs, None)
        if chosen.answer is None:
            _show(terminal, waiting, proposals.decided_for(dbs, None))
            return
        found = [view for view in waiting if _letters(view) == chosen.letters]
        if len(found) != 1:
            raise BadUsage("nothing waits under these letters; what waits now: ./scripts/manage proposals")
        if chosen.answer == "object":
            proposals.object_to(dbs, None, found[0].id, chosen.reason)
            terminal.say("The objection is noted: two coordinators have to agree, or one and you.")
        elif proposals.agree(dbs, None, found[0].id, found[0].mark):
            terminal.say("It is decided, and holds from now on.")
        else:
            terminal.say("Your yes is noted. One of a coordinator is needed too.")


def remove(chosen: argparse.Namespace, state: State, terminal: Terminal) -> None:
    """Shut somebody out of everything, at once.

    Raises:
        BadUsage: nobody has this handle, or they are out already.
    """
    with open_databases(chosen, state, open_keys(chosen, state, terminal)) as dbs:
        try:
            who = moderators.find_moderator(dbs.desk, chosen.handle)
            member_removal.remove_as_operator(dbs, who.id)
        except NothingHere:
            raise BadUsage("nobody of this handle works here") from None
    terminal.say(f"{who.handle} is shut out: sessions end, and nothing that comes from now on opens for them.")
    terminal.say("Everybody whom it concerns reads of it on their first page for 30 days.")


def _show(terminal: Terminal, waiting: list[View], decided: list[View]) -> None:
    terminal.say(f"{len(waiting)} wait for a second person's yes.")
    for view in waiting:
        _say_change(terminal, view, f"proposed on {date_of(view.day):%d.%m.%Y}")
        for reason in view.objections:
            terminal.say(f"    somebody objects: {reason.replace('_', ' ')}")
        counts = "" if view.may_agree else "   (does not count yet: a coordinator answers first)"
        terminal.say(f"    ./scripts/manage proposals yes {_letters(view)}{counts}")
        terminal.say(f"    ./scripts/manage proposals object {_letters(view)} --reason doubt")
    terminal.say(f"{len(decided)} decided within 30 days.")
    for view in decided:
        _say_change(
            terminal, view, f"decided on {date_of(view.decided_day or 0):%d.%m.%Y}{', alone' if view.alone else ''}"
        )


def _say_change(terminal: Terminal, view: View, when: str) -> None:
    names = ", ".join(filter(None, (view.circle, view.person, *view.topics, *view.languages)))
    terminal.say("")
    terminal.say(f"{view.kind.replace('_', ' ')}, {when}{': ' if names else ''}{names}")
    for line in view.lines:
        values = line._asdict() | {"language": line.language or _EVERY_LANGUAGE}
        terminal.say(f"    {line.sentence % values}")
    for said in view.said:
        _say_words(terminal, f"{said.language}, now:", f"{said.title_before} {said.before}")
        _say_words(terminal, f"{said.language}, then:", f"{said.title} {said.after}")


def _say_words(terminal: Terminal, what: str, words: str) -> None:
    """Say words of somebody else's so that no line of theirs looks like one of ours."""
    terminal.say(f"    {what}")
    for line in words.splitlines():
        terminal.say(f"    | {line}")


def _letters(view: View) -> str:
    """Give the letters of a proposal; nobody chooses its id, so that no other words are given the same ones."""
    return digest(f"{view.id.hex()} {view.mark.hex()}").hex()[:_LETTERS]
