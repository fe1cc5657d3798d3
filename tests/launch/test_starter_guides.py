"""The guides of a new installation: whole in English and Arabic, checked by nobody, and promising nothing.

What must not stand in them is a list here, with the reason beside each: sentences that were there once and could kill.
"""

import re
from contextlib import closing
from pathlib import Path

import pytest

import onion_app
from onion_app.launch import first_run
from onion_app.site.views.guides import NOW, ORDER
from onion_app.vault.desk import guides
from onion_app.vault.shown import reading
from onion_app.web.markdown import render
from tests.world import Clock, World

PRODUCT = Path(onion_app.__file__).parent
NAMES = sorted({path.name.partition(".")[0] for path in first_run.GUIDES.iterdir()})
FILES = sorted(first_run.GUIDES.glob("*.md"))
COURSES = [path for path in FILES if "-course-" in path.name]
TO_BE_FILLED_IN = {"law", "who-we-are"}  # by a lawyer, and by who runs the site: drafts until then
LENGTH = range(500, 901)  # words: less leaves a reader alone, more is not read by who is afraid

# The police is named where somebody is warned of it, and nowhere else.
WARNINGS = (
    "Do not go to the police to be protected from your family", "## Should I go to the police?",
    "by armed groups, by police, and by men who want money", "Police, Asayish and armed groups do not hold people",
    "ولا تذهبوا إلى الشرطة لتحميكم من أهلكم", "## هل أذهب إلى الشرطة؟", "على يد جماعات مسلحة والشرطة",
    "الشرطة والأسايش والجماعات المسلحة لا يحتجزون", "بۆ پاراستن لە خێزان مەچنە لای پۆلیس",
    "بۆ پاراستنێ ژ مالباتێ نەچنە دەف پۆلیسان",
)  # fmt: skip
DEADLY = (
    "no pills", "لا حبوب",  # ends somebody's medicine
    "you cannot, write to us", "لم تستطيعوا فاكتبوا",  # hours count, and an answer takes days
    "than is usual", "المعتاد",  # usual for whom? Signs of a clot belong into a hospital
    "worth nothing", "لا قيمة له، ولا عيب",  # people were convicted on words said under blows
    "Talk by video", "تحدّثوا بالفيديو",  # a call can be recorded
    "reading blocked news", "قراءة أخبار محجوبة",  # can be held against somebody
    "say that you are ill", "إنكم مرضى",  # to those who want to cure somebody
    "rooms that lock", "الغرف التي تُقفل",  # a room that locks from inside can save
    "Do not wait for us while alone", "لا تنتظرونا وحدكم",
    "هل أعترف", "أين الألم",
    "Do not wait for us alone",  # reads as: do not wait for us while alone
    "come back for nothing",  # reads as: it costs nothing to come back
    "I am in treatment for it", "وأتعالج منها",  # said to a guard, against the speaker and a doctor
    "What you say there binds you to nothing", "ما تقولونه هناك لا يُلزمكم",  # it has been used
    "it need not be complete", "لا يلزم أن تكون كاملة",  # what is left out in asylum is held against people
    "closed room with two people", "غرفة مغلقة بحضور",  # out of everybody's sight
    "Write to us first", "اكتبوا إلينا أولاً",  # to who is about to run away: an answer takes days
    "A spoon hidden", "ملعقة مخبأة",  # works where guards have learnt what it means
    "We answer you here and tell nobody", "ولا نخبر أحداً",  # more than anybody can promise
    "Keep pictures of them", "احفظوا صورها حيث",  # of papers: whoever finds the phone finds who is leaving
    "Write to me again here", "اكتبوا لي هنا من جديد",  # to somebody in danger of dying, without anybody beside them
    "committed suicide", "commit suicide", "انتحروا", "failed attempt",  # a crime, and a failure
)  # fmt: skip
# What once was missing, and whose lack could kill: the first words of what must stand there.
LIFE_SAVING = {
    "dying": (r"If you have already .*hospital now", r"إن كنتم قد .*المستشفى الآن"),
    "health": (r"PEP\*{0,2} against HIV: .{,90}72 hours", r"PEP\*{0,2} ضد HIV: .{,90}٧٢ ساعة"),
    "searched": (r"Tor Browser", r"متصفح تور"),
    "arrested": (r"## What should I sign\?", r"لا توقّعوا على ما لم تقرؤوه"),
    "activists": (r"[Pp]romot", r"الترويج"),
    "meeting": (r"friend’s account|account of a friend|friend's account", r"حساب صديق"),
    "leaving": (r"begins across a border", r"عبور الحدود|خارج الحدود|حدود"),
    "family": (r"without a way out|locked", r"محبوس|مقفل|حبس"),
    "now": (r"hospital", r"المستشفى"),
}


TOLD = [*FILES, *PRODUCT.rglob("*.po"), *PRODUCT.rglob("*.html"), *PRODUCT.rglob("phrases.toml")]


def read_through(path: Path) -> str:
    """Read a file as it is read aloud: what goes on in the next line is one sentence."""
    lines = re.sub(r'\\\n\s*|"\n"', "", path.read_text("utf-8"))
    return " ".join(line for line in lines.splitlines() if not line.startswith("#:"))


