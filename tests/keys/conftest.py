"""An installation for each test, with Argon2 at its cheapest: no key of a case follows from how long it takes."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from nacl.pwhash import argon2id

from tests.keys.installation import Installation, Known
from tests.world import hardly_stretched

MEMORY = Path("/dev/shm")  # nobody waits for the disk here


@pytest.fixture(scope="module", autouse=True)
def argon2_at_its_cheapest() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(argon2id, "kdf", hardly_stretched)
        yield


@pytest.fixture(scope="module")
def first() -> Iterator[Known]:
    """Found an installation that the others begin like."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        founded = Installation(Path(folder))
        founded.close()
        yield founded.known


@pytest.fixture
def installation(first: Known) -> Iterator[Installation]:
    """Give an installation with three circles, of which two have members."""
    with tempfile.TemporaryDirectory(dir=first.path.parent) as folder:
        begun = Installation(Path(folder), first)
        yield begun
        begun.close()
