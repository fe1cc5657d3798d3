"""Every sentence of the desk stands in Arabic too, and the set phrases in all four languages."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from onion_app import desk
from onion_app.desk import phrases
from onion_app.desk.questions import question_about
from onion_app.errors import DiskFull, DiskTrouble, Overloaded, Refused, TooFewFiles
from onion_app.web.i18n import LANGUAGES

HERE = Path(desk.__file__).parent
KEYWORDS = {"Refused": None, "_": None, "marked": None, "gettext": None, "ngettext": (1, 2)}


def test_every_sentence_stands_in_arabic() -> None:
    with (HERE / "translations" / "ar.po").open("rb") as file:
        catalogue = read_po(file)
    sentences = {
        message if isinstance(message, str) else message[0]
        for _, _, message, _, _ in extract_from_dir(
            HERE.parent,
            [("desk/**.py", "python"), ("vault/**.py", "python"), ("desk/**.html", "jinja2")],
            keywords=KEYWORDS,
        )
    }
    told = [*Refused.__subclasses__(), Overloaded, TooFewFiles, DiskTrouble, *DiskTrouble.__subclasses__()]
    told += DiskFull.__subclasses__()
    sentences |= {(error.__doc__ or "").partition("\n")[0] for error in told}
    missing = [sentence for sentence in sentences if not (catalogue.get(sentence) and catalogue[sentence].string)]
    assert missing == []
    assert {message.id if isinstance(message.id, str) else message.id[0] for message in catalogue} - sentences == {""}


def test_every_deed_at_a_case_stands_in_the_words_of_the_audit() -> None:
    sources = "".join(path.read_text("utf-8") for path in HERE.glob("*.py"))
    said = set(re.findall(r'note_in_audit\(\w+, \w+, [\w.]+, "([^"]+)"\)', sources))
    assert len(said) > 10
    assert [what for what in said if f'"{what}": _(' not in (HERE / "templates/deeds.html").read_text("utf-8")] == []


def test_every_value_in_a_sentence_is_in_its_translation() -> None:
    with (HERE / "translations" / "ar.po").open("rb") as file:
        catalogue = read_po(file)
    for message in catalogue:
        if isinstance(message.id, str) and message.id:
            assert set(re.findall(r"%\(\w+\)s", message.id)) == set(re.findall(r"%\(\w+\)s", str(message.string)))


def test_every_phrase_can_be_said_in_every_language() -> None:
    for name, said in phrases.PHRASES.items():
        assert set(said) == set(LANGUAGES), name
        assert len({"{day}" in sentence for sentence in said.values()}) == 1, name


def test_digits_of_phrases_are_those_of_their_language() -> None:
    said = [sentence for each in phrases.PHRASES.values() for code, sentence in each.items() if code != "en"]
    assert [sentence for sentence in said if re.search("[0-9]", sentence)] == []


@pytest.mark.parametrize("name", ["near_someone", "after_an_overdose", "within_72_hours"])
def test_who_has_hours_is_told_where_to_go_and_not_to_wait_for_an_answer(name: str) -> None:
    said = phrases.PHRASES[name]
    assert not any("{day}" in sentence for sentence in said.values())
    told = {"en": ("hospital", "do not wait for my answer"), "ar": ("المستشفى", "لا تنتظروا جوابي")}
    told |= {"ckb": ("نەخۆشخانە", "چاوەڕێی وەڵامی من مەکەن"), "kmr": ("نەخۆشخان", "خۆ ل هیڤیا بەرسڤا من نەگرن")}
    for language, words in told.items():
        assert [each for each in words if each not in said[language].lower()] == [], language


def test_nothing_has_to_be_asked_about_a_phrase() -> None:
    assert [said for each in phrases.PHRASES.values() for said in each.values() if question_about(said)] == []


def test_a_phrase_stands_under_what_was_typed() -> None:
    assert phrases.with_phrase("  ", "not_us", "en", 0) == phrases.PHRASES["not_us"]["en"]
    said = phrases.with_phrase("Hello.\n", "received", "en", 0)
    assert said.startswith("Hello.\n\nI have read")
    assert said.endswith("by 4 January 1970.")
