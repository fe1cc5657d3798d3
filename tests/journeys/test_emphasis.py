"""Emphasis in Arabic letters, as Firefox without scripts shows it: heavier, or marked with a line, never slanted."""

from pathlib import Path

import pytest

from onion_app.web.markdown import render
from tests.browser import browsing
from tests.served import serving

LOOKS = ("font-weight", "font-style", "text-decoration-line")


@pytest.mark.slow
def test_emphasis_in_arabic_letters_is_seen_and_stands_upright(tmp_path: Path) -> None:
    with serving() as site:
        style = str(site.visitor("ar").go("").html).partition("<style>")[2].partition("</style>")[0]
    guide = render("كلمة **لا** كلمة *لا* كلمة")
    page = f'<!doctype html><html lang="ar" dir="rtl"><meta charset="utf-8"><style>{style}</style><main>{guide}</main>'
    (tmp_path / "guide.html").write_text(page, "utf-8")
    with browsing() as browser:
        browser.go(f"file://{tmp_path}/guide.html")
        plain, strong, em = (
            [browser.find(each).value_of_css_property(look) for look in LOOKS] for each in ("p", "strong", "em")
        )
    assert int(strong[0]) > int(plain[0])
    assert em[1] == strong[1] == "normal"
    assert em[2] == "underline"
    assert plain[2] == "none"
