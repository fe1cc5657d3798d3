"""A site that somebody has taken over: it holds a lock for as long as it lives. Started again it is as it should be."""

import os
import sys
from pathlib import Path

from onion_app.launch.hardening import SERVING
from onion_app.launch.processes import site
from onion_app.launch.processes.child import Child, run_child
from tests import tables

TAKEN_OVER = "taken-over"  # in the state folder, holding what to do


def work(child: Child) -> None:
    """Hold the lock that was asked for once, and else serve."""
    orders, flag = child.orders, child.orders.state / TAKEN_OVER
    if not flag.exists():
        site.work(child)
        return
    kind, statements = flag.read_text().split(":")
    with tables.opened(
        Path(orders.folder("shown" if kind == "shown" else "mailbox"), f"{kind}.db"),
        orders.keys.shown if kind == "shown" else orders.keys.mailbox,
    ) as link:
        for statement in statements.split(";"):
            held = link.execute(statement).fetchone()
        flag.unlink()
        child.reports.send(ready=True)
        child.stop.wait()
        os.write(sys.stdout.fileno(), str(held).encode())


if __name__ == "__main__":
    run_child(work, SERVING)
