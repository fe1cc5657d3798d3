"""Nobody keeps another out, by wrong tries, by an invitation or by a name; nor does a clock that steps."""

from contextlib import suppress

import pytest

from onion_app.desk.delays import Delays
from onion_app.errors import LoginRefused, WrongPassphrase
from onion_app.vault.desk import audit, moderators
from tests.desk.house import House, Volunteer

TWO_A_SECOND = 240


def fails(somebody: Volunteer, handle: str) -> None:
    """Try wrong words under a handle, for half a second."""
    somebody.get("/login")
    somebody.login.handle, somebody.login.totp_secret = handle, "A" * 32
    somebody.fill_in_login(passphrase="wrong", totp="000000")
    somebody.house.clock.now += 0.5


def tries_once(house: House, handle: str) -> None:
    """Try wrong words in a browser that has never been here."""
    fails(house.volunteer(), handle)


def is_checked(delays: Delays, handle: str, browser: str) -> bool:
    """Guess wrong, and tell whether the guess was looked at."""
    looked_at = False
    with suppress(LoginRefused), delays.one_try(handle, browser):
        looked_at = True
        raise WrongPassphrase
    return looked_at


def logs_in_now(somebody: Volunteer, **wrong: str) -> bool:
    """Log in at this moment, with the digits that the phone shows."""
    somebody.login.used = 0
    somebody.get("/login")
    return bool(somebody.fill_in_login(**wrong).having_class("circle"))


@pytest.mark.parametrize("who", ["one browser", "many browsers", "no cookies"])
def test_two_wrong_tries_a_second_by_strangers_keep_the_owner_out_at_no_moment(
    house: House, counsellor: Volunteer, who: str
) -> None:
    stranger = house.volunteer()
    for _ in range(TWO_A_SECOND):
        if who == "many browsers":
            stranger = house.volunteer()
        fails(stranger, "Sara")
        if who == "no cookies":
            stranger.cookies = {name: value for name, value in stranger.cookies.items() if "browser" not in name}
    assert not logs_in_now(counsellor, passphrase="mistyped once")
    fails(stranger, "Sara")
    assert logs_in_now(counsellor)
    counsellor.log_out()
    house.clock.now += 60
    fails(stranger, "Sara")
    assert logs_in_now(counsellor)


def test_strangers_hold_up_neither_a_recovery_nor_a_new_passphrase(house: House, editor: Volunteer) -> None:
    for _ in range(30):
        tries_once(house, "Sara")
    page = editor.press_on("/account", "/account/new-words")
    page = editor.press(
        "/account/passphrase", passphrase=editor.login.passphrase, again=page.first(id="new-passphrase").text
    )
    assert page.has(id="passphrase")
    assert not page.errors
    back = house.volunteer()
    back.get("/recover")
    assert back.press("/recover", handle="sara", sheet=editor.sheet).has(id="totp-secret")


def test_whoever_guesses_in_one_browser_waits_a_minute_from_the_third_guess_once_many_have_tried() -> None:
    now = 0.0
    delays, checked = Delays(lambda: now), 0
    for browser in range(30):
        with pytest.raises(LoginRefused), delays.one_try("Sara", str(browser)):
            raise WrongPassphrase
    for _ in range(600):
        now += 1
        checked += is_checked(delays, "Sara", "guesser")
    assert checked <= 13


def test_invented_handles_and_browsers_take_a_bounded_place_and_make_no_pause_shorter() -> None:
    now = 0.0
    delays = Delays(lambda: now)
    for _ in range(40):
        with pytest.raises(LoginRefused), delays.one_try("Sara", "guesser"):
            raise WrongPassphrase
    for number in range(5000):
        with pytest.raises(LoginRefused), delays.one_try(f"nobody {number}", f"browser {number}"):
            raise WrongPassphrase
    with pytest.raises(LoginRefused), delays.one_try("Sara", "guesser"):
        pytest.fail("the pause was forgotten for strangers")
    assert len(delays._own._failures) <= 1000
    assert len(delays._shared._failures) <= 1000


