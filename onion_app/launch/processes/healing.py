"""Undoes what was cut off in `shown.db`, and lets it follow the desk: milliseconds, before the site reads there.

A change there that was half written makes every read of the site fail, which may not undo it. # P10
"""

from contextlib import closing

from onion_app.launch.hardening import PASSING
from onion_app.launch.processes.child import Child, run_child
from onion_app.vault.show import show


def work(child: Child) -> None:
    """Open the file, which undoes what is half written, and put right what is behind."""
    orders = child.orders
    with (
        closing(orders.open("shown")) as shown,
        closing(orders.open("desk")) as desk,
        closing(orders.open("mailbox")) as mailbox,
        mailbox.writing(),
    ):
        show(shown, desk)


if __name__ == "__main__":
    run_child(work, PASSING)
