"""Every form of the desk comes back as it was typed: after a lock, after a mistake, and beside what others changed."""

import re
from pathlib import Path

import pytest

from onion_app import desk
from onion_app.desk.proposal_kinds import SETTING
from onion_app.desk.proposals import propose
from onion_app.desk.refill import NOT_KEPT
from onion_app.vault import settings
from onion_app.vault.desk import entries, guides, moderators
from onion_app.vault.shown.reading import Version
from scripts.rehearsal.pages import Element, Form, Page
from tests.desk.house import House, Volunteer, shuts_out
from tests.desk.story_steps import WRITTEN
from tests.world import Author

TEMPLATES = Path(desk.__file__).parent / "templates"
TYPED = "كلمة <b> & “other”\nand a second line"
_LEADS = re.compile(r'<form[^>]*action="\{\{ url_for\("([a-z_.]+)"(.*?)</form>', re.DOTALL)
_CONTROL = re.compile(r'\b(?:line|area|tick|number)\(|<textarea|<select|type="(?:checkbox|radio|text)"')
# Asked for before anybody is logged in: what is typed there are secrets and a handle, and no session can end.
ENTRANCE = {"login.login", "login.join", "login.enrol", "login.recover"}
# Of these nothing is kept but ticks of a list, or what is to be typed anew: secrets, and the word that closes a door.
NOTHING_TYPED = {
    "account.passphrase", "account.second_factor", "account.sheet", "handover.close_door", "my_cases.take",
    "quotations.give", "numbers.begin",
}  # fmt: skip


def is_typed(control: Element) -> bool:
    """Say whether a control is filled in by hand, and may be kept."""
    kind = control.get("type") if control.tag == "input" else control.tag
    return kind not in ("hidden", "password") and NOT_KEPT.fullmatch(control.get("name")) is None


def controls(form: Form) -> list[Element]:
    return [each for each in form.element.walk() if each.tag in ("input", "textarea", "select") and is_typed(each)]


def typed_anew(form: Form) -> dict[str, str | None]:
    """Type something else into every control of a form."""
    typed: dict[str, str | None] = {}
    for control in controls(form):
        name, kind = control.get("name"), control.get("type")
        if control.tag == "textarea":
            typed[name] = TYPED
        elif control.tag == "select":
            typed[name] = control.every("option")[-1].get("value")
        elif kind == "checkbox":
            typed[name] = None if "checked" in control.attributes else control.get("value")
        elif kind == "radio":
            typed[name] = control.get("value")
        else:
            typed[name] = "٧ و<8>"
    return typed


@pytest.fixture
def pages(house: House, coordinator: Volunteer, author: Author, circle: bytes, lawyer: Volunteer) -> list[str]:
    """Give the pages of a desk at which everything waits that has a form."""
    case = author.tells(WRITTEN, quote=True)
    coordinator.take(case)
    guide = guides.begin_guide(house.desk, bytes(16), "now")
    guides.save_draft(house.desk, Version(guide, "ar", "هل من خطر الآن؟", "Words."))
    house.make_coordinator(lawyer.login.handle)
    house.volunteer(house.circle("Health"), "Noor")
    shuts_out(house, coordinator, "Noor")
    house.settle()
    another = moderators.find_moderator(house.desk, lawyer.login.handle).id
    propose(house.dbs, another, "retention", SETTING, {"days": ["30"]})
    return [
        "/", "/mine", "/guides", f"/guides/{guide.hex()}?language=ar", "/settings", "/circles", "/circles/new",
        "/proposals", "/notice",
        f"/notebook/{circle.hex()}", f"/notebook/{circle.hex()}/referral/published",
        f"/notebook/{circle.hex()}/referral/to-be-asked", "/account", f"/case/{case}", f"/case/{case}/story",
        f"/case/{case}/facts", f"/case/{case}/quotation",
        f"/case/{case}/ways-out",
    ]  # fmt: skip


def opened(coordinator: Volunteer, path: str) -> Page:
    """Open a page; the cases on it are opened again where a session is new."""
    if path.startswith("/case/"):
        coordinator.open_case(path.split("/")[2])
    page = coordinator.get(path)
    return page if not page.has(id="unopened") else coordinator.press("/mine/open")


def found(house: House, coordinator: Volunteer, path: str) -> list[tuple[str, Form]]:
    """Find the forms on a page that are typed into, each with its endpoint."""
    adapter = house.app.url_map.bind("")
    forms = [form for form in opened(coordinator, path).forms() if controls(form)]
    return [(adapter.match(form.action, method="POST")[0], form) for form in forms]


