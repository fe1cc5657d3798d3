"""P15: nothing is asked that is not honoured: each consent, promise and number of the site has its code and its test.

They stand in kept.toml. What the site says is read from its templates as it is now, and every sentence with a number, a
day or a word of promise in it has to stand there once: whoever writes another one says which code honours it, or fails.
"""

import ast
import importlib
import inspect
import re
import textwrap
import tomllib
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from nacl.pwhash import argon2id

import onion_app.site
from onion_app.crypto.keys import keypair_from, new_key
from onion_app.crypto.payloads import Consent, Quoted
from onion_app.errors import KeysChanged, Refused
from onion_app.site.forms import read_consent, read_submission
from tests.planting import Intruder
from tests.quoting import WORDS, Reporting, on_the_page
from tests.two_people import Here, settled
from tests.world import Author, hardly_stretched

HERE: Final = Path(__file__).parent
TEMPLATES: Final = Path(onion_app.site.__file__).parent / "templates"
KEPT: Final[dict[str, dict[str, Any]]] = tomllib.loads((HERE / "kept.toml").read_text("utf-8"))
NO_ANSWERS: Final = {"day", "mark"}  # of a consent: when it was said, and by whom
NAMES: Final = "sender|topic|language|title|name|notes|handle|reason"  # what stands in a sentence and is no number
NUMBER: Final = re.compile(rf"\d|%\((?!{NAMES}\))\w+\)s|\b(?:one|two|five|seven|ten|a day)\b", re.IGNORECASE)
PROMISE: Final = re.compile(
    r"\b(?:we|us|our|nobody|never|nothing|only|everything|always|at once|at no time|gone|stays?|twice)\b", re.IGNORECASE
)
IN_WORDS: Final = {"seven": 7, "ten": 10}
MINUTE: Final = 60


def sentences() -> set[str]:
    """Read every sentence of the site."""
    found = extract_from_dir(
        TEMPLATES,
        method_map=[("**.html", "jinja2")],
        keywords={**DEFAULT_KEYWORDS, "say": (2,)},
        options_map={"**.html": {"newstyle_gettext": "true", "silent": "false"}},
    )
    return {message if isinstance(message, str) else message[-1] for _, _, message, _, _ in found}


def honoured() -> list[tuple[str, str, str]]:
    """Give what is asked or said with its code and its test."""
    asked = [(name, code, test) for name, readers in KEPT["consents"].items() for code, test in readers]
    said = {**KEPT["numbers"], **KEPT["promises"]}
    return asked + [(sentence, code, test) for sentence, (code, test) in said.items()]


def excused() -> list[str]:
    """Give what promises nothing."""
    return [said for group in KEPT["promise_nothing"].values() for said in group]


def named(path: str) -> Any:
    """Find what a dotted name stands for.

    Raises:
        AttributeError, ModuleNotFoundError: it is gone.
    """
    module, rest = path, list[str]()
    while True:
        try:
            found: Any = importlib.import_module(module)
        except ModuleNotFoundError:
            module, _, name = module.rpartition(".")
            rest.insert(0, name)
            if not module:
                raise
        else:
            break
    for name in rest:
        found = getattr(found, name)
    return found


def reads(code: Any, attribute: str) -> bool:
    """Say whether a function or a property looks at an attribute of a consent."""
    source = inspect.getsource(code.fget if isinstance(code, property) and code.fget else code)
    tree = ast.parse(textwrap.dedent(source))
    return any(isinstance(node, ast.Attribute) and node.attr == attribute for node in ast.walk(tree))


def test_every_sentence_of_the_site_that_promises_or_counts_stands_beside_its_code() -> None:
    said = {each for each in sentences() if NUMBER.search(each) or PROMISE.search(each)}
    listed = [*KEPT["numbers"], *KEPT["promises"], *excused()]
    assert sorted(said - set(listed)) == [], "say in kept.toml which code honours it"
    assert sorted(set(listed) - sentences()) == [], "the site says this no more"
    assert sorted(each for each in set(listed) if listed.count(each) > 1) == []
    assert len(said) > 100


