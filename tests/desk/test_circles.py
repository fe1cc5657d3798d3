"""Who comes into a circle, and who does not."""

from typing import Any

from flask import url_for

from onion_app.crypto.members import words_to_compare
from onion_app.vault.desk import circles, invitations, moderators
from onion_app.vault.mailbox import messages
from onion_app.web.app import Hardened
from tests.desk.actors import HOST, Author, House, Volunteer
from tests.desk.circles import card_of, id_of, invites, joins, makes_coordinator, waits


def test_the_four_words_belong_to_one_key_one_circle_and_one_invitation() -> None:
    key, circle, invitation = bytes([1]) * 32, bytes([2]) * 16, bytes([3]) * 16
    words = words_to_compare(key, circle_id=circle, invitation_id=invitation)
    assert len(words) == 4
    assert words == words_to_compare(key, circle_id=circle, invitation_id=invitation)
    assert words != words_to_compare(circle * 2, circle_id=circle, invitation_id=invitation)
    assert words != words_to_compare(key, circle_id=invitation, invitation_id=invitation)
    assert words != words_to_compare(key, circle_id=circle, invitation_id=circle)


def test_whoever_is_let_in_reads_what_was_sent_before(
    house: House, app: Hardened, counsellor: Volunteer, author: Author, circle: bytes
) -> None:
    case = author.writes("Before you came.")
    counsellor.logs_in()
    other = joins(house, app, circle, "Dana", counsellor)
    lines = [
        line.text for line in counsellor.goes_to(f"/circles/{circle.hex()}/audit").having_class("audit")[0].every("li")
    ]
    assert any("Sara" in line and "let somebody in" in line for line in lines)
    counsellor.goes_to("/circles")
    assert [who.text for who in card_of(counsellor, circle).having_class("members")[0].every("li")] == ["Dana", "Sara"]
    assert not card_of(counsellor, circle).having_class("thin")
    assert "Before you came." in other.opens(case).text


def test_whoever_waits_sees_nothing(
    house: House, app: Hardened, counsellor: Volunteer, author: Author, circle: bytes
) -> None:
    case = author.writes("Not for everybody.")
    newcomer = waits(house, app, circle, "Dana")
    token = newcomer.form("/logout").value("csrf_token")
    page = newcomer.goes_to("/circles")
    assert "Sara" not in page.text
    assert "Listening" not in page.text
    for path in (f"/case/{case}", f"/circle/{circle.hex()}/new"):
        newcomer.goes_to(path)
        assert newcomer.status == 404
    # Nor does anybody let themselves in, or invite others.
    key = moderators.find_moderator(house.desk, "Dana").public_key.hex()
    for act in (f"{circle.hex()}/let-in/{id_of(house, 'Dana')}", f"{circle.hex()}/invite", "add"):
        newcomer.sends(f"/circles/{act}", [("csrf_token", token), ("key", key), ("name", "Mine")])
        assert newcomer.status == 404
    assert moderators.find_moderator(house.desk, "Dana").state == "waiting"
    assert counsellor.handle


def test_a_newcomer_with_another_key_than_the_one_compared_is_not_let_in(
    house: House, app: Hardened, counsellor: Volunteer, circle: bytes
) -> None:
    waits(house, app, circle, "Dana")
    counsellor.logs_in()
    page = counsellor.goes_to("/circles")
    shown = page.having_class("newcomer")[0].having_class("words")[0].text
    fields = counsellor.form(f"/circles/{circle.hex()}/let-in/{id_of(house, 'Dana')}").filled()
    with house.desk.writing():
        house.desk.run("UPDATE moderators SET public_key = ? WHERE handle = 'Dana'", (bytes([7]) * 32,))
    page = counsellor.sends(f"/circles/{circle.hex()}/let-in/{id_of(house, 'Dana')}", fields)
    assert "changed in the meantime" in counsellor.mistakes
    assert moderators.find_moderator(house.desk, "Dana").state == "waiting"
    assert page.having_class("newcomer")[0].having_class("words")[0].text != shown


