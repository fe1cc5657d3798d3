"""What the desk refuses: everybody without a login, other circles, requests from elsewhere; and the lock."""

from typing import Any

import pytest
from flask import url_for

from onion_app.desk import create_app
from onion_app.desk.login_gate import OPEN_TO_ALL
from onion_app.vault.desk import entries, taken
from onion_app.vault.mailbox import lifetime, messages
from onion_app.web.app import Hardened
from tests.desk.actors import HOST, Author, House, Volunteer


def paths(app: Hardened) -> list[tuple[str, str, str]]:
    """List every endpoint with its method and a path to it."""
    found: list[tuple[str, str, str]] = []
    with app.test_request_context(base_url=f"http://{HOST}"):
        for rule in app.url_map.iter_rules():
            values: dict[str, Any] = {name: bytes(16) if name.endswith("_id") else "new" for name in rule.arguments}
            methods = sorted((rule.methods or set()) & {"GET", "POST"})
            found += [(rule.endpoint, method, url_for(rule.endpoint, **values)) for method in methods]
    return found


def test_every_endpoint_is_refused_without_a_login(app: Hardened, newcomer: Volunteer) -> None:
    assert sorted(OPEN_TO_ALL) == ["login.enrol", "login.join", "login.login", "login.recover"]
    newcomer.goes_to("/login")
    token = newcomer.form("/login").value("csrf_token")
    refused = [found for found in paths(app) if found[0] not in OPEN_TO_ALL]
    assert len(refused) > 15
    for endpoint, method, path in refused:
        if method == "GET":
            answer = newcomer.client.get(path, base_url=f"http://{HOST}")
            assert (endpoint, answer.status_code, answer.headers["Location"]) == (endpoint, 303, "/login")
        else:
            page = newcomer.sends(path, [("csrf_token", token)])
            assert page.has(id="passphrase"), endpoint


def test_a_shut_out_moderator_is_refused_at_once(house: House, counsellor: Volunteer) -> None:
    counsellor.logs_in()
    with house.desk.writing():
        house.desk.run("UPDATE moderators SET state = 'out'")
    assert counsellor.goes_to("/").has(id="passphrase")
    assert house.ended[-1] == house.clock.now
    counsellor.logs_in()
    assert "That did not work" in counsellor.mistakes


@pytest.mark.parametrize("site", [None, "none", "same-site", "cross-site", ""])
def test_a_post_from_anywhere_else_is_refused(counsellor: Volunteer, author: Author, site: str | None) -> None:
    case = author.writes("Hello?")
    counsellor.logs_in()
    counsellor.opens(case)
    fields = counsellor.form(f"/case/{case}/take").filled()
    counsellor.sends(f"/case/{case}/take", fields, site=site)
    assert counsellor.status == 400
    assert taken.taken_by(author.house.desk, [author.case_id]) == {}


def test_a_post_without_its_token_does_nothing_and_keeps_the_text(counsellor: Volunteer, author: Author) -> None:
    case = author.writes("Hello?")
    counsellor.logs_in()
    counsellor.takes(case)
    fields = [field for field in counsellor.form(f"/case/{case}/reply").filled(text="Kept") if field[0] != "csrf_token"]
    page = counsellor.sends(f"/case/{case}/reply", fields)
    assert page.has(id="kept-notice")
    assert len(messages.messages_of(author.house.mailbox, author.case_id)) == 2
    counsellor.sends(f"/case/{case}/reply", fields, site=None)
    assert counsellor.status == 400


def test_a_login_from_elsewhere_is_refused(counsellor: Volunteer) -> None:
    counsellor.goes_to("/login")
    fields = counsellor.form("/login").filled(handle="Sara", passphrase=counsellor.passphrase, totp=counsellor.digits())
    counsellor.sends("/login", fields, site="cross-site")
    assert counsellor.status == 400
    assert counsellor.goes_to("/").has(id="passphrase")


