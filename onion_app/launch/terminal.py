"""Speaks with the operator: lines, a progress bar, screens that leave nothing in the scrollback, hidden questions.

It outlives its terminal: what cannot be written any more is dropped, and the site stays up.
"""

import getpass
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text


class _Lasting:
    """A text stream whose reader may go away."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.encoding = stream.encoding

    def write(self, text: str) -> int:
        with self._dropping():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with self._dropping():
            self._stream.flush()

    def isatty(self) -> bool:
        try:
            return self._stream.isatty()
        except (OSError, ValueError):
            return False

    def fileno(self) -> int:
        return self._stream.fileno()

    @contextmanager
    def _dropping(self) -> Iterator[None]:
        """Let nothing be the matter when nobody reads any more, nor when Python writes out the rest as it ends."""
        try:
            yield
        except ValueError:
            return  # it is closed
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


class Terminal:
    """Standard error, with or without a person before it."""

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        """Speak to this stream."""
        self._stream = _Lasting(stream)
        lasting: Any = self._stream
        self._console = Console(file=lasting, highlight=False, markup=False, soft_wrap=True, _environ=_surroundings())
        self._bar: Progress | None = None
        self._progress_said = ""

    def say(self, line: str, *, bad: bool = False) -> None:
        """Write one line, red when something is to be done about it; above the progress bar while there is one."""
        self._console.print(line, style="bold red" if bad else None)

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

    def screen(self, title: str, lines: Iterable[str], question: str, *, hidden: bool = False) -> str:
        """Show one screen by itself, ask one question below it, and leave nothing of it behind; gives the answer."""
        with self._console.screen(hide_cursor=False):
            # Cleared by hand as well: the text console of Linux has no second screen to leave.
            self._console.clear()
            self._console.print(f"{title}\n", style="bold")
            for line in lines:
                self._console.print(line)
            try:
                return self.ask(f"\n{question} ", hidden=hidden)
            finally:
                self._console.clear()

    def ask(self, question: str, *, hidden: bool = False) -> str:
        """Ask a person one question; a hidden answer is not shown while it is typed.

        Raises:
            EOFError: the terminal is gone.
        """
        if hidden:
            return getpass.getpass(question)
        self._stream.write(question)
        self._stream.flush()
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line.rstrip("\n")


def _surroundings() -> dict[str, str]:
    """Give the environment without a width in which nothing has room: in 0 columns not a word would be printed."""
    widths = ("COLUMNS", "LINES")
    return {name: value for name, value in os.environ.items() if name not in widths or _has_room(value)}


def _has_room(width: str) -> bool:
    return width.isascii() and width.isdigit() and 1 < int(width[:6]) < 10_000  # noqa: PLR2004 - columns of a terminal
