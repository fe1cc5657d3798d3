"""What a circle can know somebody for, and how far they reach: data in a file, with its words in every language."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from onion_app.country import Said
from onion_app.desk.fact_lists import PLACES
from onion_app.web.i18n import LANGUAGES

_DATA: Final[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "referrals.toml").read_text("utf-8"))

KINDS: Final[dict[str, Said]] = _DATA["kinds"]
REACHES: Final[dict[str, Said]] = PLACES | _DATA["wider"]
ANSWER: Final[Said] = _DATA["answer"]


def in_words(names: Mapping[str, Said], name: str, language: str) -> str:
    """Say a name of a list in a language; one that the list lacks stands for itself."""
    return names[name][language] if name in names and language in LANGUAGES else name
