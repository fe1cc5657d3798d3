"""The country that the pages are for: a folder of words, lists and guides, which is whole or refused.

Which one it is stands in `countries/chosen`: it is signed with all else that the makers sign, and neither an operator
nor the environment exchanges it under an installation. `docs/countries.md` says how another one is made.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from onion_app.errors import BadCountry

Said = dict[str, str]
"""A word or a sentence, by language."""

_COUNTRIES: Final = Path(__file__).parent / "countries"
_DESK: Final = ("en", "ar")  # what is only for volunteers is said in these, where the country offers them
_FALLBACK: Final = "en"  # the language of the message ids: without it a sentence that nobody translated has no words
_FIRST: Final = "now"  # the guide for danger, which no language is without
_ASK_THEM: Final = "ask_them"  # the phrase for somebody whose contact is no answer before they have said yes
_SENTENCES: Final = ("for_whom", "instead")
_HOURS: Final = range(-12, 15)  # of time zones
_DIGITS: Final = range(6, 16)  # of telephone numbers
_CHOSEN: Final = range(1, 20)  # names out of one list, for one case
_FACTS: Final = {
    "what": (), "by_whom": (), "where": ("not_said", "outside"), "when": ("not_said", "before"),
    "age": ("not_said", "under_18"), "whose": ("own", "other"),
}  # fmt: skip
"""The lists of facts, and the names in them of which the program itself knows something."""


class FactList(NamedTuple):
    """A closed list: how many of its names a case can have, what it asks, and its names with what they say."""

    most: int
    title: Said
    names: dict[str, Said]


@dataclass(frozen=True, slots=True)
class Country:
    """All that a folder says.

    Its name stands before the names of its places; `sentences` are those of the pages that name it; a number of
    `shortest_phone` digits is taken for one of a telephone.
    """

    name: str
    languages: tuple[str, ...]
    shortest_phone: int
    web_ending: str
    sentences: dict[str, Said]
    months: dict[str, tuple[str, ...]]
    governorates: dict[str, Said]
    facts: dict[str, FactList]
    phrases: dict[str, Said]
    phrases_offered_as: dict[str, Said]
    places: str
    guides: tuple[str, ...]
    guide_files: Path


@cache
def country() -> Country:
    """Read the chosen country, once.

    Raises:
        BadCountry: something is missing in its folder, or wrong.
    """
    return read_country(_folder(_COUNTRIES / "chosen"))


@cache
def hours_ahead() -> int:
    """Read by how many hours its days begin before UTC's; updates need no more of the folder, which they may mend.

    Raises:
        BadCountry: `country.toml` is missing or wrong.
    """
    return _hours(_table(_folder(_COUNTRIES / "chosen"), "country.toml"))


def known_languages(spoken: Sequence[str]) -> tuple[str, ...]:
    """Give the languages of the country, in which the program has to be able to speak.

    Raises:
        BadCountry: it offers another one.
    """
    for code in country().languages:
        _expect(code in spoken, f"country.toml: the program speaks no {code}")
    return country().languages


def read_country(folder: Path) -> Country:
    """Read a folder.

    Raises:
        BadCountry: something is missing in it, or wrong; which file and which line.
    """
    said = _table(folder, "country.toml")
    wanted = {"languages", "hours_ahead", "shortest_phone", "web_ending", "guides", *_SENTENCES}
    _expect_names(said, wanted, "country.toml")
    languages = tuple(_words_of(said["languages"], "country.toml: languages"))
    _expect(_FALLBACK in languages, f"country.toml: languages has no {_FALLBACK}, in which every page can be shown")
    _expect(re.fullmatch("[a-z]{2,24}", str(said["web_ending"])) is not None, "country.toml: web_ending is none")
    _hours(said)  # read by itself, see `hours_ahead`
    desk = [code for code in _DESK if code in languages]
    return Country(
        folder.name,
        languages,
        _number(said["shortest_phone"], _DIGITS, "country.toml: shortest_phone is no number"),
        str(said["web_ending"]),
        {name: _said(said[name], languages, f"country.toml: {name}") for name in _SENTENCES},
        _months(folder, languages),
        _words(folder, "governorates.toml", languages),
        _facts(folder, desk),
        *_phrases(folder, languages, desk),
        _text(folder, "places.txt"),
        _guides(folder / "guides", _words_of(said["guides"], "country.toml: guides"), languages),
        folder / "guides",
    )


def _folder(chosen: Path) -> Path:
    name = _text(chosen.parent, chosen.name).strip()
    _expect(re.fullmatch("[a-z_]+", name) is not None, "countries/chosen names no country")
    _expect((chosen.parent / name).is_dir(), f"countries/chosen says {name}, and there is no such folder")
    return chosen.parent / name


def _hours(said: Mapping[str, object]) -> int:
    return _number(said.get("hours_ahead"), _HOURS, "country.toml: hours_ahead is no whole number of hours")


def _months(folder: Path, languages: Sequence[str]) -> dict[str, tuple[str, ...]]:
    said = _table(folder, "months.toml")
    _expect_names(said, set(languages), "months.toml")
    months = {code: tuple(_words_of(said[code], f"months.toml: {code}")) for code in languages}
    for code, names in months.items():
        _expect(len(names) == 12, f"months.toml: {code} has not twelve")  # noqa: PLR2004 - months of a year
    return months


def _facts(folder: Path, languages: Sequence[str]) -> dict[str, FactList]:
    said = _table(folder, "facts.toml")
    _expect_names(said, set(_FACTS), "facts.toml")
    return {name: _fact_list(each, languages, f"facts.toml: {name}") for name, each in said.items()}


def _fact_list(found: object, languages: Sequence[str], where: str) -> FactList:
    said = _mapping(found, f"{where} is no list of facts")
    _expect_names(said, {"most", "title", "names"}, where)
    names = _mapping(said["names"], f"{where}.names has no names")
    for known in _FACTS[where.rpartition(" ")[2]]:
        _expect(known in names, f"{where}.names has no {known}")
    return FactList(
        _number(said["most"], _CHOSEN, f"{where}.most is no number"),
        _said(said["title"], languages, f"{where}.title"),
        {name: _said(each, languages, f"{where}.{name}") for name, each in names.items()},
    )


def _guides(files: Path, slugs: list[str], languages: Sequence[str]) -> tuple[str, ...]:
    """See that each guide that is listed has words, and that each file is one of a guide in a language."""
    _expect(files.is_dir(), "guides is missing")
    found = {tuple(path.name.split(".")) for path in files.iterdir()}
    for name in sorted(found):
        known = name in {(slug, code, "md") for slug in slugs for code in languages}
        _expect(known, f"guides/{'.'.join(name)} is in no language, or of no guide, of country.toml")
    for code in languages:
        _expect((_FIRST, code, "md") in found, f"guides/{_FIRST}.{code}.md is missing")
    for slug in slugs:
        _expect(any(name[0] == slug for name in found), f"guides/{slug}.{_FALLBACK}.md is missing")
    for name in sorted(found):
        _expect(_text(files, ".".join(name)).startswith("# "), f"guides/{'.'.join(name)} begins with no title")
    return tuple(slugs)


def _phrases(folder: Path, languages: Sequence[str], desk: Sequence[str]) -> tuple[dict[str, Said], dict[str, Said]]:
    """Read what is said to whoever asked, and under which words it is offered to a volunteer."""
    phrases, offered_as = {}, {}
    for name, found in _table(folder, "phrases.toml").items():
        where = f"phrases.toml: {name}"
        said = _mapping(found, f"{where} stands in no language")
        _expect("offered_as" in said, f"{where} has no offered_as")
        offered_as[name] = _said(said.pop("offered_as"), desk, f"{where}.offered_as")
        phrases[name] = _said(said, languages, where)
    _expect(_ASK_THEM in phrases, f"phrases.toml has no {_ASK_THEM}")
    return phrases, offered_as


def _words(folder: Path, file: str, languages: Sequence[str]) -> dict[str, Said]:
    return {name: _said(said, languages, f"{file}: {name}") for name, said in _table(folder, file).items()}


def _said(found: object, languages: Sequence[str], where: str) -> Said:
    """Take a word or a sentence, which stands in these languages and in no other."""
    said = _mapping(found, f"{where} stands in no language")
    _expect_names(said, set(languages), where)
    return {code: _word(said[code], f"{where}.{code} is empty") for code in languages}


def _table(folder: Path, file: str) -> dict[str, object]:
    try:
        return tomllib.loads(_text(folder, file))
    except tomllib.TOMLDecodeError as error:
        raise BadCountry(f"{file}: {error}") from None


def _text(folder: Path, file: str) -> str:
    try:
        return (folder / file).read_text("utf-8")
    except FileNotFoundError:
        raise BadCountry(f"{file} is missing") from None
    except UnicodeDecodeError:
        raise BadCountry(f"{file} is no text in UTF-8") from None


def _words_of(found: object, where: str) -> list[str]:
    fact = f"{where} is no list of words"
    _expect(isinstance(found, list) and found != [], fact)
    words = [_word(each, fact) for each in found] if isinstance(found, list) else []
    _expect(len(set(words)) == len(words), f"{where} says something twice")
    return words


def _expect_names(said: Iterable[str], wanted: set[str], where: str) -> None:
    for name in sorted(wanted - set(said)):
        raise BadCountry(f"{where} has no {name}")
    for name in sorted(set(said) - wanted):
        raise BadCountry(f"{where} has {name}, which belongs to nothing")


def _mapping(found: object, fact: str) -> dict[str, object]:
    if not isinstance(found, dict):
        raise BadCountry(fact)
    return found


def _word(found: object, fact: str) -> str:
    if not isinstance(found, str) or not found.strip():
        raise BadCountry(fact)
    return found


def _number(found: object, bounds: range, fact: str) -> int:
    if not isinstance(found, int) or isinstance(found, bool) or found not in bounds:
        raise BadCountry(fact)
    return found


def _expect(holds: bool, fact: str) -> None:  # noqa: FBT001 - the fact says what has to hold
    if not holds:
        raise BadCountry(fact)
