"""Which files are tried first: with several at a time, a run is over soonest when the long ones do not come last."""

import pytest

from tests.quick import is_slow

# Those that take minutes, the longest first; two that wait for no network stand among them while that is built.
LONG = (
    "tests/launch/test_rehearsal.py",
    "tests/launch/test_outage.py",
    "tests/audit/test_audit.py",
    "tests/journeys/test_after_leave.py",
    "tests/keys/test_machine.py",
    "tests/launch/test_update.py",
    "tests/launch/test_carry_over.py",
    "tests/launch/test_selfcheck.py",
    "tests/promises/test_cells.py",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the long files first, then whatever starts tor, a launcher or a browser, then all that takes seconds."""
    places = {config.rootpath / name: place for place, name in enumerate(LONG)}
    slow = {item.path for item in items if is_slow(item)}

    def place(item: pytest.Item) -> int:
        return places.get(item.path, len(LONG) + (item.path not in slow))

    items.sort(key=place)