def test_a_case_of_another_circle_looks_like_no_case_at_all(house: House, app: Hardened, counsellor: Volunteer) -> None:
    other_circle = house.circle("Law", topics=("law",))
    lawyer = Volunteer(house, app)
    lawyer.enrols(other_circle, "Dana")
    foreign = Author(house, other_circle).writes("For the lawyers.")
    counsellor.logs_in()
    token = counsellor.form("/logout").value("csrf_token")
    answers = []
    for case in (foreign, "00" * 16):
        counsellor.goes_to(f"/case/{case}")
        seen = [(counsellor.status, counsellor.answer.data)]
        for act in ("open", "take", "give-back", "reply", "note", "phrase", "close"):
            fields = [("csrf_token", token), ("text", "x"), ("message", "1" * 32), ("entry", "1" * 32), ("seen", "9")]
            fields += [("phrase", "received"), ("phrase_in", "en")]
            counsellor.sends(f"/case/{case}/{act}", fields)
            seen.append((counsellor.status, counsellor.answer.data))
            # Not only is it refused: nothing was done.
            assert taken.taken_by(house.desk, [bytes.fromhex(foreign)]) == {}
        answers.append(seen)
    assert answers[0] == answers[1]
    assert {status for status, _ in answers[0]} == {404}
    assert entries.entries_of(house.desk, bytes.fromhex(foreign)) == []
    assert lifetime.read_case(house.mailbox, bytes.fromhex(foreign)).state == "new"
    for tab in ("new", "mine", "closed"):
        counsellor.goes_to(f"/circle/{other_circle.hex()}/{tab}")
        assert counsellor.status == 404


def test_the_desk_locks_after_fifteen_idle_minutes_without_a_request(
    house: House, app: Hardened, counsellor: Volunteer
) -> None:
    counsellor.logs_in()
    assert house.ended == [house.ended[0]]  # the enrolment's
    house.clock.now += 15 * 60 - 1
    app.each_second()
    assert len(house.ended) == 1
    house.clock.now += 1
    app.each_second()
    assert house.ended[1:] == [house.clock.now]
    assert counsellor.goes_to("/").has(id="passphrase")


def test_a_session_ends_after_twelve_hours_however_busy(house: House, counsellor: Volunteer) -> None:
    counsellor.logs_in()
    for _ in range(12 * 6 - 1):
        house.clock.now += 600
        assert counsellor.goes_to("/").having_class("circle")
    house.clock.now += 600
    assert counsellor.goes_to("/").has(id="passphrase")


def test_logging_out_ends_the_session_and_says_so_to_the_launcher(house: House, counsellor: Volunteer) -> None:
    counsellor.logs_in()
    stolen = dict(counsellor.client._cookies or {})
    page = counsellor.presses("/logout")
    assert page.has(id="passphrase")
    assert house.ended[1:] == [house.clock.now]
    counsellor.client._cookies = stolen
    assert counsellor.goes_to("/").has(id="passphrase")


def test_the_desk_goes_on_while_anybody_is_logged_in(house: House, app: Hardened, counsellor: Volunteer) -> None:
    other_circle = house.circle("Law", topics=("law",))
    lawyer = Volunteer(house, app)
    lawyer.enrols(other_circle, "Dana")
    counsellor.logs_in()
    lawyer.logs_in()
    so_far = len(house.ended)
    counsellor.presses("/logout")
    assert len(house.ended) == so_far
    lawyer.presses("/logout")
    assert len(house.ended) == so_far + 1


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("box", ["reply", "note"])
def test_a_text_sent_after_the_lock_is_kept_and_not_sent(
    house: House,
    counsellor: Volunteer,
    author: Author,
    *,
    restart: bool,
    box: str,
) -> None:
    case = author.writes("Hello?")
    counsellor.logs_in()
    counsellor.takes(case)
    fields = counsellor.form(f"/case/{case}/{box}").filled(text="وقت طويل\nand <more>")
    if restart:
        counsellor.sits_at(create_app(house.config()))
    house.clock.now += 16 * 60
    page = counsellor.sends(f"/case/{case}/{box}", fields)
    assert page.has(id="kept-notice")
    assert "وقت" not in page.text
    page = counsellor.fills_in_login(passphrase="wrong")
    assert page.has(id="kept-notice")
    page = counsellor.fills_in_login()
    assert page.has(id="not-sent")
    page = counsellor.presses(f"/case/{case}/open")
    assert "Nothing was sent yet" in page.first(id="not-sent").text
    area = page.first(id="text" if box == "reply" else "note")
    assert area.raw_text.removeprefix("\n") == "وقت طويل\nand <more>"
    assert len(messages.messages_of(house.mailbox, author.case_id)) == 2
    assert entries.entries_of(house.desk, author.case_id) == []
    page = counsellor.presses(f"/case/{case}/{box}", text="Now")
    assert not page.has(id="not-sent")
    assert "Now" in page.text


