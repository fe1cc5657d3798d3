import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from onion_app.launch.processes.chores import Files
from onion_app.vault.database import Database
from onion_app.vault.mailbox import lifetime
from onion_app.vault.mailbox.records import Case
from tests.vault.made import Installation, set_up


@pytest.fixture(scope="session")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Set an installation up once; each test gets a copy of its files."""
    return set_up(tmp_path_factory.mktemp("pattern"))


@pytest.fixture
def made(pattern: Installation, tmp_path: Path) -> Iterator[Installation]:
    installation = replace(pattern, folder=tmp_path / "state", opened=[])
    shutil.copytree(pattern.folder, installation.folder)
    yield installation
    installation.close()


@pytest.fixture
def mailbox(made: Installation) -> Database:
    return made.mailbox()


@pytest.fixture
def shown(made: Installation) -> Database:
    return made.open("shown")


@pytest.fixture
def desk(made: Installation) -> Database:
    return made.open("desk")


@pytest.fixture
def dbs(mailbox: Database, shown: Database, desk: Database) -> Files:
    return Files(mailbox, shown, desk)


@pytest.fixture
def case(made: Installation, mailbox: Database) -> Case:
    return lifetime.read_case(mailbox, made.add_case(mailbox).row.id)
