"""Somebody at the desk whose pages are measured."""

from scripts.rehearsal.people import Login, Volunteer
from scripts.rehearsal.wire import through_unix
from tests.bench.child import DESK, DESK_PORT
from tests.bench.running import Server
from tests.served import Site

HOST = f"{DESK}.localhost:{DESK_PORT}"


def pages(circle: str, case: str) -> list[tuple[str, str]]:
    """Name the pages that show something of a table that grows, and give their paths."""
    return [
        ("first page", "/"),
        ("queue", f"/circle/{circle}/new"),
        ("queue, page 40", f"/circle/{circle}/new?page=40"),
        ("case", f"/case/{case}"),
        ("my cases", "/mine"),
        ("who is in the circle", "/circles"),
        ("who did what", f"/circles/{circle}/audit"),
    ]


def opened(at: Server, site: Site, case: str) -> str:
    """Log in, take a case and open it, and give the cookie."""
    who = site.member_of_first
    volunteer = Volunteer(f"http://{HOST}", through_unix(at.path))
    volunteer.login = Login(who.handle, who.passphrase, who.totp)
    assert volunteer.log_in().having_class("circle"), volunteer.page.text
    volunteer.reply(case, "I have read it.")
    assert volunteer.open_case(case).having_class("message")
    return volunteer.cookie
