"""The languages, their digits and sentences, and the language in which the present request is answered.

Direction stands here: the tables that others keep take Badini for Kurmanji in Latin letters written from left to right.
Months are said as in the country, and stand in its folder. English is the language of the message ids and needs no
catalogue; a sentence that a catalogue lacks is shown in English. The language is what the path or the reader's own
setting says, never what headers say: Tor Browser tells every site that it speaks English.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Final

from flask import Flask, current_app, g, request
from jinja2 import StrictUndefined, pass_context
from markupsafe import Markup
from werkzeug.routing import AnyConverter, Map

from onion_app.choices import LANGUAGE_CODES
from onion_app.country import country
from onion_app.days import date_of
from onion_app.web.reading_order import in_reading_order, numbers_turned

_OFFERED = "languages"


@dataclass(frozen=True, slots=True)
class Language:
    """A language: its code in paths, its tag, its own name, its direction ('ltr' or 'rtl'), its digit zero, its months.

    The tag says in which letters it is written where browsers would take others for granted.
    """

    code: str
    tag: str
    name: str
    dir: str
    zero: str
    months: tuple[str, ...] = ()
    day: str = "{day} {month} {year}"
    month: str = "{month} {year}"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The sentences of one language, and who has checked them (None: nobody yet)."""

    language: Language
    sentences: NullTranslations
    reviewer: str | None
    filled: dict[str, Markup] = field(default_factory=dict, compare=False)  # sentences of templates, as they are shown

    def say(self, sentence: str, /, **values: object) -> Markup:
        """Give a sentence of a template, filled in; the extension's own works each out anew, a third of a page's time.

        Only constants of templates and of errors come here, so that what is remembered is bounded, and nobody's words.
        """
        if values:
            return Markup(self.sentences.gettext(sentence)) % values  # noqa: S704 - our own sentence
        if sentence not in self.filled:
            self.filled[sentence] = Markup(self.sentences.gettext(sentence)) % {}  # noqa: S704 - likewise
        return self.filled[sentence]


_SPOKEN: Final = (
    Language(code="ar", tag="ar", name="العربية", dir="rtl", zero="٠"),
    Language(
        code="ckb", tag="ckb", name="کوردی (سۆرانی)", dir="rtl", zero="٠",
        day="{day}ی {month}ی {year}",
        month="{month}ی {year}",
    ),
    Language(code="kmr", tag="kmr-Arab", name="کوردی (بادینی)", dir="rtl", zero="٠"),
    Language(code="en", tag="en", name="English", dir="ltr", zero="0"),
)  # fmt: skip
_MONTHS: Final = country().months
_BY_CODE: Final = {language.code: replace(language, months=_MONTHS.get(language.code, ())) for language in _SPOKEN}

LANGUAGES: Final[dict[str, Language]] = {code: _BY_CODE[code] for code in LANGUAGE_CODES}
ENGLISH: Final = Catalogue(LANGUAGES["en"], NullTranslations(), reviewer=None)


def load_catalogue(folder: Path, code: str) -> Catalogue:
    """Read the catalogue of one language, `<folder>/<code>.mo`; `scripts/check --catalogues` makes it of the `.po`."""
    with (folder / f"{code}.mo").open("rb") as file:
        sentences = GNUTranslations(file)
    return Catalogue(LANGUAGES[code], sentences, sentences.info().get("x-reviewed-by") or None)


def load_catalogues(folder: Path) -> dict[str, Catalogue]:
    """Read every catalogue that is there; English always is."""
    loaded = {code: load_catalogue(folder, code) for code in LANGUAGES if (folder / f"{code}.mo").is_file()}
    return {code: loaded.get(code, ENGLISH) for code in LANGUAGES if code in loaded or code == ENGLISH.language.code}


def numerals(value: int | str, code: str) -> str:
    """Write the Latin digits of a number or a text in the digits of a language."""
    zero = ord(LANGUAGES[code].zero)
    return str(value).translate({ord("0") + n: zero + n for n in range(10)})


def day_words(day: int, code: str) -> str:
    """Write a day (counted from 1970-01-01) in words, such as '14 March 2026'."""
    return _in_words(LANGUAGES[code].day, day, code)


def month_words(day: int, code: str) -> str:
    """Write the month and year of a day (counted from 1970-01-01), such as 'March 2026'."""
    return _in_words(LANGUAGES[code].month, day, code)


def _in_words(pattern: str, day: int, code: str) -> str:
    when = date_of(day)
    words = pattern.format(day=when.day, month=LANGUAGES[code].months[when.month - 1], year=when.year)
    return numerals(words, code)


def speak(code: str) -> None:
    """Use a language for the rest of this request; English stands in for one that is not offered."""
    g.catalogue = current_app.extensions[_OFFERED].get(code, ENGLISH)


def speak_as_the_path_says() -> None:
    """Use the language that the first part of the path names."""
    speak(request.path.split("/", 2)[1])


def current_language() -> Language:
    """Give the language of this request; outside of one, English."""
    return _catalogue().language


def _catalogue() -> Catalogue:
    catalogue: Catalogue = g.get("catalogue", ENGLISH)
    return catalogue


def translated(sentence: str) -> str:
    """Give a sentence of a template in the language of the page, for what is not a page."""
    return _catalogue().sentences.gettext(sentence)


def _gettext(sentence: str, /, **values: object) -> Markup:
    return _catalogue().say(sentence, **values)


def _of_country(name: str) -> str:
    """Give a sentence of the pages that speaks of the country, in the language of the page."""
    return country().sentences[name][current_language().code]


def _ngettext(one: str, many: str, n: int) -> str:
    return _catalogue().sentences.ngettext(one, many, n)


def set_up_languages(app: Flask, offered: dict[str, Catalogue], style: str) -> None:
    """Give an app's routes the converter 'lang', and its templates sentences, digits, dates and the style sheet."""
    app.extensions[_OFFERED] = offered
    _set_up_routes(app, tuple(offered))
    env = app.jinja_env
    env.autoescape = True
    env.undefined = StrictUndefined
    env.trim_blocks = env.lstrip_blocks = True
    env.add_extension("jinja2.ext.i18n")
    # The extension adds this method when it is loaded.
    env.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
    env.globals["_"] = env.globals["gettext"] = _gettext
    env.globals["of_country"] = _of_country
    env.globals["style"] = Markup(style)  # noqa: S704 - our own file, whose hash the policy names
    env.filters |= {"ordered": in_reading_order, "numbers_turned": numbers_turned}
    env.filters["tag"] = lambda code: LANGUAGES[code].tag
    for write in (numerals, day_words, month_words):
        env.filters[write.__name__] = _in_the_language_of_the_page(write)
    app.context_processor(
        lambda: {
            "_": _catalogue().say,  # looked for once a page, and not at each of its sentences
            "language": current_language(),
            "reviewer": _catalogue().reviewer,
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
