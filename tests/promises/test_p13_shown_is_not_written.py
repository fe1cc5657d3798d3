"""P13: what visitors are shown and to whom they write cannot be written by the process that serves them.

A stranger who has taken over the site's process tries it from within its walls, in every way that a file has.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from onion_app.errors import SanctuaryError
from onion_app.launch import seccomp
from onion_app.launch.confine import ALL_WALLS, INTERPRETER, Walls, around_child
from onion_app.vault import settings
from onion_app.vault.database import open_database
from onion_app.vault.desk import case_records
from onion_app.vault.show import show
from tests import processes, tables
from tests.house import House
from tests.world import Author, Clock, World

UNDOING = ("mount", "umount2", "pivot_root", "unshare", "setns", "open_tree", "move_mount", "mount_setattr", "ptrace",
           "process_vm_writev", "pidfd_getfd")  # fmt: skip
# Each line of it is a way; what goes through is told by its name, and all that follows is tried nevertheless.
ATTACK = dedent("""
    import ctypes, json, os, shutil, sys
    from pathlib import Path
    import sqlcipher3
    folder, key, elsewhere = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    [file] = folder.glob("*.db")
    libc = ctypes.CDLL(None, use_errno=True)

    def done(status):
        if status:
            raise OSError(ctypes.get_errno(), "refused")

    def sqlite(*statements, mode="rwc", name=file):
        db = sqlcipher3.connect(f"file:{name}?mode={mode}", uri=True, isolation_level=None)
        db.execute(f"PRAGMA key = \\"x'{key}'\\"")
        for statement in statements:
            db.execute(statement).fetchall()
        db.close()

    planted = "INSERT OR REPLACE INTO settings VALUES ('paused', 'true')"
    mine = elsewhere / "mine"
    mine.write_bytes(b"something else")
    ways = {
        "write through SQLite": lambda: sqlite(planted),
        "with a log": lambda: sqlite("PRAGMA journal_mode = WAL", planted),
        "with no journal": lambda: sqlite("PRAGMA journal_mode = OFF", planted),
        "in memory": lambda: sqlite("PRAGMA journal_mode = MEMORY", "PRAGMA locking_mode = EXCLUSIVE", planted),
        "with no locks": lambda: sqlite("PRAGMA journal_mode = OFF", planted, mode="rw&nolock=1"),
        "as one that never changes": lambda: sqlite("PRAGMA journal_mode = OFF", planted, mode="rw&immutable=1"),
        "through another": lambda: sqlite(
            f"ATTACH '{file}' AS it", "INSERT OR REPLACE INTO it.settings VALUES ('paused', 'true')",
            name=elsewhere / "own.db",
        ),
        "by a copy": lambda: sqlite("VACUUM INTO " + repr(str(elsewhere / "copy.db")))
            or (elsewhere / "copy.db").rename(file),
        "write into it": lambda: file.open("r+b").write(b"x"),
        "write at its end": lambda: file.open("ab").write(b"x"),
        "write anew": lambda: file.write_bytes(b"x"),
        "cut": lambda: os.truncate(file, 0),
        "make a journal": lambda: Path(f"{file}-journal").write_bytes(b"x"),
        "make a log": lambda: Path(f"{file}-wal").write_bytes(b"x"),
        "make a file beside it": lambda: (folder / "other").write_bytes(b"x"),
        "make a folder beside it": lambda: (folder / "others").mkdir(),
        "change its mode": lambda: file.chmod(0o666),
        "change the folder's mode": lambda: folder.chmod(0o777),
        "change its times": lambda: os.utime(file, (1, 1)),
        "mark it": lambda: os.setxattr(file, "user.mark", b"x"),
        "link to it": lambda: os.link(file, folder / "linked"),
        "link it out": lambda: os.link(file, elsewhere / "linked"),
        "link within": lambda: (folder / "pointer").symlink_to(mine),
        "mount it anew": lambda: done(libc.mount(b"none", str(folder).encode(), None, 32 | 4096, None)),
        "mount over it": lambda: done(libc.mount(str(elsewhere).encode(), str(folder).encode(), None, 4096, None)),
        "take the mount away": lambda: done(libc.umount2(str(folder).encode(), 2)),
        "put one's own in its place": lambda: mine.rename(file),
        "move it away": lambda: file.rename(elsewhere / "gone"),
        "move the folder": lambda: folder.rename(elsewhere / "folder"),
        "remove it": file.unlink,
        "remove the folder": lambda: shutil.rmtree(folder),
    }
    through = []
    for name, way in ways.items():
        try:
            way()
        except Exception:
            continue
        through.append(name)
    print(json.dumps(through))
""")


# What a kernel is asked for by who wants other mounts, or another process's rights, than the walls give.
CALLS = dedent("""
    import ctypes, errno, json, sys
    libc = ctypes.CDLL(None, use_errno=True)
    print(json.dumps({
        name: libc.syscall(ctypes.c_long(number), 0, 0, 0, 0, 0, 0) == -1 and errno.errorcode[ctypes.get_errno()]
        for name, number in json.loads(sys.argv[1]).items()
    }))
