"""The inputs that were found, by target: short ones that between them reach all that was ever reached."""

from pathlib import Path
from typing import Final

CORPUS: Final = Path(__file__).parents[1] / "corpus"


def inputs_of(target: str) -> list[Path]:
    """List the files of a target."""
    return sorted((CORPUS / target).iterdir())
