"""The guides that an installation begins with: `guides/<name>.<language>.md`, the title in the first line.

None of them has been checked by anybody who knows the place, and each says so where it is read. The one for danger is
shown at once; the others wait at the desk as drafts until somebody there finds them good enough.
"""

from pathlib import Path
from typing import Final

from onion_app.choices import LANGUAGE_CODES
from onion_app.crypto.keys import new_id
from onion_app.vault.database import Database
from onion_app.vault.desk import guides
from onion_app.vault.shown.reading import Version

FOLDER: Final = Path(__file__).parent / "guides"
SHOWN_AT_ONCE: Final = "now"


def store_guides(shown: Database, desk: Database) -> None:
    """Store every guide at the desk, and show the one for danger."""
    for slug in sorted({path.name.partition(".")[0] for path in FOLDER.glob("*.md")}):
        guide_id = guides.begin_guide(desk, new_id(), slug)
        for language in LANGUAGE_CODES:
            if (path := FOLDER / f"{slug}.{language}.md").is_file():
                version = Version(guide_id, language, *_title_and_body(path.read_text("utf-8")))
                guides.save_version(shown, desk, version)
        if slug == SHOWN_AT_ONCE:
            guides.move_guide(shown, desk, guide_id, "public")


def _title_and_body(source: str) -> tuple[str, str]:
    title, _, body = source.partition("\n")
    return title.removeprefix("# ").strip(), body.strip()
