"""Each promise has a breaking, and what it breaks and who must notice are there; `scripts/test --broken` tries them."""

import re

import pytest

from tests.promises.breakings import BREAKINGS, ROOT, Breaking, names_in

MODEL = (ROOT / "docs" / "threat-model.md").read_text("utf-8")


def test_each_promise_of_the_threat_model_is_broken_somehow() -> None:
    assert {breaking.promise for breaking in BREAKINGS} == set(re.findall(r"^\| (P\d\d) \|", MODEL, re.MULTILINE))


@pytest.mark.parametrize("breaking", BREAKINGS, ids=lambda breaking: f"{breaking.promise}-{breaking.name}")
def test_what_is_broken_and_the_test_that_must_notice_are_there(breaking: Breaking) -> None:
    module = ".".join(breaking.module.with_suffix("").parts)
    assert breaking.name.removeprefix(f"{module}.") in names_in(breaking.module)
    assert f"def {breaking.test}(" in (ROOT / breaking.test_file).read_text("utf-8")
