"""The pages of the site, those that refuse included: each shows the words of a form that was sent again.

All words are in the templates. The functions here choose a page and give it plain values.
# P10: a lost cookie, an ended visit, a restart, a pause or an overload costs nobody their text.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TypeVar

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from onion_app.choices import LANGUAGE_CODES, TEXT_LETTERS, LanguageCode
from onion_app.crypto.codes import code_lines
from onion_app.errors import CodeMistyped, SanctuaryError, SeatUnknown
from onion_app.site import form_case, seat
from onion_app.site.context import files, in_force, site_context
from onion_app.site.form_case import Stage
from onion_app.site.forms import around_the_limit, unsaved_ticks
from onion_app.vault.shown.reading import Notice, Version, shown_notice
from onion_app.web.app import mark_own_text, mark_published, report_error
from onion_app.web.i18n import LANGUAGES, current_language
from onion_app.web.reading_order import in_reading_order
from onion_app.web.size import LONG

# What stands on the page of a case beside its box: each press there, and each page between, takes it along. # P10
IN_CASE: Final = ("publish", "count", "quote", "under_18", "allowed", "change")
# The fields of our forms besides the text, the code and the sealed one; a form that is shown again carries them hidden.
CARRIED: Final = (
    "topic", "danger", "answer_in", "story", "course", *IN_CASE, "line", "no_return", "known", "message", "do",
    "final", "urgent",
)  # fmt: skip
_HEAD: Final = 1_600  # bytes that status line, headers and a cookie take at most
_TYPED: Final = 200  # letters of a mistyped code that are shown again

_Written = TypeVar("_Written", Notice, Version)

_BLANK: Final[Mapping[str, Any]] = {
    "errors": {},
    "around": None,
    "excess": 0,
    "line": "",
    "change": "",
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
    change = str(values.get("change", ""))
    if text or change or values.get("letters") or values.get("final_text"):
        mark_own_text()
    excess = max(len(text), len(change)) - TEXT_LETTERS
    return show_page(template, text=text, around=around_the_limit(text), excess=max(0, excess), **values)


def fits_long_size(page: str) -> bool:
    """Say whether a page, with its headers and a cookie, has room in the long size."""
    return len(page.encode()) <= LONG - _HEAD


def show_between(template: str, **values: object) -> str:
    """Render a page that leads back to a case: all that was typed there goes along, hidden."""
    form = request.form
    along = {name: form[name] for name in IN_CASE if name in form}
    change = along.get("change", "")
    return show_own_text(template, form.get("text", ""), change=change, along=along, **values)


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
    return Markup(' lang="{}" dir="{}"').format(LANGUAGES[code].tag, LANGUAGES[code].dir)


def best_version(versions: Sequence[_Written]) -> _Written:
    """Choose the version in the language of this page, or else one in the language that most readers have."""
    preferred = (language_code(), *LANGUAGE_CODES)
    return min(versions, key=lambda version: preferred.index(version.language))


def notice() -> Notice | None:
    """Give the notice that stands today, in this language or else another; a broken file hides no page for it."""
    try:
        standing = shown_notice(files().shown, files().today)
    except SanctuaryError as error:
        report_error(error)
        return None
    return best_version(standing) if standing else None


def how_to_find_us() -> Markup:
    """Give the operator's sentence about finding this place; not written in this language, in English or another."""
    written = in_force().how_to_find_us
    for code in (language_code(), "en", *LANGUAGE_CODES):
        if written[code]:
            return Markup("<bdi{}>{}</bdi>").format(lang_attributes(code), in_reading_order(written[code]))
    return Markup("")


def typed_code(mistyped: CodeMistyped | None) -> dict[str, Any]:
    """Give the values of a form that shows a code again: as it was typed, and its digits in lines to compare.

    # P10: neither comes back with an older form, once a visit was over or *Erase everything?* was asked.
    """
    typed = request.form.get("code", "")[:_TYPED] if seat.may_fill_in_code() else ""
    digits = mistyped.digits if mistyped and seat.may_show_code() else ""
    count = mistyped.count if mistyped else 0
    return {"typed": typed, "typed_lines": code_lines(digits), "typed_digits": count}


def return_page(why: str = "", mistyped: CodeMistyped | None = None) -> str:
    """Show the form for a code, with the code that was typed into it."""
    errors = {"code": "mistyped"} if mistyped else {}
    return show_page("return.html", why=why, errors=errors, **typed_code(mistyped))


def show_form_again(why: str, errors: Mapping[str, str] | None = None, *, words: bool = True, **values: object) -> str:
    """Show the words of a form that was sent, with every choice and the same code, in a form of their own."""
    path = _page_of_request()
    form = request.form if words else {}
    text = form.get("text", "")
    left_out = ("change", "do") if why == "changed" else ("change",)  # what is done is not asked for once more
    return show_own_text(
        "kept.html",
        text,
        why=why,
        path=path,
        posted=request.method == "POST" and words,
        fields={name: form[name] for name in CARRIED if name in form and name not in left_out},
        change=form.get("change", ""),
        with_text="text" in form and bool(text or not form.get("do")),
        code=_code_of_form(),
        errors=errors or {},
        **values,
    )


def _code_of_form() -> str:
    """Give the code that the check page has shown; whoever sends, or has sent, without one is promised none."""
    alone = "no_return" in request.form or request.form.get("urgent", "1") != "1"
    return "" if alone or form_case.of_form().stage is not Stage.CHECKED else form_case.of_form().prepared.code


def erase_page(back_to: str, fields: Mapping[str, str]) -> str:
    """Ask once more before everything is erased; the form sends `fields`, and *No* leads to the page `back_to`."""
    seat.put_codes_away()
    return show_between("erase.html", back_to=back_to, fields=fields, backup_days=in_force().backup_days)


def can_come_back() -> bool:
    """Say whether an opening would get a token now: no page says that coming back works when it does not."""
    return site_context().budgets["open"].has_left()


def refusal_page(why: str) -> ResponseReturnValue:
    """Answer any form of the site while too many write or nothing new is taken."""
    if _page_of_request() == "return":
        return return_page(why), 503
    return show_form_again(why), 503


def closed_page(why: Literal["expired", "another", "changed"]) -> ResponseReturnValue:
    """Answer a form of a case that this visit does not have open, or not any more: it did nothing now."""
    form = request.form
    has_unsent = form.get("text") or form.get("change") or unsaved_ticks(form)
    if has_unsent or form.get("do", "") not in ("new_code", "erase", "take_back"):
        return show_form_again(why), 400
    return show_page("return.html", why=why), 400


def page_of_unknown_seat(unknown: SeatUnknown) -> ResponseReturnValue:
    """Answer a form that came from another seat or from none; its words are shown if nobody can have left them."""
    writing = _page_of_request() in ("tell", "ask")
    if not writing and not unknown.without_cookie:
        return closed_page("expired")
    why = "cookies" if unknown.without_cookie else "expired"
    return show_form_again(why, words=unknown.with_words and writing), 400


def done_page() -> str:
    """Show the page of *Leave*; after that, whatever the browser sends once more shows it again."""
    return show_page("leave.html")


def _page_of_request() -> str:
    return request.path.strip("/").partition("/")[2]
