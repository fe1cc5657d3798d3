"""Whatever the system refuses becomes a sentence with a command; what a fault of ours would say stays unsaid."""

import errno
import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from onion_app.errors import BadUsage
from onion_app.launch.edge import named
from tests.launch.test_doctor import named as classes

COMMAND = re.compile(
    r"(?:sudo |LC_ALL=C.UTF-8 |TERM=\S+ )*(?:\./scripts/|echo |ln -s |apt-get |tor |git |rm -r |chmod |ss |df |"
    r"kill |ulimit |free |ip |timedatectl |install |unset |mount |dmesg |quota |obfs4proxy |date )"
)
# What only another part of the program is told, never an operator: where it gets as far as that, `doctor` says more.
WITHIN = {"SanctuaryError", "SealBroken", "NothingHere", "Paused", "Overloaded", "AwaitsAnswer", "TooManyCodes",
          "PageTooLong", "VisitOver", "SeatLeft", "SeatUnknown", "AnotherCase", "NotAllowed"}  # fmt: skip


def refusal(number: int, file: str | None = None) -> OSError:
    return OSError(number, os.strerror(number), file) if file else OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    ("failure", "name", "told"),
    [
        (refusal(errno.EACCES, "/a/file"), "StateClosed", "/a/file"),
        (refusal(errno.EMFILE), "LimitTooLow", "ulimit -n"),
        (refusal(errno.EPIPE), "NobodyReads", ""),
        (refusal(errno.ENOMEM), "LittleMemory", ""),
        (refusal(errno.ELOOP, "/a/link"), "SystemRefused", "Too many levels of symbolic links: /a/link"),
        (refusal(errno.ENAMETOOLONG, "/a/name"), "SystemRefused", "File name too long: /a/name"),
        (MemoryError(), "LittleMemory", ""),
        (ImportError("libsodium.so: failed to map segment"), "LittleMemory", ""),
        (UnicodeEncodeError("utf-8", "a secret", 0, 1, "surrogates not allowed"), "NotText", ""),
        (RuntimeError("can't start new thread"), "LimitTooLow", ""),
        (RuntimeError("Unexpected failure in key derivation"), "LittleMemory", ""),
        (RuntimeError("Symlink loop from '/a/link'"), "SystemRefused", "a link in this path leads to itself"),
        (ModuleNotFoundError(name="rich"), "ProgramAtFault", "rich is missing"),
    ],
)
def test_what_the_system_refuses_is_a_sentence_with_a_command(failure: Exception, name: str, told: str) -> None:
    error = named(failure)
    assert type(error).__name__ == name
    assert told in error.sentence
    assert COMMAND.match(error.told.splitlines()[-1].strip())


def test_a_fault_of_ours_is_named_by_its_place_and_repeats_nothing() -> None:
    with ThreadPoolExecutor(1) as pool:
        failure = pool.submit(int, "what somebody wrote").exception()
    assert failure is not None
    told = named(failure).told
    assert "ValueError in " in told
    assert "what somebody wrote" not in told


def test_what_was_not_understood_ends_with_the_help_of_its_own_command() -> None:
    assert named(BadUsage("a word"), "./scripts/manage restore --help").cure == "./scripts/manage restore --help"
    assert named(BadUsage("a word", "./scripts/manage proposals"), "x --help").cure == "./scripts/manage proposals"


def test_every_sentence_that_an_operator_meets_ends_with_a_command() -> None:
    for name, one in classes().items():
        if name not in WITHIN:
            assert COMMAND.match(one.hint), name
        assert COMMAND.match(one().told.splitlines()[-1].strip()), name
    assert set(classes()) > WITHIN
