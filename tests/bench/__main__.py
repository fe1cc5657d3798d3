"""`scripts/bench`: what the pages cost, as ratios to limits measured side by side in the same run.

Absolute numbers differ between machines and with what else runs on them; a ratio much less. Each section is repeated in
turns with its limit, and the middle of the ratios is printed.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench import acts, sections, whole
from tests.bench.sections import Measured
from tests.served import Site

SECTIONS: dict[str, Callable[[Site], Iterator[Measured]]] = {
    "pages": sections.pages,
    "messages": acts.messages,
    "opening": acts.opening,
    "starts": acts.starts,
    "worst": acts.worst,
    "rows": sections.rows,
    "notebook": sections.notebook,
    "numbers": sections.numbers,
    "memory": sections.memory,
    "launch": whole.launch,
    "circuits": whole.circuits,
}


LINE = "{:<62}{:>14}{:>14}{:>8}  {}\n"


def main() -> int:
    """Measure, and give 0 when every wanted ratio was reached, else 1."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument(
        "section", nargs="*", choices=[*SECTIONS, []], help=f"any of {', '.join(SECTIONS)}; all unless named"
    )
    asked = parser.parse_args().section or list(SECTIONS)
    reached = True
    sys.stdout.write(LINE.format("what", "ours", "limit", "ratio", "wanted"))
    for name in asked:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            for measured in SECTIONS[name](Site(Path(folder))):
                reached = reached and measured.reached
                sys.stdout.write(_line(measured))
                sys.stdout.flush()
    return 0 if reached else 1


def _line(measured: Measured) -> str:
    ours, limit = (f"{each:,.1f} {measured.unit}" for each in (measured.ours, measured.limit))
    wanted = f"{'≥' if measured.at_least else '≤'} {measured.wanted}{'' if measured.reached else '   MISSED'}"
    return LINE.format(measured.what, ours, limit, f"{measured.ratio:.2f}", wanted)


if __name__ == "__main__":
    sys.exit(main())
