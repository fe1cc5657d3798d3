"""A country is a folder: a made-up one is shown whole, with nothing of Iraq, and one that is not whole is refused."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from onion_app import country as countries
from onion_app.country import country, read_country
from onion_app.errors import BadCountry
from tests.rehearsal import ROOT

HERE = Path(__file__).parent
MADE_UP = HERE / "ruritania"
IRAQ = country()

# Every word by which a page would be known to be Iraq's; *Health*, *In danger now?* and *Under 18* are
# more than guides, and may is a verb.
OF_IRAQ = sorted(
    {name for said in IRAQ.governorates.values() for name in said.values()}
    | {month for months in IRAQ.months.values() for month in months}
    | {sentence for said in IRAQ.phrases.values() for sentence in said.values()}
    | {path.read_text("utf-8").partition("\n")[0].removeprefix("# ") for path in IRAQ.guide_files.glob("[!hnu]*.md")}
    | {"Iraq", "iraq", "العراق", "عێراق", "سۆرانی", "بادینی", "Sorani", "Badini"} - {"May"}
)


@pytest.fixture(scope="module")
def abroad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the program, so that it knows the made-up country and no other."""
    program = tmp_path_factory.mktemp("abroad")
    shutil.copytree(ROOT / "onion_app", program / "onion_app", ignore=shutil.ignore_patterns("__pycache__", "iraq"))
    shutil.copytree(MADE_UP, program / "onion_app/countries/ruritania")
    (program / "onion_app/countries/chosen").write_text("ruritania\n")
    return program