def test_a_long_text_survives_the_lock(counsellor: Volunteer, author: Author) -> None:
    case = author.writes("Hello?")
    counsellor.logs_in()
    counsellor.takes(case)
    long = "حرف " * 7_000
    fields = counsellor.form(f"/case/{case}/reply").filled(text=long)
    author.house.clock.now += 16 * 60
    counsellor.sends(f"/case/{case}/reply", fields)
    counsellor.fills_in_login()
    page = counsellor.presses(f"/case/{case}/open")
    assert page.first(id="text").raw_text.strip() == long.strip()


def test_a_button_pressed_after_the_lock_does_nothing(counsellor: Volunteer, author: Author) -> None:
    case = author.writes("Hello?")
    counsellor.logs_in()
    counsellor.opens(case)
    fields = counsellor.form(f"/case/{case}/take").filled()
    author.house.clock.now += 16 * 60
    page = counsellor.sends(f"/case/{case}/take", fields)
    assert page.has(id="locked-notice")
    assert taken.taken_by(author.house.desk, [author.case_id]) == {}


def test_a_kept_text_opens_for_nobody_outside_the_circle(
    house: House, app: Hardened, counsellor: Volunteer, author: Author
) -> None:
    case = author.writes("Hello?")
    counsellor.logs_in()
    counsellor.takes(case)
    fields = counsellor.form(f"/case/{case}/reply").filled(text="For the circle")
    house.clock.now += 16 * 60
    counsellor.sends(f"/case/{case}/reply", fields)
    kept = counsellor.form("/login").value("kept")
    lawyer = Volunteer(house, app)
    lawyer.enrols(house.circle("Law"), "Dana")
    house.clock.now += 60
    lawyer.goes_to("/login")
    page = lawyer.presses("/login", handle="Dana", passphrase=lawyer.passphrase, totp=lawyer.digits(), kept=kept)
    assert lawyer.status == 404
    assert "For the circle" not in page.text


def test_a_changed_kept_field_is_dropped(counsellor: Volunteer) -> None:
    counsellor.house.clock.now += 60
    counsellor.goes_to("/login")
    fields = {"handle": "Sara", "passphrase": counsellor.passphrase, "totp": counsellor.digits()}
    page = counsellor.presses("/login", kept="AAAA", **fields)
    assert page.having_class("circle")


def test_log_out_everywhere_ends_the_other_browser_too(house: House, app: Hardened, counsellor: Volunteer) -> None:
    counsellor.logs_in()
    elsewhere = Volunteer(house, app)
    elsewhere.handle, elsewhere.passphrase = counsellor.handle, counsellor.passphrase
    elsewhere.secret = counsellor.secret
    elsewhere.logs_in()
    counsellor.goes_to("/account")
    counsellor.presses("/account/everywhere")
    assert elsewhere.goes_to("/").has(id="passphrase")
    assert counsellor.goes_to("/").has(id="passphrase")
    counsellor.logs_in()
    assert counsellor.page.having_class("circle")


def test_a_new_passphrase_counts_once_it_was_typed_back(counsellor: Volunteer) -> None:
    old = counsellor.passphrase
    counsellor.logs_in()
    counsellor.goes_to("/account")
    page = counsellor.presses("/account/new-words")
    new = page.first(id="new-passphrase").text
    counsellor.presses("/account/passphrase", passphrase=old, again="six other words than the new")
    assert "not the new words" in counsellor.mistakes
    counsellor.presses("/account/passphrase", passphrase="wrong", again=new)
    assert "not the old passphrase" in counsellor.mistakes
    counsellor.presses("/account/passphrase", passphrase=old, again=new)
    counsellor.logs_in()
    assert "That did not work" in counsellor.mistakes
    counsellor.house.clock.now += 60
    counsellor.logs_in(passphrase=new)
    assert counsellor.page.having_class("circle")
