"""Stories and guides as the desk publishes them, put into the mailbox of a site."""

from collections.abc import Sequence

from onion_app.choices import LanguageCode
from onion_app.crypto.keys import new_id
from onion_app.shapes import Row, to_json
from onion_app.vault.database import Database
from onion_app.vault.shown import writing


def put_story(
    db: Database,
    words: dict[LanguageCode, tuple[str, str]],
    *,
    notes: Sequence[str] = (),
    year: int | None = 2024,
    translated_from: LanguageCode | None = None,
) -> str:
    """Show a story, by language its title and its words, and give its id as it stands in paths."""
    story_id = new_id()
    _show(db, (story_id, "story", None, year, to_json(tuple(notes))), words, translated_from)
    return story_id.hex()


def put_guide(
    db: Database,
    slug: str,
    words: dict[LanguageCode, tuple[str, str]],
    checked_by: str | None = None,
    checked_day: int | None = None,
) -> bytes:
    """Show a guide and give its id."""
    guide_id = new_id()
    _show(db, (guide_id, "guide", slug, None, "[]"), words, None, (checked_by, checked_day))
    return guide_id


def _show(
    db: Database,
    text: tuple[bytes, str, str | None, int | None, str],
    words: dict[LanguageCode, tuple[str, str]],
    translated_from: LanguageCode | None,
    checked: tuple[str | None, int | None] = (None, None),
) -> None:
    versions: list[Row] = [
        (text[0], language, title, body, translated_from, *checked) for language, (title, body) in words.items()
    ]
    with db.writing():
        writing.show_text(db, text[0], ([text], versions))
