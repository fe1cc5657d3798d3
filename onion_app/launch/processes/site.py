"""The site's process: a mailbox, a file that it only reads, one socket. It never sees the desk's key or folder."""

import time

from onion_app.launch.hardening import SERVING
from onion_app.launch.processes.child import Child, run_child, truncate_log
from onion_app.site import SiteConfig, create_app
from onion_app.web.waitress.server import serve


def work(child: Child) -> None:
    """Answer visitors until asked to stop."""
    orders = child.orders
    app = create_app(
        SiteConfig(
            mailbox_folder=orders.folder("mailbox"),
            shown_folder=orders.folder("shown"),
            mailbox_key=orders.mailbox_key,
            address=orders.address,
            clock=orders.clock,
            machine_clock=time.time,
        )
    )
    [listener] = child.listeners()
    child.reports.send(ready=True)
    serve(app, listener, sized=True, stop=child.stop, on_error=child.reports.failed)
    truncate_log(orders.open("mailbox"))


if __name__ == "__main__":
    run_child(work, SERVING)
