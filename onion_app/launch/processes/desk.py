"""The desk's process. It ends with its last session, so that no key of anybody stays in memory."""

from onion_app.crypto.keyslots import VaultKeys
from onion_app.desk import DeskConfig, create_app
from onion_app.launch.processes.child import Child, run_child, truncate_log
from onion_app.vault.database import open_desk, open_mailbox
from onion_app.web.waitress.server import serve


def work(child: Child) -> None:
    """Answer volunteers until asked to stop, or until nobody is logged in any more."""
    orders = child.orders

    def everybody_left() -> None:
        child.reports.idle()
        child.stop.set()  # P04: the answer under way still goes out, then this memory is given back

    app = create_app(
        DeskConfig(
            mailbox_folder=orders.mailbox_folder,
            desk_folder=orders.desk_folder,
            keys=VaultKeys(mailbox=orders.mailbox_key, desk=orders.desk_key),
            name=orders.desk_name,
            port=orders.desk_port,
            clock=orders.clock,
            on_last_session_end=everybody_left,
        )
    )
    listener = child.listener()
    child.reports.ready()
    serve(app, listener, sized=False, stop=child.stop, on_error=child.reports.failed)
    truncate_log(open_mailbox(orders.mailbox_folder, orders.mailbox_key))
    truncate_log(open_desk(orders.desk_folder, orders.desk_key))


if __name__ == "__main__":
    run_child(work)