def test_they_are_the_guides_that_the_site_knows() -> None:
    assert sorted((NOW, *ORDER)) == NAMES


def test_each_is_there_in_english_and_arabic_the_one_for_danger_is_shown_and_nobody_has_checked_any(
    tmp_path: Path,
) -> None:
    with closing(World(tmp_path, Clock())) as world:
        first_run.store_guides(world.desk)
        world.follow()
        stored = {guide.slug: versions for guide, versions in guides.all_guides(world.desk)}
        assert sorted(stored) == NAMES
        assert all({"ar", "en"} <= {version.language for version in versions} for versions in stored.values())
        checks = {(version.checked_by, version.checked_day) for versions in stored.values() for version in versions}
        assert checks == {(None, None)}
        assert set(reading.titles_of_guides(world.shown)) == {"now"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_begins_with_three_things_to_do_and_names_no_number_and_no_police(path: Path) -> None:
    title, _, body = path.read_text("utf-8").partition("\n")
    assert 0 < len(title) <= 80
    assert re.match(r"<ol>(<li>.*?</li>){3}</ol>", str(render(body)), re.DOTALL)
    assert {int(number) for number in re.findall(r"\d{3,}", body)} <= {1988, 2021, 2022, 2023, 2024}
    for warning in WARNINGS:
        body = body.replace(warning, "")
    assert not re.search(r"olice|شرطة|الأمن|پۆلیس", body)
    assert not re.search(r"شاذ|شواذ|شذوذ|لوطي|لواط", body)
    assert "<" not in re.sub(
        r'</?(h2|p|ul|ol|li|em|strong|bdi|details|summary)( dir="ltr")?( value="\d+")?>', "", str(render(body))
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_sign_of_markdown_is_left_for_readers(path: Path) -> None:
    page = str(render(path.read_text("utf-8").partition("\n")[2].strip()))
    assert re.findall(r".{,20}(?:\*|__|`|(?<!&)#).{,20}", page) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_is_long_enough_to_help_and_short_enough_to_be_read(path: Path) -> None:
    slug, language, _ = path.name.split(".")
    words = len(path.read_text("utf-8").split())
    is_short = slug in TO_BE_FILLED_IN or "-course-" in slug or language not in ("en", "ar")
    assert words in LENGTH or (is_short and words < LENGTH.stop)
    questions = re.findall(r"^## (.*)$", path.read_text("utf-8"), re.MULTILINE)
    assert slug == NOW or "-course-" in slug or all(re.search(r"[?؟]$", question) for question in questions)


@pytest.mark.parametrize("path", [each for each in FILES if ".en." not in each.name], ids=lambda path: path.name)
def test_digits_are_those_of_the_language_but_in_a_latin_word(path: Path) -> None:
    words = re.sub(r"^[0-9]+\. ", "", path.read_text("utf-8"), flags=re.MULTILINE)  # the site numbers lists itself
    assert re.findall(r"(?<![A-Za-z])[0-9]+", words) == []


@pytest.mark.parametrize("path", COURSES, ids=lambda path: path.name)
def test_each_session_of_a_course_has_an_exercise_or_a_question_with_its_answer_folded_away(path: Path) -> None:
    page = str(render(path.read_text("utf-8").partition("\n")[2].strip()))
    assert len(re.findall(r"<details><summary>[^<]+</summary>[^<]{100,}</details>", page)) == 2
    assert re.search("<h2>(Exercise|تمرين)", page)


def test_no_sentence_that_could_kill_stands_in_guides_catalogues_or_phrases() -> None:
    found = [(path.name, words) for path in TOLD for words in DEADLY if words in read_through(path)]
    assert found == []


def test_no_telephone_number_stands_in_guides_catalogues_or_phrases() -> None:
    number = re.compile(r"(?<![\w#+.-])\+?[\d٠-٩](?:[ -]?[\d٠-٩]){4,}")
    assert [(path.name, found) for path in TOLD if (found := number.findall(read_through(path)))] == []


@pytest.mark.parametrize("slug", LIFE_SAVING)
def test_what_once_was_missing_and_could_have_killed_stands_there(slug: str) -> None:
    for language, wanted in zip(("en", "ar"), LIFE_SAVING[slug], strict=True):
        assert re.search(wanted, read_through(first_run.GUIDES / f"{slug}.{language}.md")), language


def test_no_guide_but_the_one_for_danger_is_in_kurdish_before_somebody_has_written_it() -> None:
    assert {path.name.split(".")[0] for path in FILES if path.name.split(".")[1] in ("ckb", "kmr")} == {NOW}


@pytest.mark.parametrize("path", [path for path in FILES if ".ar." in path.name], ids=lambda path: path.name)
def test_arabic_never_addresses_a_man(path: Path) -> None:
    words = "اكتب|اضغط|اقرأ|اختر|أدخل|ارجع|احفظ|افتح|انتظر|حاول|خذ|اذهب|أنتَ|أنت|لك|ابقَ|تعال|اتصل"
    to_one_man = rf"(?<![\w\u064b-\u0652])({words})(?!\w)"
    assert not re.search(to_one_man, path.read_text("utf-8"))
