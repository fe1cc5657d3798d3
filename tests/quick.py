"""`--quick`: leave out whatever starts tor, a launcher or a browser, and say how much of which room that is."""

from collections import Counter
from collections.abc import Mapping

import pytest

# The fixtures that start them. Every journey starts a browser; what else starts one without these is marked `slow`.
STARTING = frozenset(
    (
        "standing_network",
        "rehearsal",
        "own_network",
        "operator",
        "standing",
        "lonely_tor",
        "offline",
        "browser",
        "pages",
    )
)
LEFT_OUT = pytest.StashKey[Counter[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="leave out what starts tor, a launcher or a browser")


def is_slow(item: pytest.Item) -> bool:
    starts = STARTING & set(getattr(item, "fixturenames", ())) or item.path.parent.name == "journeys"
    return bool(item.get_closest_marker("slow") or starts)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("quick"):
        return
    slow = [item for item in items if is_slow(item)]
    left_out = Counter("/".join(item.nodeid.split("/")[:2]) for item in slow)
    config.stash[LEFT_OUT] = left_out
    if hasattr(config, "workeroutput"):  # of xdist, which tells the process that reports
        config.workeroutput["left_out"] = dict(left_out)
    items[:] = [item for item in items if item not in slow]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    told: Mapping[str, int] = getattr(node, "workeroutput", {}).get("left_out", {})
    getattr(node, "config").stash[LEFT_OUT] = Counter(told)  # noqa: B009


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if left_out := config.stash.get(LEFT_OUT, None):
        rooms = ", ".join(f"{room} {number}" for room, number in sorted(left_out.items()))
        terminalreporter.section("left out: what starts tor, a launcher or a browser")
        terminalreporter.line(rooms)
