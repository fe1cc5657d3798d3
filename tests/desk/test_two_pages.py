"""What two people decide, on the pages: what waits, what was decided, and what each page says that asks for it."""

from itertools import product

import pytest

from onion_app.desk import proposals
from onion_app.vault import settings
from onion_app.vault.desk import circles
from scripts.rehearsal.pages import Page
from tests.desk.house import House, Volunteer, card_of, id_of, invites, joins

TOPICS = {"topic_law": "1", "topic_safety": "1", "language_ar": "1"}


@pytest.fixture
def second(house: House, coordinator: Volunteer, law: bytes) -> Volunteer:
    """Log in as another coordinator, of another circle, who counts as a second person."""
    other = house.volunteer(law, "Rojin", logged_in=True)
    house.make_coordinator("Rojin")
    house.settle()
    assert coordinator.login.handle
    return other


def proposes_topics(coordinator: Volunteer, circle: bytes, **ticks: str | None) -> Page:
    """Propose other topics for a circle on the page."""
    return coordinator.press_on("/circles", f"/circles/{circle.hex()}/change", **(TOPICS | ticks))


def boxes(page: Page, kind: str = "proposal") -> list[str]:
    return [box.get("data-kind") for box in page.having_class(kind)]


def agrees(somebody: Volunteer) -> Page:
    page = somebody.get("/proposals")
    [box] = page.having_class("proposal")
    return somebody.press(f"/proposals/{box.get('data-proposal')}/agree")


def topics_of(house: House, circle: bytes) -> tuple[str, ...]:
    return tuple(circles.read_circle(house.desk, circle).topics)


def test_what_one_proposes_waits_until_another_has_read_it_and_agreed(
    house: House, coordinator: Volunteer, second: Volunteer, circle: bytes
) -> None:
    page = proposes_topics(coordinator, circle)
    assert "waits until a second person agrees" in page.first(id="waits").text
    assert topics_of(house, circle) == ()
    assert not coordinator.get("/proposals").having_class("proposal")[0].has("form", action="agree")
    assert "You have proposed this" in coordinator.page.text
    line = second.get("/").first(id="proposed").text
    assert "1 proposal waits" in line
    assert "your yes would count" in line
    page = agrees(second)
    assert "It is decided" in page.first(id="done").text
    assert set(topics_of(house, circle)) == {"law", "safety"}
    for reader in (coordinator, second):
        assert "Decided within 30 days" in reader.get("/").first(id="decided").text
        assert not reader.page.has(id="proposed")
        assert boxes(reader.get("/proposals"), "decision") == ["circle"]
    house.clock.now += 31 * 86_400
    coordinator.log_in()
    assert not coordinator.get("/").has(id="decided")


def test_an_objection_asks_for_one_more_and_says_why_and_not_who(
    house: House, coordinator: Volunteer, second: Volunteer, circle: bytes
) -> None:
    proposes_topics(coordinator, circle)
    [box] = second.get("/proposals").having_class("proposal")
    path = f"/proposals/{box.get('data-proposal')}"
    second.press(f"{path}/object", reason="because")
    assert "waits no more" in second.page.errors
    second.get("/proposals")
    page = second.press(f"{path}/object", reason="takes_away")
    assert "Two coordinators have to agree" in page.first(id="done").text
    assert "It takes cases away from us" in coordinator.get("/proposals").having_class("objections")[0].text
    assert "Rojin" not in coordinator.page.having_class("proposal")[0].text
    assert "Your yes is noted" in agrees(second).first(id="done").text
    assert topics_of(house, circle) == ()
    assert "objected" in second.post(f"{path}/object", [*second.token, ("reason", "doubt")]).errors
    assert house.agrees(None), "one coordinator and the operator"
    assert set(topics_of(house, circle)) == {"law", "safety"}


def test_what_was_changed_since_it_was_shown_is_not_agreed_to(
    house: House, coordinator: Volunteer, second: Volunteer, circle: bytes
) -> None:
    proposes_topics(coordinator, circle)
    page = second.get("/proposals")
    [box] = page.having_class("proposal")
    before = page.form_to(f"/proposals/{box.get('data-proposal')}/agree").filled()
    proposes_topics(coordinator, circle, topic_health="1")
    page = second.post(f"/proposals/{box.get('data-proposal')}/agree", before)
    assert "waits no more" in page.errors
    assert boxes(page) == ["circle"]
    fields = [(name, "00" * 32 if name == "mark" else value) for name, value in before]
    [box] = page.having_class("proposal")
    assert "changed since it was shown" in second.post(f"/proposals/{box.get('data-proposal')}/agree", fields).errors
    assert topics_of(house, circle) == ()


