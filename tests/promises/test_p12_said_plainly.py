"""P12: what it cannot do is said plainly, in the threat model and on the site, in every language."""

import re
from pathlib import Path

from onion_app.choices import LANGUAGE_CODES
from tests.house import House

ROOT = Path(__file__).parents[2]
MODEL = (ROOT / "docs" / "threat-model.md").read_text()
LIMITS = 9  # the sentences under "What we cannot do"


def test_every_promise_has_its_row_and_every_row_its_tests() -> None:
    rows = re.findall(r"^\| (P\d\d) \| .* \| `(test_p\d\d_\w+\.py)` \|$", MODEL, re.MULTILINE)
    assert [name for name, _ in rows] == [f"P{number:02}" for number in range(1, 14)]
    assert sorted(file for _, file in rows) == sorted(path.name for path in Path(__file__).parent.glob("test_p*.py"))
    for name, file in rows:
        assert file.startswith(f"test_{name.lower()}_")
        assert "def test_" in (Path(__file__).parent / file).read_text()


def test_the_site_says_in_every_language_what_it_cannot_do(house: House) -> None:
    sentences = set[str]()
    for language in LANGUAGE_CODES:
        page = house.visitor(language).get(f"/{language}/protects")
        lists = [{item.text for item in found.every("li")} for found in page.main.every("ul")]
        limits = max(lists, key=len)
        assert len(limits) >= LIMITS, language
        assert not limits & sentences, f"{language} says them in the words of another language"
        sentences |= limits


def test_the_threat_model_names_what_stays_open() -> None:
    limits = MODEL.partition("## What it cannot do")[2]
    for word in (
        "controls the machine", "SSD", "backup", "Hide Tor", "something is sent", "file times", "author's mouth",
        "older state", "quantum", "first quarter of an hour", "founds a circle anew",
    ):  # fmt: skip
        assert word in limits
