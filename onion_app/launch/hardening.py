"""What each of our processes does to itself first, so that its memory stays its own. It never changes another one."""

import ctypes
import os
import resource
import signal

# The numbers of prctl(2) in linux/prctl.h, which Python does not name.
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38


def close_memory() -> None:
    """Forbid core dumps, debuggers and new privileges, and make files that only this account reads.

    Raises: OSError when the kernel refuses.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # P03: no core dump holds what somebody wrote
    _prctl(_PR_SET_DUMPABLE, 0)  # P04: nobody of this account attaches to it or reads its /proc/PID/mem
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    os.umask(0o077)


def die_with_parent() -> None:
    """Have the kernel end this process when the thread that started it ends.

    Raises: OSError when the kernel refuses.
    """
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)) != 0:
        raise OSError(ctypes.get_errno(), "prctl was refused")
