"""What an author has erased, looked for in every file of a house: in the clear, and as it lay there sealed."""

from onion_app.vault.connection import KINDS
from tests import tables
from tests.house import START, House
from tests.marks import files_with
from tests.processes import until

LEFT = {"desk.doors", "shown.doors"}  # the id of what is gone, so that it does not come again
SEALED = 200  # bytes that whatever is sealed has at least
PIECE = slice(40, 90)  # of them, which stand nowhere else


def sealed_of(home: House, case: bytes) -> list[bytes]:
    """Give a piece of whatever is sealed of a case; each is found where it lies."""
    rows = tables.belonging(home.tables(), case)
    values = [value for each in rows.values() for row in each for value in row]
    pieces = [value[PIECE] for value in values if isinstance(value, bytes) and len(value) > SEALED]
    assert pieces, "nothing is sealed"
    assert found(home, pieces) == pieces
    return pieces


def found(home: House, pieces: list[bytes]) -> list[bytes]:
    """Search every page of each database and of its log, decrypted, deleted ones too, and every other file as it is."""
    content = [path.read_bytes() for path in home.state.rglob("*") if path.is_file()]
    for kind in KINDS:
        file, key = home.state / kind / f"{kind}.db", home.keys.of(kind)
        content += tables.decrypted_log(file, key)  # before the file into which a checkpoint may just bring it
        content += tables.decrypted_pages(file, key)
    whole = b"".join(content)
    return [piece for piece in pieces if piece in whole]


def nothing_is_left(home: House, case: bytes, pieces: list[bytes], *words: str) -> None:
    """Wait until the chores are done, and find neither a piece, nor a row but what keeps it away, nor a word."""
    until(lambda: not found(home, pieces), START, "the end of what is sealed")
    left = tables.belonging(home.tables(), case)
    assert left.keys() <= LEFT
    assert [files_with(each, home.state) for each in words] == [[] for _ in words]
