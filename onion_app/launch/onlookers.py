"""Finds what would keep a secret that a terminal shows: a program at its other end, or the terminal itself.

It changes nothing and shows nothing.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

_CLEARS_LIKE_THIS: Final = b"\x1b[H\x1b["  # the beginning of `clear` in the terminal's description
_KEEPERS: Final = ("screen", "script", "scriptlive", "asciinema", "ttyrec", "termrec", "tlog-rec-sessio")  # 15 letters
_HAND_ON: Final = ("sudo", "su", "runuser", "doas")
_PROC: Final = Path("/proc")


def kept_by(environ: Mapping[str, str]) -> tuple[str, str]:
    """Say what around this terminal keeps what is shown, and how to do without; empty when nothing does."""
    term, around = environ.get("TERM", ""), list(_holders())
    keeper = next((name for name in _KEEPERS if name in around), "screen" if environ.get("STY") else "")
    if keeper:
        return f"{keeper} keeps what is shown", "exit   (until you are out of it; then {})"
    if _is_written_down(environ):
        return "this pane of tmux is written into a file", "tmux pipe-pane; {}"
    if environ.get("INSIDE_EMACS"):
        return "Emacs keeps what is shown", "{}   (in a terminal outside of Emacs)"
    if term.startswith("screen") and not (environ.get("TMUX") or "tmux: server" in around):
        return f"GNU screen keeps what is shown, and TERM is {term}", "TERM=tmux-256color {}   (if it is tmux)"
    if not _can_clear(term):
        shown = term if term.isascii() and term.isprintable() and term else "not set"
        return f"this terminal cannot clear what it shows: TERM is {shown}", "TERM=xterm-256color {}"
    return "", ""


def _can_clear(term: str) -> bool:
    """Ask the system's list of terminals whether this one clears as we do."""
    try:
        told = subprocess.run(["tput", "-T", term, "clear"], check=False, capture_output=True)
    except (OSError, ValueError):
        return False
    return told.returncode == 0 and told.stdout.startswith(_CLEARS_LIKE_THIS)


def _is_written_down(environ: Mapping[str, str]) -> bool:
    """Ask tmux, where it lets this account ask, whether all that is shown goes to another program as well."""
    if not environ.get("TMUX"):
        return False
    words = ["tmux", "display-message", "-p", "-t", environ.get("TMUX_PANE", ""), "#{pane_pipe}"]
    try:
        return subprocess.run(words, check=False, capture_output=True).stdout.strip() == b"1"
    except (OSError, ValueError):
        return False


def _holders() -> Iterator[str]:
    """Name the program that holds the other end of this terminal; where it hands another one on, whose that is too."""
    process, inner, name = os.getpid(), None, ""
    while process > 0:
        try:
            head, _, rest = (_PROC / str(process) / "stat").read_bytes().decode(errors="replace").rpartition(")")
            into_nothing = b"/dev/null" in (_PROC / str(process) / "cmdline").read_bytes().split(b"\0")
        except OSError:
            return
        name, (parent, terminal) = head.partition("(")[2], (rest.split()[1], rest.split()[4])
        if inner not in (None, terminal):
            yield "" if name == "script" and into_nothing else name
            if name not in _HAND_ON:
                return
        process, inner = int(parent), terminal
