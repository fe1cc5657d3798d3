"""Pages that only read, the same for everybody: no cookie, no token, nothing of a visit. And the way out.

# P01: each is one request and leads nowhere but here.
"""

from typing import Final

from flask import Response, make_response, request
from flask.typing import ResponseReturnValue

from onion_app.site.rendering import backup_days, how_to_find_us, pages_called, show, show_published
from onion_app.site.visit import forget
from onion_app.web.i18n import speak

reading: Final = pages_called("reading")


@reading.get("/")
@reading.get("/leave", endpoint="left")  # what a phone asks for when it brings the last page back
def choose() -> str:
    """Show the choice of a language."""
    return show_published("choose.html")


@reading.get("/<lang:code>/")
def home() -> str:
    """Show the first page."""
    return show_published("home.html")


@reading.get("/<lang:code>/protects")
def protects() -> str:
    """Say what protects a visitor here, and what does not."""
    # P12: what we cannot do stands there in the same plain words as what we can.
    return show_published("protects.html", how_to_find_us=how_to_find_us(), backup_days=backup_days())


@reading.post("/leave")
def leave() -> ResponseReturnValue:
    """End the visit. No token guards this: the worst that somebody else could do with it is to close what was open."""
    forget()  # P10: what was written is gone
    speak(request.form.get("lang", ""))
    answer: Response = make_response(show("leave.html"))
    answer.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return answer
