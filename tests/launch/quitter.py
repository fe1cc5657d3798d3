"""A child that reports what its orders name it after, and ends. For the tests of how children are watched."""

import os
import sys
import threading
from pathlib import Path

from onion_app.errors import LockHeld
from onion_app.launch.hardening import SERVING
from onion_app.launch.processes.child import Child, run_child

LINES = {
    "hostile": (
        b"\n".join(
            [b'{"failed": "a visitor wrote this"}', b'{"failed": 7}', b'{"counts": {"unread": "many"}}', b"[]", b"{}",
             b'{"counts": {"who": 1, "\\u0041": 2}}', b'{"ready": 1}', b"\xff\xfe", b'{"failed": "' + b"x" * 10_000]
        )
        + b"\n"
    ),
}  # fmt: skip


def work(child: Child) -> None:
    """Do what the name of the desk says."""
    part = child.orders.desk_name
    if part == "hostile":
        os.write(int(sys.argv[2]), LINES[part])
    elif part == "error":
        raise LookupError("a visitor wrote this")
    elif part == "says nothing":
        os._exit(7)
    elif part == "kept out":
        raise LockHeld
    elif part == "idle":
        child.reports.send(idle=True)
    elif part == "counts":
        child.reports.send(counts={"unread": 3, "busy_logs": 0})
    elif part == "busy":
        child.reports.send(counts={"busy_logs": 1})
    elif part == "waits":
        child.reports.send(ready=True)
        child.stop.wait()
        (Path(child.orders.state) / "finished").touch()
    elif part == "deaf":
        threading.Event().wait()


if __name__ == "__main__":
    run_child(work, SERVING)
