"""The long files are where they are said to be, and come first."""

from pathlib import Path

import pytest

from tests.order import LONG

ROOT = Path(__file__).parents[1]


def test_every_long_file_is_there() -> None:
    assert [name for name in LONG if not (ROOT / name).exists()] == []


def test_the_long_files_come_first_and_what_takes_seconds_last(request: pytest.FixtureRequest) -> None:
    files = list(dict.fromkeys(str(item.path.relative_to(ROOT)) for item in request.session.items))
    chosen = [name for name in LONG if name in files]
    assert files[: len(chosen)] == chosen
