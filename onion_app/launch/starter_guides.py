"""The guides that an installation begins with: `guides/<name>.<language>.md`, the title in the first line.

None of them has been checked by anybody who knows the place, and each says so where it is read. The one for danger is
shown at once; the others wait at the desk as drafts until somebody there finds them good enough.
"""

import secrets
from pathlib import Path
from typing import Final

from onion_app.choices import LANGUAGE_CODES
from onion_app.vault.database import Database
from onion_app.vault.shown import writing
from onion_app.vault.shown.reading import StoryOrGuide, Version

FOLDER: Final = Path(__file__).parent / "guides"
SHOWN_AT_ONCE: Final = "now"


def store_guides(mailbox: Database, shown: Database, desk: Database) -> None:
    """Store every guide at the desk, and show the one for danger."""
    for slug in sorted({path.name.partition(".")[0] for path in FOLDER.glob("*.md")}):
        guide = StoryOrGuide(secrets.token_bytes(16), "guide", slug, None, ())
        writing.store_draft(desk, guide, _versions(guide.id, slug))
        if slug == SHOWN_AT_ONCE:
            writing.publish_text(mailbox, shown, desk, guide.id)


def _versions(text_id: bytes, slug: str) -> list[Version]:
    return [
        Version(text_id, language, *_title_and_body(path.read_text("utf-8")), None, None, None)
        for language in LANGUAGE_CODES
        if (path := FOLDER / f"{slug}.{language}.md").is_file()
    ]


def _title_and_body(source: str) -> tuple[str, str]:
    title, _, body = source.partition("\n")
    return title.removeprefix("# ").strip(), body.strip()