@pytest.mark.parametrize("hours", [-48, -1, -0.02, 0.02, 1, 48])
def test_a_clock_that_steps_locks_nobody_out_and_makes_no_session_longer(
    house: House, counsellor: Volunteer, hours: float
) -> None:
    for _ in range(4):
        counsellor.log_in(passphrase="wrong")
    counsellor.house.clock.now += 61
    counsellor.log_in()
    counsellor.press_on("/account", "/account/everywhere")
    counsellor.log_in()
    house.clock.step(hours * 3600)
    locked = counsellor.get("/").has(id="passphrase")
    assert locked == (hours < 0 or hours > 0.25)
    counsellor.login.used = 0
    house.clock.now += 90  # six digits that were used on a clock that was ahead are spent, and the next ones are not
    assert counsellor.log_in().having_class("circle")
    assert counsellor.get("/").having_class("circle")


def test_a_pause_is_no_shorter_by_a_clock_put_on_and_no_longer_by_one_put_back(
    house: House, counsellor: Volunteer
) -> None:
    counsellor.get("/login")
    for _ in range(8):
        counsellor.fill_in_login(passphrase="wrong")
    for hours in (5, -10):
        house.clock.step(hours * 3600)
        counsellor.login.used = 0
        assert counsellor.fill_in_login().errors
    house.clock.now += 61
    counsellor.login.used = 0
    assert counsellor.log_in().having_class("circle")


def test_an_open_invitation_ends_nobodys_session_and_has_one_place(
    house: House, editor: Volunteer, circle: bytes
) -> None:
    code, sessions = house.invitation(circle), len(house.app.extensions["desk"].near)
    for _ in range(600):
        stranger = house.volunteer()
        stranger.redeem(code)
        assert stranger.page.has(id="totp-secret")
    assert editor.get("/").having_class("circle")
    assert len(house.app.extensions["desk"].near) == sessions
    assert len(house.app.extensions["desk"].joining) == 1


@pytest.mark.usefixtures("editor")
def test_who_begins_last_with_an_invitation_enrols_with_it(house: House, circle: bytes) -> None:
    code = house.invitation(circle)
    first, last = house.volunteer(), house.volunteer()
    first.redeem(code)
    last.redeem(code)
    assert first.get("/enrol").has(id="invitation")
    assert last.type_back(handle="Dana").has(id="welcome")


def test_wrong_invitations_and_sheets_end_no_session_and_fill_nothing(house: House, editor: Volunteer) -> None:
    stranger, context = house.volunteer(), house.app.extensions["desk"]
    before = len(context.near)
    for number in range(600):
        stranger.get("/join")
        stranger.press("/join", invitation=f"{number:028}")
        stranger.get("/recover")
        stranger.press("/recover", handle="Sara", sheet=f"{number:028}")
    assert editor.get("/").having_class("circle")
    assert (len(context.near), len(context.joining)) == (before, 0)


def test_logging_out_ends_no_enrolment_and_enrolling_no_session(
    house: House, editor: Volunteer, newcomer: Volunteer, circle: bytes
) -> None:
    ended = len(house.ended)
    newcomer.redeem(house.invitation(circle))
    editor.log_out()
    assert len(house.ended) == ended  # the desk, and with it what is drawn for the newcomer, does not end yet
    editor.log_in()
    assert newcomer.type_back(handle="Dana").has(id="welcome")
    assert len(house.ended) == ended
    assert editor.get("/").having_class("circle")
    editor.log_out()
    assert len(house.ended) == ended + 1


def test_somebody_who_is_logged_in_keeps_the_session_on_the_page_of_invitations(
    house: House, editor: Volunteer, circle: bytes
) -> None:
    editor.get("/join")
    editor.press("/join", invitation=house.invitation(circle))
    assert editor.page.has(id="totp-secret")
    assert editor.get("/").having_class("circle")


