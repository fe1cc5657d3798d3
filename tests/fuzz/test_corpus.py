"""What fuzzing has found is tried again: nothing unnamed comes out of any parser, whatever goes in."""

import pytest

from onion_app.crypto import payloads
from tests.fuzz.corpus import CORPUS, inputs_of
from tests.fuzz.targets import TARGETS

pytestmark = pytest.mark.usefixtures("nothing_is_stretched")


@pytest.mark.parametrize("target", TARGETS)
def test_no_input_that_was_ever_found_brings_out_what_has_no_name(target: str) -> None:
    for path in inputs_of(target):
        try:
            TARGETS[target](path.read_bytes())
        except Exception as error:
            raise AssertionError(path.name) from error


def test_each_target_has_inputs_and_each_input_a_target() -> None:
    assert {folder.name for folder in CORPUS.iterdir()} == set(TARGETS)
    assert all(inputs_of(target) for target in TARGETS)


def test_an_error_without_a_name_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payloads, "SealBroken", KeyError)
    with pytest.raises(KeyError):
        TARGETS["sealed_payloads"](b"[")
