"""The templates of both apps can be read without scrolling sideways."""

from pathlib import Path

APPS = Path(__file__).parent.parent / "onion_app"
LONGEST = 160  # characters: two versions of a template stand side by side in a review


def test_no_line_of_a_template_is_too_long_to_read() -> None:
    templates = list(APPS.glob("*/templates/*.html"))
    assert len(templates) > 50
    too_long = [
        f"{path.relative_to(APPS)}:{number}"
        for path in templates
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if len(line) > LONGEST
    ]
    assert too_long == []
