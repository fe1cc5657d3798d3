"""What the desk refuses: everybody without a login, other circles, requests from elsewhere; and the lock."""

import pytest

from onion_app.desk.login_gate import OPEN_TO_ALL
from onion_app.vault.desk import entries
from onion_app.vault.desk.taken import taken_by
from onion_app.vault.mailbox import messages
from scripts.rehearsal.wire import into
from tests.desk.house import House, Volunteer
from tests.world import Author


def from_site(site: str | None) -> dict[str, str]:
    return {"Sec-Fetch-Site": site} if site is not None else {}


def test_every_endpoint_is_refused_without_a_login(house: House, newcomer: Volunteer) -> None:
    assert sorted(OPEN_TO_ALL) == ["login.enrol", "login.join", "login.login", "login.recover"]
    newcomer.get("/login")
    token = [("csrf_token", newcomer.page.form_to("/login").value("csrf_token"))]
    refused = [found for found in house.endpoints() if found[0] not in OPEN_TO_ALL]
    assert len(refused) > 15
    for endpoint, method, path in refused:
        if method == "GET":
            newcomer.get(path)
            answer = newcomer.seen[-2][1]
            assert (endpoint, answer.status, answer.header("location")) == (endpoint, 303, "/login")
        else:
            page = newcomer.post(path, token)
            assert page.has(id="passphrase"), endpoint


@pytest.mark.parametrize("site", [None, "none", "same-site", "cross-site", ""])
def test_a_post_from_anywhere_else_is_refused(
    counsellor: Volunteer, author: Author, case: str, site: str | None
) -> None:
    counsellor.open_case(case)
    fields = counsellor.page.form_to(f"/case/{case}/take").filled()
    assert counsellor.ask_for("POST", f"/case/{case}/take", fields, from_site(site)).status == 400
    assert taken_by(author.world.desk, [author.case_id]) == {}


def test_a_post_without_its_token_does_nothing_and_keeps_the_text(
    counsellor: Volunteer, author: Author, taken: str
) -> None:
    fields = [
        field
        for field in counsellor.page.form_to(f"/case/{taken}/reply").filled(text="Kept")
        if field[0] != "csrf_token"
    ]
    page = counsellor.post(f"/case/{taken}/reply", fields)
    assert page.has(id="kept-notice")
    assert len(messages.messages_of(author.world.mailbox, author.case_id)) == 1
    assert counsellor.ask_for("POST", f"/case/{taken}/reply", fields, from_site(None)).status == 400


def test_a_login_from_elsewhere_is_refused(counsellor: Volunteer) -> None:
    counsellor.get("/login")
    fields = counsellor.page.form_to("/login").filled(
        handle="Sara", passphrase=counsellor.login.passphrase, totp=counsellor.digits()
    )
    assert counsellor.ask_for("POST", "/login", fields, from_site("cross-site")).status == 400
    assert counsellor.get("/").has(id="passphrase")


def test_the_desk_locks_by_itself_after_fifteen_minutes(house: House, counsellor: Volunteer) -> None:
    counsellor.log_in()
    assert house.ended == [house.ended[0]]  # the enrolment's
    house.clock.now += 15 * 60 - 1
    house.app.each_second()
    assert len(house.ended) == 1
    house.clock.now += 1
    house.app.each_second()
    assert house.ended[1:] == [house.clock.now]
    assert counsellor.get("/").has(id="passphrase")


def test_a_session_ends_after_twelve_hours_however_busy(house: House, counsellor: Volunteer) -> None:
    counsellor.log_in()
    for _ in range(12 * 6 - 1):
        house.clock.now += 600
        assert counsellor.get("/").having_class("circle")
    house.clock.now += 600
    assert counsellor.get("/").has(id="passphrase")