def typed_in(form: Form) -> dict[str, str]:
    """Read what stands in every control of a form that is typed into."""
    names = {control.get("name") for control in controls(form)}
    return {name: value.replace("\r\n", "\n") for name, value in form.fields if name in names}


def test_every_form_that_is_typed_into_is_tried(house: House, coordinator: Volunteer, pages: list[str]) -> None:
    templates = (template.read_text("utf-8") for template in TEMPLATES.glob("*.html"))
    forms = (lead for template in templates for lead in _LEADS.findall(template))
    written = {endpoint for endpoint, inside in forms if _CONTROL.search(inside)}
    tried = {endpoint for path in pages for endpoint, _ in found(house, coordinator, path)}
    assert len(tried) > len(ENTRANCE | NOTHING_TYPED)
    assert tried >= written - ENTRANCE - NOTHING_TYPED


def test_every_form_comes_back_whole_after_the_lock(house: House, coordinator: Volunteer, pages: list[str]) -> None:
    for path in pages:
        for place, (endpoint, form) in enumerate(found(house, coordinator, path)):
            typed = typed_anew(form)
            house.clock.now += 16 * 60
            sent = form.filled(**typed)
            assert coordinator.post(form.action, sent).has(id="kept-notice"), endpoint
            coordinator.fill_in_login()
            _, again = found(house, coordinator, path)[place]
            assert typed_in(again) == {name: value for name, value in typed.items() if value is not None}, endpoint
            assert coordinator.page.has(id="not-sent") == (typed != typed_in(form)), endpoint


def test_every_form_comes_back_whole_after_a_mistake(house: House, coordinator: Volunteer, pages: list[str]) -> None:
    refused = set()
    for path in pages:
        for place, (endpoint, form) in enumerate(found(house, coordinator, path)):
            typed = typed_anew(form)
            if not coordinator.post(form.action, form.filled(**typed)).errors:
                continue
            refused.add(endpoint)
            _, again = found(house, coordinator, path)[place]
            assert typed_in(again) == {name: value for name, value in typed.items() if value is not None}, endpoint
    assert {"settings.change", "story.save", "guides.begin", "account.join_circle", "new_circle.add"} <= refused


@pytest.fixture
def guide(house: House, coordinator: Volunteer) -> str:
    """Give the path of a guide that is written in two languages."""
    assert coordinator.login.handle
    begun = guides.begin_guide(house.desk, bytes(16), "now")
    guides.save_draft(house.desk, Version(begun, "ar", "هل من خطر؟", "اذهبوا."))
    guides.save_draft(house.desk, Version(begun, "en", "In danger?", "Go."))
    return f"/guides/{begun.hex()}"


def words_of(house: House, guide: str) -> dict[str, tuple[str, str]]:
    _, versions = guides.read_guide(house.desk, bytes.fromhex(guide[-32:]))
    return {version.language: (version.title, version.body) for version in versions}


def test_a_guide_that_was_only_looked_at_in_one_language_is_kept_in_no_other(
    house: House, coordinator: Volunteer, guide: str
) -> None:
    coordinator.press_on(f"{guide}?language=ar", f"{guide}/save", title="عنوان", text="كلمات", preview="1")
    page = coordinator.get(f"{guide}?language=en")
    assert page.first(id="title").get("value") == "In danger?"
    fields = [pair for pair in page.form_to(f"{guide}/save").filled() if pair[0] != "preview"]
    coordinator.post(f"{guide}/save", fields)
    assert words_of(house, guide)["en"] == ("In danger?", "Go.")
    again = coordinator.get(f"{guide}?language=ar")
    assert again.first(id="text").raw_text.strip() == "كلمات"
    assert again.has(id="not-sent")


def test_nobody_saves_over_the_words_of_another_unseen(house: House, coordinator: Volunteer, guide: str) -> None:
    opened = coordinator.get(f"{guide}?language=en").form_to(f"{guide}/save")
    mine = [pair for pair in opened.filled(title="Mine", text="My words.") if pair[0] != "preview"]
    guides.save_draft(house.desk, Version(bytes.fromhex(guide[-32:]), "en", "Theirs", "Their words."))
    page = coordinator.post(f"{guide}/save", mine)
    assert words_of(house, guide)["en"] == ("Theirs", "Their words.")
    assert "Somebody else has changed this" in page.errors
    assert [text.text for text in page.first(id="not-sent").having_class("text")] == ["Theirs", "Their words."]
    form = page.form_to(f"{guide}/save")
    assert (form.value("title"), form.value("text").strip()) == ("Mine", "My words.")
    coordinator.post(f"{guide}/save", [pair for pair in form.filled() if pair[0] != "preview"])
    assert words_of(house, guide)["en"] == ("Mine", "My words.")


