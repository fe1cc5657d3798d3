"""The stories: their list, ten at a time, and each of them in parts; the same for everybody who reads.

The content notes stand before a story, in words. Of its author and its days nothing is known here but the year.
# P08: no page shows when a story arrived or was published.
"""

from typing import Final
from urllib.parse import urlencode

from flask import abort, request
from flask.typing import ResponseReturnValue

from onion_app.choices import NOTES
from onion_app.errors import NothingHere
from onion_app.site.context import files, shown
from onion_app.site.paging import part_number, parts_of
from onion_app.site.rendering import best_version, language_code, make_blueprint, show_published
from onion_app.vault.shown import reading
from onion_app.vault.shown.reading import name_of
from onion_app.web.reading_order import in_reading_order

pages: Final = make_blueprint("stories")

_AROUND: Final = len('<p class="text"></p>\n')


@pages.get("/<lang:code>/stories")
def story_list() -> str:
    """List ten stories, without those that have a content note which the reader left out."""
    without = _left_out()
    after = request.args.get("after", "")
    place = _story_in(after)
    listed, more = reading.list_stories(files().mailbox, files().shown, language_code(), without, place)
    chosen = [("without", note) for note in without]
    return show_published(
        "stories.html",
        query=urlencode([*chosen, ("after", after)] if place else chosen),
        listed=listed,
        notes=NOTES,
        without=without,
        earlier=f"after={name_of(listed[-1].text_id)}" if more else "",
        began=not place,
    )


@pages.get("/<lang:code>/stories/<story_id>")
def story(story_id: str) -> ResponseReturnValue:
    """Show a part of a story, in the language of the page if it is written in it."""
    try:
        versions = reading.shown_story(files().mailbox, files().shown, reading.story_named(files().shown, story_id))
    except NothingHere:
        abort(404)
    version = best_version(versions)
    parts = parts_of(version.body, lambda paragraph: len(in_reading_order(paragraph).encode()) + _AROUND)
    part = part_number(len(parts))
    return show_published(
        "story.html",
        query=f"part={part}" if part > 1 else "",
        story_id=story_id,
        story_notes=[note for note in NOTES if note in version.notes],
        version=version,
        versions=versions,
        paragraphs=parts[part - 1],
        part=part,
        parts_count=len(parts),
        hard="dying" if "dying" in reading.titles_of_guides(shown()) else "now",
    )


def _left_out() -> list[str]:
    return [note for note in NOTES if note in request.args.getlist("without")]


def _story_in(after: str) -> bytes | None:
    try:
        return reading.story_named(files().shown, after)
    except NothingHere:
        return None
