"""Turns itself into another program whose life is bound to that of its parent.

Run as `python -I -S bound.py PARENT_PID PROGRAM ARGUMENT...`: a program of its own and no function for `preexec_fn`,
because code run between fork and exec in a process with threads can hang. It stays one page of the standard library,
for it sees nothing else.
"""

import ctypes
import os
import resource
import signal
import sys

# The numbers of prctl(2) in linux/prctl.h, which Python does not name.
PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38


def prctl(option: int, value: int) -> None:
    """Have the kernel treat this process differently from here on.

    Raises:
        OSError: it refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)) != 0:
        raise OSError(ctypes.get_errno(), "prctl was refused")


def bind(parent: int) -> None:
    """Ask the kernel to end this process with its parent, and give up what the program will not need.

    The signal is SIGKILL: asked with SIGTERM, tor 0.4.9 sometimes stands still for ever in the middle of its own end
    (its main thread waits for a lock of its workers), and would keep the next tor away from its folder.

    Raises:
        OSError: the kernel refuses.
        SystemExit: the parent is gone already.
    """
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    if os.getppid() != parent:
        sys.exit(1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # P03: memory that holds the onion key never becomes a file
    os.umask(0o077)


if __name__ == "__main__":
    bind(int(sys.argv[1]))
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - the words come from our own launcher, and no shell reads them