def test_an_invitation_is_shown_once_works_once_and_can_be_cancelled(
    house: House, app: Hardened, counsellor: Volunteer, circle: bytes
) -> None:
    counsellor.logs_in()
    code = invites(counsellor, circle)
    assert not counsellor.goes_to("/circles/invitation").has(id="code")
    assert code not in str(house.desk.rows("SELECT * FROM invitations"))
    one, two = Volunteer(house, app), Volunteer(house, app)
    pages = [one.redeems(code), two.redeems(code)]  # both browsers look at it; only one of them uses it
    one.presses("/enrol", handle="Dana", line=one.wanted_line(pages[0]), totp=one.digits())
    assert one.page.has(id="welcome")
    two.presses("/enrol", handle="Lana", line=two.wanted_line(pages[1]), totp=two.digits())
    assert "unknown, used or too old" in two.mistakes
    cancelled, late = invites(counsellor, circle), invites(counsellor, circle)
    page = counsellor.goes_to("/circles")
    for form in page.having_class("invitation")[:2]:
        counsellor.goes_to("/circles")
        counsellor.presses(form.get("action"))
    two.redeems(cancelled)
    assert "unknown, used or too old" in two.mistakes
    two.redeems(late)
    assert "unknown, used or too old" in two.mistakes


def test_an_invitation_ends_after_seven_days(house: House, app: Hardened, counsellor: Volunteer, circle: bytes) -> None:
    counsellor.logs_in()
    code = invites(counsellor, circle)
    house.clock.now += 8 * 86_400
    late = Volunteer(house, app)
    late.redeems(code)
    assert "unknown, used or too old" in late.mistakes


def test_a_member_sees_and_invites_into_no_other_circle(house: House, app: Hardened, counsellor: Volunteer) -> None:
    law = house.circle("Law", topics=("law",))
    lawyer = Volunteer(house, app)
    lawyer.enrols(law, "Dana")
    waits(house, app, law, "Rojin")
    lawyer.logs_in()
    invites(lawyer, law)
    invitation = invitations.open_invitations(house.desk)[0].id.hex()
    counsellor.logs_in()
    page = counsellor.goes_to("/circles")
    assert not any(word in page.text for word in ("Law", "Dana", "Rojin"))
    token = counsellor.form("/logout").value("csrf_token")
    key = moderators.find_moderator(house.desk, "Rojin").public_key.hex()
    acts = [f"{law.hex()}/{act}" for act in ("invite", f"let-in/{id_of(house, 'Rojin')}")]
    acts += [f"invitation/{invitation}/cancel", "add"]
    for act in acts:
        counsellor.sends(f"/circles/{act}", [("csrf_token", token), ("key", key), ("name", "Mine")])
        assert counsellor.status == 404, act
    assert len(invitations.open_invitations(house.desk)) == 1
    assert moderators.find_moderator(house.desk, "Rojin").state == "waiting"


def test_only_a_coordinator_brings_in_another_and_only_into_the_coordinators_circle(
    house: House, app: Hardened, counsellor: Volunteer, circle: bytes
) -> None:
    law = house.circle("Law", topics=("law",))
    here = f"/circles/{circle.hex()}/invite-coordinator"
    counsellor.logs_in()
    assert not counsellor.goes_to("/circles").has("form", action=here)
    counsellor.sends(here, counsellor.form("/logout").filled())
    assert counsellor.status == 404
    makes_coordinator(house, counsellor)
    counsellor.goes_to("/circles")
    counsellor.sends(f"/circles/{law.hex()}/invite-coordinator", counsellor.form("/logout").filled())
    assert counsellor.status == 404
    assert invitations.open_invitations(house.desk) == []
    counsellor.goes_to("/circles")
    code = "".join(part.text for part in counsellor.presses(here).first(id="code").every("li"))
    other = Volunteer(house, app)
    page = other.redeems(code)
    other.presses("/enrol", handle="Dana", line=other.wanted_line(page), totp=other.digits())
    other.handle = "Dana"
    other.logs_in()
    assert not other.page.has("a", href="/settings")
    page = counsellor.goes_to("/circles")
    assert "coordinator" in page.having_class("newcomer")[0].having_class("office")[0].text
    counsellor.presses(f"/circles/{circle.hex()}/let-in/{id_of(house, 'Dana')}")
    assert other.goes_to("/").has("a", href="/settings")
    assert "invited a coordinator" in counsellor.goes_to(f"/circles/{circle.hex()}/audit").text


