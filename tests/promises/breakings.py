"""Each promise is proved by breaking it: `scripts/test --broken` tries every breaking, `--broken P07` those of P07.

They stand in breakings.toml, and those of the elements of a case's keys in ../keys/breakings.toml (`--broken turn`). A
breaking is noticed when an assertion of its test fails; a test that passes, an error in its preparation and any other
exception notice nothing, and neither does a name that is gone.
"""

import ast
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
KEYS: Final = ROOT / "tests" / "keys"
# A line of the test and the assertion that failed below it; of what failed in its preparation pytest says ERROR.
FAILED: Final = re.compile(
    r"^tests/(?:promises|keys)/\S+ in \w+\n    (?P<line>.*)(?:\n.*)*?"
    r"\nE   +(?P<why>(?:assert|AssertionError|Failed: DID NOT RAISE).*)(?:\n.*)*\nFAILED ",
    re.MULTILINE,
)


class Breaking(NamedTuple):
    """`lines` stand at the end of the module of `name`, and put something else in the place of it."""

    promise: str
    name: str
    test: str
    lines: str

    @property
    def module(self) -> Path:
        """Give the file that is broken, below the clone."""
        parts = self.name.split(".")
        paths = (Path(*parts[:length]).with_suffix(".py") for length in range(len(parts) - 1, 0, -1))
        return next(path for path in paths if (ROOT / path).is_file())

    @property
    def test_file(self) -> Path:
        """Give the file of the promise's tests, or of the attacks on the keys, below the clone."""
        own = [path for path in HERE.glob(f"test_{self.promise.lower()}_*.py") if self.test_stands_in(path)]
        return next(iter(own), KEYS / "test_attacks.py").relative_to(ROOT)

    def test_stands_in(self, path: Path) -> bool:
        """Say whether a file has the test of this breaking."""
        return f"def {self.test.partition('[')[0]}(" in path.read_text("utf-8")


BREAKINGS: Final = tuple(
    Breaking(promise, **breaking)
    for folder in (HERE, KEYS)
    for promise, breakings in tomllib.loads((folder / "breakings.toml").read_text("utf-8")).items()
    for breaking in breakings
)


def names_in(module: Path) -> set[str]:
    """Name what a module defines: functions, classes with their methods, and what it assigns."""
    names = set()
    for node in ast.parse((ROOT / module).read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.ClassDef):
            names |= {node.name} | {
                f"{node.name}.{part.name}" for part in node.body if isinstance(part, ast.FunctionDef)
            }
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def copied(to: Path) -> Path:
    """Copy this clone with its virtual environment, which the launcher would make anew if it were a link."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)
    subprocess.run(["cp", "-a", "--reflink=auto", str(ROOT / ".venv"), str(to / ".venv")], check=True)
    return to


@contextmanager
def broken(clone: Path, breaking: Breaking) -> Iterator[None]:
    """Break a copy of the clone, and mend it again."""
    whole = (clone / breaking.module).read_text("utf-8")
    (clone / breaking.module).write_text(f"{whole}\n{breaking.lines}\n", "utf-8")
    try:
        yield
    finally:
        (clone / breaking.module).write_text(whole, "utf-8")


def noticed(clone: Path, breaking: Breaking) -> str:
    """Run the test in a broken copy, and give the assertion that failed; nothing when none did."""
    words = [".venv/bin/python", "-m", "pytest", "-qx", "--tb=short", "-rf", f"{breaking.test_file}::{breaking.test}"]
    with broken(clone, breaking):
        done = subprocess.run(words, cwd=clone, capture_output=True, text=True, check=False)
    failed = FAILED.search(done.stdout)
    if not failed:
        tell(f"\n{done.stdout[-3000:]}{done.stderr[-2000:]}\n")
    return f"{failed['line']}  ({failed['why'][:80]})" if failed else ""


def tell(words: str) -> None:
    """Show something at once."""
    sys.stdout.write(words)
    sys.stdout.flush()


def main(promises: Sequence[str]) -> int:
    """Try every breaking, or those of these promises; give 1 when one goes unnoticed."""
    chosen = [breaking for breaking in BREAKINGS if not promises or breaking.promise in promises]
    if not chosen:
        tell("No such promise: name them as in docs/threat-model.md, such as P07.\n")
        return 1
    unnoticed = 0
    with tempfile.TemporaryDirectory(prefix="broken-") as folder:
        clone = copied(Path(folder))
        for number, breaking in enumerate(chosen, start=1):
            tell(f"{number}/{len(chosen)} {breaking.promise} {breaking.name}\n    {breaking.test}: ")
            begun = time.monotonic()
            assertion = noticed(clone, breaking)
            unnoticed += not assertion
            tell(f"{'noticed' if assertion else 'NOT NOTICED'} in {time.monotonic() - begun:.0f} s\n    {assertion}\n")
    tell(f"{len(chosen) - unnoticed} of {len(chosen)} breakings were noticed.\n")
    return int(unnoticed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
