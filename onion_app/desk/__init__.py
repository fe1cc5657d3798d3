"""The desk: where volunteers answer. It answers this machine, and those that the operator has added.

It promises that nothing is answered without a login, that a case is shown to its circle alone, that a member's keys
live in memory and go with the session, and that the mailbox is believed only where a seal proves it. It never logs,
counts or dates finer than a day.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from flask import g, render_template, request
from flask.typing import ResponseReturnValue as Answer
from werkzeug.routing import BaseConverter

from onion_app.crypto.keys import subkey
from onion_app.crypto.keyslots import VaultKeys
from onion_app.crypto.passphrases import as_digits
from onion_app.desk import forms
from onion_app.desk.context import DeskContext
from onion_app.desk.delays import Delays
from onion_app.desk.held_texts import give_back
from onion_app.desk.login_gate import (
    name_browser,
    refuse_strangers,
    say_keys_changed,
    speak_as_chosen,
    template_defaults,
    token_lost,
)
from onion_app.desk.session import IDLE, LONGEST, LONGEST_FAR
from onion_app.desk.views import BLUEPRINTS
from onion_app.errors import KeysChanged, NotAllowed, NothingHere
from onion_app.vault.database import open_database
from onion_app.vault.per_thread import PerThread
from onion_app.web.app import CSRFError, Hardened
from onion_app.web.text import is_empty
from onion_app.web.visits import Visits

HERE: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class DeskConfig:
    """The launcher's configuration.

    `name` is the 16 letters before .localhost; `clock` gives unix seconds, `since_boot` those that only grow, and
    `phone_clock` those that people's phones make six digits of, also in a rehearsal of later days.
    """

    mailbox_folder: Path
    shown_folder: Path
    desk_folder: Path
    keys: VaultKeys = field(repr=False)
    name: str
    port: int
    clock: Callable[[], float]
    since_boot: Callable[[], float]
    on_last_session_end: Callable[[], None]
    phone_clock: Callable[[], float] | None = None  # the same as `clock` where nobody says otherwise


class IdInPath(BaseConverter):
    """An id of 16 bytes, as 32 hexadecimal digits."""

    regex = "[0-9a-f]{32}"

    def to_python(self, value: str) -> bytes:
        """Read it."""
        return bytes.fromhex(value)

    def to_url(self, value: bytes) -> str:
        """Write it."""
        return value.hex()


def create_app(config: DeskConfig) -> Hardened:
    """Make the desk; databases are opened by each thread at its first request, never created."""
    app = Hardened(
        __name__,
        host=f"{config.name}.localhost:{config.port}",
        key=config.keys.desk,
        cookie="__Host-desk",
        secure_cookie=True,
        style=(HERE / "style.css").read_text("utf-8"),
        translations=HERE / "translations",
        error_page=_fixed_page,
    )

    app.jinja_env.filters["as_digits"] = as_digits

    def ended() -> None:
        # Whoever logs out ends nobody's enrolment, nor the reverse.
        if not (context.near or context.far or context.joining or context.joining_far):
            config.on_last_session_end()

    context = app.extensions["desk"] = DeskContext(
        mailbox=PerThread(lambda: open_database(config.mailbox_folder, "mailbox", config.keys.mailbox)),
        shown=PerThread(lambda: open_database(config.shown_folder, "shown", config.keys.shown)),
        desk=PerThread(lambda: open_database(config.desk_folder, "desk", config.keys.desk)),
        near=Visits(config.clock, idle=IDLE, longest=LONGEST, on_empty=ended),
        far=Visits(config.clock, idle=IDLE, longest=LONGEST_FAR, on_empty=ended),
        joining=Visits(config.clock, idle=IDLE, of_each_holder=1, on_empty=ended),
        joining_far=Visits(config.clock, idle=IDLE, of_each_holder=1, on_empty=ended),
        counts=Visits(config.clock, idle=IDLE, longest=LONGEST, of_each_holder=1),
        delays=Delays(config.since_boot),
        field_key=subkey(config.keys.desk, "desk fields"),
        clock=config.clock,
        phone_clock=config.phone_clock or config.clock,
    )
    app.each_second = context.sweep  # the lock falls by time, not only with a request
    app.url_map.converters["id"] = IdInPath
    app.before_request(speak_as_chosen)
    app.before_request(refuse_strangers)
    app.after_request(name_browser)
    app.after_request(give_back)
    app.context_processor(template_defaults)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.register_error_handler(CSRFError, token_lost)
    for nothing in (NothingHere, NotAllowed):
        app.register_error_handler(nothing, _nothing_here)
    app.register_error_handler(KeysChanged, say_keys_changed)
    return app


def _fixed_page(status: int) -> str:
    return render_template("fixed.html", status=status)


def _nothing_here(_error: Exception) -> Answer:
    """Answer an unknown id and a case of another circle alike; what was typed for it stands there. # P10."""
    typed, title = forms.texts(request.form), forms.one_line(request.form, "title")
    if "member" in g and request.method == "POST" and not is_empty("".join([*typed, title])):
        return render_template("gone.html", typed=typed, title=title), 404
    return _fixed_page(404), 404
