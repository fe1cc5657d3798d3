"""The stories: published, queued and taken down, for the circle that each came from and for coordinators."""

from typing import Final, NamedTuple, get_args

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue as Answer

from onion_app.choices import TextState
from onion_app.desk import forms, story_actions
from onion_app.desk.context import Databases, databases
from onion_app.desk.login_gate import buttons, login_required, page_at
from onion_app.desk.permissions import Member, only_coordinators
from onion_app.errors import NothingHere, Overloaded
from onion_app.vault.desk import stories
from onion_app.vault.shown.reading import versions_of

pages = Blueprint("stories", __name__, url_prefix="/stories")

buttons(
    pages,
    "stories.show_story",
    take_down=("/<id:story_id>/down", story_actions.take_story_down),
    put_back=("/<id:story_id>/back", story_actions.put_story_back),
    publish_now=("/<id:story_id>/now", story_actions.publish_story_now),
)

STATES: Final = tuple(state for state in get_args(TextState) if state != "draft")


class StoryRow(NamedTuple):
    """A line of the list."""

    id: bytes
    publish_day: int | None
    title: str
    languages: list[str]


@pages.get("")
@login_required
def show(member: Member) -> Answer:
    """List every story in a state, for coordinators."""
    only_coordinators(member)
    which = request.args.get("which", "queued")
    after = forms.after(request.args)
    if which not in STATES:
        raise NothingHere
    dbs = databases()
    state = next(state for state in STATES if state == which)
    lines, last = stories.stories_in(*dbs[:3], state, after[1:] if after else (0, b""))
    return render_template(
        "stories.html",
        which=which,
        rows=[_row(dbs, line, state) for line in lines],
        after=after,
        following=forms.after_this(0, last.publish_day, last.id) if last else "",
    )


@page_at("/<id:story_id>", pages, Overloaded)
def show_story(member: Member, mistakes: dict[str, str], story_id: bytes) -> Answer:
    """Show a story as its readers see it, and the acts on it."""
    story = story_actions.story_for(databases(), member, story_id)
    versions = versions_of(databases().desk, story.id)
    if not versions:  # withheld at its author's word: what is left is sealed in its case
        raise NothingHere
    state = stories.state_of(versions)
    return render_template("one_story.html", story=story, state=state, versions=versions, mistakes=mistakes)


def _row(dbs: Databases, line: stories.Shelved, state: str) -> StoryRow:
    versions = [version for version in versions_of(dbs.desk, line.id) if version.state == state]
    first = min(versions, key=lambda version: version.translated_from is not None, default=None)  # the original
    return StoryRow(line.id, line.publish_day, first.title if first else "", [each.language for each in versions])
