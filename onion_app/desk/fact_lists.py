"""The closed lists of facts, which stand in `facts.toml` and `countries/` with their words; nothing else is counted."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from onion_app.days import date_of
from onion_app.web.i18n import numerals

_HERE: Final = Path(__file__).parents[1] / "countries"
UNDER_18: Final = "under_18"  # of the ages
_YEARS: Final = 10  # that are named; what is older is *before*

Said = dict[str, str]
"""A word or a sentence, by language."""


class FactList(NamedTuple):
    """A closed list: how many of its names a case can have, what it asks, and its names with what they say."""

    most: int
    title: Said
    names: dict[str, Said]


def _read(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text("utf-8"))


_LISTS: Final = {name: FactList(**found) for name, found in _read(_HERE / "iraq/facts.toml").items()}


def places_in(folder: Path) -> dict[str, Said]:
    """Read the places of each country in a folder, by country and place."""
    countries = {file.parent.name: _read(file) for file in sorted(folder.glob("*/governorates.toml"))}
    return {f"{country}.{place}": said for country, named in countries.items() for place, said in named.items()}


PLACES: Final = places_in(_HERE)


def is_place(list_name: str, name: str) -> bool:
    """Say whether a name is that of a place, which is not even named where few come from it."""
    return list_name == "where" and name in PLACES


def lists_of(day: int) -> dict[str, FactList]:
    """Give the lists as they are on a day: of the years its own and the nine before."""
    newest = date_of(day).year
    years = {str(year): _year_words(year) for year in range(newest, newest - _YEARS, -1)}
    more = {"where": PLACES, "when": years}
    return {name: each._replace(names=_with(each.names, more.get(name, {}))) for name, each in _LISTS.items()}


def _with(names: dict[str, Said], more: Mapping[str, Said]) -> dict[str, Said]:
    """Put places and years behind *not said*, and what is outside and before them at the end."""
    (first, said), *rest = names.items()
    return {first: said, **more, **dict(rest)}


def _year_words(year: int) -> Said:
    return {language: numerals(year, language) for language in ("en", "ar")}


def name_on(list_name: str, name: str, lists: Mapping[str, FactList]) -> str | None:
    """Give the name under which a fact is counted in lists of a later year; None: it stands in none of them."""
    if list_name not in lists:
        return None
    if name in lists[list_name].names:
        return name
    oldest = min(map(int, filter(str.isdecimal, lists["when"].names)))
    return "before" if list_name == "when" and re.fullmatch("[0-9]{4}", name) and int(name) < oldest else None
