"""The first steps of each of our processes, so that its memory stays its own. It never changes another one."""

import os
import resource

from onion_app.onion.bound import PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, prctl


def close_memory() -> None:
    """Forbid core dumps, debuggers and new privileges, and make files that only this account reads.

    Raises:
        OSError: the kernel refuses.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # P03: no core dump holds what somebody wrote
    prctl(PR_SET_DUMPABLE, 0)  # P04: nobody of this account attaches to it or reads its /proc/PID/mem
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    os.umask(0o077)
