"""Enrolling, logging in, and everything that is refused at the door."""

import re

import pytest

from onion_app.desk.delays import Delays
from onion_app.errors import LoginRefused, WrongPassphrase
from onion_app.vault.desk import moderators
from tests.desk.house import House, Volunteer


def test_nothing_is_stored_before_line_and_digits_are_typed(house: House, newcomer: Volunteer, circle: bytes) -> None:
    newcomer.redeem(house.invitation(circle))
    right = newcomer.wanted_line
    wrong_line = f"{(int(right) + 1) % 10_000:04}"
    assert "another line" in newcomer.type_back(handle="Sara", line=wrong_line).errors
    newcomer.type_back(handle="Sara", totp=f"{(int(newcomer.digits()) + 1) % 10**6:06}")
    assert "six digits are wrong" in newcomer.page.errors
    assert house.desk.rows("SELECT 1 FROM moderators") == []
    assert newcomer.page.first(id="new-passphrase").text == newcomer.login.passphrase
    newcomer.type_back(handle="Sara")
    assert moderators.find_moderator(house.desk, "Sara").state == "active"


def test_the_steps_of_enrolling_have_the_digits_of_the_page(house: House, newcomer: Volunteer, circle: bytes) -> None:
    newcomer.redeem(house.invitation(circle))
    for language, first in (("en", "1."), ("ar", "١."), ("en", "1.")):
        assert newcomer.get(f"/enrol?lang={language}").first("h2").text.startswith(first)


def test_enrolment_secrets_are_gone_after_fifteen_minutes(house: House, newcomer: Volunteer, circle: bytes) -> None:
    newcomer.redeem(house.invitation(circle))
    house.clock.now += 15 * 60
    page = newcomer.get("/enrol")
    assert page.has(id="invitation")
    assert house.ended == [house.clock.now]


def test_enrolment_secrets_stand_in_no_cookie_and_no_address(house: House, newcomer: Volunteer, circle: bytes) -> None:
    newcomer.redeem(house.invitation(circle))
    sheet = newcomer.page.first(id="code").text.replace(" ", "")
    carried = newcomer.cookie + newcomer.path
    for secret in (newcomer.login.passphrase, newcomer.login.totp_secret, sheet, newcomer.login.passphrase.split()[0]):
        assert secret not in carried


def test_failures_delay_the_next_try_and_never_lock_for_good(counsellor: Volunteer) -> None:
    counsellor.house.clock.now += 600
    counsellor.get("/login")
    for _ in range(8):
        counsellor.fill_in_login(passphrase="wrong")
    counsellor.fill_in_login()
    assert "That did not work" in counsellor.page.errors  # right, but too soon
    counsellor.house.clock.now += 61
    assert counsellor.fill_in_login().having_class("circle")


def test_failures_for_days_lock_nobody_out() -> None:
    now = 0.0
    delays = Delays(lambda: now)
    for _ in range(1100):
        now += 61
        with pytest.raises(LoginRefused), delays.one_try("Sara", "hers"):
            raise WrongPassphrase
    now += 61
    with delays.one_try("Sara", "hers"):
        pass


def test_the_language_is_chosen_by_a_link_and_kept(newcomer: Volunteer) -> None:
    page = newcomer.get("/login?lang=ar")
    assert page.first("html").get("dir") == "rtl"
    assert page.first("h1").text == "الدخول"
    assert newcomer.get("/join").first("html").get("lang") == "ar"
    assert newcomer.get("/join?lang=en").first("html").get("dir") == "ltr"


def test_every_field_is_kept_out_of_the_browsers_memory(house: House, newcomer: Volunteer, circle: bytes) -> None:
    newcomer.get("/login")
    fields = newcomer.page.first("main").every("input")
    newcomer.redeem(house.invitation(circle))
    fields += newcomer.page.first("main").every("input")
    for field in fields:
        if field.get("type") != "hidden":
            assert field.get("autocomplete") == ("one-time-code" if field.get("name") == "totp" else "off")


