"""Every page of the desk can be used by everybody (WCAG 2.2 AA), is written as HTML says, and fits a narrow screen."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from nacl.pwhash import argon2id

from tests.audit.chromium import PHONE, Window, window
from tests.audit.desk_visits import every_desk_page
from tests.audit.judges import load_axe, not_as_html_says, once, pixels_sideways, violations
from tests.desk.house import House
from tests.world import hardly_stretched


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Go everywhere once."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(argon2id, "kdf", hardly_stretched)
        house = House(tmp_path_factory.mktemp("desk"))
        yield dict(every_desk_page(house))
        house.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Window]:
    """Open one window for all pages."""
    with window() as open_window:
        yield open_window


def test_the_audit_sees_both_languages_and_every_kind_of_answer(pages: dict[str, str]) -> None:
    assert {name.rpartition(" ")[2] for name in pages} >= {"200", "404"}
    for language in ("en", "ar"):
        of_one = [page for _, page in once(pages) if f'<html lang="{language}"' in page]
        assert len(of_one) > 40, language
        for told in ("findings", "promised", "look-again", "four-words", "kept-notice", "cover", "editor"):
            assert any(f'id="{told}"' in page for page in of_one), (language, told)
        assert sum('class="box alarm errors"' in page for page in of_one) > 5, language


def test_no_page_of_the_desk_shuts_anybody_out(browser: Window, pages: dict[str, str]) -> None:
    load_axe(browser)
    assert {name: broken for name, page in once(pages) if (broken := violations(browser, page))} == {}


def test_no_page_of_the_desk_scrolls_sideways_on_a_phone(browser: Window, pages: dict[str, str]) -> None:
    browser.tell("Emulation.setDeviceMetricsOverride", **PHONE | {"width": 360})
    assert {name: wide for name, page in once(pages) if (wide := pixels_sideways(browser, page)) > 0} == {}


def test_every_page_of_the_desk_is_written_as_html_says(pages: dict[str, str], tmp_path: Path) -> None:
    assert not_as_html_says(pages, tmp_path) == []
