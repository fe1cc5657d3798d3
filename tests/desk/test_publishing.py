"""From a testimony to a story that others read: what has to happen first, and what stops it."""

import pytest

from onion_app.crypto.letters import Pointer, Proposal
from onion_app.errors import NothingHere
from onion_app.vault import cases, publishing, texts, truth, worklog
from onion_app.web.app import Hardened
from tests.desk.actors import Author, House, Volunteer
from tests.membership import let_in

WRITTEN = "Ahmed from Basra hit me. I ran away.\nNow I am safe."
EDITED = "Somebody in a city hit me. I ran away.\n\nNow I am safe."
CHECKS = {f"check_{name}": "1" for name in ("names", "places", "others", "true", "grown")}
DRAFT = {"title": "I ran away", "text": EDITED, "language": "en", "year": "2025", "note_violence": "1"}


@pytest.fixture
def editor(house: House, counsellor: Volunteer) -> Volunteer:
    """Log in as the one member of the circle."""
    with house.desk.writing():
        house.desk.run("UPDATE moderators SET coordinator = 0")
    counsellor.logs_in()
    return counsellor


@pytest.fixture
def second(house: House, app: Hardened, circle: bytes, editor: Volunteer) -> Volunteer:
    """Log in as a second member of the circle."""
    volunteer = Volunteer(house, app)
    volunteer.enrols(circle, "Dana")
    let_in(house.desk, circle, editor.handle, editor.passphrase, "Dana")
    volunteer.logs_in()
    return volunteer


@pytest.fixture
def coordinator(house: House, app: Hardened, editor: Volunteer) -> Volunteer:
    """Log in as a coordinator who is in another circle."""
    assert editor.handle
    volunteer = Volunteer(house, app)
    volunteer.enrols(house.circle("Others"), "Noor")
    with house.desk.writing():
        house.desk.run("UPDATE moderators SET coordinator = 1 WHERE handle = 'Noor'")
    volunteer.logs_in()
    return volunteer


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


def queued(editor: Volunteer, author: Author, case: str) -> publishing.Story:
    """Press the button that queues."""
    editor.goes_to(f"/case/{case}/story")
    editor.presses(f"/case/{case}/story/queue")
    assert editor.mistakes == ""
    return publishing.stories_of(author.house.desk, author.case_id)[0]


def on_the_site(house: House, story: bytes) -> list[str]:
    """Read what readers see of a story."""
    try:
        return [version.body for version in texts.story(house.mailbox, story)[1]]
    except NothingHere:
        return []


def two_weeks_later(house: House) -> None:
    """Let the chores do their work when every queued day has come."""
    house.clock.now += 15 * 86_400
    truth.repair(house.mailbox, house.desk, house.clock.today)
    publishing.publish_due(house.mailbox, house.desk, house.clock.today)


def test_a_testimony_becomes_a_story_on_its_day(house: House, editor: Volunteer, author: Author) -> None:
    case = author.tells(WRITTEN)
    finish(editor, case)
    assert step(editor, case) == "ready"
    story = queued(editor, author, case)
    assert story.publish_day is not None
    assert 1 <= story.publish_day - house.clock.today <= publishing.LATEST_DAYS
    assert cases.read_case(house.mailbox, author.case_id).state == "ready"
    publishing.publish_due(house.mailbox, house.desk, house.clock.today)
    assert on_the_site(house, story.id) == []
    two_weeks_later(house)
    text, versions = texts.story(house.mailbox, story.id)
    assert (text.year, text.notes) == (2025, ("violence",))
    assert [(version.title, version.body) for version in versions] == [("I ran away", EDITED)]
    assert cases.read_case(house.mailbox, author.case_id).state == "published"
    assert truth.repair(house.mailbox, house.desk, house.clock.today) == []


def test_the_draft_stands_beside_the_original_with_what_was_changed(editor: Volunteer, author: Author) -> None:
    case = author.tells(WRITTEN)
    finish(editor, case)
    page = editor.goes_to(f"/case/{case}/story")
    assert [cell.text for cell in page.every("del")] == ["Ahmed from Basra hit me."]
    assert [cell.text for cell in page.every("ins")] == ["Somebody in a city hit me."]


