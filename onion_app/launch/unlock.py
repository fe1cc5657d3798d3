"""Unlocks a state with a secret, or makes it with the screens of a first run. It keeps no passphrase."""

import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from typing import Final

from onion_app.choices import FIND_US_LETTERS, LANGUAGE_CODES
from onion_app.crypto.codes import LINES, code_lines, read_line
from onion_app.crypto.keys import subkey
from onion_app.crypto.keyslots import VaultKeys, open_slots
from onion_app.days import Clock
from onion_app.errors import BadAnswers, BadUsage, EarlierInstallation, NobodyReads, NotConfirmed
from onion_app.launch import first_run, stdin_answers
from onion_app.launch.first_run import Drawn, Unlocked
from onion_app.launch.state import State, command_for
from onion_app.launch.stdin_answers import Answers
from onion_app.launch.terminal import Terminal
from onion_app.vault import connection, database, migrating, schema, settings, statefiles, update_copies
from onion_app.vault.connection import file_name

HandOut = Callable[[Drawn], None]

_NEXT: Final = (
    "Next:",
    "1. Within seven days the first coordinator types the invitation at",
    "    {desk}/join",
    "in a private window of a browser on this machine. Until then nobody can write.",
    "2. In a second terminal, to see what this machine lacks:",
    "    {manage} doctor",
    "3. In a second terminal, at least once a week, onto another disk:",
    "    {manage} backup FILE",
    "Ctrl-C ends the site. Closing this terminal does not.",
)
_NAME_LETTERS = 16
_FIRST_RUN = (
    "This is a first run: {state} holds nothing yet.",
    "A new site is made, at a new address. Have paper and a pen ready.",
    "Was there a site on this machine before? Then press Ctrl-C, and give its folder:",
    "    ./scripts/launch --state FOLDER",
    "or bring it back from a backup:",
    "    ./scripts/manage restore FILE",
)
_WATCHED: Final = (
    "Is it watched, or punished, to use Tor where this machine stands? Then press Ctrl-C, and begin with a bridge:",
    "    ./scripts/launch --bridge",
)
_NAMES = {"ar": "Arabic", "ckb": "Sorani", "kmr": "Badini", "en": "English"}


def desk_name(keys: VaultKeys) -> str:
    """Give the desk's own name, 16 letters that nobody can guess.

    It follows from the desk's key, so that it stays the same and stands in no file.
    """
    drawn = subkey(keys.desk, "desk name")
    return "".join(chr(ord("a") + byte % 26) for byte in drawn[:_NAME_LETTERS])


def desk_url(keys: VaultKeys, port: int) -> str:
    """Give the address that a browser on this machine opens; every browser takes `localhost` for this machine."""
    return f"http://{desk_name(keys)}.localhost:{port}"


def addresses(opened: Drawn | Unlocked, desk_port: int) -> dict[str, str]:
    """Give both addresses, as a program reads them."""
    return {"desk_url": desk_url(opened.keys, desk_port), "onion": opened.onion.address}


def hand_over_secrets(desk_port: int, drawn: Drawn) -> None:
    """Hand over what a first run has made, to the program that stands in place of a person."""
    stdin_answers.hand_over_json(asdict(drawn.secrets) | addresses(drawn, desk_port))


def what_is_next(state: State, desk: str) -> list[str]:
    """Say what the operator does after a first run."""
    return [line.format(desk=desk, manage=command_for(state, "manage")) for line in _NEXT]


def unlock_with_answers(state: State, answers: Answers, clock: Clock, hand_out: HandOut = lambda _: None) -> Unlocked:
    """Unlock the state, or make it, without a person; `hand_out` gets what a first run has drawn.

    Raises:
        BadAnswers: they hold neither passphrase nor spare code.
        EarlierInstallation: there is nothing here, and they are those of a later run.
        SanctuaryError: one of those of `open_slots`, `migrate` and `open_database`.
    """
    if first_run.is_due(state):
        return _make_with_answers(state, answers, clock, hand_out)
    secret = answers.passphrase or answers.spare_code
    if not secret:
        raise BadAnswers("passphrase or spare_code is needed")
    return _open(state, secret, clock)


def unlock_with_a_person(state: State, terminal: Terminal, clock: Clock, desk_port: int) -> Unlocked:
    """Unlock the state, or make it, asking the person at the terminal.

    Raises:
        BadUsage: standard input is no terminal.
        SanctuaryError: one of those of `unlock_with_answers`, except for BadAnswers.
    """
    if not sys.stdin.isatty():
        raise BadUsage("standard input is no terminal", "./scripts/launch --help   (see --answers)")
    if first_run.is_due(state):
        return _make_with_a_person(state, terminal, clock, desk_port)
    secret = terminal.ask("Passphrase: ", hidden=True)
    terminal.say("Opening the vault ...")
    return _open(state, secret, clock)


def _open(state: State, secret: str, clock: Clock) -> Unlocked:
    keys = open_slots(statefiles.read_keyslots(state.path), secret)
    if not (state.shown / file_name("shown")).exists():  # nothing is damaged where it never was
        with closing(connection.connect(state.mailbox, "mailbox", keys.mailbox)) as mailbox:
            schema.version(mailbox, "mailbox")
    with update_copies.noting(state.path):
        migrating.migrate_all(state.path, keys.of, clock)
    with closing(database.open_database(state.desk, "desk", keys.desk)) as desk:
        return Unlocked(keys, settings.read_onion(desk), settings.read_far_desk(desk), settings.read_bridges(desk))


