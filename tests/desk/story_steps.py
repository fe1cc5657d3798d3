"""Steps on the way from a testimony to a story, at the desk."""

from onion_app.crypto.payloads import Publish
from onion_app.errors import NothingHere
from onion_app.vault.desk import stories
from onion_app.vault.shown import reading
from tests.desk.house import House, Volunteer
from tests.world import Author

WRITTEN = "Ahmed from Basra hit me. I ran away.\nNow I am safe."
EDITED = "Somebody in a city hit me. I ran away.\n\nNow I am safe."
CHECKS = {f"check_{name}": "1" for name in ("names", "places", "others", "true", "grown")}
DRAFT = {"title": "I ran away", "text": EDITED, "language": "en", "year": "2025", "note_violence": "1"}


def finish(editor: Volunteer, case: str, **changed: str) -> None:
    """Take a case and finish a draft of its story."""
    page = editor.open_case(case)
    if page.has("button", formaction=f"/case/{case}/take"):
        editor.press(f"/case/{case}/take")
    editor.get(f"/case/{case}/story")
    fields = [
        (name, value) for name, value in editor.page.form_to(f"/case/{case}/story/save").fields if "note_" not in name
    ]
    typed = DRAFT | CHECKS | changed | {"finished": "1"}
    editor.post(f"/case/{case}/story/save", [*[pair for pair in fields if pair[0] not in typed], *typed.items()])
    assert editor.page.errors == ""


def finished(editor: Volunteer, author: Author, publish: Publish = "yes", **changed: str) -> str:
    """Finish a draft of the story of a new testimony; gives the case."""
    case = author.tells(WRITTEN, publish)
    finish(editor, case, **changed)
    return case


def asked(editor: Volunteer, author: Author) -> str:
    """Ask the author of a new testimony about the story made of it; gives the case."""
    case = finished(editor, author, "ask")
    editor.press_on(f"/case/{case}/story", f"/case/{case}/story/ask")
    return case


def in_queue(editor: Volunteer, author: Author) -> tuple[str, stories.Story]:
    """Queue the story made of a new testimony; gives the case and the story."""
    case = finished(editor, author)
    return case, queued(editor, author, case)


def step(volunteer: Volunteer, case: str) -> str:
    """Read where the story of a case stands."""
    return volunteer.get(f"/case/{case}/story").first(id="standing").get("data-step")


def queued(editor: Volunteer, author: Author, case: str) -> stories.Story:
    """Press the button that queues."""
    assert editor.press_on(f"/case/{case}/story", f"/case/{case}/story/queue").errors == ""
    story = stories.story_of(author.world.desk, author.case_id)
    assert story is not None
    return story


def states(house: House, story: bytes) -> list[tuple[str, str]]:
    """Read where the versions of a story stand at the desk."""
    return [(version.language, version.state) for version in reading.versions_of(house.desk, story)]


def on_the_site(house: House, story: bytes) -> list[str]:
    """Read what readers see of a story."""
    try:
        return [version.body for version in reading.shown_story(house.mailbox, house.shown, story)]
    except NothingHere:
        return []


def two_weeks_later(house: House) -> None:
    """Let the chores do their work when every queued day has come."""
    house.clock.wait(days=15)
    house.chores()
