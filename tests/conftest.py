"""What every test has: no network beyond this machine, and the real thing to try."""

from collections.abc import Iterator

import pytest

from tests import network

pytest_plugins = ("tests.network_fixture", "tests.rehearsal", "tests.house", "tests.reached")


@pytest.fixture(scope="session", autouse=True)
def nothing_leaves_this_machine() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        network.block(patch)
        yield