def run(program: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run Python on a copy of the program, with the helpers of these tests."""
    environment = {"PYTHONPATH": f"{program}:{ROOT}", "TZ": "UTC", "LC_ALL": "C.UTF-8", "HOME": str(program)}
    command = [sys.executable, "-P", *words]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=300, env=environment)


@pytest.fixture(scope="module")
def pages(abroad: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    done = run(abroad, "-m", "tests.country.abroad", str(tmp_path_factory.mktemp("state")))
    assert done.returncode == 0, done.stderr
    shown: dict[str, str] = json.loads(done.stdout)
    return shown


def page(pages: dict[str, str], name: str) -> str:
    return next(html for path, html in pages.items() if path.startswith(name))


def test_its_pages_show_nothing_of_iraq(pages: dict[str, str]) -> None:
    assert len(pages) > 60
    found = [
        (path, word)
        for path, html in pages.items()
        for word in OF_IRAQ
        if word in html and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", html)
    ]
    assert found == []


def test_its_words_guides_months_and_places_are_on_the_site(pages: dict[str, str]) -> None:
    assert "people in Ruritania" in page(pages, "site en  ")
    assert "روريتانيا" in page(pages, "site ar  ")
    assert "“My aunt”" in page(pages, "site en tell")
    assert re.findall('hreflang="([^"]+)"', page(pages, "site /")) == ["en", "ar"]
    assert next(path for path in pages if path.startswith("site elsewhere")).endswith("404")
    assert "When fog comes" in page(pages, "site en guides ")
    assert "When fog comes" in page(pages, "site ar guides ")
    assert "Wake the miller" in page(pages, "site en guides/now")
    check = page(pages, "site en check")
    for detail in ("Old Zenda", "3 Sheaf", "12 34 567", "manor.ru"):
        assert re.search(rf"<(bdi|q|strong|em)[^>]*>{detail}", check), detail
    assert not re.search(r"<(bdi|q|strong|em)[^>]*>Basrah", check)
    assert "16 Thaw 2026" in page(pages, "desk en phrase")


def test_its_lists_phrases_and_languages_are_at_the_desk(pages: dict[str, str]) -> None:
    facts = page(pages, "desk en facts.")
    assert 'value="ruritania.zenda"' in facts
    assert "the duke" in facts
    assert "رجال الدوق" in page(pages, "desk ar facts.")
    assert "زوال الضباب" in page(pages, "desk en phrase")
    assert set(re.findall(r'name="notice_(\w+)"', page(pages, "desk en notice."))) == {"en", "ar"}


Break = Callable[[Path], object]


def without(file: str) -> Break:
    return lambda folder: (folder / file).unlink()


def put(file: str, old: str, new: str) -> Break:
    """Change a file, which has to say what is changed in it."""

    def change(folder: Path) -> None:
        said = (folder / file).read_text("utf-8")
        assert old in said
        (folder / file).write_text(said.replace(old, new), "utf-8")

    return change


def more(file: str, words: str) -> Break:
    return lambda folder: (folder / file).write_text(words, "utf-8")


BROKEN: dict[str, Break] = {
    "country.toml is missing": without("country.toml"),
    "months.toml is missing": without("months.toml"),
    "governorates.toml is missing": without("governorates.toml"),
    "facts.toml is missing": without("facts.toml"),
    "phrases.toml is missing": without("phrases.toml"),
    "places.txt is missing": without("places.txt"),
    "guides is missing": lambda folder: shutil.rmtree(folder / "guides"),
    "guides/now.ar.md is missing": without("guides/now.ar.md"),
    "guides/fog.en.md is missing": without("guides/fog.en.md"),
    "guides/rain.en.md is in no language, or of no guide, of country.toml": more("guides/rain.en.md", "# Rain\n"),
    "guides/now.ckb.md is in no language, or of no guide, of country.toml": more("guides/now.ckb.md", "# Now\n"),
    "guides/fog.en.md begins with no title": more("guides/fog.en.md", "When fog comes\n"),
    "country.toml has no web_ending": put("country.toml", 'web_ending = "ru"', ""),
    "country.toml has colour, which belongs to nothing": put("country.toml", "hours", "colour = 1\nhours"),
    "country.toml: languages has no en, in which every page can be shown": put("country.toml", '"en", ', ""),
    "country.toml: languages is no list of words": put("country.toml", '["en", "ar"]', "[]"),
    "country.toml: guides says something twice": put("country.toml", '"fog"', '"fog", "fog"'),
    "country.toml: hours_ahead is no whole number of hours": put("country.toml", "= -4", "= 4.5"),
    "country.toml: shortest_phone is no number": put("country.toml", "= 7", "= true"),
    "country.toml: web_ending is none": put("country.toml", '"ru"', '".ru"'),
    "country.toml: for_whom has no ar": put("country.toml", 'ar = "هذا', '# "'),
    "months.toml has no ar": put("months.toml", "ar = [", "arab = ["),
    "months.toml: en has not twelve": put("months.toml", '"Frost", ', ""),
    "governorates.toml: zenda has no ar": put("governorates.toml", ', ar = "زندا"', ""),
    "governorates.toml: zenda.en is empty": put("governorates.toml", '"Zenda"', '" "'),
    "governorates.toml: zenda has ckb, which belongs to nothing": put("governorates.toml", 'nda",', 'nda", ckb="",'),
    "governorates.toml: zenda stands in no language": put(
        "governorates.toml", 'zenda = { en = "Zenda", ar = "زندا" }', "zenda = 1"
    ),
    "facts.toml has no whose": put("facts.toml", "[whose", "[who"),
    "facts.toml: where.names has no outside": put("facts.toml", "outside =", "abroad ="),
    "facts.toml: what.most is no number": put("facts.toml", "most = 2", 'most = "2"'),
    "phrases.toml: fog has no en": put("phrases.toml", "\nen =", "\neng ="),
    "phrases.toml: fog has no offered_as": put("phrases.toml", 'offered_as = { en = "Fog', 'as = { en = "Fog'),
    "phrases.toml has no ask_them": put("phrases.toml", "[ask_them]", "[ask]"),
    "phrases.toml: Expected": put("phrases.toml", "en =", "en"),
    "places.txt is no text in UTF-8": lambda folder: (folder / "places.txt").write_bytes(b"\xff\xfe"),
}


@pytest.fixture
def made_up(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MADE_UP, tmp_path / "ruritania"))


@pytest.mark.parametrize("fact", BROKEN)
def test_a_folder_that_is_not_whole_is_refused_with_what_is_missing(fact: str, made_up: Path) -> None:
    read_country(made_up)
    BROKEN[fact](made_up)
    with pytest.raises(BadCountry) as refused:
        read_country(made_up)
    assert refused.value.args[0].startswith(fact)


@pytest.mark.parametrize(
    ("chosen", "fact"),
    [
        ("../ruritania", "countries/chosen names no country"),
        ("", "countries/chosen names no country"),
        ("elsewhere", "countries/chosen says elsewhere, and there is no such folder"),
    ],
)
def test_a_choice_of_no_folder_is_refused(chosen: str, fact: str, made_up: Path) -> None:
    (made_up.parent / "chosen").write_text(chosen)
    with pytest.raises(BadCountry) as refused:
        countries._folder(made_up.parent / "chosen")
    assert refused.value.args[0] == fact


def test_a_launch_says_what_is_missing_and_panic_and_updates_go_on(abroad: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(abroad, broken)
    (broken / "onion_app/countries/ruritania/months.toml").unlink()
    state = tmp_path / "state"
    done = run(broken, "-m", "onion_app.launch", "--as-is", "--state", str(state))
    assert (done.returncode, done.stdout) == (BadCountry.exit_code, "")
    assert done.stderr == f"{BadCountry('months.toml is missing').told}\n"
    assert not state.exists()
    for room in ("emergency", "as_root", "update"):
        done = run(broken, "-c", f"import onion_app.manage.{room}, onion_app.days as d; print(d.today(lambda: 0.0))")
        assert (done.returncode, done.stdout) == (0, "-1\n"), done.stderr


def test_a_language_that_the_program_does_not_speak_is_refused(abroad: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(abroad, other)
    folder = other / "onion_app/countries/ruritania"
    for file in folder.rglob("*.toml"):
        file.write_text(re.sub(r"\bar = ", "fr = ", file.read_text("utf-8")).replace('"ar"]', '"fr"]'), "utf-8")
    (folder / "guides/now.ar.md").rename(folder / "guides/now.fr.md")
    for file in (folder / "facts.toml", folder / "phrases.toml"):
        file.write_text(re.sub(r', fr = "[^"]*"', "", file.read_text("utf-8")), "utf-8")
    done = run(other, "-c", "import onion_app.choices")
    assert "country.toml: the program speaks no fr" in done.stderr