""")


@pytest.fixture
def world() -> Iterator[World]:
    """Make an installation in which a case was answered and a guide is public."""
    with tempfile.TemporaryDirectory(prefix="shown-") as folder:
        made = World(Path(folder) / "state", Clock())
        circle = made.circle(catch_all=True)
        noor = made.enrol(circle, "Noor", coordinator=True)
        author = Author(made, circle)
        author.writes("words")
        made.answers(noor, author.case_id)
        made.show({"en": ("In danger now?", "Go where people are.")}, slug="now")
        yield made
        made.close()


def attacked(world: World, folders: list[Path], read_only: list[Path]) -> list[str]:
    """Run the attack on the folder of `shown.db` as a process that may write here and read there."""
    place = (world.state.shown, world.keys.shown.hex(), world.state.mailbox)
    with around_child(ALL_WALLS, folders, read_only) as (words, inherited):
        command = [*words, *INTERPRETER, "-c", ATTACK, *map(str, place)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/", pass_fds=inherited)
    through: list[str] = json.loads(done.stdout)
    return through


def everything_in(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Read each file of a folder, with its mode."""
    return {path.name: (path.read_bytes(), path.stat().st_mode) for path in folder.iterdir()}


def test_the_sites_process_changes_nothing_in_the_folder_of_what_it_shows(world: World) -> None:
    before, shown = everything_in(world.state.shown), tables.dump(world.state.shown / "shown.db", world.keys.shown)
    assert attacked(world, [world.state.mailbox], [world.state.shown]) == []
    assert everything_in(world.state.shown) == before
    assert tables.dump(world.state.shown / "shown.db", world.keys.shown) == shown


def test_the_same_ways_lead_through_where_nobody_forbids_them(world: World) -> None:
    """See that it is an attack: the desk's process, which may write there, is held back by nothing."""
    through = attacked(world, [world.state.mailbox, world.state.shown], [])
    for way in ("write through SQLite", "with no journal", "through another", "make a journal", "remove it"):
        assert way in through
    assert "write into it" in through


def asked(world: World, walls: Walls) -> dict[str, str]:
    """Make the calls as the site's process, behind these walls, and give the kernel's answers."""
    machine = seccomp.MACHINES[os.uname().machine]
    with around_child(walls, [world.state.mailbox], [world.state.shown]) as (words, inherited):
        command = [*words, *INTERPRETER, "-c", CALLS, json.dumps({name: machine.refused[name] for name in UNDOING})]
        done = subprocess.run(command, capture_output=True, text=True, check=True, pass_fds=inherited)
    answers: dict[str, str] = json.loads(done.stdout)
    return answers


def test_the_kernel_knows_no_call_that_would_undo_a_mount(world: World) -> None:
    assert asked(world, ALL_WALLS) == dict.fromkeys(UNDOING, "ENOSYS")
    without = asked(world, replace(ALL_WALLS, system_calls=False))
    assert "ENOSYS" not in without.values(), "where nobody refuses them, it knows each"


def test_what_the_site_would_like_to_change_stays(world: World) -> None:
    """Try it with the site's own connection, as a fault of ours could where nothing confines it."""
    shown = open_database(world.state.shown, "shown", world.keys.shown, read_only=True)
    with world.desk.writing():
        case_records.close_door(world.desk, bytes(16), world.today)
    before = tables.dump(world.state.shown / "shown.db", world.keys.shown)
    own = bytes(32)
    changes: list[tuple[str, tuple[bytes | str, ...]]] = [
        ("UPDATE circle_keys SET public_key = ?", (own,)),
        ("UPDATE versions SET body = ?", ("Come to the house behind the mill.",)),
        ("UPDATE settings SET value = 'false' WHERE name = ?", ("paused",)),
        ("UPDATE replies SET mark = ?", (own,)),
        ("DELETE FROM doors", ()),
        ("INSERT INTO withdrawn VALUES (?, ?)", (own, own)),
        ("PRAGMA query_only = 0", ()),
        ("PRAGMA writable_schema = 1", ()),
        ("ATTACH ? AS it", (str(world.state.shown / "shown.db"),)),
    ]
    for sql, values in changes:
        with pytest.raises(SanctuaryError), shown.writing():
            shown.run(sql, values)
    with pytest.raises(SanctuaryError):
        show(shown, world.desk)
    with pytest.raises(SanctuaryError), shown.writing():
        settings.put_setting(shown, "paused", value=True)
    shown.close()
    assert tables.dump(world.state.shown / "shown.db", world.keys.shown) == before


@processes.only_root_looks_in
@pytest.mark.usefixtures("coordinator")
def test_the_running_site_sees_that_folder_read_only_and_the_others_do_not_see_less(house: House) -> None:
    """Write there as root, by the mounts of the process that serves."""
    for role, may in (("site", False), ("desk", True)):
        beside = Path(f"/proc/{house.one(role)}/root{house.state}/shown/beside")
        assert beside.parent.is_dir()
        if may:
            beside.touch()
            beside.unlink()
            continue
        with pytest.raises(OSError, match="Read-only file system"):
            beside.touch()
        with pytest.raises(OSError, match="Read-only file system"):
            beside.with_name("shown.db").open("r+b")
        assert not Path(f"/proc/{house.one(role)}/root{house.state}/desk").exists()