def test_taking_back_leaves_nothing_waiting(coordinator: Volunteer, second: Volunteer, circle: bytes) -> None:
    proposes_topics(coordinator, circle)
    [box] = coordinator.get("/proposals").having_class("proposal")
    page = coordinator.press(f"/proposals/{box.get('data-proposal')}/withdraw")
    assert "taken back" in page.first(id="done").text
    assert boxes(second.get("/proposals")) == []
    assert "waits no more" in second.post(f"/proposals/{box.get('data-proposal')}/withdraw", second.token).errors


def test_a_member_of_another_circle_reads_what_changes_for_theirs_and_nothing_else(
    house: House, coordinator: Volunteer, second: Volunteer, circle: bytes, law: bytes
) -> None:
    member = joins(house, law, "Noor", second)
    house.settle()
    for language in ("en", "ar"):
        member.get(f"/?lang={language}")
        proposes_topics(coordinator, circle)
        for path in ("/", "/proposals"):
            page = member.get(path)
            for name in ("Listening", "Sara", "Rojin"):
                assert name not in page.text, (path, name)
        assert boxes(page) == ["circle"]
    member.get("/?lang=en")
    assert member.get("/").first(id="proposed").text == "1 proposal waits for a second person's yes"
    assert "A question about law or papers" in member.get("/proposals").having_class("proposal")[0].text
    proposes_topics(coordinator, circle, topic_law=None, topic_health="1")
    assert boxes(member.get("/proposals")) == [], "health has never come to them"
    assert not member.get("/").has(id="proposed")


def test_the_second_persons_first_page_shows_what_was_set_before(
    house: House, coordinator: Volunteer, circle: bytes
) -> None:
    page = coordinator.press_on("/settings", "/settings/retention_days", retention_days="60")
    assert page.has(id="done")
    assert settings.read_settings(house.shown).retention_days == 60
    newcomer = joins(house, circle, "Dana", coordinator)
    text = newcomer.get("/").first(id="decided").text
    assert "60" in text
    assert "by one person" in text
    assert "By one person" in newcomer.get("/proposals").having_class("decision")[0].text


def asks(coordinator: Volunteer, circle: bytes, what: str) -> Page:
    """Ask for something on its page."""
    if what == "retention":
        return coordinator.press_on("/settings", "/settings/retention_days", retention_days="30")
    if what == "find_us":
        return coordinator.press_on("/settings", "/settings/how_to_find_us", find_en="At the bakery.")
    if what == "coordinator":
        return coordinator.press_on("/circles", f"/circles/{circle.hex()}/invite-coordinator")
    if what == "new_circle":
        coordinator.get("/circles")
        return coordinator.press_on("/circles/new", "/circles/new/add", name="Health", topic_health="1")
    if what == "shut_out":
        return coordinator.press_on("/circles", f"/circles/shut-out/{id_of(coordinator.house, 'Rojin')}")
    return proposes_topics(coordinator, circle)


KINDS = ["circle", "new_circle", "retention", "find_us", "coordinator", "shut_out"]


@pytest.mark.parametrize(("kind", "language"), list(product(KINDS, ("en", "ar"))))
def test_each_page_says_that_it_waits_and_each_reader_reads_what(
    house: House, coordinator: Volunteer, second: Volunteer, circle: bytes, kind: str, language: str
) -> None:
    coordinator.get(f"/?lang={language}")
    page = asks(coordinator, circle, kind)
    assert page.has(id="waits")
    assert [view.kind for view in proposals.open_for(house.dbs, None)] == [kind]
    second.get(f"/?lang={language}")
    for path in ("/", "/proposals"):
        page = second.get(path)
        assert second.status == 200
        assert "%(" not in page.text
    if kind != "shut_out":
        assert boxes(page) == [kind]


def test_an_emptied_circle_is_named_and_its_topics_go_where_two_say(
    house: House, coordinator: Volunteer, second: Volunteer, law: bytes
) -> None:
    health = house.circle("Health", topics=("health",))
    house.volunteer(health, "Noor")
    house.settle()
    coordinator.press_on("/circles", f"/circles/shut-out/{id_of(house, 'Noor')}")
    coordinator.get("/circles")
    assert "Everybody has left this circle" in card_of(coordinator, health).text
    page = coordinator.press(f"/circles/{health.hex()}/topics-to", heir=law.hex())
    assert page.has(id="waits")
    assert "health" not in topics_of(house, law)
    agrees(second)
    assert "health" in topics_of(house, law)
    page = coordinator.press_on("/circles", f"/circles/{health.hex()}/anew")
    assert page.has(id="waits")
    agrees(second)
    assert house.volunteer(health, "Lana").log_in().having_class("circle")


