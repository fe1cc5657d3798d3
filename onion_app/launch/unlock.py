"""Unlocks a state with a secret, or makes it with the screens of a first run. It keeps no passphrase."""

import sys
from contextlib import closing

from onion_app.choices import FIND_US_LETTERS
from onion_app.crypto.codes import LINES, code_lines, read_line
from onion_app.crypto.keys import subkey
from onion_app.crypto.keyslots import VaultKeys, open_slots
from onion_app.errors import BadAnswers, BadUsage
from onion_app.launch import first_run, stdin_answers
from onion_app.launch.first_run import Unlocked
from onion_app.launch.state import State
from onion_app.launch.stdin_answers import Answers
from onion_app.launch.terminal import Terminal
from onion_app.vault import connection, database, schema, settings, statefiles
from onion_app.vault.connection import KINDS, file_name
from onion_app.vault.database import Clock

_NAME_LETTERS = 16
_LANGUAGES = {"ar": "Arabic", "ckb": "Sorani", "kmr": "Badini", "en": "English"}


def desk_name(keys: VaultKeys) -> str:
    """Give the desk's own name, 16 letters that nobody can guess.

    It follows from the desk's key, so that it stays the same and stands in no file.
    """
    drawn = subkey(keys.desk, "desk name")
    return "".join(chr(ord("a") + byte % 26) for byte in drawn[:_NAME_LETTERS])


def desk_url(keys: VaultKeys, port: int) -> str:
    """Give the address that a browser on this machine opens; every browser takes `localhost` for this machine."""
    return f"http://{desk_name(keys)}.localhost:{port}"


def unlock_with_answers(state: State, answers: Answers, clock: Clock) -> Unlocked:
    """Unlock the state, or make it, without a person.

    Raises:
        BadAnswers: they hold neither passphrase nor spare code.
        SanctuaryError: one of those of `open_slots`, `migrate` and `open_database`.
    """
    if first_run.is_due(state):
        drawn = first_run.draw_secrets(answers)
        return first_run.make_installation(state, drawn, answers.how_to_find_us, clock, lambda _: None)
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
        raise BadUsage("standard input is no terminal; see --answers in --help")
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
    for kind in KINDS:
        database.migrate(state.path / kind, kind, keys.of(kind), clock)
    with closing(database.open_database(state.desk, "desk", keys.desk)) as desk:
        return Unlocked(keys, settings.read_onion(desk))


def _make_with_a_person(state: State, terminal: Terminal, clock: Clock, desk_port: int) -> Unlocked:
    first_secrets = first_run.draw_secrets(Answers())
    show_passphrase(terminal, first_secrets.passphrase, "1 of 4: the passphrase of this installation")
    show_spare_code(terminal, first_secrets.spare_code, "2 of 4: the spare code")
    find_us = _ask_how_to_find_us(terminal)
    terminal.say("Making the vault ...")

    def show(keys: VaultKeys) -> None:
        words = [
            *numbered(first_secrets.invitation),
            "",
            "With it the first coordinator enrols, once, within seven days. In a private window of a browser:",
            f"    {desk_url(keys, desk_port)}/join",
        ]
        title = "4 of 4: the invitation of the first coordinator"
        terminal.screen(title, words, "Press Enter when it is written down.")

    return first_run.make_installation(state, first_secrets, find_us, clock, show)


def show_passphrase(terminal: Terminal, passphrase: str, title: str) -> None:
    """Show the six words until they are typed back."""
    words = [
        f"    {passphrase}",
        "",
        "Write it down and keep it away from this machine: every start asks for it, and nobody can find it again.",
        "This screen will be cleared, and the words are shown once.",
    ]
    heading = title
    while terminal.screen(heading, words, "Type the six words:", hidden=True).split() != passphrase.split():
        heading = f"{title}; that was not it"


def show_spare_code(terminal: Terminal, code: str, title: str) -> None:
    """Show the spare code until one of its lines is typed back."""
    words = [
        *numbered(code),
        "",
        "It opens the vault when the passphrase is lost. Give it to another person to keep, on paper.",
    ]
    words += ["This screen will be cleared, and the code is shown once."]
    heading = title
    asked = "Type the four digits of line 7:"
    while read_line(terminal.screen(heading, words, asked), LINES) != code_lines(code)[-1]:
        heading = f"{title}; that was not line 7"


def numbered(code: str) -> list[str]:
    """Give the lines of a code as they are shown to be written down."""
    return [f"    {number}.  {line}" for number, line in enumerate(code_lines(code), start=1)]


def _ask_how_to_find_us(terminal: Terminal) -> dict[str, str]:
    """Ask, language by language, for the words that tell people how to find this site again."""
    find_us, letters = {}, FIND_US_LETTERS
    for code, name in _LANGUAGES.items():
        text = (
            "The site tells its visitors where its address is made known, so that they can check it: a page, a paper,",
            f"a person. At most {letters} letters; nothing is fine, the desk can set it later.",
        )
        title = f"3 of 4: how to find us, {name}"
        while True:
            try:
                find_us[code] = stdin_answers.checked_how_to_find_us(terminal.screen(title, text, f"{name}:"))
                break
            except BadAnswers:
                title = f"3 of 4: that was too long. How to find us, {name}"
    return find_us