def test_each_code_and_each_test_is_there() -> None:
    sources = "".join(path.read_text("utf-8") for path in HERE.parent.rglob("test_*.py"))
    gone = [(said, test) for said, _, test in honoured() if f"def {test}(" not in sources]
    for said, code, _ in honoured():
        try:
            named(code)
        except (AttributeError, ModuleNotFoundError):
            gone.append((said, code))
    assert gone == []


def test_a_number_that_is_written_out_is_that_of_the_code() -> None:
    checked = 0
    for said, (code, _) in KEPT["numbers"].items():
        digits = [int(each.replace(",", "")) for each in re.findall(r"\d[\d,]*", re.sub(r"%\(\w+\)s", "", said))]
        digits += [IN_WORDS[each] for each in re.findall(r"\b(?:seven|ten)\b", said.lower())]
        value = named(code)
        if digits and isinstance(value, int):
            assert digits == [value // MINUTE if "minutes" in said else value], said
            checked += 1
    assert checked > 8


def test_every_consent_that_can_be_given_is_read_where_it_says_and_nowhere_dropped() -> None:
    asked = {each.name for each in fields(Consent)} - NO_ANSWERS
    assert set(KEPT["consents"]) == asked
    source = (TEMPLATES / "parts.html").read_text("utf-8").partition("macro consents")[2].partition("endmacro")[0]
    boxes = re.findall(r"call pick\('(?:radio|checkbox)', '(\w+)', '(\w+)'", source)
    assert {name for name, _ in boxes} == asked
    for name, value in boxes:
        for form in (read_submission("tell", {name: value}, "ar"), read_consent({name: value}, 20_000)):
            given = getattr(form, name)
            assert given == (value if name == "publish" else True), (name, value)
    for name, readers in KEPT["consents"].items():
        assert [code for code, _ in readers if not reads(named(code), name)] == [], name


# --- words for reports: each thing that they wait for, left out alone ------------------------------------------------


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Here]:
    monkeypatch.setattr(argon2id, "kdf", hardly_stretched)
    made = settled(tmp_path / "state")
    with closing(made.world):
        yield made


def told(author: Author) -> list[Quoted]:
    """Read every line by which the author was told what was given."""
    return [each for each in author.payloads() if isinstance(each, Quoted)]


WAITED_FOR: Final = (
    "leave",
    "leave of somebody grown up",
    "a second person",
    "the days",
    "no refusal",
    "the line",
    "unbroken leave",
    "",
)


@pytest.mark.parametrize("without", WAITED_FOR)
def test_words_go_by_leave_a_second_person_fourteen_days_no_refusal_and_the_line(here: Here, without: str) -> None:
    report = Reporting(here.world)
    author, hozan = report.tells(here.first), here.comes(here.first, "hozan", here.sara)
    here.clock.wait(days=20)
    report.chooses(here.sara, author.case_id)
    if without == "a second person":
        with suppress(Refused):
            report.agrees(hozan, author.case_id)
    else:
        report.agrees(here.dana, author.case_id)
    if without.startswith("leave"):
        author.allows("yes", quote="grown up" in without, under_18="grown up" in without)
    if without == "unbroken leave":
        author.allows("no")
        author.allows("no", quote=True)
    if without == "no refusal":
        report.judges(author, "no")
    if without == "the line":
        Intruder(here.world, author.case_id).has_codes(*author.access.codes, keypair_from(new_key()).public)
    here.clock.wait(days=13 if without == "the days" else 14)
    with suppress(KeysChanged):
        here.world.opens(here.dana, author.case_id)
    given = report.gives(here.noor, author.case_id)
    assert given == ([] if without else [author.case_id])
    assert [line.words for line in told(author)] == ([] if without else [[WORDS]]), "nobody is told what was not given"


def test_what_was_given_stands_on_its_authors_page_with_the_very_words_that_left(here: Here) -> None:
    report = Reporting(here.world)
    author = report.tells(here.first)
    report.asked(here.sara, here.dana, author)
    here.clock.wait(days=14)
    report.gives(here.noor, author.case_id)
    left = report.status(here.noor, author.case_id).given
    assert left is not None
    assert [line.words for line in on_the_page(author).lines] == [left]
