"""Steps on the way from a testimony to a story, at the desk."""

from onion_app.errors import NothingHere
from onion_app.vault import truth
from onion_app.vault.desk import stories_queue
from onion_app.vault.shown import reading
from tests.desk.actors import Author, House, Volunteer

WRITTEN = "Ahmed from Basra hit me. I ran away.\nNow I am safe."
EDITED = "Somebody in a city hit me. I ran away.\n\nNow I am safe."
CHECKS = {f"check_{name}": "1" for name in ("names", "places", "others", "true", "grown")}
DRAFT = {"title": "I ran away", "text": EDITED, "language": "en", "year": "2025", "note_violence": "1"}


def finish(editor: Volunteer, case: str, **changed: str) -> None:
    """Take a case and finish a draft of its story."""
    page = editor.opens(case)
    if page.has("form", action=f"/case/{case}/take"):
        editor.presses(f"/case/{case}/take")
    editor.goes_to(f"/case/{case}/story")
    fields = [(name, value) for name, value in editor.form(f"/case/{case}/story/save").fields if "note_" not in name]
    typed = DRAFT | CHECKS | changed | {"finished": "1"}
    editor.sends(f"/case/{case}/story/save", [*[pair for pair in fields if pair[0] not in typed], *typed.items()])
    assert editor.mistakes == ""


def step(volunteer: Volunteer, case: str) -> str:
    """Read where the story of a case stands."""
    return volunteer.goes_to(f"/case/{case}/story").first(id="standing").get("data-step")


def queued(editor: Volunteer, author: Author, case: str) -> stories_queue.Story:
    """Press the button that queues."""
    editor.goes_to(f"/case/{case}/story")
    editor.presses(f"/case/{case}/story/queue")
    assert editor.mistakes == ""
    return stories_queue.stories_of(author.house.desk, author.case_id)[0]


def on_the_site(house: House, story: bytes) -> list[str]:
    """Read what readers see of a story."""
    try:
        return [version.body for version in reading.shown_story(house.mailbox, story)[1]]
    except NothingHere:
        return []


def two_weeks_later(house: House) -> None:
    """Let the chores do their work when every queued day has come."""
    house.clock.now += 15 * 86_400
    truth.repair(house.mailbox, house.desk, house.clock.today)
    stories_queue.publish_due_stories(house.mailbox, house.desk, house.clock.today)
