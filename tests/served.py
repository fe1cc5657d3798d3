"""The site in this process: the real server on a unix socket, over an installation whose clock the test moves."""

import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from onion_app.crypto.onion_key import new_onion_key
from onion_app.errors import Overloaded
from onion_app.site import SiteConfig, create_app
from onion_app.web.waitress.server import serve
from scripts.rehearsal.people import Visitor
from scripts.rehearsal.wire import through_unix
from tests.world import World


class Site(World):
    """A site whose time, settings and restarts belong to the test, with one circle and its first member."""

    def __init__(self, folder: Path) -> None:
        """Make it; nothing is served yet."""
        self.ahead = 0.0
        super().__init__(folder, lambda: time.time() + self.ahead)
        self.onion = new_onion_key()
        self.address = self.onion.address
        self.first = self.circle("First circle", catch_all=True)
        self.member_of_first = self.enrol(self.first, "Noor", coordinator=True)
        self.errors: list[str] = []
        self.stop = threading.Event()
        self.thread = threading.Thread()

    def start(self) -> None:
        """Serve, in a thread of its own."""
        self.stop.clear()
        config = SiteConfig(self.state.mailbox, self.state.shown, self.keys.mailbox, self.address, self.clock)
        app = create_app(config)
        self.budgets = app.extensions["site"].budgets
        self.seats = app.extensions["seats"]
        self.state.site_socket.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.state.site_socket))
        listener.listen(64)
        options = {"sized": True, "stop": self.stop, "on_error": self.errors.append}
        self.thread = threading.Thread(target=serve, args=(app, listener), kwargs=options)
        self.thread.start()

    def end(self) -> None:
        """Stop serving; all that was in memory only is gone."""
        self.stop.set()
        self.thread.join()

    def restart(self) -> None:
        """Serve anew, with nothing but what is on the disk."""
        self.end()
        self.start()

    @contextmanager
    def crowded(self) -> Iterator[None]:
        """Let nothing more be sent, until somebody has waited for ten minutes."""
        for bucket in (bucket for name, bucket in self.budgets.items() if name in ("tell", "ask", "send")):
            with suppress(Overloaded):
                while True:
                    bucket.take(urgent=True)
        yield
        self.ahead += 600

    def visitor(self, language: str = "en") -> Visitor:
        """Give somebody who comes to this site."""
        return Visitor(through_unix(self.state.site_socket), self.address, language)


@contextmanager
def serving() -> Iterator[Site]:
    """Make a site and serve it, in a folder with a path short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="site-") as folder:
        site = Site(Path(folder))
        site.start()
        try:
            yield site
        finally:
            site.end()
            site.close()
