from pathlib import Path

from onion_app.web.i18n import LANGUAGES, day_words, load_catalogue, load_catalogues, month_words, numerals
from scripts.catalogues import PRODUCT, compile_catalogues, compiled


def test_the_four_languages_stand_in_order_of_their_readers() -> None:
    assert list(LANGUAGES) == ["ar", "ckb", "kmr", "en"]
    assert [language.dir for language in LANGUAGES.values()] == ["rtl", "rtl", "rtl", "ltr"]
    assert all(len(set(language.months)) == 12 for language in LANGUAGES.values())


def test_a_language_is_offered_when_its_catalogue_is_there(translations: Path) -> None:
    assert list(load_catalogues(translations)) == ["ar", "kmr", "en"]
    assert list(load_catalogues(translations / "nowhere")) == ["en"]


def test_badini_stays_badini(translations: Path) -> None:
    catalogue = load_catalogue(translations, "kmr")
    assert catalogue.language.dir == "rtl"
    assert catalogue.sentences.gettext("Hello") == "سلاڤ"
    assert catalogue.sentences.gettext("Not there yet") == "Not there yet", "what is not translated stays English"


def test_a_doubtful_translation_is_not_shown(tmp_path: Path) -> None:
    head = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
    (tmp_path / "ckb.po").write_text(head + '\n#, fuzzy\nmsgid "Hello"\nmsgstr "x"\n', "utf-8")
    compile_catalogues(tmp_path)
    assert load_catalogue(tmp_path, "ckb").sentences.gettext("Hello") == "Hello"


def test_a_catalogue_says_who_checked_it(translations: Path) -> None:
    assert load_catalogue(translations, "ar").reviewer == "Nadia"
    assert load_catalogue(translations, "kmr").reviewer is None


def test_each_catalogue_is_compiled_as_it_is_written() -> None:
    there = {path: path.read_bytes() for path in PRODUCT.rglob("*.mo")}
    wanted = {path.with_suffix(".mo"): compiled(path) for path in PRODUCT.rglob("*.po")}
    assert wanted
    stale = [str(path.relative_to(PRODUCT)) for path in {*there, *wanted} if there.get(path) != wanted.get(path)]
    assert stale == [], "scripts/check --catalogues compiles them"


def test_digits_are_those_of_the_language() -> None:
    assert numerals(1234567890, "ar") == "١٢٣٤٥٦٧٨٩٠"
    assert numerals("7 of 28", "ckb") == "٧ of ٢٨"
    assert numerals(28, "en") == "28"


def test_days_and_months_are_called_as_in_iraq() -> None:
    assert day_words(0, "en") == "1 January 1970"
    assert day_words(20_589, "ar") == "١٦ أيار ٢٠٢٦"
    assert day_words(20_589, "ckb") == "١٦ی ئایاری ٢٠٢٦"
    assert month_words(20_589, "kmr") == "گولان ٢٠٢٦"
