"""What every test has: no network beyond this machine, and the real thing to try."""

import os
import time
from collections.abc import Iterator

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from jinja2 import FileSystemBytecodeCache

from tests import network

# The same examples in every run, so that it passes everywhere or nowhere; `--hypothesis-profile=new` looks for others.
settings.register_profile("new", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", settings.get_profile("new"), derandomize=True)
settings.load_profile("same")

# The same surroundings on every machine, also for whatever a test starts: the readers' zone, where a day begins early.
os.environ |= {"TZ": "Asia/Baghdad", "LC_ALL": "C.UTF-8"}
time.tzset()

pytest_plugins = (
    "tests.fixtures",
    "tests.one_network",
    "tests.rehearsal",
    "tests.house",
    "tests.reached",
    "tests.quick",
    "tests.order",
)


@pytest.fixture(scope="session", autouse=True)
def nothing_leaves_this_machine() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        network.block(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_template_is_compiled_twice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Share what jinja2 made of the templates: hundreds of tests start an app of their own."""
    with pytest.MonkeyPatch.context() as patch:
        cache = FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": cache})
        yield