def test_what_others_changed_during_the_lock_is_not_overwritten(
    house: House, coordinator: Volunteer, guide: str
) -> None:
    opened = coordinator.get(f"{guide}?language=en").form_to(f"{guide}/save")
    house.clock.now += 16 * 60
    coordinator.post(f"{guide}/save", opened.filled(title="Mine", text="My words."))
    guides.save_draft(house.desk, Version(bytes.fromhex(guide[-32:]), "en", "Theirs", "Their words."))
    page = coordinator.fill_in_login()
    assert "Their words." in page.first(id="not-sent").text
    form = page.form_to(f"{guide}/save")
    page = coordinator.post(f"{guide}/save", [pair for pair in form.filled() if pair[0] != "preview"])
    assert words_of(house, guide)["en"] == ("Theirs", "Their words.")
    page = coordinator.press("/forget")
    assert page.form_to(f"{guide}/save").value("title") == "Theirs"
    assert not page.has(id="not-sent")


def test_nobody_sets_over_the_setting_of_another_unseen(house: House, coordinator: Volunteer) -> None:
    opened = coordinator.get("/settings").form_to("/settings/answer_days")
    settings.change_setting(house.shown, "answer_days", {"law": 5})
    page = coordinator.post("/settings/answer_days", opened.filled(days_law="9"))
    assert settings.read_settings(house.shown).answer_days["law"] == 5
    assert page.first(id="not-sent").having_class("text")[0].text == "5"
    assert page.form_to("/settings/answer_days").value("days_law") == "9"


def test_a_draft_stays_in_its_language_after_a_mistake_and_after_the_lock(
    house: House, coordinator: Volunteer, author: Author
) -> None:
    case = author.tells(WRITTEN)
    coordinator.take(case)
    save = f"/case/{case}/story/save"
    coordinator.press_on(f"/case/{case}/story", save, title="الباب", text="خرجت.", language="ar", year="2025")
    typed = {"title": "The door", "text": "I left.", "language": "en", "note_family": "1"}
    coordinator.press_on(f"/case/{case}/story", save, **typed, year="999")
    house.clock.now += 16 * 60
    coordinator.press(save, year="2026")
    coordinator.fill_in_login()
    coordinator.open_case(case)
    form = coordinator.get(f"/case/{case}/story").form_to(save)
    assert form.values.items() >= (typed | {"year": "2026"}).items()
    coordinator.send(form)
    assert len(entries.entries_of(house.desk, author.case_id)) == len(["ar", "en"])
    page = coordinator.get(f"/case/{case}/story")
    assert not page.has(id="not-sent")
    assert page.form_to(save).values.items() >= (typed | {"year": "2026"}).items()


def test_nobody_saves_over_the_draft_of_another_unseen(coordinator: Volunteer, author: Author) -> None:
    case = author.tells(WRITTEN)
    coordinator.take(case)
    save = f"/case/{case}/story/save"
    opened = coordinator.get(f"/case/{case}/story").form_to(save)
    coordinator.press(save, title="First", text="I left.", year="2025")
    page = coordinator.post(save, opened.filled(title="Second", text="I ran.", year="2025"))
    assert "Somebody else has changed this" in page.errors
    assert "I left." in page.first(id="not-sent").text
    assert page.form_to(save).value("title") == "Second"


@pytest.mark.parametrize(
    ("path", "name", "typed"), [("/join", "invitation", "1234 5678"), ("/recover", "handle", "Sara")]
)
def test_what_is_typed_before_the_login_comes_back_with_a_page_that_was_open_too_long(
    house: House, path: str, name: str, typed: str
) -> None:
    newcomer = house.volunteer()
    form = newcomer.get(f"{path}?lang=en").form_with(name)
    fields = [pair for pair in form.filled(**{name: typed}) if pair[0] != "csrf_token"]
    page = newcomer.post(path, fields)
    assert "was open too long" in page.errors
    assert page.form_with(name).value(name) == typed
    assert not page.has(name="kept")


def test_a_login_that_was_open_too_long_leads_to_the_first_page(coordinator: Volunteer) -> None:
    coordinator.log_out()
    form = coordinator.get("/login?lang=en").form_with("passphrase")
    page = coordinator.post("/login", [pair for pair in form.filled(handle="Sara") if pair[0] != "csrf_token"])
    assert page.form_with("passphrase").value("handle") == "Sara"
    coordinator.house.clock.now += 60
    assert coordinator.fill_in_login().heading.startswith("Good to see you")
