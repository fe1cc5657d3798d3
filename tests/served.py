"""The site in this process: the real mailbox, the real server on a unix socket, and a clock that the test moves."""

import secrets
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from onion_app.crypto import codes, epochs, members, sealing
from onion_app.crypto.codes import invitation_digest
from onion_app.crypto.keys import keypair_from, new_id, new_keypair
from onion_app.crypto.payloads import Text, pack
from onion_app.errors import NothingHere
from onion_app.launch import first_run
from onion_app.launch.first_run import FirstSecrets
from onion_app.launch.state import State
from onion_app.launch.stdin_answers import Answers
from onion_app.site import SiteConfig, create_app
from onion_app.vault import settings, truth
from onion_app.vault.database import Database, open_desk, open_mailbox
from onion_app.vault.desk import circles, invitations, moderators
from onion_app.vault.mailbox import case_keys, lifetime, messages
from onion_app.vault.shown import writing
from onion_app.web.waitress.server import serve
from tests.people import Visitor
from tests.wire import through_unix

DAY = 86_400
PASSPHRASE = "six words that nobody else has here"


class Site:
    """A site whose time, settings and restarts belong to the test."""

    def __init__(self, folder: Path) -> None:
        """Make an installation whose one circle has its first member."""
        self.state = State(folder)
        for inner in (self.state.run, self.state.mailbox, self.state.desk, self.state.tor):
            inner.mkdir(mode=0o700)
        self.handed: FirstSecrets = first_run.draw_secrets(Answers())
        self.made = first_run.make_installation(self.state, self.handed, {}, self.clock, lambda _keys: None)
        self.ahead = 0.0
        self.errors: list[str] = []
        self.circle, self.private = self.enrol()
        self.stop = threading.Event()
        self.thread = threading.Thread()

    def clock(self) -> float:
        """Tell the time, as far ahead as the test wants."""
        return time.time() + getattr(self, "ahead", 0.0)

    @property
    def address(self) -> str:
        return self.made.onion.address

    def mailbox(self) -> Database:
        """Open the mailbox; whoever asks closes it."""
        return open_mailbox(self.state.mailbox, self.made.keys.mailbox)

    def desk(self) -> Database:
        """Open the desk's database; whoever asks closes it."""
        return open_desk(self.state.desk, self.made.keys.desk)

    def enrol(self) -> tuple[bytes, bytes]:
        """Give the first circle its key and its first member, and give the circle's id and private key."""
        desk, mailbox = self.desk(), self.mailbox()
        circle, pair, own = circles.circles(desk)[0], new_keypair(), members.new_secrets()
        newcomer = moderators.Moderator(
            id=secrets.token_bytes(16),
            handle="Noor",
            public_key=keypair_from(own.private).public,
            secrets=members.lock_secrets(own, PASSPHRASE),
            sheet=None,
            last_step=None,
            coordinator=True,
            state="active",
            joined_day=int(self.clock()) // DAY,
        )
        sealed = members.seal_circle_key(
            pair.private, circle_id=circle.id, generation=1, moderator_id=newcomer.id, public_key=newcomer.public_key
        )
        grant = circles.Grant(circle.id, 1, newcomer.id, pair.public, sealed)
        with mailbox.writing():
            mark = invitation_digest(self.handed.invitation)
            invitations.redeem(desk, mark, newcomer.joined_day, newcomer, grant)
            truth.copy_circles(mailbox, desk)
        desk.close()
        mailbox.close()
        return circle.id, pair.private

    def put(self, **changed: object) -> None:
        """Change settings of the mailbox."""
        mailbox = self.mailbox()
        with mailbox.writing():
            for name, value in changed.items():
                settings.put_setting(mailbox, name, value)
            writing.raise_published_counter(mailbox)
        mailbox.close()

    def case_of(self, mailbox: Database, code: str) -> bytes:
        """Find the case under a code.

        Raises:
            NothingHere: there is none.
        """
        return lifetime.find_by_tag(mailbox, codes.derive(code, settings.read_settings(mailbox).code_salt).tag).id

    def cases(self) -> int:
        """Count the cases."""
        mailbox = self.mailbox()
        (row,) = mailbox.rows("SELECT count(*) FROM cases")
        mailbox.close()
        return int(str(row[0]))

    def stores(self, code: str) -> bool:
        """Say whether there is a case under a code."""
        mailbox = self.mailbox()
        try:
            return bool(self.case_of(mailbox, code))
        except NothingHere:
            return False
        finally:
            mailbox.close()

    def answer(self, code: str, text: str) -> None:
        """Let the circle answer in the case under a code."""
        mailbox, message, day = self.mailbox(), new_id(), int(self.clock()) // DAY
        case, letter = self.case_of(mailbox, code), pack(Text(text, day, "Noor"))
        wrap = case_keys.wraps_of(mailbox, case, self.circle)[0]
        opened = epochs.unwrap(wrap.wrap, case_id=case, epoch=wrap.epoch, holder=self.circle, private_key=self.private)
        key = opened.key

        def sealed(number: int) -> bytes:
            return sealing.seal(key, letter, sealing.Place(case, wrap.epoch, message, number, "circle"))

        messages.append_message(
            mailbox,
            case,
            message,
            author="circle",
            epoch=wrap.epoch,
            held=case_keys.all_wraps(mailbox, case),
            new_wraps=(),
            seal=sealed,
            day=day,
        )
        mailbox.close()

    def start(self) -> None:
        """Serve, in a thread of its own."""
        self.stop.clear()
        app = create_app(SiteConfig(self.state.mailbox, self.made.keys.mailbox, self.address, self.clock))
        self.budgets = app.extensions["site"].budgets
        self.state.site_socket.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.state.site_socket))
        listener.listen(64)
        options = {"sized": True, "stop": self.stop, "on_error": self.errors.append, "threads": 2}
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
