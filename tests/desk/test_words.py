"""Every sentence of the desk stands in Arabic too, and the set phrases in all four languages."""

import re
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from onion_app import desk, errors
from onion_app.desk import answering, phrases
from onion_app.desk.views import account, circles, handover, login, stories, story
from onion_app.web.i18n import LANGUAGES

HERE = Path(desk.__file__).parent
KEYWORDS = {"_": None, "marked": None, "gettext": None, "ngettext": (1, 2)}


def test_every_sentence_stands_in_arabic() -> None:
    with (HERE / "translations" / "ar.po").open("rb") as file:
        catalogue = read_po(file)
    sentences = {
        message if isinstance(message, str) else message[0]
        for _, _, message, _, _ in extract_from_dir(
            HERE,
            [("**.py", "python"), ("**.html", "jinja2")],
            keywords=KEYWORDS,
        )
    }
    refusals = [*answering.REFUSALS, *login.REFUSED_INVITATION, *login.REFUSED_NEWCOMER, errors.LoginRefused]
    refusals += [*story.REFUSALS, *stories.REFUSALS, *circles.REFUSALS, *handover.REFUSALS]
    refusals += account.REFUSALS
    sentences |= {refusal().sentence for refusal in refusals if refusal is not errors.CodeMistyped}
    sentences.add(errors.CodeMistyped("").sentence)
    missing = [sentence for sentence in sentences if not (catalogue.get(sentence) and catalogue[sentence].string)]
    assert missing == []
    assert {message.id if isinstance(message.id, str) else message.id[0] for message in catalogue} - sentences == {""}


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


def test_a_phrase_stands_under_what_was_typed() -> None:
    assert phrases.with_phrase("  ", "not_us", "en", 0) == phrases.PHRASES["not_us"]["en"]
    said = phrases.with_phrase("Hello.\n", "received", "en", 0)
    assert said.startswith("Hello.\n\nI have read")
    assert said.endswith("by 4 January 1970.")