UNSEEN = [
    "Sara\u3164", "Sa\u2800ra", "Sa\u034fra", "Sara\ufe0f", "Sara\ufe00", "Sara\U000e0100", "Sa\u115fra", "Sa\u1160ra",
    "Sa\uffa0ra", "Sa\u180era", "Sa\u180bra", "Sa\u17b4ra", "Sa\u00adra", "Sa\u2060ra", "Sa\ufeffra", "Sa\u061cra",
    "Sa\u200cra", "Sa\u2028ra", "Sa\U000e0041ra", "Sa\U0001d173ra", "Sa\u00a0ra", "Sa ra", "Sa\u0640ra",
    "Sa-ra", "Sa.ra", "Sa\x00ra", "Sa\ufffcra", "Sa\u20e3ra", "\u0301Sara", "Sara\u0338", "سا\u064eرا", "<b>Sara",
]  # fmt: skip


@pytest.mark.parametrize("handle", UNSEEN, ids=ascii)
def test_a_handle_has_letters_and_digits_that_can_be_seen(
    house: House, newcomer: Volunteer, counsellor: Volunteer, circle: bytes, handle: str
) -> None:
    newcomer.redeem(house.invitation(circle))
    assert newcomer.type_back(handle=handle).first(id="handle").get("aria-invalid") == "true"
    assert house.desk.rows("SELECT handle FROM moderators") == [(counsellor.login.handle,)]


ALIKE = [
    ("علي", "على"), ("علي", "علی"), ("كاوه", "کاوە"), ("کاوە", "كاوه"), ("Sara", "ＳＡＲＡ"), ("Sara", "sARA"),
    ("Straße", "STRASSE"),
    ("Sara12", "Sara١٢"), ("Sara12", "Sara۱۲"), ("هيوا", "ھیوا"), ("Îvan", "îVAN"), ("ﻋﻠﻲ", "علی"), ("شێكي", "شێکی"),
]  # fmt: skip


@pytest.mark.parametrize(("taken", "alike"), ALIKE)
def test_what_looks_like_a_handle_is_taken_and_logs_its_owner_in(
    house: House, circle: bytes, taken: str, alike: str
) -> None:
    owner, other = house.volunteer(circle, taken), house.volunteer()
    other.redeem(house.invitation(circle))
    assert other.type_back(handle=alike).first(id="handle").get("aria-invalid") == "true"
    owner.login.handle = alike
    assert owner.log_in().having_class("circle")
    assert len(house.desk.rows("SELECT 1 FROM moderators")) == 1


def test_one_handle_written_in_two_ways_has_one_pause(house: House, circle: bytes) -> None:
    house.volunteer(circle, "علي")
    stranger = house.volunteer()
    for handle in ("علي", "علی", "على", "ﻋﻠﻲ") * 2:
        fails(stranger, handle)
    delays = house.app.extensions["desk"].delays
    assert len(delays._shared._failures) == 1


@pytest.mark.parametrize("handle", ["Sara", "ئاڤان", "Şîlan7", "نور٣", "Ръка", "한별"])
def test_handles_of_any_script_are_taken_as_they_are_written(house: House, circle: bytes, handle: str) -> None:
    assert house.volunteer(circle, handle).log_in().having_class("circle")
    assert moderators.find_moderator(house.desk, handle).handle == handle


def test_a_finding_that_one_has_acknowledged_stands_on_the_others_page(
    house: House, editor: Volunteer, lawyer: Volunteer
) -> None:
    with house.desk.writing():
        audit.add_finding(house.desk, house.today, "trigger", "mailbox")
    lawyer.log_in()
    page = editor.get("/findings")
    form = next(form for form in page.every("form") if "/acknowledge" in (form.get("action") or ""))
    editor.press(str(form.get("action")))
    assert "/acknowledge" not in str(editor.get("/findings").answer.raw)
    assert "/acknowledge" in str(lawyer.get("/findings").answer.raw)
    for identity in (bytes(16), bytes.fromhex(str(form.get("action")).split("/")[2])):
        editor.post(f"/finding/{identity.hex()}/acknowledge", editor.token)
    assert "/acknowledge" in str(lawyer.get("/findings").answer.raw)