def test_a_draft_is_sealed_until_it_is_queued(house: House, editor: Volunteer, author: Author) -> None:
    case = author.tells(WRITTEN)
    finish(editor, case)
    assert publishing.stories_of(house.desk, author.case_id) == []
    assert all(b"Somebody" not in entry.sealed for entry in worklog.entries_of(house.desk, author.case_id))


@pytest.mark.parametrize("left_out", list(CHECKS))
def test_every_line_of_the_checklist_is_ticked(editor: Volunteer, author: Author, left_out: str) -> None:
    case = author.tells(WRITTEN)
    editor.takes(case)
    editor.goes_to(f"/case/{case}/story")
    ticked = {name: value for name, value in CHECKS.items() if name != left_out}
    page = editor.presses(f"/case/{case}/story/save", **DRAFT, **ticked, finished="1")
    assert "five lines" in editor.mistakes
    assert page.first(id="text").raw_text.strip() == EDITED
    assert worklog.entries_of(author.house.desk, author.case_id) == []


@pytest.mark.parametrize(
    ("field", "value"), [("title", "x" * 81), ("title", " "), ("text", ""), ("language", "de"), ("year", "3025")]
)
def test_each_field_is_checked(editor: Volunteer, author: Author, field: str, value: str) -> None:
    case = author.tells(WRITTEN)
    editor.takes(case)
    editor.goes_to(f"/case/{case}/story")
    editor.presses(f"/case/{case}/story/save", **(DRAFT | {field: value}))
    assert editor.page.has("a", href=f"#{field}")
    assert worklog.entries_of(author.house.desk, author.case_id) == []


def test_nothing_goes_out_without_the_second_person(editor: Volunteer, second: Volunteer, author: Author) -> None:
    case = author.tells(WRITTEN)
    finish(editor, case)
    assert step(editor, case) == "second"
    draft = worklog.entries_of(author.house.desk, author.case_id)[-1].id.hex()
    token = editor.form("/logout").value("csrf_token")
    for act, refusal in (("approve", "Who wrote a draft"), ("queue", "cannot be done yet")):
        editor.sends(f"/case/{case}/story/{act}", [("csrf_token", token), ("draft", draft)])
        assert refusal in editor.mistakes
    second.opens(case)
    second.goes_to(f"/case/{case}/story")
    second.presses(f"/case/{case}/story/approve")
    assert step(editor, case) == "ready"
    finish(editor, case, text=EDITED + " More.")
    assert step(editor, case) == "second", "changed words need a new approval"
    editor.sends(f"/case/{case}/story/queue", [("csrf_token", token), ("draft", draft)])
    assert "cannot be done yet" in editor.mistakes


def test_the_author_sees_the_whole_text_and_says_yes(house: House, editor: Volunteer, author: Author) -> None:
    case = author.tells(WRITTEN, "ask")
    finish(editor, case)
    assert step(editor, case) == "ask"
    editor.presses(f"/case/{case}/story/ask")
    assert cases.read_case(house.mailbox, author.case_id).state == "asking"
    asked = author.asked()
    assert asked is not None
    assert asked[1] == Proposal("I ran away", EDITED, "en", house.clock.today)
    assert step(editor, case) == "asked"
    author.says("yes")
    editor.opens(case)
    assert step(editor, case) == "ready"
    queued(editor, author, case)


def test_without_an_answer_nothing_is_published(editor: Volunteer, author: Author) -> None:
    case = author.tells(WRITTEN, "ask")
    finish(editor, case)
    editor.goes_to(f"/case/{case}/story")
    page = editor.presses(f"/case/{case}/story/ask")
    assert not page.has("form", action=f"/case/{case}/story/queue")
    draft = worklog.entries_of(author.house.desk, author.case_id)[-1].id.hex()
    token = editor.form("/logout").value("csrf_token")
    editor.sends(f"/case/{case}/story/queue", [("csrf_token", token), ("draft", draft)])
    assert "cannot be done yet" in editor.mistakes
    assert publishing.stories_of(author.house.desk, author.case_id) == []


