"""Another phone, another sheet, and the way back after a loss."""

from onion_app.web.app import Hardened
from tests.desk.actors import Author, House, Volunteer
from tests.pages import Element


def sheet_on(page: Element) -> str:
    return "".join(item.text for item in page.first(id="code").every("li"))


def test_another_phone_counts_once_it_showed_its_digits(counsellor: Volunteer) -> None:
    old = counsellor.secret
    counsellor.logs_in()
    counsellor.goes_to("/account")
    page = counsellor.presses("/account/new-digits")
    new = page.first(id="totp-secret").text.replace(" ", "")
    stale = counsellor.digits()
    counsellor.presses("/account/second-factor", totp=stale, passphrase_digits=counsellor.passphrase)
    assert "six digits are wrong" in counsellor.mistakes
    counsellor.secret = new
    counsellor.presses("/account/second-factor", totp=counsellor.digits(), passphrase_digits="wrong")
    assert "not your passphrase" in counsellor.mistakes
    counsellor.presses("/account/second-factor", totp=counsellor.digits(), passphrase_digits=counsellor.passphrase)
    assert counsellor.page.has(id="passphrase")  # every session has ended
    counsellor.logs_in()
    assert counsellor.page.having_class("circle")
    counsellor.secret = old
    counsellor.presses("/logout")
    counsellor.logs_in()
    assert "That did not work" in counsellor.mistakes


def test_the_sheet_brings_somebody_back_and_everything_old_is_void(
    house: House, app: Hardened, counsellor: Volunteer, author: Author
) -> None:
    case = author.writes("Still readable.")
    counsellor.logs_in()
    counsellor.goes_to("/account")
    page = counsellor.presses("/account/new-sheet")
    first = sheet_on(page)
    counsellor.presses("/account/sheet", line="0", passphrase_sheet=counsellor.passphrase)
    assert "another line" in counsellor.mistakes
    line = counsellor.wanted_line(counsellor.page)
    counsellor.presses("/account/sheet", line=line, passphrase_sheet=counsellor.passphrase)
    assert not counsellor.mistakes
    lost = Volunteer(house, app)
    lost.handle, old_passphrase = "Sara", counsellor.passphrase
    for handle, sheet in (("Nobody", first), ("Sara", house.invitation(author.circle_id)), ("Sara", "12")):
        lost.goes_to("/recover")
        page = lost.presses("/recover", handle=handle, sheet=sheet)
        assert "That did not work" in lost.mistakes
        assert not page.has(id="new-passphrase")
    house.clock.now += 60
    page = lost.presses("/recover", handle="Sara", sheet=first)
    lost.passphrase = page.first(id="new-passphrase").text
    lost.secret = page.first(id="totp-secret").text.replace(" ", "")
    assert counsellor.goes_to("/").having_class("circle")  # nothing has changed before it was typed back
    page = lost.presses("/enrol", line=lost.wanted_line(page), totp=lost.digits())
    assert page.has(id="passphrase")
    assert counsellor.goes_to("/").has(id="passphrase")  # the session with the old passphrase is over
    lost.logs_in()
    assert "Still readable." in lost.opens(case).text
    lost.presses("/logout")
    lost.logs_in(passphrase=old_passphrase)
    assert "That did not work" in lost.mistakes
    house.clock.now += 60
    lost.goes_to("/recover")
    lost.presses("/recover", handle="Sara", sheet=first)
    assert "That did not work" in lost.mistakes


def test_whoever_was_shut_out_does_not_come_back_with_a_sheet(
    house: House, app: Hardened, newcomer: Volunteer, circle: bytes
) -> None:
    page = newcomer.redeems(house.invitation(circle))
    sheet = sheet_on(page)
    newcomer.presses("/enrol", handle="Dana", line=newcomer.wanted_line(page), totp=newcomer.digits())
    with house.desk.writing():
        house.desk.run("UPDATE moderators SET state = 'out'")
    other = Volunteer(house, app)
    other.goes_to("/recover")
    other.presses("/recover", handle="Dana", sheet=sheet)
    assert "That did not work" in other.mistakes
