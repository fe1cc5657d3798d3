"""The login before the views: it refuses every page to whoever is not logged in, and every form that is not our own.

A page that is asked for without a session shows the login; a text that came with it is kept, sealed, in that page.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from secrets import token_urlsafe
from typing import Any, Concatenate, Final, ParamSpec, TypeVar, cast
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, current_app, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue as Answer
from werkzeug.exceptions import HTTPException

from onion_app.desk import forms
from onion_app.desk.context import databases, desk_context
from onion_app.desk.held_texts import hold_form, sealed_form
from onion_app.desk.permissions import Member, case_of, only_coordinators
from onion_app.desk.session import current_member, has_opened
from onion_app.errors import (
    ChangedMeanwhile,
    KeysChanged,
    LockHeld,
    NotAllowed,
    NothingHere,
    Refused,
    SanctuaryError,
    VisitOver,
    marked,
)
from onion_app.web.app import Hardened, report_error
from onion_app.web.i18n import speak

# Every other endpoint needs a login. Nothing is added here without a test that names it.
OPEN_TO_ALL: Final = frozenset({"login.login", "login.join", "login.enrol", "login.recover"})
_BEFORE_THE_LOGIN: Final = {"login.join": "join.html", "login.recover": "recover.html"}
TOO_LONG_OPEN: Final = marked("This page was open too long. Look at what you typed, and press again.")
LANGUAGES: Final = ("en", "ar")
_BROWSER: Final = "__Host-browser"
_LONGEST_NAME: Final = 40  # of a browser, as some cookie may say it

_Rest = ParamSpec("_Rest")
_Page = TypeVar("_Page", bound=Callable[..., Answer])


def refuse_strangers() -> Answer | None:
    """Refuse a form that does not come from our own pages, and every page to whoever is not logged in."""
    g.far_ended = desk_context().far_ended
    if request.method == "POST" and request.headers.get("Sec-Fetch-Site") != "same-origin":
        abort(400)
    if request.endpoint is None or request.endpoint in OPEN_TO_ALL:
        return None
    try:
        g.member = current_member()
    except VisitOver:
        return ask_to_log_in()
    return None


def ask_to_log_in() -> Answer:
    """Show the login; a text that came along waits in it, sealed."""
    # P10: a text that reached us is not lost because its session ended.
    if request.method == "GET":
        return redirect(url_for("login.login"), 303)
    at_the_door = request.endpoint in OPEN_TO_ALL
    page = _BEFORE_THE_LOGIN.get(request.endpoint or "", "login.html")
    return render_template(
        page,
        mistakes={"": TOO_LONG_OPEN} if request.endpoint in _BEFORE_THE_LOGIN else {},
        kept=request.form.get("kept", "") if at_the_door else sealed_form(),
        locked=True,
        welcome=False,
        typed_handle=forms.short(request.form, "handle"),
        typed_invitation=forms.short(request.form, "invitation"),
    )


def token_lost(error: HTTPException) -> Answer:
    """Show the login when a form comes without its token; its text is kept in the page."""
    if request.headers.get("Sec-Fetch-Site") != "same-origin":
        return cast("Hardened", current_app).fixed_page(error)
    speak_as_chosen()
    return ask_to_log_in()


def speak_as_chosen() -> None:
    """Use the language of the link that was pressed, else the one chosen before, else the browser's."""
    language = request.args.get("lang", "")
    if request.method == "GET" and language in LANGUAGES:
        session["language"] = language
    speak(session.get("language") or request.accept_languages.best_match(LANGUAGES, LANGUAGES[0]))


def name_browser(answer: Response) -> Response:
    """Give a browser that shows a login a name of its own, by which its wrong tries are counted apart from others'."""
    if "member" not in g and not _browser():
        answer.set_cookie(_BROWSER, token_urlsafe(16), secure=True, httponly=True, samesite="Strict")
    return answer


def _browser() -> str:
    return request.cookies.get(_BROWSER, "")[:_LONGEST_NAME]


def one_try(handle: str) -> AbstractContextManager[None]:
    """Count a try to log in under a handle in the browser of this request."""
    return desk_context().delays.one_try(handle, _browser())


