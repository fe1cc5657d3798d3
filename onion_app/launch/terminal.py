"""Speaks with the operator: lines, a progress bar, screens that leave nothing behind, hidden questions.

It outlives its terminal: what cannot be written any more is dropped, and after `outlive` nothing waits for it.
A secret is shown only where `expect_private` has found that it can be cleared again, its history too.
"""

import os
import queue
import select
import sys
import termios
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final, TextIO

from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from onion_app.errors import SecretWouldStay
from onion_app.launch.onlookers import kept_by

_OTHER_SCREEN, _FIRST_SCREEN = "\x1b[?1049h", "\x1b[?1049l"
# In this order: tmux moves what it clears into its history. The text console of Linux has no other screen to leave.
_CLEARED: Final = "\x1b[H\x1b[2J\x1b[3J"
_HEADING: Final = "\x1b[1m{}\x1b[0m\n\n"
_HELD = 500  # lines that wait for a terminal which stands still; more are dropped
_LAST_WORDS = 1.0  # seconds that the end waits for such a terminal
_LONGEST_LINE = 65536  # bytes that are typed


class _Lasting:
    """A text stream whose reader may go away, or stand still."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.encoding = stream.encoding or "utf-8"
        self._waiting: queue.Queue[str] | None = None

    def write(self, text: str) -> int:
        if self._waiting is None:
            self._put(text)
        else:
            with suppress(queue.Full):
                self._waiting.put_nowait(text)
        return len(text)

    def flush(self) -> None:
        """Nothing is kept here."""

    def isatty(self) -> bool:
        try:
            return self._stream.isatty()
        except (OSError, ValueError):
            return False

    def fileno(self) -> int:
        return self._stream.fileno()

    def stand_aside(self) -> None:
        """Write in a thread from now on, which may wait for a terminal that stands still."""
        if self._waiting is None:
            self._waiting = queue.Queue(_HELD)
            threading.Thread(target=self._write_on, args=[self._waiting], name="terminal", daemon=True).start()

    def drain(self) -> None:
        """Wait a moment until all is written."""
        if self._waiting is not None:
            written = threading.Thread(target=self._waiting.join, name="last words", daemon=True)
            written.start()
            written.join(_LAST_WORDS)

    def _write_on(self, waiting: queue.Queue[str]) -> None:
        while True:
            self._put(waiting.get())
            waiting.task_done()

    def _put(self, text: str) -> None:
        """Write past Python's own buffer, whose lock a thread that stands still would keep to the end."""
        try:
            number = self._stream.fileno()
        except (OSError, ValueError):
            with suppress(ValueError):  # it is closed
                self._stream.write(text)
            return
        rest = text.encode(self.encoding, "replace")
        while rest:
            try:
                rest = rest[os.write(number, rest) :]
            except BlockingIOError:  # another program has set it so, for all that share it
                select.select([], [number], [])
            except OSError:  # nobody reads any more
                nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
                os.dup2(nowhere, number)
                os.close(nowhere)


