"""A Flask made strict, for the site and the desk alike.

It answers one Host, two methods and plain forms; everything else gets a fixed answer before Flask is asked. It sets no
cookie unless a page uses the session, adds no header that differs between pages, and writes nothing down: an error that
nobody handles goes up to the server, which reports its class alone.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from secrets import token_hex
from typing import Any

from flask import Flask, Response, current_app, g, request, session
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import CSRFError, CSRFProtect
from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from werkzeug.exceptions import HTTPException
from werkzeug.test import EnvironBuilder

from onion_app.crypto.keys import subkey
from onion_app.web.cache import Published, ReadyPages
from onion_app.web.fields import FormRequest
from onion_app.web.headers import (
    BODY_LIMIT,
    METHODS,
    OWN_TEXT,
    PUBLISHED,
    REPORTED,
    WITH_A_PAGE,
    Environ,
    WholeAnswer,
    ask,
    security_headers,
    status_line,
)
from onion_app.web.i18n import load_catalogues, set_up_languages, speak_as_the_path_says

__all__ = ["CSRFError", "Hardened", "mark_own_text", "mark_published", "report_error"]

_FORMS = "application/x-www-form-urlencoded"
_METHOD_NOT_ALLOWED = 405
_CSRF_FIELD = "csrf_token"  # as Flask-WTF names it in forms, in the session and in `g`


class _Clockless(TimestampSigner):
    """Signs without the time: from cookies and tokens anybody could read how the clock of this machine runs."""

    def get_timestamp(self) -> int:
        """Give the same second for ever; nothing that we sign expires by its signature."""
        return 1


class _Sessions(SecureCookieSessionInterface):
    """Flask's sessions in signed cookies, with our signer."""

    def __init__(self) -> None:
        """Start without a serializer: an app has its secret for as long as it runs."""
        self._serializer: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Make the serializer of the cookies, once."""
        if self._serializer is None:
            self._serializer = super().get_signing_serializer(app)
            if self._serializer is not None:
                self._serializer.signer = _Clockless
        return self._serializer


class Hardened(Flask):
    """An app that answers `host` and nothing else, with secrets derived from `key`."""

    request_class = FormRequest

    def __init__(  # noqa: PLR0913 - what an app is made of
        self,
        import_name: str,
        *,
        host: str,
        key: bytes,
        cookie: str,
        secure_cookie: bool,
        style: str,
        translations: Path,
        error_page: Callable[[int], str],
    ) -> None:
        """Set all that the site and the desk have in common."""
        super().__init__(import_name, static_folder=None)
        self.session_interface = _Sessions()
        self.host = host.lower()
        self.languages = load_catalogues(translations)
        self.csrf = CSRFProtect()
        self.at_start: Callable[[], object] = lambda: None  # the server calls it before it answers
        self.each_second: Callable[[], object] = lambda: None  # likewise about once a second
        self.first_pages: Callable[[], Iterable[str]] = tuple  # paths that are asked for before anybody does
        self.ready_pages: ReadyPages | None = None
        self.known_query: Callable[[str, str], str] = lambda _path, query: query  # of a path and a query, what counts
        # what else a reader has chosen, of a path, the query as it was asked for, and the page that is the same for all
        self.for_reader: Callable[[str, str, WholeAnswer], WholeAnswer] = lambda _path, _query, answer: answer
        self._headers = security_headers(style)
        self._error_page = error_page
        self._fixed: dict[int, WholeAnswer] = {}
        self.logger.disabled = True  # P03: it would write the path and the traceback of an error
        self.config.update(
            PROPAGATE_EXCEPTIONS=True,
            SERVER_NAME=host,  # for addresses made without a request; which Host is answered is `refusal`'s business
            MAX_CONTENT_LENGTH=BODY_LIMIT,
            MAX_FORM_MEMORY_SIZE=BODY_LIMIT,
            # Derived, so that a form outlives a restart.
            SECRET_KEY=subkey(key, f"session of {cookie}"),
            SESSION_COOKIE_NAME=cookie,
            SESSION_COOKIE_HTTPONLY=True,
            SESSION_COOKIE_SECURE=secure_cookie,
            SESSION_COOKIE_SAMESITE="Strict",
            WTF_CSRF_SECRET_KEY=subkey(key, f"forms of {cookie}"),
            WTF_CSRF_TIME_LIMIT=None,  # P10: a form that stood open for a day is still a form
            WTF_CSRF_HEADERS=[],
        )
        self.register_error_handler(HTTPException, self.fixed_page)
        self.before_request(speak_as_the_path_says)
        self.csrf.init_app(self)
        self.jinja_env.globals[_CSRF_FIELD] = _form_token
        self.context_processor(lambda: {_CSRF_FIELD: _form_token})
        set_up_languages(self, self.languages, style)

    def prepare(self) -> None:
        """Do what the first answers would wait for: compile every template, open the files, make the first pages."""
        for status in WITH_A_PAGE:
            self.fixed_answer(status)
        for template in self.jinja_env.list_templates():
            self.jinja_env.get_template(template)
        self.at_start()
        for path in self.first_pages():
            self.answer(EnvironBuilder(path, f"http://{self.host}").get_environ())

    def fixed_answer(self, status: int) -> WholeAnswer:
        """Give the answer to a status that is the same for everybody; its page is made once, without a request."""
        if status not in self._fixed:
            with self.app_context():
                page = self._error_page(status if status in WITH_A_PAGE else 400)
            allow = [("Allow", ", ".join(sorted(METHODS)))] if status == _METHOD_NOT_ALLOWED else []
            self._fixed[status] = WholeAnswer(status_line(status), self._headers + allow, page.encode(), packed={})
        return self._fixed[status]

    def fixed_page(self, error: HTTPException) -> Response:
        """Answer a refusal, from a view or from Flask, with its fixed page."""
        answer = self.fixed_answer(error.code or 500)
        return Response(answer.page, answer.status, answer.headers)

    def answer(self, environ: Environ) -> WholeAnswer:
        """Answer a request, or refuse it before Flask sees it."""
        status = refusal(environ, self.host)
        if status is not None:
            return self.fixed_answer(status)
        if self.ready_pages is not None:
            path, asked = environ["PATH_INFO"], environ["QUERY_STRING"]
            environ["QUERY_STRING"] = self.known_query(path, asked)
            return self.for_reader(path, asked, self.ready_pages.answer(environ, super().wsgi_app))
        return ask(super().wsgi_app, environ)

    def wsgi_app(self, environ: Environ, start_response: Callable[..., Any]) -> Any:  # noqa: ANN401 - as Flask has it
        """Answer as WSGI has it."""
        answer = self.answer(environ)
        start_response(answer.status, list(answer.headers))
        return [answer.page]

    def process_response(self, response: Response) -> Response:
        """Give every answer the same headers, after the session has added its own."""
        response = super().process_response(response)
        del response.headers["Vary"]  # it would tell pages that use the session from those that do not
        for name, value in self._headers:
            if name != "Content-Type" or response.mimetype == "text/html":  # a file of the desk is none
                response.headers[name] = value
        return response


def _form_token() -> str:
    """Give the token that Flask-WTF looks for in this session's forms; its own is the same, signed with the time."""
    if _CSRF_FIELD not in g:
        key = current_app.config["WTF_CSRF_SECRET_KEY"]
        serializer = URLSafeTimedSerializer(key, salt="wtf-csrf-token", signer=_Clockless)
        g.csrf_token = serializer.dumps(session.setdefault(_CSRF_FIELD, token_hex(20)))
    return str(g.csrf_token)


