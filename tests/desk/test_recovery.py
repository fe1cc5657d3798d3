"""Another phone, another sheet, and the way back after a loss."""

from tests.desk.house import House, Volunteer
from tests.world import Author


def test_another_phone_counts_once_it_showed_its_digits(counsellor: Volunteer) -> None:
    old = counsellor.login.totp_secret
    counsellor.log_in()
    page = counsellor.press_on("/account", "/account/new-digits")
    new = page.first(id="totp-secret").lines
    stale = counsellor.digits()
    counsellor.press("/account/second-factor", totp=stale, passphrase_digits=counsellor.login.passphrase)
    assert "six digits are wrong" in counsellor.page.errors
    counsellor.login.totp_secret = new
    counsellor.press("/account/second-factor", totp=counsellor.digits(), passphrase_digits="wrong")
    assert "not your passphrase" in counsellor.page.errors
    counsellor.press("/account/second-factor", totp=counsellor.digits(), passphrase_digits=counsellor.login.passphrase)
    assert counsellor.page.has(id="passphrase")  # every session has ended
    assert counsellor.log_in().having_class("circle")
    counsellor.login.totp_secret = old
    counsellor.press("/logout")
    assert "That did not work" in counsellor.log_in().errors


def test_the_sheet_brings_somebody_back_and_voids_the_old(house: House, counsellor: Volunteer, author: Author) -> None:
    case = author.writes("Still readable.")
    counsellor.log_in()
    page = counsellor.press_on("/account", "/account/new-sheet")
    first = page.code
    counsellor.press("/account/sheet", line="0", passphrase_sheet=counsellor.login.passphrase)
    assert "another line" in counsellor.page.errors
    counsellor.sheet = first
    counsellor.press("/account/sheet", line=counsellor.wanted_line, passphrase_sheet=counsellor.login.passphrase)
    assert not counsellor.page.errors
    lost = house.volunteer()
    lost.login.handle, old_passphrase = "Sara", counsellor.login.passphrase
    for handle, sheet in (("Nobody", first), ("Sara", house.invitation(author.circle_id)), ("Sara", "12")):
        page = lost.press_on("/recover", "/recover", handle=handle, sheet=sheet)
        assert "That did not work" in lost.page.errors
        assert not page.has(id="new-passphrase")
    house.clock.now += 60
    page = lost.press("/recover", handle="Sara", sheet=first)
    lost.write_down(page)
    assert counsellor.get("/").having_class("circle")  # nothing has changed before it was typed back
    page = lost.type_back()
    assert page.has(id="passphrase")
    assert counsellor.get("/").has(id="passphrase")  # the session with the old passphrase is over
    lost.log_in()
    assert "Still readable." in lost.open_case(case).text
    lost.press("/logout")
    assert "That did not work" in lost.log_in(passphrase=old_passphrase).errors
    house.clock.now += 60
    assert "That did not work" in lost.press_on("/recover", "/recover", handle="Sara", sheet=first).errors
