"""In which language the present request is answered, and how templates and Python code get at its sentences.

It chooses by what the path or the reader's own setting says, never by headers: Tor Browser tells every site that it
speaks English.
"""

from collections.abc import Callable

from flask import Flask, current_app, g, request
from jinja2 import StrictUndefined, pass_context
from markupsafe import Markup
from werkzeug.routing import AnyConverter, Map

from onion_app.web import i18n
from onion_app.web.i18n import ENGLISH, Catalogue, Language

_OFFERED = "languages"


def speak(code: str) -> None:
    """Use a language for the rest of this request; English stands in for one that is not offered."""
    g.catalogue = current_app.extensions[_OFFERED].get(code, ENGLISH)


def speak_as_the_path_says() -> None:
    """Use the language that the first part of the path names."""
    speak(request.path.split("/", 2)[1])


def current_catalogue() -> Catalogue:
    """Give the catalogue of this request; outside of one, English."""
    catalogue: Catalogue = g.get("catalogue", ENGLISH)
    return catalogue


def current_language() -> Language:
    """Give the language of this request; outside of one, English."""
    return current_catalogue().language


def gettext(sentence: str, /, **values: object) -> str:
    """Translate a sentence and put in the values of its %(names)s."""
    return _translated(sentence) % values


def ngettext(one: str, many: str, n: int, /, **values: object) -> str:
    """Translate a sentence in the plural form that goes with `n`, and put in the values of its %(names)s."""
    return _translated_plural(one, many, n) % values


def _translated(sentence: str) -> str:
    return current_catalogue().sentences.gettext(sentence)


def _translated_plural(one: str, many: str, n: int) -> str:
    return current_catalogue().sentences.ngettext(one, many, n)


def set_up_wording(app: Flask, offered: dict[str, Catalogue], style: str) -> None:
    """Give an app's routes the converter 'lang', and its templates sentences, digits, dates and the style sheet."""
    app.extensions[_OFFERED] = offered
    _set_up_routes(app, tuple(offered))
    env = app.jinja_env
    env.autoescape = True
    env.undefined = StrictUndefined
    env.trim_blocks = env.lstrip_blocks = True
    env.add_extension("jinja2.ext.i18n")
    # The extension adds this method when it is loaded.
    env.install_gettext_callables(_translated, _translated_plural, newstyle=True)  # type: ignore[attr-defined]
    env.globals["style"] = Markup(style)  # noqa: S704 - our own file, whose hash the policy names
    for name in ("numerals", "day_words", "month_words"):
        env.filters[name] = _in_the_language_of_the_page(getattr(i18n, name))
    app.context_processor(
        lambda: {
            "language": current_language(),
            "reviewer": current_catalogue().reviewer,
            "languages": [catalogue.language for catalogue in offered.values()],
        }
    )


def _set_up_routes(app: Flask, codes: tuple[str, ...]) -> None:
    class Offered(AnyConverter):
        """Matches the codes of the languages that are offered."""

        def __init__(self, url_map: Map) -> None:
            super().__init__(url_map, *codes)

    app.url_map.converters["lang"] = Offered
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.url_map.redirect_defaults = False  # no answer that a view did not give


def _in_the_language_of_the_page(write: Callable[[int, str], str]) -> Callable[[object, int], str]:
    # Without the context jinja2 would work out {{ 1|numerals }} once, for whoever is the first to load the template.
    return pass_context(lambda _context, value: write(value, current_language().code))
