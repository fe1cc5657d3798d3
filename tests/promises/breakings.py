"""Each promise is proved by breaking it: what is broken, how, and the test that has to notice.

A breaking is a name of the product and a few lines of Python that put something worse in its place, appended to the
module of that name in a copy of this clone: so it holds in every process that the test starts. `scripts/test --broken`
runs each of them, `scripts/test --broken P07` those of one promise; a name or a test that is gone is a failure too.
"""

import ast
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
NOTICED: Final = 1  # pytest's exit code when tests ran and failed; every other one is a fault of the breaking


class Breaking(NamedTuple):
    """`lines` stand at the end of the module of `name`, and put something else in the place of it."""

    name: str
    lines: str
    test: str  # a file of this folder and a function in it

    @property
    def promise(self) -> str:
        """Give the id of the promise that the test proves."""
        return f"P{self.test[6:8]}"

    @property
    def module(self) -> Path:
        """Give the file that is broken, below the clone."""
        parts = self.name.split(".")
        paths = (Path(*parts[:length]).with_suffix(".py") for length in range(len(parts) - 1, 0, -1))
        return next(path for path in paths if (ROOT / path).is_file())


BREAKINGS: Final = (
    Breaking(
        "onion_app.site.rendering.show_page",
        """
_show_page = show_page
def show_page(*args, **values):
    return _show_page(*args, **values).replace("</main>", '<img src="http://example.org/1.png"></main>')
""",
        "test_p01_one_request_a_page.py::test_no_page_runs_loads_or_leads_to_anything_outside",
    ),
    Breaking(
        "onion_app.web.app.refusal",
        """
def refusal(environ, host):
    return None if environ["REQUEST_METHOD"] in METHODS else _METHOD_NOT_ALLOWED
""",
        "test_p02_two_walls.py::test_any_other_name_gets_one_fixed_page_that_says_nothing_of_the_site",
    ),
    Breaking(
        "onion_app.launch.state.site_listener",
        """
_site_listener = site_listener
def site_listener(state):
    listener = _site_listener(state)
    state.site_socket.chmod(0o666)
    return listener
""",
        "test_p02_two_walls.py::test_every_file_of_the_state_belongs_to_this_account_alone",
    ),
    Breaking(
        "onion_app.site.new_case.send_case",
        """
_send_case = send_case
def send_case(db, prepared, draft, *facts):
    (db.folder / "last").write_text(draft.text)
    return _send_case(db, prepared, draft, *facts)
""",
        "test_p03_nothing_elsewhere.py::test_no_file_holds_what_was_written",
    ),
    Breaking(
        "onion_app.launch.confine.ENVIRONMENT",
        """
ENVIRONMENT = {name: value for name, value in ENVIRONMENT.items() if name not in ("PYTHONMALLOC", "GLIBC_TUNABLES")}
""",
        "test_p04_sealed.py::test_nothing_that_was_written_stays_in_the_memory_of_the_site",
    ),
    Breaking(
        "onion_app.crypto.sealing.pad",
        """
def pad(plaintext):
    return plaintext + b"\\x80"
""",
        "test_p04_sealed.py::test_every_text_is_sealed_in_one_of_six_sizes",
    ),
    Breaking(
        "onion_app.desk.permissions.case_of",
        """
def case_of(dbs, member, case_id):
    return lifetime.read_case(dbs.mailbox, case_id)
""",
        "test_p05_no_key_opens_everything.py::test_the_desk_shows_a_member_nothing_of_another_circle",
    ),
    Breaking(
        "onion_app.crypto.codes.derive",
        """
_derive = derive
def derive(code, salt):
    return CodeKeys(code.encode().ljust(32), _derive(code, salt).author)
""",
        "test_p06_the_code_is_nowhere.py::test_the_code_is_in_no_table",
    ),
    Breaking(
        "onion_app.vault.database.Database.try_checkpoint",
        """
Database.try_checkpoint = lambda self: None
""",
        "test_p07_taking_back_is_real.py::test_erasing_truncates_the_log",
    ),
    Breaking(
        "onion_app.vault.connection.SETTINGS",
        """
SETTINGS = tuple((name, "OFF", 0) if name == "secure_delete" else (name, *rest) for name, *rest in SETTINGS)
""",
        "test_p07_taking_back_is_real.py::test_no_erased_byte_is_left_in_the_decrypted_file",
    ),
    Breaking(
        "onion_app.site.rendering.show_published",
        """
_show_published = show_published
def show_published(*args, **values):
    from onion_app.site.context import mailbox
    with mailbox().writing():
        mailbox().run("UPDATE published SET counter = counter + 1")
    return _show_published(*args, **values)
""",
        "test_p08_days_never_hours.py::test_a_visit_leaves_nothing_behind",
    ),
    Breaking(
        "onion_app.web.size.padded",
        """
_padded = padded
def padded(head, page, *, own_text):
    return _padded(head, page[:-1], own_text=own_text)[: -(len(page) % 7) or None]
""",
        "test_p09_one_size.py::test_published_pages_and_errors_have_one_size",
    ),
    Breaking(
        "onion_app.site.rendering.show_own_text",
        """
_show_own_text = show_own_text
def show_own_text(template, text, **values):
    return _show_own_text(template, "" if values.get("why") else text, **values)
""",
        "test_p10_no_text_is_lost.py::test_a_lost_cookie_loses_nothing",
    ),
    Breaking(
        "onion_app.site.visit.forget",
        """
def forget():
    session.clear()
""",
        "test_p10_no_text_is_lost.py::test_after_leave_nothing_of_it_is_left",
    ),
    Breaking(
        "onion_app.vault.connection.SETTINGS",
        """
SETTINGS = tuple((name, "OFF", 0) if name == "synchronous" else (name, *rest) for name, *rest in SETTINGS)
""",
        "test_p11_what_was_acknowledged_stays.py::test_the_log_is_on_the_disk_before_the_answer_goes_out",
    ),
    Breaking(
        "onion_app.site.rendering.show_page",
        """
_show_page = show_page
def show_page(template, **values):
    return _show_page(template, **values).replace("<li>", "<p>", 9)
""",
        "test_p12_said_plainly.py::test_the_site_says_in_every_language_what_it_cannot_do",
    ),
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
    """Copy this clone, with the virtual environment as links to the same files."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)
    subprocess.run(["cp", "-a", "--reflink=auto", str(ROOT / ".venv"), str(to / ".venv")], check=True)
    return to


def is_noticed(breaking: Breaking) -> bool:
    """Break a copy of this clone, and tell whether the test of the promise fails."""
    with tempfile.TemporaryDirectory(prefix="broken-") as folder:
        clone = copied(Path(folder))
        with (clone / breaking.module).open("a", encoding="utf-8") as file:
            file.write(breaking.lines)
        words = [".venv/bin/python", "-m", "pytest", "-q", "-x", f"tests/promises/{breaking.test}"]
        done = subprocess.run(words, cwd=clone, capture_output=True, text=True, check=False)
    if done.returncode != NOTICED:
        sys.stdout.write(done.stdout[-2000:] + done.stderr[-2000:])
    return done.returncode == NOTICED


def main(promises: Sequence[str]) -> int:
    """Try every breaking, or those of these promises; give 1 when one goes unnoticed."""
    chosen = [breaking for breaking in BREAKINGS if not promises or breaking.promise in promises]
    unnoticed = 0
    for number, breaking in enumerate(chosen, start=1):
        sys.stdout.write(f"{number}/{len(chosen)} {breaking.promise} {breaking.name}: ")
        sys.stdout.flush()
        noticed = is_noticed(breaking)
        unnoticed += not noticed
        sys.stdout.write(f"{'noticed' if noticed else 'NOT NOTICED'} by {breaking.test}\n")
    if not chosen:
        sys.stdout.write("No such promise: name them as in docs/threat-model.md, such as P07.\n")
    return int(bool(unnoticed) or not chosen)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
