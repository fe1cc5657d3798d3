"""The site's process: one mailbox, one key, one socket. It never sees the desk's key or folder."""

from onion_app.launch.processes.child import Child, run_child, truncate_log
from onion_app.site import SiteConfig, create_app
from onion_app.vault.database import open_mailbox
from onion_app.web.waitress.server import serve


def work(child: Child) -> None:
    """Answer visitors until asked to stop."""
    orders = child.orders
    app = create_app(SiteConfig(orders.mailbox_folder, orders.mailbox_key, orders.address, orders.clock))
    listener = child.listener()
    child.reports.ready()
    serve(app, listener, sized=True, stop=child.stop, on_error=child.reports.failed)
    truncate_log(open_mailbox(orders.mailbox_folder, orders.mailbox_key))


if __name__ == "__main__":
    run_child(work)