class Terminal:
    """Standard error, with or without a person before it."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Speak to this stream, or to standard error."""
        self._stream = _Lasting(stream or sys.stderr)
        lasting: Any = self._stream
        self._console = Console(file=lasting, highlight=False, markup=False, soft_wrap=True, _environ=_surroundings())
        self._bar: Progress | None = None
        self._progress_said = ""

    def say(self, line: str, *, bad: bool = False) -> None:
        """Write some lines, red when something is to be done about it; above the progress bar while there is one.

        For a person they are wrapped between words, but for those that begin with four blanks: commands to be copied.
        """
        for each in line.split("\n"):
            whole = each.startswith("    ") or not self._console.is_terminal
            self._console.print(each, style="bold red" if bad else None, soft_wrap=whole)

    def outlive(self) -> None:
        """From now on let nothing wait for the terminal: Ctrl-S must not stop a service."""
        self._stream.stand_aside()

    def finish(self) -> None:
        """Give the last lines a moment to be written."""
        self.end_progress()
        self._stream.drain()

    def progress(self, percent: int, text: str) -> None:
        """Show how far something is: a bar for a person, a line at each change otherwise."""
        if not self._console.is_terminal:
            if (said := f"{percent}% {text}") != self._progress_said:
                self._progress_said = said
                self.say(f"tor: {said}")
            return
        if self._bar is None:
            # auto_refresh would draw from a thread of its own, which a closing terminal could catch in the middle.
            columns = (TextColumn("tor"), BarColumn(40), TextColumn("{task.percentage:>3.0f}% {task.description}"))
            self._bar = Progress(*columns, console=self._console, auto_refresh=False)
            self._bar.add_task(text, total=100)
            self._bar.start()
        self._bar.update(self._bar.task_ids[0], completed=percent, description=text, refresh=True)

    def end_progress(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]], *, bad: int) -> None:
        """Show a table; its first `bad` rows are red."""
        table = Table(*heads, box=SIMPLE, show_lines=False)
        for number, row in enumerate(rows):
            table.add_row(*(Text(cell) for cell in row), style="bold red" if number < bad else None)
        self._console.print(table, soft_wrap=False)

    @contextmanager
    def working(self, title: str) -> Iterator[Callable[[float], None]]:
        """Show a bar for some work; it is told how much is done, 0 to 1. Without a person one line is written."""
        if not self._console.is_terminal:
            self.say(f"{title} ...")
            yield lambda _: None
            return
        columns = (TextColumn("{task.description}"), BarColumn(40), TextColumn("{task.percentage:>3.0f}%"))
        with Progress(*columns, console=self._console) as bar:
            task = bar.add_task(title, total=1.0)
            yield lambda done: bar.update(task, completed=done)

    def expect_private(self, command: str) -> None:
        """See that a person alone reads here what is shown next, and that it can be cleared; before a secret is made.

        Raises:
            SecretWouldStay: it would be kept; `command` is the one to be started again, elsewhere.
        """
        if not (self._stream.isatty() and sys.stdin.isatty()):
            reason = "standard input and standard error have to be a terminal"
            raise SecretWouldStay(reason, f"{command}   (with no |, no tee, no < and no 2> behind it)")
        reason, cure = kept_by(os.environ)
        if reason:
            raise SecretWouldStay(reason, cure.format(command))

    def screen(self, title: str, lines: Iterable[str], question: str, *, hidden: bool = False) -> str:
        """Show one screen by itself, ask one question below it, and leave nothing of it behind; gives the answer."""
        self._stream.write(_OTHER_SCREEN + _CLEARED + _HEADING.format(title))
        try:
            for line in lines:
                self._stream.write(f"{line}\n")
            return self.ask(f"\n{question} ", hidden=hidden)
        finally:
            self._stream.write(_CLEARED + _FIRST_SCREEN)

    def ask(self, question: str, *, hidden: bool = False) -> str:
        """Ask a person one question, again if the answer is no text; a hidden one is not shown while it is typed.

        Raises:
            EOFError: the terminal is gone.
        """
        with _unseen(sys.stdin.fileno(), hidden):
            while True:
                self._write_question(question)
                line = _read_line(sys.stdin.fileno())
                if hidden:
                    self._write_question("\n")
                try:
                    return line.decode()
                except UnicodeDecodeError:
                    self.say("That was not text in UTF-8, so it was not taken. Type it again.")

    def _write_question(self, question: str) -> None:
        """Write where the person sees it, also when what is said goes into a file."""
        if self._stream.isatty() or not os.isatty(sys.stdin.fileno()):
            self._stream.write(question)
            return
        with suppress(OSError):
            os.write(sys.stdin.fileno(), question.encode())


@contextmanager
def _unseen(number: int, hidden: bool) -> Iterator[None]:  # noqa: FBT001 - no other caller
    """Show nothing of what is typed meanwhile, if it is to be hidden."""
    if not (hidden and os.isatty(number)):
        yield
        return
    before = termios.tcgetattr(number)
    unseen = [*before]
    unseen[3] &= ~termios.ECHO
    termios.tcsetattr(number, termios.TCSAFLUSH, unseen)
    try:
        yield
    finally:
        with suppress(termios.error):  # the terminal is gone
            termios.tcsetattr(number, termios.TCSAFLUSH, before)


def _read_line(number: int) -> bytes:
    """Read up to the end of a line, byte by byte, so that nothing is taken that somebody else asks for.

    Raises:
        EOFError: there is nothing more, or the terminal is gone.
    """
    line = b""
    while not line.endswith(b"\n") and len(line) < _LONGEST_LINE:
        try:
            piece = os.read(number, 1)
        except OSError:
            raise EOFError from None
        if not piece:
            break
        line += piece
    if not line:
        raise EOFError
    return line.rstrip(b"\r\n")


def _surroundings() -> dict[str, str]:
    """Give the environment without a width in which nothing has room: in 0 columns not a word would be printed.

    Whether this is a terminal, the system says and no variable.
    """
    widths = ("COLUMNS", "LINES")
    told = {name: value for name, value in os.environ.items() if name not in widths or _has_room(value)}
    return {name: value for name, value in told.items() if name not in ("TTY_COMPATIBLE", "FORCE_COLOR")}


def _has_room(width: str) -> bool:
    return width.isascii() and width.isdigit() and 1 < int(width[:6]) < 10_000  # noqa: PLR2004 - columns of a terminal
