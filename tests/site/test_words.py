"""Every sentence of the pages is in every catalogue, whole, with its placeholders, and speaks as it should."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

import onion_app.site
from onion_app.web.app import Hardened
from onion_app.web.languages import load_catalogue

ROOM = Path(onion_app.site.__file__).parent
CATALOGUES = sorted(path.stem for path in (ROOM / "translations").glob("*.po"))
Message = str | tuple[str, ...]


def sentences() -> set[Message]:
    """Read what the templates say, as it is now: there is no file of it that could be out of date."""
    found = extract_from_dir(
        ROOM / "templates",
        method_map=[("**.html", "jinja2")],
        keywords={**DEFAULT_KEYWORDS, "say": (2,)},
        options_map={"**.html": {"newstyle_gettext": "true", "silent": "false"}},
    )
    return {message for _, _, message, _, _ in found}


def translated(code: str) -> dict[Message, tuple[str, ...]]:
    with (ROOM / "translations" / f"{code}.po").open("rb") as file:
        catalogue = read_po(file)
    return {
        tuple(each.id) if each.pluralizable else str(each.id): tuple(each.string or ())
        if each.pluralizable
        else (str(each.string),)
        for each in catalogue
        if each.id and not each.fuzzy
    }


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)s", text))


def test_the_templates_say_something() -> None:
    assert len(sentences()) > 300


@pytest.mark.parametrize("code", CATALOGUES)
def test_no_sentence_is_missing_fuzzy_or_left_over(code: str) -> None:
    in_catalogue = {message for message, forms in translated(code).items() if all(forms)}
    assert sentences() - in_catalogue == set()
    assert in_catalogue - sentences() == set()


@pytest.mark.parametrize("code", CATALOGUES)
def test_no_placeholder_is_lost_changed_or_new(code: str) -> None:
    for message, forms in translated(code).items():
        wanted = placeholders(message if isinstance(message, str) else message[-1])
        for form in forms:
            assert placeholders(form) <= wanted, message
            assert "%" not in re.sub(r"%\(\w+\)s", "", form), message
        # One and two need no number in Arabic; the general form always does.
        assert placeholders(forms[-1]) == wanted, message


@pytest.mark.parametrize("code", CATALOGUES)
def test_no_translation_carries_markup(code: str) -> None:
    assert not [form for forms in translated(code).values() for form in forms if re.search(r"[<>&{}]", form)]


def test_arabic_has_its_six_plural_forms() -> None:
    one, many = "Usually we answer within %(shown)s day.", "Usually we answer within %(shown)s days."
    catalogue = load_catalogue(ROOM / "translations", "ar")
    said = [catalogue.sentences.ngettext(one, many, n) for n in (1, 2, 3, 11, 100)]
    assert [form.split("خلال ")[1] for form in said] == [
        "يوم واحد.",
        "يومين.",
        "%(shown)s أيام.",
        "%(shown)s يوماً.",
        "%(shown)s يوم.",
    ]
    assert len(translated("ar")[one, many]) == 6


def test_arabic_has_no_latin_digits_and_never_insults() -> None:
    for message, forms in translated("ar").items():
        for form in forms:
            assert not re.search(r"[0-9]", re.sub(r"%\(\w+\)s", "", form)), message
            assert not re.search(r"شاذ|شواذ|شذوذ|لوطي|لواط", form), message


def test_arabic_never_addresses_a_man() -> None:
    """Buttons are verbal nouns; a sentence that speaks to the reader uses the plural."""
    to_one_man = re.compile(
        r"(?<!\w)(اكتب|اضغط|اقرأ|اختر|أدخل|ارجع|عُد|احفظ|افتح|انتظر|حاول|خذ|اذهب|أنتَ|أنت|لك|رمزك|رسالتك)(?!\w)"
    )
    for message, forms in translated("ar").items():
        assert not any(to_one_man.search(form) for form in forms), message


def test_english_needs_no_catalogue(app: Hardened) -> None:
    assert list(app.languages) == ["ar", "en"]
    assert app.languages["ar"].reviewer is None


@pytest.fixture
def bodies() -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in (ROOM / "templates").glob("*.html")}


def test_no_template_says_anything_past_the_catalogues(bodies: dict[str, str]) -> None:
    for name, body in bodies.items():
        said = re.sub(r"\{%-? trans.*?endtrans -?%\}|\{[{%#].*?[}%#]\}", " ", body, flags=re.DOTALL)
        rest = re.sub(r"<[^>]*>|&\w+;|aria-\w+(=\"\w*)?|onion", " ", said)
        assert not re.findall(r"[^\W\d_]{2,}", rest), name
