"""Runs each target under atheris in a process of its own, and says what was found.

New inputs are gathered in `.fuzz/`; one that brings something unnamed out is put into `tests/corpus/`, where the suite
finds it again.
"""

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.fuzz.corpus import CORPUS

ROOT = Path(__file__).parents[2]
GATHERED = ROOT / ".fuzz"
LONGEST = 8192  # bytes of an input
SLOW = 10  # seconds in which one input has to be done, on a machine that does other things besides


def main() -> None:
    """Read the command line, and fuzz target after target."""
    from tests.fuzz.targets import TARGETS

    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="for all targets together (10)")
    parser.add_argument("target", nargs="*", choices=[[], *TARGETS], help="one or more of them instead of all")
    chosen = parser.parse_args()
    names = chosen.target or list(TARGETS)
    seconds = max(1, round(chosen.minutes * 60 / len(names)))
    done = [run(name, seconds) for name in names]
    sys.stdout.write(f"{sum(count for count, _ in done):,} executions in all.\n")
    found = [path for _, paths in done for path in paths]
    for path in found:
        sys.stdout.write(f"! {path}\n")
    sys.stdout.write(f"{len(found) or 'No'} inputs bring out what has no name.\n")
    sys.exit(bool(found))


def run(name: str, seconds: int) -> tuple[int, list[Path]]:
    """Fuzz one target; give how many inputs it was given, and those that were too much for it."""
    gathered, crashes = GATHERED / "gathered" / name, GATHERED / "found" / name
    for folder in (gathered, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.fuzz.one", name, str(gathered), str(CORPUS / name)]
    limits = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", f"-timeout={SLOW}", "-rss_limit_mb=1024"]
    (CORPUS / name).mkdir(parents=True, exist_ok=True)
    ran = subprocess.run(
        [*command, *limits, f"-artifact_prefix={crashes}/", "-print_final_stats=1", "-verbosity=0"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    said = ran.stdout + ran.stderr
    counted = re.findall(r"number_of_executed_units: (\d+)", said) or re.findall(r"Done (\d+) in ", said)
    count = int(counted[-1]) if counted else 0
    found = [_keep(name, path) for path in sorted(crashes.iterdir())]
    raised = re.findall(r"^ === .*\n+(.+)", said, re.MULTILINE)
    state = "" if ran.returncode == 0 else f"  {raised[0] if raised else said[-300:]}"
    sys.stdout.write(f"{name:22} {count:>12,} executions{state}\n")
    sys.stdout.flush()
    return count, found


def _keep(name: str, crash: Path) -> Path:
    """Put an input among those that the suite tries."""
    kept = CORPUS / name / f"found-{hashlib.sha256(crash.read_bytes()).hexdigest()[:12]}"
    shutil.move(crash, kept)
    return kept.relative_to(ROOT)


if __name__ == "__main__":
    main()