def test_what_the_author_wants_changed_is_changed_and_asked_again(editor: Volunteer, author: Author) -> None:
    case = author.tells(WRITTEN, "ask")
    finish(editor, case)
    editor.goes_to(f"/case/{case}/story")
    editor.presses(f"/case/{case}/story/ask")
    author.says("change", "Leave the city out too.")
    editor.opens(case)
    assert step(editor, case) == "change"
    assert "Leave the city out too." in editor.page.first(id="authors-words").text
    finish(editor, case, text="Somebody hit me.")
    assert step(editor, case) == "ask"
    editor.presses(f"/case/{case}/story/ask")
    author.says("yes")
    editor.opens(case)
    assert step(editor, case) == "ready"
    finish(editor, case, text="Somebody hit me. And more.")
    assert step(editor, case) == "ask", "the yes was for other words"


def test_a_no_is_for_ever(editor: Volunteer, author: Author) -> None:
    case = author.tells(WRITTEN, "ask")
    finish(editor, case)
    editor.goes_to(f"/case/{case}/story")
    editor.presses(f"/case/{case}/story/ask")
    author.says("no")
    author.allows("yes")
    editor.opens(case)
    assert step(editor, case) == "refused"
    page = editor.goes_to(f"/case/{case}/story")
    assert not page.has(id="editor")


def test_an_author_who_does_not_allow_it_is_not_asked(editor: Volunteer, author: Author) -> None:
    case = author.tells(WRITTEN, "no")
    page = editor.takes(case)
    assert not page.has("a", href=f"/case/{case}/story")
    token = editor.form("/logout").value("csrf_token")
    fields = [("csrf_token", token), ("entry", "0" * 32), *DRAFT.items()]
    editor.sends(f"/case/{case}/story/save", fields)
    assert "cannot be done yet" in editor.mistakes


def test_a_consent_taken_back_in_the_queue_stops_it_unread_and_read(
    house: House, editor: Volunteer, author: Author
) -> None:
    case = author.tells(WRITTEN)
    finish(editor, case)
    story = queued(editor, author, case)
    author.allows("no")
    two_weeks_later(house)
    assert on_the_site(house, story.id) == [], "nobody has read what the author wrote"
    editor.logs_in()
    editor.opens(case)
    assert step(editor, case) == "forbidden"
    assert publishing.stories_of(house.desk, author.case_id)[0].state == "draft"
    assert texts.read(house.desk, story.id)[1] == [], "the words have left the desk's own tables"
    two_weeks_later(house)
    assert on_the_site(house, story.id) == []


def test_a_story_whose_author_wants_to_be_asked_after_all_leaves_the_queue(
    house: House, editor: Volunteer, author: Author
) -> None:
    case = author.tells(WRITTEN)
    finish(editor, case)
    queued(editor, author, case)
    author.allows("ask")
    editor.opens(case)
    assert step(editor, case) == "ask"
    two_weeks_later(house)
    assert on_the_site(house, publishing.stories_of(house.desk, author.case_id)[0].id) == []


def test_a_yes_given_before_a_no_counts_no_more(house: House, editor: Volunteer, author: Author) -> None:
    case = author.tells(WRITTEN, "ask")
    finish(editor, case)
    editor.goes_to(f"/case/{case}/story")
    editor.presses(f"/case/{case}/story/ask")
    author.says("yes")
    author.allows("no")
    author.allows("ask")
    editor.opens(case)
    assert step(editor, case) == "ask"
    assert publishing.stories_of(house.desk, author.case_id) == []


def test_a_friendly_word_in_the_queue_only_waits_to_be_read(house: House, editor: Volunteer, author: Author) -> None:
    case = author.tells(WRITTEN)
    finish(editor, case)
    story = queued(editor, author, case)
    author.writes_back("Thank you.")
    two_weeks_later(house)
    assert on_the_site(house, story.id) == []
    editor.logs_in()
    editor.opens(case)
    publishing.publish_due(house.mailbox, house.desk, house.clock.today)
    assert on_the_site(house, story.id) == [EDITED]