def test_logging_out_ends_the_session_and_says_so_to_the_launcher(house: House, counsellor: Volunteer) -> None:
    counsellor.log_in()
    stolen = dict(counsellor.cookies)
    page = counsellor.press("/logout")
    assert page.has(id="passphrase")
    assert house.ended[1:] == [house.clock.now]
    counsellor.cookies = stolen
    assert counsellor.get("/").has(id="passphrase")


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("box", ["reply", "note"])
def test_a_text_sent_after_the_lock_is_kept_and_not_sent(
    house: House, counsellor: Volunteer, author: Author, taken: str, *, restart: bool, box: str
) -> None:
    long = "وقت طويل\nand <more>" + " حرف" * 7_000
    name = "text" if box == "reply" else "note"
    fields = counsellor.page.form_to(f"/case/{taken}/{box}").filled(**{name: long})
    if restart:
        counsellor.dial = into(house.start())
    house.clock.now += 16 * 60
    page = counsellor.post(f"/case/{taken}/{box}", fields)
    assert page.has(id="kept-notice")
    assert "وقت" not in page.text
    page = counsellor.fill_in_login(passphrase="wrong")
    assert page.has(id="kept-notice")
    page = counsellor.fill_in_login()
    assert page.has(id="not-sent")
    page = counsellor.press(f"/case/{taken}/open")
    said = "Nothing was sent yet" if box == "reply" else "Your note is not kept yet"
    assert said in page.first(id="not-sent").text
    area = page.first(id=name)
    assert area.raw_text.removeprefix("\n") == long
    assert len(messages.messages_of(house.mailbox, author.case_id)) == 1
    assert entries.entries_of(house.desk, author.case_id) == []
    page = counsellor.press(f"/case/{taken}/{box}", **{name: "Now"})
    assert not page.has(id="not-sent")
    assert "Now" in page.text


def test_a_button_pressed_after_the_lock_does_nothing(counsellor: Volunteer, author: Author, case: str) -> None:
    counsellor.open_case(case)
    fields = counsellor.page.form_to(f"/case/{case}/take").filled()
    counsellor.house.clock.now += 16 * 60
    page = counsellor.post(f"/case/{case}/take", fields)
    assert page.has(id="locked-notice")
    assert taken_by(author.world.desk, [author.case_id]) == {}


def test_a_kept_text_opens_for_nobody_outside_the_circle(house: House, counsellor: Volunteer, taken: str) -> None:
    fields = counsellor.page.form_to(f"/case/{taken}/reply").filled(text="For the circle")
    house.clock.now += 16 * 60
    counsellor.post(f"/case/{taken}/reply", fields)
    kept = counsellor.page.form_to("/login").value("kept")
    lawyer = house.volunteer(house.circle("Law"), "Dana")
    house.clock.now += 60
    lawyer.get("/login")
    page = lawyer.press("/login", handle="Dana", passphrase=lawyer.login.passphrase, totp=lawyer.digits(), kept=kept)
    assert lawyer.status == 404
    assert "For the circle" not in page.text


def test_a_changed_kept_field_is_dropped(counsellor: Volunteer) -> None:
    counsellor.house.clock.now += 60
    counsellor.get("/login")
    fields = {"handle": "Sara", "passphrase": counsellor.login.passphrase, "totp": counsellor.digits()}
    page = counsellor.press("/login", kept="AAAA", **fields)
    assert page.having_class("circle")


def test_log_out_everywhere_ends_the_other_browser_too(house: House, counsellor: Volunteer) -> None:
    counsellor.log_in()
    elsewhere = house.volunteer()
    elsewhere.login = counsellor.login
    elsewhere.log_in()
    counsellor.press_on("/account", "/account/everywhere")
    assert elsewhere.get("/").has(id="passphrase")
    assert counsellor.get("/").has(id="passphrase")
    assert counsellor.log_in().having_class("circle")


def test_a_new_passphrase_counts_once_it_was_typed_back(counsellor: Volunteer, author: Author) -> None:
    case, old = author.writes("Still readable."), counsellor.login.passphrase
    counsellor.log_in()
    page = counsellor.press_on("/account", "/account/new-words")
    new = page.first(id="new-passphrase").text
    counsellor.press("/account/passphrase", passphrase=old, again="six other words than the new")
    assert "not the new words" in counsellor.page.errors
    assert "not the old passphrase" in counsellor.press("/account/passphrase", passphrase="wrong", again=new).errors
    counsellor.press("/account/passphrase", passphrase=old, again=new)
    assert "That did not work" in counsellor.log_in().errors
    counsellor.house.clock.now += 60
    counsellor.log_in(passphrase=new)
    assert "Still readable." in counsellor.open_case(case).text