@pytest.mark.usefixtures("second")
def test_a_suspended_login_is_told_so_to_its_owner_alone(house: House, coordinator: Volunteer, circle: bytes) -> None:
    people = [joins(house, circle, handle, coordinator) for handle in ("Dana", "Noor", "Lana")]
    house.settle()
    for somebody in people:
        coordinator.press_on("/circles", f"/circles/shut-out/{id_of(house, somebody.login.handle)}")
    assert coordinator.page.has(id="waits")
    last = people[-1]
    assert last.get("/").has(id="passphrase"), "the session has ended"
    assert "suspended until a second person" in last.log_in().errors
    assert "suspended" not in last.log_in(totp="000000").errors
    house.clock.now += 300
    assert "suspended" not in last.log_in(passphrase="wrong").errors
    house.clock.now += 300
    last.get("/recover")
    assert "suspended until a second person" in last.press("/recover", handle="Lana", sheet=last.sheet).errors
    [box] = coordinator.get("/proposals").having_class("proposal")
    coordinator.press(f"/proposals/{box.get('data-proposal')}/withdraw")
    house.clock.now += 300
    assert last.log_in().having_class("circle")


def test_an_invitation_of_a_coordinator_brings_nobody_in_before_the_yes(
    house: House, coordinator: Volunteer, second: Volunteer, circle: bytes
) -> None:
    code = invites(coordinator, circle, "invite-coordinator")
    stranger = house.volunteer()
    assert "unknown, used or too old" in stranger.redeem(code).errors
    agrees(second)
    assert stranger.redeem(code).has(id="totp-secret")


def test_what_one_coordinator_does_alone_stands_in_the_coordinators_audit(
    house: House, coordinator: Volunteer, second: Volunteer, circle: bytes
) -> None:
    for words in ("At the bakery.", "At the mill."):
        coordinator.press_on("/settings", "/settings/how_to_find_us", find_en=words)
        agrees(second)
    coordinator.press_on("/settings", "/settings/how_to_find_us/back")
    assert settings.read_settings(house.shown).how_to_find_us["en"] == "At the bakery."
    coordinator.press_on("/settings", "/settings/answer_days")
    lines = coordinator.get(f"/circles/{circle.hex()}/audit").text
    deeds = ("proposed a change", "agreed to a change", "put the words on how to find us back", "changed a setting")
    for deed in deeds:
        assert deed in lines, deed
    arabic = coordinator.get(f"/circles/{circle.hex()}/audit?lang=ar")
    assert "how to find us" not in arabic.text


NOT_YET = (
    "Your yes does not count here, or not yet: another coordinator answers first, or you came too lately, or by "
    "whoever proposes it."
)
OBJECT = (
    "Object Once in a matter. It then needs two coordinators, or one and the operator. The others read the reason and "
    "not your handle; only coordinators find it in the audit. Why? I know nothing of it It takes cases away from us "
    "I doubt who asks It is too soon I object"
)
LAW = "A question about law or papers in "
# All that a member of another circle reads of each, word by word, after its heading.
READ_ELSEWHERE = {
    "circle": (
        "Other topics or languages for a circle",
        [f"{LAW}Arabic will no longer come to your circle."]
        + [
            f"{LAW}{each} will no longer come to your circle alone."
            for each in ("Sorani", "Badini", "English", "any language")
        ],
    ),
    "retention": (
        "How long cases are kept",
        [
            "Cases will be destroyed 30 days after their last message, and not 180.",
            "Cases that are older than that, and will be destroyed: 0.",
        ],
    ),
    "find_us": (
        "How to find us",
        ["The words on how to find us will be others."],
    ),
    "coordinator": ("A new coordinator", ["Somebody will become a coordinator."]),
    "shut_out": ("Shutting somebody out", ["A coordinator will be shut out."]),
}
BESIDE = {
    "find_us": "English Now Then Ask at the library for the blue book. At the bakery.",
    "shut_out": "Who would be out: Rojin",  # she is of their own circle
}


def unspaced(*texts: str) -> str:
    """Leave blanks out: how lists and tables are read out as one text has no meaning here."""
    return "".join("".join(texts).split())


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_member_of_another_circle_reads_of_each_is_compared_word_by_word(
    house: House, coordinator: Volunteer, second: Volunteer, circle: bytes, law: bytes, kind: str
) -> None:
    member = joins(house, law, "Noor", second)
    house.settle()
    asks(coordinator, circle, kind)
    page, first = member.get("/proposals"), member.get("/")
    if kind not in READ_ELSEWHERE:  # health has never come to them
        assert not page.having_class("proposal")
        assert not first.has(id="proposed")
        return
    heading, lines = READ_ELSEWHERE[kind]
    [box] = page.having_class("proposal")
    before, after = ("", BESIDE.get(kind, "")) if kind == "find_us" else (BESIDE.get(kind, ""), "")
    said = [f"{heading} · proposed on 16 February 2026", before, *lines, after, NOT_YET, OBJECT]
    assert unspaced(box.text) == unspaced(*said)
    assert first.first(id="proposed").text == "1 proposal waits for a second person's yes"