def _make_with_answers(state: State, answers: Answers, clock: Clock, hand_out: HandOut) -> Unlocked:
    if answers.are_of_a_later_run:
        fact = f"the answers are those of a later run, and {state.path} holds nothing"
        raise EarlierInstallation(fact, "echo '{}' | ./scripts/launch --answers -   (which makes a new one)")
    drawn = first_run.draw_secrets(answers)
    made = first_run.make_installation(state, drawn, answers.how_to_find_us, clock, lambda: None)
    try:
        hand_out(drawn)  # P11: what a program has read is there, whatever happens next
    except NobodyReads:
        first_run.take_back(state)
        raise
    return made


def _make_with_a_person(state: State, terminal: Terminal, clock: Clock, desk_port: int) -> Unlocked:
    terminal.expect_private("./scripts/launch")
    try:
        return _hand_over_to_a_person(state, terminal, clock, desk_port)
    except (KeyboardInterrupt, EOFError):
        terminal.say("Nothing was made. What you wrote down opens nothing: begin anew when you are ready.")
        raise


def _hand_over_to_a_person(state: State, terminal: Terminal, clock: Clock, desk_port: int) -> Unlocked:
    _ask_for_a_new_site(state, terminal)
    drawn = first_run.draw_secrets(Answers())
    show_passphrase(terminal, drawn.secrets.passphrase, "1 of 4: the passphrase of this installation")
    show_spare_code(terminal, drawn.secrets.spare_code, "2 of 4: the spare code")
    find_us = _ask_how_to_find_us(terminal, drawn.onion.address)
    terminal.say("Making the vault ...")

    def show() -> None:
        words = [
            *numbered(drawn.secrets.invitation),
            "",
            "With it the first coordinator joins the desk, once, within seven days:",
            f"    {desk_url(drawn.keys, desk_port)}/join",
            "in a private window of a browser on this machine. Write it down for them.",
        ]
        terminal.screen("4 of 4: the invitation of the first coordinator", words, "Written down? Press Enter.")

    return first_run.make_installation(state, drawn, find_us, clock, show)


def _ask_for_a_new_site(state: State, terminal: Terminal) -> None:
    """Say that this is a first run, and make nothing unless that is meant.

    Raises:
        NotConfirmed: it is not.
    """
    for line in (*_FIRST_RUN, *(() if state.bridged.exists() else _WATCHED)):
        terminal.say(line.format(state=state.path))
    if terminal.ask("To make a new site, type the word new: ").strip() != "new":
        raise NotConfirmed("another site that was here before is where it was", "./scripts/launch --help")


def show_passphrase(terminal: Terminal, passphrase: str, title: str) -> None:
    """Show the six words until they are typed back."""
    words = [
        f"    {passphrase}",
        "",
        "Write these six words on paper now. Every start asks for them.",
        "Keep the paper away from this machine. Nobody can find the words again,",
        "not even we. They are shown once, and this screen is cleared.",
    ]
    heading = title
    while terminal.screen(heading, words, "Type the six words:", hidden=True).split() != passphrase.split():
        heading = f"{title}\n\nThat was not it; look once more."


def show_spare_code(terminal: Terminal, code: str, title: str) -> None:
    """Show the spare code until one of its lines is typed back."""
    words = [
        *numbered(code),
        "",
        "Write this down too. It opens everything when the passphrase is lost.",
        "Give the paper to another person to keep.",
        "It is shown once, and this screen is cleared.",
    ]
    heading = title
    asked = "Type the four digits of line 7:"
    while read_line(terminal.screen(heading, words, asked), LINES) != code_lines(code)[-1]:
        heading = f"{title}\n\nThat was not line 7; look once more."


def numbered(code: str) -> list[str]:
    """Give the lines of a code as they are shown to be written down."""
    return [f"    {number}.  {line}" for number, line in enumerate(code_lines(code), start=1)]


def _ask_how_to_find_us(terminal: Terminal, address: str) -> dict[str, str]:
    """Ask for the words that tell people how to find this site again: now, or later at the desk."""
    title = "3 of 4: how people find this site; this can wait"
    text = [
        "The address of the new site is",
        f"    http://{address}/",
        "",
        "Visitors read on the site where this address is made known, such as a page,",
        "a paper or a person, so that they can check it. Leave it out if you do not",
        "know yet: a coordinator writes it at the desk later, in every language.",
    ]
    if terminal.screen(title, text, "Press Enter for later, or type yes to do it now:").strip().lower() != "yes":
        return {}
    return {code: _ask_in(terminal, name) for code, name in _NAMES.items() if code in LANGUAGE_CODES}


def _ask_in(terminal: Terminal, language: str) -> str:
    title = f"3 of 4: where the address is made known, in {language}"
    text = [f"At most {FIND_US_LETTERS} letters. Press Enter to leave this language out."]
    while True:
        try:
            return stdin_answers.checked_how_to_find_us(terminal.screen(title, text, f"{language}:"))
        except BadAnswers:
            title = f"That was too long. Where the address is made known, in {language}"
