"""The public pages: to be heard, to get an answer, to take everything back; with no script and no account.

This room never sees the desk's key, opens a case only with the keys of its author, and keeps nothing of a visitor once
the visit has ended. All its words stand in `templates/`, and in other languages in `translations/`.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from flask import render_template
from flask.typing import ResponseReturnValue

from onion_app import days
from onion_app.choices import LANGUAGE_CODES
from onion_app.crypto.codes import code_lines
from onion_app.crypto.keys import subkey
from onion_app.crypto.keyslots import shown_key
from onion_app.errors import (
    AlreadyWithdrawn,
    AwaitsAnswer,
    NothingHere,
    Overloaded,
    Paused,
    SanctuaryError,
    SeatLeft,
    SeatUnknown,
)
from onion_app.site import addresses, beside, form_case, rendering, visit
from onion_app.site.context import SiteContext, new_budgets
from onion_app.site.seat import set_up_seats
from onion_app.site.views import case, guides, pages, returning, stories, writing
from onion_app.vault.database import Database, open_database
from onion_app.vault.mailbox import withdrawals
from onion_app.vault.per_thread import PerThread
from onion_app.vault.shown import reading
from onion_app.web.app import Hardened, report_error
from onion_app.web.cache import ReadyPages
from onion_app.web.drafts import VisitsWithDrafts
from onion_app.web.waitress.server import THREADS

_HERE: Final = Path(__file__).parent
_GUIDES: Final = tuple(f"guides/{slug}" for slug in (guides.NOW, *guides.ORDER))
_FIRST: Final = ("", "tell", "ask", "return", "stories", "protects", "guides", *_GUIDES)


@dataclass(frozen=True, slots=True)
class SiteConfig:
    """The parts of a site: its files and their key, its onion address, and a clock in unix seconds."""

    mailbox_folder: Path
    shown_folder: Path
    mailbox_key: bytes = field(repr=False)
    address: str
    clock: Callable[[], float]
    machine_clock: Callable[[], float] | None = None  # another one in a rehearsal of later days


def create_app(config: SiteConfig) -> Hardened:
    """Make the site; it opens its files on the first request that needs them, and creates and migrates nothing."""
    visits, key = VisitsWithDrafts(config.clock, visit.DRAFTED), config.mailbox_key
    app = Hardened(
        __name__,
        host=config.address,
        key=key,
        cookie="visit",
        secure_cookie=False,  # an onion is reached over plain http, where most browsers drop secure cookies
        # Without comments and line ends: a slow line pays for every byte.
        style=re.sub(r"/\*.*?\*/|\n", "", (_HERE / "style.css").read_text("utf-8"), flags=re.DOTALL),
        translations=_HERE / "translations",
        error_page=lambda status: render_template("fixed.html", status=status),
    )
    mailbox = PerThread(lambda: open_database(config.mailbox_folder, "mailbox", key))
    # P13: whatever becomes of this process, the file that says who reads what comes stays as it is.
    shown = PerThread(lambda: open_database(config.shown_folder, "shown", shown_key(key), read_only=True))

    def open_files() -> None:
        for file in (mailbox, shown):
            file.open_ahead(THREADS + 1)  # the thread that listens asks them too

    ready_pages = _ready_pages(mailbox, shown, config.clock)
    app.ready_pages = ready_pages
    app.known_query = lambda path, query: addresses.known_query(path, query, lambda name: _is_shown(shown, name))
    app.for_reader = addresses.keep_leaving_out
    app.at_start = open_files
    app.first_pages = lambda: _first_pages(mailbox.here(), shown.here(), app.languages)
    app.each_second = lambda: (visits.sweep(), ready_pages.check_edition())
    app.extensions["site"] = SiteContext(
        mailbox=mailbox,
        shown=shown,
        visits=visits,
        field_key=subkey(key, "hidden fields"),
        clock=config.clock,
        machine_clock=config.machine_clock or config.clock,
        budgets=new_budgets(config.clock),
    )
    for views in (pages, stories, guides, writing, returning, case):
        app.register_blueprint(views.pages)
        app.csrf.exempt(views.pages)  # the check below takes the place of it
    set_up_seats(app, config.clock, key)
    app.before_request(visit.check_form)
    app.jinja_env.globals |= {
        "form_field": form_case.form_field,
        "page": rendering.page,
        "link": addresses.link,
        "language_link": addresses.language_link,
        "filler": addresses.filler,
        "written": beside.written,
        "can_come_back": rendering.can_come_back,
        "lang_attributes": rendering.lang_attributes,
        "notice": rendering.notice,
        "name_of": reading.name_of,
        "address": config.address.removesuffix(".onion"),
        "say": lambda code, sentence: app.languages[code].sentences.gettext(sentence),
    }
    app.jinja_env.filters["fours"] = code_lines
    _set_up_refusals(app)
    return app


def _is_shown(shown: PerThread, name: str) -> bool:
    try:
        reading.story_named(shown.here(), name)
    except SanctuaryError:
        return False
    return True


def _first_pages(mailbox: Database, shown: Database, languages: Iterable[str]) -> Iterator[str]:
    """Give the paths that most people read: the first list of stories, with its stories, is among them."""
    yield "/"
    for code in LANGUAGE_CODES:
        listed, _ = reading.list_stories(mailbox, shown, code)
        paths = (*_FIRST, *(f"stories/{reading.name_of(story.text_id)}" for story in listed))
        yield from (f"/{code}/{path}" for path in paths if code in languages)


def _ready_pages(mailbox: PerThread, shown: PerThread, clock: Callable[[], float]) -> ReadyPages:
    """Keep pages until the desk has changed what is shown or an author has taken something back, or the day is over.

    The counters stand side by side, since nobody who sets the one in the mailbox may make up for the other. # P07
    """

    def edition() -> tuple[object, object, int]:
        return withdrawals.counter(mailbox.here()), reading.published_counter(shown.here()), days.today(clock)

    def forget() -> None:
        mailbox.forget_pages()
        shown.forget_pages()

    return ReadyPages(edition, forget)


def _set_up_refusals(app: Hardened) -> None:
    def broken(error: SanctuaryError) -> ResponseReturnValue:
        report_error(error)
        return rendering.refusal_page("broken")

    def gone(error: AlreadyWithdrawn | NothingHere) -> ResponseReturnValue:
        if isinstance(error, NothingHere) and (done := case.page_of_a_change_done()):
            return done
        visit.forget_gone()  # P07: neither words nor a code come back
        return rendering.show_page("erased.html" if isinstance(error, AlreadyWithdrawn) else "nothing.html")

    app.register_error_handler(SeatLeft, lambda _error: rendering.done_page())
    app.register_error_handler(SeatUnknown, rendering.page_of_unknown_seat)
    app.register_error_handler(AlreadyWithdrawn, gone)
    app.register_error_handler(NothingHere, gone)
    app.register_error_handler(Overloaded, lambda _error: rendering.refusal_page("overloaded"))
    app.register_error_handler(AwaitsAnswer, lambda _error: rendering.refusal_page("waiting"))
    app.register_error_handler(Paused, lambda _error: rendering.refusal_page("paused"))
    app.register_error_handler(SanctuaryError, broken)
