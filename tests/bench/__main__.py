"""`scripts/bench`: what the pages cost, as ratios to limits measured side by side in the same run.

Absolute numbers differ between machines and with what else runs on them; a ratio much less. Each section is repeated in
turns with its limit, and the middle of the ratios is printed.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.bench import sections, whole
from tests.bench.sections import Measured
from tests.served import Site

SECTIONS: dict[str, Callable[[Site], Iterator[Measured]]] = {
    "pages": sections.pages,
    "submissions": sections.submissions,
    "opening": sections.opening,
    "rows": sections.rows,
    "memory": sections.memory,
    "launch": whole.launch,
    "circuits": whole.circuits,
}


class Row(NamedTuple):
    """One line of what is printed."""

    what: str
    ours: str
    limit: str
    ratio: str
    wanted: str


def main() -> int:
    """Measure, and give 0 when every wanted ratio was reached, else 1."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument(
        "section", nargs="*", choices=[*SECTIONS, []], help=f"any of {', '.join(SECTIONS)}; all unless named"
    )
    asked = parser.parse_args().section or list(SECTIONS)
    reached = True
    _print(Row("what", "ours", "limit", "ratio", "wanted"))
    for name in asked:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            for measured in SECTIONS[name](Site(Path(folder))):
                reached = reached and measured.reached
                _print(_row(measured))
    return 0 if reached else 1


def _row(measured: Measured) -> Row:
    sign = "≥" if measured.at_least else "≤"
    missed = "" if measured.reached else "   MISSED"
    return Row(
        measured.what,
        f"{measured.ours:,.1f} {measured.unit}",
        f"{measured.limit:,.1f} {measured.unit}",
        f"{measured.ratio:.2f}",
        f"{sign} {measured.wanted}{missed}",
    )


def _print(row: Row) -> None:
    sys.stdout.write(f"{row.what:<62}{row.ours:>14}{row.limit:>14}{row.ratio:>8}  {row.wanted}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
