"""The first steps of each of our processes, so that its memory stays its own. It never changes another one."""

import os
import resource
from dataclasses import dataclass

from onion_app.choices import QUOTA_GIB
from onion_app.onion.bound import PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, prctl

_GIB = 1 << 30
# The largest quota that coordinators can set, and a quarter more: past the quota, cases that are open still grow.
_LARGEST_FILE = max(QUOTA_GIB) * _GIB * 5 // 4


@dataclass(frozen=True)
class Limits:
    """How much a child may take at most, far above its need: addresses in bytes, open files, threads with processes."""

    addresses: int
    files: int
    tasks: int


# Eight threads with an arena of glibc's each have 854 MiB of addresses at 90 MiB of memory; 200 connections, and for
# each thread the three files of two or three databases; ten threads, and bubblewrap's own process.
SERVING = Limits(addresses=2 * _GIB, files=512, tasks=32)
# Chores compare all cases with those that the desk knows: 600 bytes for each of the ten million of usual length that
# the largest quota has room for. They have two threads.
PASSING = Limits(addresses=8 * _GIB, files=64, tasks=8)


def close_memory() -> None:
    """Forbid core dumps, debuggers and new privileges, and make files that only this account reads.

    Raises:
        OSError: the kernel refuses.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # P03: no core dump holds what somebody wrote
    prctl(PR_SET_DUMPABLE, 0)  # P04: nobody of this account attaches to it or reads its /proc/PID/mem
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    os.umask(0o077)


def limit(limits: Limits, *, tasks_are_own: bool) -> None:
    """Let this process take no more than this from now on, whatever runs in it.

    Threads are counted only in a user namespace of our own: elsewhere the kernel counts all that the account runs.
    """
    wanted = {resource.RLIMIT_AS: limits.addresses, resource.RLIMIT_FSIZE: _LARGEST_FILE}
    wanted |= {resource.RLIMIT_NOFILE: limits.files} | ({resource.RLIMIT_NPROC: limits.tasks} if tasks_are_own else {})
    for number, most in wanted.items():
        _, hard = resource.getrlimit(number)
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(number, (bound, bound))
