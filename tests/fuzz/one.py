"""One target under atheris: `python -m tests.fuzz.one TARGET`, and libFuzzer's own arguments after it."""

import sys

import atheris  # type: ignore[import-untyped]

with atheris.instrument_imports(
    include=["onion_app", "scripts", "waitress", "markdown_it", "werkzeug", "tarfile", "stem"]
):
    from tests.fuzz.targets import TARGETS, hardly_stretch


if __name__ == "__main__":
    name = sys.argv.pop(1)
    hardly_stretch()
    atheris.Setup(sys.argv, TARGETS[name])
    atheris.Fuzz()