def login_required(view: Callable[Concatenate[Member, _Rest], Answer]) -> Callable[_Rest, Answer]:
    """Hand the moderator to a view as its first argument; everybody else was refused before."""

    @wraps(view)
    def with_member(*args: _Rest.args, **kwargs: _Rest.kwargs) -> Answer:
        return view(g.member, *args, **kwargs)

    return with_member


def for_coordinators(pages: Blueprint) -> Blueprint:
    """Refuse these pages, every one, to whoever is no coordinator."""
    pages.before_request(lambda: only_coordinators(g.member))
    return pages


def behind_the_cover(pages: Blueprint, keeping: str) -> Blueprint:
    """Let nobody past the cover of a case to these pages; what was typed into the form of an endpoint is kept."""

    def stop_at_the_cover() -> Answer | None:
        case_id = (request.view_args or {})["case_id"]
        case = case_of(databases(), g.member, case_id)
        if not case.unread and has_opened(case_id):
            return None
        if request.endpoint == keeping:
            hold_form()
        return redirect(url_for("case.show", case_id=case_id), 303)

    pages.before_request(stop_at_the_cover)
    return pages


def page_at(path: str, pages: Blueprint, *also: type[SanctuaryError]) -> Callable[[_Page], _Page]:
    """Show this page at a path, and again, with a sentence beside its field, where something sent from it is refused.

    Besides `Refused` these errors are answered. The page takes the member, the sentences by field, and the ids in the
    address; its endpoint is its own name.
    """

    def register(page: _Page) -> _Page:
        def refused(error: SanctuaryError) -> Answer:
            field = error.field if isinstance(error, Refused) else ""
            report_held(error)
            hold_form(shown_anew=isinstance(error, ChangedMeanwhile))
            try:
                return page(g.member, {field: error.sentence}, **(request.view_args or {}))
            except KeysChanged as changed:
                return say_keys_changed(changed)
            except (NothingHere, NotAllowed) as hidden:  # a form of somebody else's page
                return current_app.handle_user_exception(hidden)

        pages.get(path, endpoint=page.__name__)(lambda **ids: page(g.member, {}, **ids))
        answered: tuple[type[SanctuaryError], ...] = (Refused, *also)
        for error in answered:
            pages.register_error_handler(error, refused)
        return page

    return register


def report_held(error: SanctuaryError) -> None:
    """Report a lock that was waited for in vain, so that the launcher starts again whoever holds it."""
    if isinstance(error, LockHeld):
        report_error(error)


def buttons(pages: Blueprint, then: str, **acts: tuple[str, Callable[..., None]]) -> None:
    """Let buttons, each by its endpoint, path and act, do one thing and lead to a page `then`.

    An act takes the databases, the member, and the ids in the address.
    """
    for endpoint, (path, act) in acts.items():
        pages.post(path, endpoint=endpoint)(_pressed(act, then))


def _pressed(act: Callable[..., None], then: str) -> Callable[..., Answer]:
    def button(**ids: bytes) -> Answer:
        act(databases(), g.member, **ids)
        is_in_address = current_app.url_map.is_endpoint_expecting
        named: dict[str, Any] = {name: value for name, value in ids.items() if is_in_address(then, name)}
        return redirect(url_for(then, **named), 303)

    return button


def say_keys_changed(changed: KeysChanged) -> Answer:
    """Say that somebody has changed the keys of the one case of a page; what was typed for it stands there."""
    # P10: it is in no box, since there is no page of the case to put it into.
    return render_template("changed.html", sentence=changed.sentence, typed=forms.texts(request.form))


def template_defaults() -> dict[str, object]:
    """Give every template the moderator, or None, no mistakes unless a view names some, and this page's address."""
    return {"member": g.get("member"), "mistakes": {}, "here_in": _here_in}


def _here_in(language: str, tab: dict[str, str]) -> str:
    """Give the address of the same page, with its tab and its place in a list, in another language."""
    return f"{request.path}?{urlencode(request.args.to_dict() | tab | {'lang': language})}"
