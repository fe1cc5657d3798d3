"""P02: sessions from machines elsewhere last an hour at most, and a cookie of one way opens nothing on the other."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from nacl.pwhash import argon2id

from onion_app.desk import enrolment
from onion_app.desk.views import login
from onion_app.web.headers import THROUGH_TOR, Environ
from tests.desk.house import House, Volunteer
from tests.world import hardly_stretched

MINUTE = 60


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Stand a desk up in this process, whose time is moved by hand."""
    monkeypatch.setattr(argon2id, "kdf", hardly_stretched)
    made = House(tmp_path)
    yield made
    made.close()


@pytest.fixture
def editor(house: House) -> Volunteer:
    """Log in as the one member of a circle."""
    return house.volunteer(house.circle(catch_all=True), "Sara", logged_in=True)


@pytest.fixture
def way(house: House, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Have all requests come through tor for as long as the list says so."""
    through_tor = [True]
    answer = house.app.wsgi_app

    def marked(environ: Environ, start_response: object) -> Iterable[bytes]:
        environ[THROUGH_TOR] = through_tor[0]
        return answer(environ, start_response)  # type: ignore[arg-type,no-any-return]

    monkeypatch.setattr(house.app, "wsgi_app", marked)
    return through_tor


def is_logged_in(volunteer: Volunteer) -> bool:
    return volunteer.get("/").having_class("circle") != []


def works(house: House, volunteer: Volunteer, minutes: int) -> bool:
    """Open a page every ten minutes, so that nothing ends for idleness, and say whether the session stands."""
    for _ in range(minutes // 10):
        house.clock.now += 10 * MINUTE
        if not is_logged_in(volunteer):
            return False
    return True


def test_a_session_from_elsewhere_ends_after_an_hour_whatever_is_done_in_it(
    house: House, editor: Volunteer, way: list[bool]
) -> None:
    editor.log_in()
    assert works(house, editor, 50)
    assert not works(house, editor, 10)
    way[0] = False
    editor.log_in()
    assert works(house, editor, 120)


def test_a_cookie_of_one_way_opens_nothing_on_the_other(editor: Volunteer, way: list[bool]) -> None:
    assert not is_logged_in(editor)  # who logged in on this machine
    editor.log_in()
    assert is_logged_in(editor)
    way[0] = False
    assert not is_logged_in(editor)


def test_all_sessions_from_elsewhere_end_at_once_and_no_other(house: House, editor: Volunteer, way: list[bool]) -> None:
    near, far = Volunteer(house), Volunteer(house)
    near.login = far.login = editor.login
    far.log_in()
    way[0] = False
    near.log_in()
    house.app.extensions["desk"].end_far()
    assert is_logged_in(near)
    way[0] = True
    assert not is_logged_in(far)


def test_secrets_that_are_shown_elsewhere_are_shown_on_no_other_way_and_end_with_the_sessions(
    house: House, way: list[bool]
) -> None:
    newcomer, circle = house.volunteer(), house.circle(catch_all=True)
    newcomer.redeem(house.invitation(circle))
    way[0] = False
    assert newcomer.get("/enrol").has(id="invitation")
    way[0] = True
    newcomer.redeem(house.invitation(circle))
    assert newcomer.get("/enrol").has(id="totp-secret")
    house.app.extensions["desk"].end_far()
    assert newcomer.get("/enrol").has(id="invitation")


@pytest.mark.parametrize("from_elsewhere", [True, False])
def test_a_login_from_elsewhere_that_is_under_way_when_all_end_begins_nothing(
    house: House, editor: Volunteer, way: list[bool], *, from_elsewhere: bool
) -> None:
    desk = house.app.extensions["desk"]
    way[0] = from_elsewhere
    later = Volunteer(house)
    later.login = editor.login
    acts: list[tuple[ModuleType, str, Callable[[], object]]] = [
        (login, "log_in", later.log_in),
        (enrolment, "begin_enrolment", lambda: later.redeem(house.invitation(house.circle("Later")))),
    ]
    for room, name, act in acts:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(room, name, ended_meanwhile(getattr(room, name), desk.end_far))
            act()
        assert not desk.far
        assert not desk.joining_far
    assert is_logged_in(later) == (not from_elsewhere)
    way[0] = True
    editor.log_in()
    assert is_logged_in(editor), "who comes after that does so as ever"


def ended_meanwhile(check: Callable[..., object], end: Callable[[], object]) -> Callable[..., object]:
    """Give the same check, after which all sessions from elsewhere end before one is begun."""

    def checked(*given: object) -> object:
        answer = check(*given)
        end()
        return answer

    return checked
