"""The trusted path of docs/design.md: its files are there, their lines counted, each leaning on those above it."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
DESIGN = (ROOT / "docs/design.md").read_text("utf-8")
PATH, TRUST = (
    block.split()
    for block in re.findall(r"^```\n(.*?)^```", DESIGN.split("## The trusted path")[1], re.DOTALL | re.MULTILINE)[:2]
)


def imported(file: str) -> set[str]:
    """Name the files of ours that a file imports; a package stands for its __init__.py."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / file).read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("onion_app"):
            module = ROOT.joinpath(*node.module.split("."))
            for alias in node.names:
                names = (module / f"{alias.name}.py", module.with_suffix(".py"), module / "__init__.py")
                found.add(str(next(name for name in names if name.exists()).relative_to(ROOT)))
    return found


def test_the_files_of_the_trusted_path_have_as_many_lines_as_it_says() -> None:
    (said,) = re.findall(r"^These are ([\d,]+) lines\.", DESIGN, re.MULTILINE)
    counted = sum(len((ROOT / file).read_text("utf-8").splitlines()) for file in PATH)
    assert int(said.replace(",", "")) == counted, f"docs/design.md: These are {counted:,} lines."


def test_each_file_of_the_trusted_path_leans_on_those_above_it_and_on_what_is_taken_on_trust() -> None:
    for place, file in enumerate(PATH):
        assert imported(file) <= {*PATH[:place], *TRUST}, file


def test_the_trusted_path_holds_the_whole_of_crypto_and_of_the_mailbox() -> None:
    for room in ("onion_app/crypto", "onion_app/vault/mailbox"):
        assert {str(file.relative_to(ROOT)) for file in (ROOT / room).glob("[!_]*.py")} <= set(PATH)
