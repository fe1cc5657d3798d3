"""Somebody at the desk whose pages are measured."""

import time

import pyotp

from onion_app.crypto.members import unlock_secrets
from onion_app.vault.desk import circles
from tests.bench.child import DESK, DESK_PORT
from tests.bench.running import Server
from tests.people import Volunteer
from tests.served import PASSPHRASE, Site
from tests.wire import through_unix

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
    desk = site.desk()
    (who,) = circles.members_of(desk, site.circle)
    desk.close()
    secret = unlock_secrets(who.secrets, PASSPHRASE).totp
    volunteer = Volunteer(f"http://{HOST}", through_unix(at.path))
    page = volunteer.log_in(who.handle, PASSPHRASE, pyotp.TOTP(secret).at(int(time.time())))
    assert page.root.having_class("circle"), page.root.text
    volunteer.reply(case, "I have read it.")
    assert volunteer.open_case(case).root.having_class("message")
    return "; ".join(f"{name}={value}" for name, value in volunteer.cookies.items())
