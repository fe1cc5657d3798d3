"""The pages of the site, those that refuse included: each shows the words of a form that was sent again.

All words are in the templates. The functions here choose a page and give it plain values.
# P10: a lost cookie, an ended visit, a restart, a pause or an overload costs nobody their text.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from onion_app.choices import LANGUAGE_CODES, TEXT_LETTERS, LanguageCode
from onion_app.crypto.codes import code_lines
from onion_app.errors import CodeMistyped, SealBroken
from onion_app.site import new_case
from onion_app.site.context import in_force, site_context
from onion_app.site.forms import around_the_limit
from onion_app.vault.shown.reading import Version
from onion_app.web.app import mark_own_text, mark_published
from onion_app.web.i18n import LANGUAGES, current_language

# The fields of our forms besides the text, the code and the token; a form that is shown again carries them hidden.
_CARRIED: Final = (
    "sealed", "topic", "danger", "answer_in", "story", "publish", "count", "quote", "line", "no_return",
    "message", "do", "proposal", "decision",
)  # fmt: skip
_TYPED: Final = 200  # letters of a mistyped code that are shown again

_BLANK: Final[Mapping[str, Any]] = {
    "errors": {},
    "around": None,
    "excess": 0,
    "line": "",
    "text": "",
    "code": "",
    "typed": "",
    "typed_lines": (),
    "typed_digits": 0,
    "kept_kind": None,
}


def make_blueprint(name: str) -> Blueprint:
    """Make a blueprint whose views do not get the language of their path: it is that of the page already."""
    blueprint = Blueprint(name, __name__)

    @blueprint.url_value_preprocessor
    def without_language(_endpoint: str | None, values: dict[str, str] | None) -> None:
        (values or {}).pop("code", None)

    return blueprint


def page(path: str) -> str:
    """Give the path of a page in the language of this one."""
    return f"/{current_language().code}/{path}"


def show_page(template: str, **values: object) -> str:
    """Render a page; a value that it was not given is blank."""
    return render_template(template, **(dict(_BLANK) | values))


def show_own_text(template: str, text: str, **values: object) -> str:
    """Render a page that shows a visitor's own text, or their messages, whole, however long they are."""
    if text or values.get("letters") or values.get("proposal"):
        mark_own_text()
    excess = max(len(text), len(str(values.get("change", "")))) - TEXT_LETTERS
    return show_page(template, text=text, around=around_the_limit(text), excess=max(0, excess), **values)


def show_published(template: str, *, query: str = "", **values: object) -> str:
    """Render a page that is the same for everybody, and kept ready under its own query."""
    mark_published(query, parts=int(str(values.get("parts_count", 1))))
    return show_page(template, **values)


def language_code() -> LanguageCode:
    """Give the code of the language of this page."""
    return next(code for code in LANGUAGE_CODES if code == current_language().code)


def lang_attributes(code: LanguageCode) -> Markup:
    """Give the attributes of words in a language, where it is another than that of the page."""
    if code == current_language().code:
        return Markup("")
    return Markup(' lang="{}" dir="{}"').format(code, LANGUAGES[code].dir)


def best_version(versions: Sequence[Version]) -> Version:
    """Choose the version in the language of this page, or else one in the language that most readers have."""
    preferred = (language_code(), *LANGUAGE_CODES)
    return min(versions, key=lambda version: preferred.index(version.language))


def how_to_find_us() -> str:
    """Give the operator's sentence about finding this place, in English where it was not written in this language."""
    written = in_force().how_to_find_us
    return written[current_language().code] or written["en"]


def typed_code(mistyped: CodeMistyped | None = None) -> dict[str, Any]:
    """Give the values of a form that shows a code again: as it was typed, and its digits in lines to compare."""
    typed = request.form.get("code", "")[:_TYPED]
    if mistyped is None:
        return {"typed": typed}
    return {"typed": typed, "typed_lines": code_lines(mistyped.digits), "typed_digits": mistyped.count}


def return_page(why: str = "", mistyped: CodeMistyped | None = None) -> str:
    """Show the form for a code, with the code that was typed into it."""
    errors = {"code": "mistyped"} if mistyped else {}
    return show_page("return.html", why=why, errors=errors, **typed_code(mistyped))


def show_form_again(why: str, path: str, errors: Mapping[str, str] | None = None, **values: object) -> str:
    """Show the words of a form that was sent, with every choice and the same code, in a form of their own."""
    carried = {name: request.form[name] for name in _CARRIED if name in request.form}
    if why == "expired" and path != "case":
        carried.pop("line", None)
        carried["again"] = "1"
    text = request.form.get("text", "")
    return show_own_text(
        "kept.html",
        text,
        why=why,
        path=path,
        posted=request.method == "POST",
        fields=carried,
        with_text="text" in request.form,
        code=_code_in(request.form.get("sealed", "")) if path in ("tell", "ask") else "",
        errors=errors or {},
        **values,
    )


def erase_page(back_to: str, fields: Mapping[str, str]) -> str:
    """Ask once more before everything is erased; the form sends `fields`, and *No* leads to the page `back_to`."""
    return show_page("erase.html", back_to=back_to, fields=fields, backup_days=in_force().backup_days)


def can_come_back() -> bool:
    """Say whether an opening would get a token now: no page says that coming back works when it does not."""
    return site_context().budgets["open"].has_left()


def refusal_page(why: str) -> ResponseReturnValue:
    """Answer any form of the site while too many write or nothing new is taken."""
    path = _page_of_request()
    if path == "return":
        return return_page(why), 503
    return show_form_again(why, path), 503


def expired_page() -> ResponseReturnValue:
    """Answer a form whose visit, cookie or token is over."""
    path, form = _page_of_request(), request.form
    if path == "return" and form.get("sealed"):
        return erase_page("return", {"sealed": form["sealed"]}), 400
    if path in ("tell", "ask") or (path == "case" and ("text" in form or form.get("do") == "consents")):
        return show_form_again("expired", path), 400
    return return_page("expired"), 400


def _page_of_request() -> str:
    return request.path.strip("/").partition("/")[2]


def _code_in(sealed: str) -> str:
    try:
        return new_case.prepared_in(site_context().field_key, sealed).code
    except SealBroken:
        return ""
