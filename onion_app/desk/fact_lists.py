"""The closed lists of facts, which stand in the folder of the country with their words; nothing else is counted."""

import re
from collections.abc import Mapping
from typing import Final

from onion_app.country import FactList, Said, country
from onion_app.days import date_of
from onion_app.web.i18n import LANGUAGES, numerals

UNDER_18: Final = "under_18"  # of the ages
_YEARS: Final = 10  # that are named; what is older is *before*


_LISTS: Final = country().facts
PLACES: Final = {f"{country().name}.{place}": said for place, said in country().governorates.items()}
"""The governorates, by the name under which they are sealed: that of the country stands before each."""


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
    return {language: numerals(year, language) for language in ("en", "ar") if language in LANGUAGES}


def name_on(list_name: str, name: str, lists: Mapping[str, FactList]) -> str | None:
    """Give the name under which a fact is counted in lists of a later year; None: it stands in none of them."""
    if list_name not in lists:
        return None
    if name in lists[list_name].names:
        return name
    oldest = min(map(int, filter(str.isdecimal, lists["when"].names)))
    return "before" if list_name == "when" and re.fullmatch("[0-9]{4}", name) and int(name) < oldest else None