def test_a_consent_taken_back_after_publication_takes_the_story_down(
    house: House, editor: Volunteer, author: Author
) -> None:
    case = author.tells(WRITTEN)
    finish(editor, case)
    story = queued(editor, author, case)
    two_weeks_later(house)
    editor.logs_in()
    author.allows("no")
    editor.opens(case)
    assert on_the_site(house, story.id) == []
    assert texts.read(house.desk, story.id)[1] == []
    assert truth.repair(house.mailbox, house.desk, house.clock.today) == []


@pytest.mark.parametrize("published", [False, True])
def test_an_erased_case_takes_story_drafts_and_approvals_with_it(
    house: House, editor: Volunteer, author: Author, *, published: bool
) -> None:
    case = author.tells(WRITTEN)
    finish(editor, case)
    story = queued(editor, author, case)
    if published:
        two_weeks_later(house)
    author.erases()
    assert on_the_site(house, story.id) == []
    editor.logs_in()
    editor.goes_to(f"/stories/{story.id.hex()}")
    assert editor.status == 404
    two_weeks_later(house)
    assert publishing.stories_of(house.desk, author.case_id) == []
    assert worklog.entries_of(house.desk, author.case_id) == []
    assert on_the_site(house, story.id) == []


def test_the_case_names_its_story_before_anybody_sees_it(house: House, editor: Volunteer, author: Author) -> None:
    case = author.tells(WRITTEN)
    finish(editor, case)
    story = queued(editor, author, case)
    assert author.letters()[-1] == Pointer(story.id.hex())
    editor.goes_to(f"/case/{case}/story")
    editor.presses(f"/case/{case}/story/stop")
    assert step(editor, case) == "ready"
    assert queued(editor, author, case).id == story.id
    assert author.letters().count(Pointer(story.id.hex())) == 1
    assert house.ended


def test_a_story_is_taken_down_and_put_back(house: House, editor: Volunteer, author: Author) -> None:
    case = author.tells(WRITTEN)
    finish(editor, case)
    story = queued(editor, author, case)
    two_weeks_later(house)
    editor.logs_in()
    editor.goes_to(f"/stories/{story.id.hex()}")
    editor.presses(f"/stories/{story.id.hex()}/down")
    assert on_the_site(house, story.id) == []
    author.writes_back("Please leave it out.")
    editor.presses(f"/stories/{story.id.hex()}/back")
    assert "read it first" in editor.mistakes
    editor.opens(case)
    editor.goes_to(f"/stories/{story.id.hex()}")
    editor.presses(f"/stories/{story.id.hex()}/back")
    assert on_the_site(house, story.id) == [EDITED]
    assert truth.repair(house.mailbox, house.desk, house.clock.today) == []


def test_a_coordinator_publishes_now_and_takes_down_but_opens_no_case(
    house: House, editor: Volunteer, coordinator: Volunteer, author: Author
) -> None:
    case = author.tells(WRITTEN)
    finish(editor, case)
    story = queued(editor, author, case)
    path = f"/stories/{story.id.hex()}"
    coordinator.goes_to("/stories")
    assert [item.get("data-story") for item in coordinator.page.having_class("case")] == [story.id.hex()]
    coordinator.goes_to(path)
    coordinator.presses(f"{path}/now")
    assert on_the_site(house, story.id) == [EDITED]
    coordinator.presses(f"{path}/down")
    assert on_the_site(house, story.id) == []
    coordinator.goes_to(f"/case/{case}/story")
    assert coordinator.status == 404
    editor.goes_to(path)
    assert editor.status == 200