def refusal(environ: Environ, host: str) -> int | None:
    """Give the status with which a request is refused unread, or None when Flask may have it."""
    if environ.get("HTTP_HOST", "").lower() != host:
        return 421  # P02: no other name leads here
    if environ["REQUEST_METHOD"] not in METHODS:
        return _METHOD_NOT_ALLOWED
    return _refused_body(environ)


def _refused_body(environ: Environ) -> int | None:
    length = environ.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):
        return 400
    if len(length) > len(str(BODY_LIMIT)) or int(length) > BODY_LIMIT:
        return 413
    if int(length) and environ["REQUEST_METHOD"] != "POST":
        return 400
    if int(length) and environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() != _FORMS:
        return 415  # P03: Werkzeug keeps large parts of other bodies in temporary files
    return None


def mark_own_text() -> None:
    """Say that this answer shows the visitor's own text: it alone may take the long size."""
    request.environ[OWN_TEXT] = True


def mark_published(query: str = "", parts: int = 1) -> None:
    """Say that this page is the same for everybody, so that it may be kept until something else is published.

    `query` is its own: under another, which the app made nothing of, it is the same page. Of a text in `parts` each has
    a page, whose query is its number.
    """
    request.environ[PUBLISHED] = Published(query, parts)


def report_error(error: Exception) -> None:
    """Let the server report the class of an error that a handler deals with."""
    request.environ[REPORTED] = type(error).__name__
