"""Every sentence of the pages is in every catalogue, whole, with its placeholders, and speaks as it should."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

import onion_app.site
from onion_app.web.i18n import LANGUAGES, load_catalogue
from scripts.rehearsal.people import Visitor
from scripts.rehearsal.wire import into
from tests.site.conftest import ADDRESS, Place

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


@pytest.mark.parametrize("code", CATALOGUES)
def test_no_sentence_is_missing_fuzzy_or_left_over(code: str) -> None:
    in_catalogue = {message for message, forms in translated(code).items() if all(forms)}
    assert len(in_catalogue) > 300
    assert sentences() ^ in_catalogue == set()


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


@pytest.mark.parametrize("code", CATALOGUES)
def test_digits_are_those_of_the_language(code: str) -> None:
    said = [re.sub(r"%\(\w+\)s", "", form) for forms in translated(code).values() for form in forms]
    assert [form for form in said if re.search("[0-9]", form)] == []


def test_arabic_has_its_six_plural_forms() -> None:
    first = "We take it down first and ask afterwards, usually within "
    one, many = f"{first}%(shown)s day.", f"{first}%(shown)s days."
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
    """Buttons are verbal nouns; a sentence uses the plural. What the browser's own buttons say stands in quotes."""
    to_one_man = re.compile(
        r"(?<!\w)(اكتب|اضغط|اقرأ|اختر|أدخل|ارجع|عُد|احفظ|افتح|انتظر|حاول|خذ|اذهب|أنتَ|أنت|لك|رمزك|رسالتك)(?!\w)"
    )
    for message, forms in translated("ar").items():
        assert not any(to_one_man.search(re.sub("«[^»]*»", "", form)) for form in forms), message


# As they stand on the reader's screen.
NAMES = re.compile(r"Tor Browser|torproject\.org|Safest|New Identity|Quit|Try Again")
MARKS = "٠١٢٣٤٥٦٧٨٩٬ .،؛؟:…–«»()"
LETTERS = {
    "ar": "ءآأؤإئابةتثجحخدذرزسشصضطظعغـفقكلمنهوىي\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652",
    "ckb": "ئابپتجچحخدرڕزژسشعغفڤقکگلڵمنهەوۆیێ",
    "kmr": "ئابپتجچحخدرڕزژسشعغفڤقکگلمنهەوۆیێ",
}


@pytest.mark.parametrize("code", CATALOGUES)
def test_no_letter_is_of_another_language(code: str) -> None:
    """A letter of another keyboard looks the same, and is read aloud, searched and joined as another one."""
    for message, forms in translated(code).items():
        for form in forms:
            said = NAMES.sub("", re.sub(r"%\(\w+\)s", "", form))
            assert set(said) <= set(LETTERS[code] + MARKS), message


@pytest.mark.parametrize("code", ["ckb", "kmr"])
def test_kurdish_words_begin_with_the_strong_r(code: str) -> None:
    for message, forms in translated(code).items():
        assert not any(re.search(r"(?<!\w)ر", form) for form in forms), message


@pytest.mark.parametrize("code", CATALOGUES)
def test_no_sentence_is_left_in_english(code: str) -> None:
    for message, forms in translated(code).items():
        english = {message} if isinstance(message, str) else set(message)
        assert not english & set(forms)


@pytest.mark.parametrize("code", CATALOGUES)
def test_no_button_is_quoted_otherwise_than_it_reads(code: str) -> None:
    words = translated(code)
    buttons = {"Leave": "“Leave”", "Ask for help": "“Ask for help”", "Get a new code": "“Get a new code”"}
    buttons |= {name: f"“{name}”" for name in ("Erase everything", "Erase everything, without opening")}
    for button, quoted in buttons.items():
        inside = [forms[0] for message, forms in words.items() if isinstance(message, str) and quoted in message]
        assert inside
        assert all(f"«{words[button][0]}»" in form for form in inside), button


def test_sorani_and_badini_are_two_languages() -> None:
    sorani, badini = translated("ckb"), translated("kmr")
    alike = [message for message, forms in sorani.items() if forms == badini[message]]
    assert len(alike) < len(sorani) / 20


def test_every_word_that_waits_for_a_native_speaker_is_told_of() -> None:
    told = (ROOM.parent.parent / "docs" / "translation.md").read_text("utf-8")
    for code in ("ckb", "kmr"):
        waiting = re.findall(
            r"^# awaits a native speaker: .*$", (ROOM / "translations" / f"{code}.po").read_text(), re.MULTILINE
        )
        assert waiting
        now = {word for line in waiting for word in re.findall(r"now «([^»…]+)»", line)}
        assert now
        assert {word for word in now if word.split()[0] not in told} == set()


@pytest.mark.parametrize("code", CATALOGUES)
def test_pages_say_their_language_and_that_nobody_has_checked_it(visitor: Visitor, code: str) -> None:
    visitor.language = code
    for path in ("", "tell", "ask", "return", "case", "stories", "guides", "guides/now", "protects"):
        page = visitor.go(path)
        assert f'<html lang="{LANGUAGES[code].tag}" dir="rtl">' in page.html
        assert translated(code)["Nobody has checked this translation yet."][0] in page.html
    visitor.language = "en"
    assert '<html lang="en" dir="ltr">' in visitor.go("").html


def test_a_catalogue_that_names_its_reviewer_loses_that_line(place: Place) -> None:
    app = place.start()
    app.languages["ckb"] = replace(app.languages["ckb"], reviewer="lamp")
    page = Visitor(into(app), ADDRESS, "ckb").go("")
    assert translated("ckb")["Nobody has checked this translation yet."][0] not in page.main.text


def test_no_template_says_anything_past_the_catalogues() -> None:
    for path in (ROOM / "templates").glob("*.html"):
        said = re.sub(r"\{[{%#].*?[}%#]\}", " ", path.read_text("utf-8"), flags=re.DOTALL)
        rest = re.sub(r"<[^>]*>|&\w+;|aria-\w+(=\"\w*)?|onion", " ", said)
        assert not re.findall(r"[^\W\d_]{2,}", rest), path.name


@pytest.mark.parametrize("code", CATALOGUES)
def test_that_nobody_has_checked_a_page_stands_once_and_never_before_its_first_advice(
    visitor: Visitor, code: str
) -> None:
    visitor.language = code
    line = translated(code)["Nobody has checked this translation yet."][0]
    whom = translated(code)["If you know this language well, tell us what is wrong in it, under “Ask for help”."][0]
    pages = {path: visitor.go(path) for path in ("", "tell", "ask", "return", "stories", "guides")}
    pages |= {path: visitor.go(path) for path in ("guides/now", "protects")}
    pages |= {"check": visitor.check("ask"), "case": visitor.come_back(visitor.hand_in())}
    for path, page in pages.items():
        assert page.html.count(line) == 1, path
        assert (f"{line} {whom}" in page.first("footer").text) == (page.main.text.count(line) == 0), path
        assert (line in page.main.text) == (path in ("guides/now", "protects", "check")), path
    advice = translated(code)["Do not go to somebody you only know from an app."][0]
    words = pages["guides/now"].main.text
    assert words.index(advice) < words.index(line)