def test_a_coordinator_adds_circles_and_invites_into_them_but_lets_nobody_in(
    house: House, app: Hardened, counsellor: Volunteer
) -> None:
    makes_coordinator(house, counsellor)
    counsellor.logs_in()
    counsellor.goes_to("/circles")
    counsellor.presses("/circles/add", name=" Law ", topic_law="1", language_ckb="1")
    law = next(circle for circle in circles.circles(house.desk) if circle.name == "Law")
    assert (law.topics, law.languages, law.catch_all, law.coordinators) == (("law",), ("ckb",), False, False)
    counsellor.presses("/circles/add", name="law")
    assert "Another circle has this name" in counsellor.mistakes
    lawyer = Volunteer(house, app)
    page = lawyer.redeems(invites(counsellor, law.id))
    lawyer.presses("/enrol", handle="Dana", line=lawyer.wanted_line(page), totp=lawyer.digits())
    waits(house, app, law.id, "Rojin")
    page = counsellor.goes_to("/circles")
    card = card_of(counsellor, law.id)
    assert "Dana" in card.text
    assert not card.having_class("words")
    token = counsellor.form("/logout").value("csrf_token")
    key = moderators.find_moderator(house.desk, "Rojin").public_key.hex()
    counsellor.sends(f"/circles/{law.id.hex()}/let-in/{id_of(house, 'Rojin')}", [("csrf_token", token), ("key", key)])
    assert counsellor.status == 404


def test_a_member_finds_nothing_of_another_circle_under_any_address(
    house: House, app: Hardened, counsellor: Volunteer
) -> None:
    law = house.circle("Law", topics=("law",))
    lawyer = Volunteer(house, app)
    lawyer.enrols(law, "Dana")
    foreign = Author(house, law)
    foreign.tells("For the lawyers alone.")
    lawyer.logs_in()
    lawyer.takes(foreign.case_id.hex())
    lawyer.presses(f"/case/{foreign.case_id.hex()}/note", text="A note of theirs")
    ids = {"circle_id": law, "case_id": foreign.case_id, "gone_id": moderators.find_moderator(house.desk, "Dana").id}
    ids |= {"moderator_id": ids["gone_id"], "newcomer_id": ids["gone_id"]}
    counsellor.logs_in()
    token = counsellor.form("/logout").value("csrf_token")

    def values(names: set[str]) -> dict[str, Any]:
        return {name: ids.get(name, "new") for name in names}

    untouched = {"login", "account"}  # these end sessions, and name nothing
    with app.test_request_context(base_url=f"http://{HOST}"):
        rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.partition(".")[0] not in untouched]
        asked = [
            (url_for(rule.endpoint, **values(rule.arguments)), rule.methods or set())
            for rule in rules
            if not rule.arguments & {"story_id", "guide_id", "finding_id", "invitation_id"}
        ]
    before = [house.desk.rows(f"SELECT * FROM {table}") for table in ("taken", "entries", "moderators", "circles")]
    assert len(asked) > 25
    fields = [("csrf_token", token), ("text", "x"), ("message", "1" * 32), ("entry", "1" * 32), ("seen", "9")]
    fields += [("phrase", "received"), ("phrase_in", "en"), ("circle", law.hex()), ("key", "1" * 64), ("name", "Mine")]
    for path, methods in asked:
        if "POST" in methods:
            counsellor.sends(path, fields)
        else:
            counsellor.goes_to(path)
        said = counsellor.answer.get_data(as_text=True)
        told = [word for word in ("For the lawyers alone", "A note of theirs", "Dana", ">Law<") if word in said]
        assert (path, told) == (path, [])
        if set(path.split("/")) & {found.hex() for found in ids.values()}:
            assert (path, counsellor.status) == (path, 404)
    assert before == [
        house.desk.rows(f"SELECT * FROM {table}") for table in ("taken", "entries", "moderators", "circles")
    ]
    assert len(messages.messages_of(house.mailbox, foreign.case_id)) == 2
