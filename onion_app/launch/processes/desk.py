"""The desk's process. It ends with its last session, so that no key of anybody stays in memory."""

import time

from onion_app.desk import DeskConfig, create_app
from onion_app.desk.delays import since_boot
from onion_app.launch.hardening import SERVING
from onion_app.launch.processes.child import Child, run_child, truncate_log
from onion_app.web.waitress.server import serve


def work(child: Child) -> None:
    """Answer volunteers until asked to stop, or until nobody is logged in any more."""
    orders = child.orders

    def everybody_left() -> None:
        child.reports.send(idle=True)
        child.stop.set()  # P04: the answer under way still goes out, then this memory is given back

    app = create_app(
        DeskConfig(
            mailbox_folder=orders.folder("mailbox"),
            shown_folder=orders.folder("shown"),
            desk_folder=orders.folder("desk"),
            keys=orders.keys,
            name=orders.desk_name,
            port=orders.desk_port,
            clock=orders.clock,
            since_boot=since_boot,
            on_last_session_end=everybody_left,
            phone_clock=time.time,
        )
    )

    def each_second() -> None:
        if child.cut.is_set():  # P02: a machine was removed; tor does not say whose session is whose
            child.cut.clear()
            app.extensions["desk"].end_far()
        sweep()

    sweep, app.each_second = app.each_second, each_second
    listener, *beside = child.listeners()
    child.reports.send(ready=True)
    serve(app, listener, sized=False, stop=child.stop, on_error=child.reports.failed, beside=beside)
    truncate_log(orders.open("mailbox"))
    truncate_log(orders.open("desk"))


if __name__ == "__main__":
    run_child(work, SERVING)
