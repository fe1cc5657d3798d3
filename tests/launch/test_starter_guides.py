"""The guides of a new installation: whole in English and Arabic, checked by nobody, and promising nothing."""

import re
from contextlib import closing
from pathlib import Path

import pytest

from onion_app.launch import first_run
from onion_app.site.views.guides import NOW, ORDER
from onion_app.vault.desk import guides
from onion_app.vault.shown import reading
from onion_app.web.markdown import render
from tests.world import Clock, World

NAMES = sorted({path.name.partition(".")[0] for path in first_run.GUIDES.iterdir()})
FILES = sorted(first_run.GUIDES.glob("*.md"))


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
    assert not re.search(r"\d{2,}|[٠-٩]{2,}", body)
    assert not re.search(r"olice|شرطة|الأمن", body)
    assert not re.search(r"شاذ|شواذ|شذوذ|لوطي|لواط", body)
    assert "<" not in re.sub(r'</?(h2|p|ul|ol|li|em|strong|bdi)( dir="ltr")?>', "", str(render(body)))


@pytest.mark.parametrize("path", [path for path in FILES if ".ar." in path.name], ids=lambda path: path.name)
def test_arabic_never_addresses_a_man(path: Path) -> None:
    words = "اكتب|اضغط|اقرأ|اختر|أدخل|ارجع|احفظ|افتح|انتظر|حاول|خذ|اذهب|أنتَ|أنت|لك|ابقَ|تعال|اتصل"
    to_one_man = rf"(?<![\w\u064b-\u0652])({words})(?!\w)"
    assert not re.search(to_one_man, path.read_text("utf-8"))
