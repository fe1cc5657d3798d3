"""The edge of each command: whatever the system refuses becomes one of our sentences, and nothing is a traceback.

It leans on the standard library alone: what cannot wait has it too, and so has a machine that is short of everything.
"""

import atexit
import errno
import os
import resource
import sys
import traceback
from types import TracebackType
from typing import Final

from onion_app.errors import (
    BadUsage,
    DiskTrouble,
    LimitTooLow,
    LittleMemory,
    NobodyReads,
    NotText,
    ProgramAtFault,
    SanctuaryError,
    StateClosed,
    SystemRefused,
)
from onion_app.vault import obstacles

_STANDARD: Final = (("stdin", "r", os.O_RDONLY), ("stdout", "w", os.O_RDONLY), ("stderr", "w", os.O_WRONLY))
"""The three standard streams, and how nothing is opened in place of a closed one: what should be handed over on
standard output fails, and is not lost."""
_LEAST_FILES = 1000  # with fewer tor does not start (ConnLimit)
_FILES = 4096
_LIMITS: Final = {
    "n": (resource.RLIMIT_NOFILE, 1, "4096"),
    "u": (resource.RLIMIT_NPROC, 1, "unlimited"),
    "v": (resource.RLIMIT_AS, 1024, "unlimited"),
}


def stand_at_the_edge() -> None:
    """Let no failure of this process, not even that of an import, end it with anything but a sentence."""
    sys.excepthook = _end_with_a_sentence
    atexit.register(_expect_that_all_was_taken)
    for number, (name, mode, flags) in enumerate(_STANDARD):
        try:
            os.fstat(number)
        except OSError:  # the next file that is opened, a database perhaps, would take its place
            os.set_inheritable(os.open(os.devnull, flags), True)  # noqa: FBT003 - no other way to say it
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - it stays


def expect_descriptors() -> None:
    """Take as many open files as this account may, and see that they are enough; before anything is made.

    Raises:
        LimitTooLow: they are not.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
    if most < _LEAST_FILES:
        raise LimitTooLow(*_limit("n"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))


def named(failure: BaseException, help_command: str = "./scripts/launch --help") -> SanctuaryError:
    """Give the sentence for a failure; one that we have not thought of is named by its class and place alone."""
    match failure:
        case SanctuaryError():
            error = failure
        case OSError():
            error = _named_refusal(failure)
        case ModuleNotFoundError():
            error = ProgramAtFault(f"{failure.name} is missing", "rm -r .venv && ./scripts/setup")
        case MemoryError() | ImportError():  # a library that found no room
            error = LittleMemory(*_limit("v"))
        case UnicodeError():
            error = NotText()
        case RuntimeError():
            error = _named_by_its_words(failure)
        case _:
            error = ProgramAtFault(_place(failure))
    if type(error) is BadUsage and error.cure == BadUsage.hint:
        error.instead = help_command
    return error


def _named_refusal(refused: OSError) -> SanctuaryError:
    place = [str(refused.filename)] if isinstance(refused.filename, str | os.PathLike) else []
    kind = obstacles.class_of(refused)
    if kind is not None and issubclass(kind, DiskTrouble):
        return kind(*place)
    match refused.errno:
        case errno.EACCES | errno.EPERM if place:
            error: SanctuaryError = StateClosed(*place)
        case errno.EMFILE | errno.ENFILE:
            error = LimitTooLow(*_limit("n"))
        case errno.EAGAIN:
            error = LimitTooLow(*_limit("u"))
        case errno.ENOMEM:
            error = LittleMemory(*_limit("v"))
        case errno.EPIPE:
            error = NobodyReads()
        case _:
            error = SystemRefused(": ".join([refused.strerror or type(refused).__name__, *place]))
    return error


def _named_by_its_words(failure: RuntimeError) -> SanctuaryError:
    """Tell what Python and its libraries give no class of its own."""
    said = str(failure)
    if "thread" in said:
        return LimitTooLow(*_limit("u"))
    if "derivation" in said:  # libsodium found no memory
        return LittleMemory(*_limit("v"))
    if "Symlink loop" in said:
        return SystemRefused("a link in this path leads to itself")
    return ProgramAtFault(_place(failure))


def _limit(letter: str) -> tuple[str, ...]:
    """Give the limit that the shell's `ulimit` shows under a letter, and what lifts it; nothing where there is none."""
    number, unit, enough = _LIMITS[letter]
    soft, _ = resource.getrlimit(number)
    if soft == resource.RLIM_INFINITY:
        return ()
    return f"ulimit -{letter} is {soft // unit}", f"ulimit -{letter} {enough}   (in a new terminal)"


def _place(failure: BaseException) -> str:
    """Say what failed and where, without the failure's words: they may hold what somebody wrote."""
    frames = traceback.extract_tb(failure.__traceback__)
    where = f" in {os.path.basename(frames[-1].filename)}, line {frames[-1].lineno}" if frames else ""  # noqa: PTH119
    return type(failure).__name__ + where


def _expect_that_all_was_taken() -> None:
    """End with a sentence where standard output does not take its last words, such as those of --help."""
    try:
        sys.stdout.flush()
    except OSError as refused:
        _end_with_a_sentence(NobodyReads, NobodyReads(refused.strerror), None)


def _end_with_a_sentence(_kind: type[BaseException], failure: BaseException, _trace: TracebackType | None) -> None:
    error = named(failure)
    if not isinstance(failure, KeyboardInterrupt):
        try:
            os.write(2, f"{error.told}\n".encode(errors="replace"))
        except OSError:
            os._exit(error.exit_code)  # nobody reads it
    os._exit(0 if isinstance(failure, KeyboardInterrupt) else error.exit_code)