def test_each_cookie_is_bound_to_this_host(newcomer: Volunteer) -> None:
    answer = newcomer.get("/login").answer
    cookie = r"__Host-(desk|browser)=[^;]+; Secure; HttpOnly; Path=/; SameSite=Strict"
    set_here = [re.fullmatch(cookie, value) for name, value in answer.headers if name == "set-cookie"]
    assert {each and each[1] for each in set_here} == {"desk", "browser"}
    assert answer.header("cache-control") == "no-store"


@pytest.mark.parametrize("handle", ["", "   ", "x" * 25, "Sa\u202era", "Sa\u200bra", "SARA"])
def test_a_handle_is_short_can_be_seen_and_is_nobody_elses(
    house: House, counsellor: Volunteer, newcomer: Volunteer, circle: bytes, handle: str
) -> None:
    newcomer.redeem(house.invitation(circle))
    page = newcomer.type_back(handle=handle)
    assert page.first(id="handle").get("aria-invalid") == "true"
    assert page.first(id="new-passphrase").text == newcomer.login.passphrase
    assert house.desk.rows("SELECT handle FROM moderators") == [(counsellor.login.handle,)]


def test_login_needs_all_three_and_says_the_same_of_each(counsellor: Volunteer) -> None:
    said = set()
    wrong_digits = f"{(int(counsellor.digits(2)) + 1) % 10**6:06}"
    for wrong in ({"handle": "Nobody"}, {"passphrase": "one two three four five six"}, {"totp": wrong_digits}):
        counsellor.house.clock.now += 3600
        said.add(counsellor.log_in(**wrong).errors)
        assert counsellor.get("/").has(id="passphrase")
    assert len(said) == 1
    counsellor.house.clock.now += 3600
    assert counsellor.log_in().having_class("circle")


@pytest.mark.parametrize("seconds", [0, 30])
def test_six_digits_work_once_and_older_ones_no_more(counsellor: Volunteer, seconds: int) -> None:
    counsellor.house.clock.now += 600
    seen_by_somebody = counsellor.digits()
    counsellor.house.clock.now += seconds
    counsellor.get("/login")
    assert counsellor.fill_in_login().having_class("circle")
    counsellor.press("/logout")
    assert counsellor.fill_in_login(totp=seen_by_somebody).errors


def test_who_reads_no_latin_letters_types_digits_for_the_passphrase(
    house: House, newcomer: Volunteer, circle: bytes
) -> None:
    newcomer.redeem(house.invitation(circle))
    page = newcomer.get("/enrol?lang=ar")
    groups = page.having_class("as-digits")[0].text.split()
    assert [len(group) for group in groups] == [4] * 6
    newcomer.type_back(handle="سارة")
    newcomer.login.handle = "سارة"
    arabic = "-".join(groups).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    assert newcomer.log_in(passphrase=arabic[:-1] + "٫").has("form", action="/login"), "a digit is missing"
    house.clock.now += 600
    assert not newcomer.log_in(passphrase=arabic).has("form", action="/login")
    new = newcomer.press_on("/account", "/account/new-words").having_class("as-digits")[0].text
    assert newcomer.press("/account/passphrase", passphrase=arabic, again=new).errors == ""
    assert newcomer.log_in(passphrase=new).errors == ""


def test_who_reads_no_latin_letters_compares_digits_for_the_four_words(
    house: House, coordinator: Volunteer, circle: bytes
) -> None:
    newcomer = house.volunteer(circle, "Azad", logged_in=True)
    theirs = newcomer.get("/").first(id="waiting").having_class("as-digits")[0].text
    assert [len(group) for group in theirs.split()] == [4] * 4
    [waiting] = coordinator.get("/circles").having_class("newcomer")
    assert waiting.having_class("as-digits")[0].text == theirs