def test_nobody_outside_the_circle_does_anything_with_its_story(
    house: House, app: Hardened, editor: Volunteer, author: Author
) -> None:
    case = author.tells(WRITTEN)
    finish(editor, case)
    draft = worklog.entries_of(house.desk, author.case_id)[-1].id.hex()
    story = queued(editor, author, case)
    stranger = Volunteer(house, app)
    stranger.enrols(house.circle("Law"), "Amara")
    stranger.logs_in()
    token = stranger.form("/logout").value("csrf_token")
    fields = [("csrf_token", token), ("draft", draft), ("entry", "1" * 32), *DRAFT.items(), *CHECKS.items()]
    for path in (f"/case/{case}/story", f"/stories/{story.id.hex()}", "/stories"):
        stranger.goes_to(path)
        assert stranger.status == 404
    for act in ("save", "approve", "ask", "queue", "stop"):
        stranger.sends(f"/case/{case}/story/{act}", fields)
        assert stranger.status == 404
    for act in ("down", "back", "now"):
        stranger.sends(f"/stories/{story.id.hex()}/{act}", fields)
        assert stranger.status == 404
    assert publishing.stories_of(house.desk, author.case_id) == [story]


def test_a_member_who_is_no_coordinator_waits_for_the_day(house: House, editor: Volunteer, author: Author) -> None:
    case = author.tells(WRITTEN)
    finish(editor, case)
    story = queued(editor, author, case)
    token = editor.form("/logout").value("csrf_token")
    editor.sends(f"/stories/{story.id.hex()}/now", [("csrf_token", token)])
    assert editor.status == 404
    assert on_the_site(house, story.id) == []


def test_a_translation_is_made_from_the_published_version_and_joins_it(
    house: House, editor: Volunteer, author: Author
) -> None:
    case = author.tells(WRITTEN)
    finish(editor, case)
    story = queued(editor, author, case)
    two_weeks_later(house)
    editor.logs_in()
    editor.opens(case)
    page = editor.goes_to(f"/case/{case}/story?language=ar")
    assert page.first(id="text").raw_text.strip() == EDITED
    assert "Ahmed" not in page.text
    finish(editor, case, title="هربت", text="ضربني أحد.", language="ar")
    page = editor.goes_to(f"/case/{case}/story?language=ar")
    assert "The published version" in page.first(id="beside").text
    editor.presses(f"/case/{case}/story/queue")
    assert editor.mistakes == ""
    assert cases.read_case(house.mailbox, author.case_id).state == "published"
    assert on_the_site(house, story.id) == [EDITED]
    two_weeks_later(house)
    _, versions = texts.story(house.mailbox, story.id)
    assert [(version.language, version.translated_from) for version in versions] == [("ar", "en"), ("en", None)]
    assert [one.state for one in publishing.stories_of(house.desk, author.case_id)] == ["public"]
    assert truth.repair(house.mailbox, house.desk, house.clock.today) == []


def test_a_forged_question_gives_no_yes(house: House, editor: Volunteer, author: Author) -> None:
    case = author.tells(WRITTEN, "ask")
    finish(editor, case)
    author.forges(Proposal("I ran away", EDITED, "en", house.clock.today), "circle")
    author.says("yes")
    editor.opens(case)
    assert step(editor, case) == "ask"


def test_a_draft_survives_the_lock(house: House, editor: Volunteer, author: Author) -> None:
    case = author.tells(WRITTEN)
    editor.takes(case)
    editor.goes_to(f"/case/{case}/story")
    fields = editor.form(f"/case/{case}/story/save").filled(**(DRAFT | {"text": "وقت طويل"}))
    house.clock.now += 16 * 60
    page = editor.sends(f"/case/{case}/story/save", fields)
    assert page.has(id="kept-notice")
    editor.fills_in_login()
    page = editor.presses(f"/case/{case}/open")
    assert page.has(id="draft-kept")
    page = editor.goes_to(f"/case/{case}/story")
    assert page.first(id="text").raw_text.strip() == "وقت طويل"
    assert worklog.entries_of(house.desk, author.case_id) == []


def test_whoever_is_asked_about_a_story_finds_it_from_the_request(
    house: House, editor: Volunteer, author: Author
) -> None:
    case = author.tells(WRITTEN)
    finish(editor, case)
    story = queued(editor, author, case)
    request = Author(house, author.circle_id).writes(f"This is about me.\n\n/stories/{story.id.hex()}", topic="story")
    page = editor.opens(request)
    assert page.has("a", href=f"/stories/{story.id.hex()}")
