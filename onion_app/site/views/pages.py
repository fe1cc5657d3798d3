"""The pages that are the same for everybody: no cookie, no token, nothing of a visit. And *Leave*.

# P01: each is one request and leads to this site only.
"""

from typing import Final

from flask import Response, make_response, request
from flask.typing import ResponseReturnValue

from onion_app.errors import SanctuaryError
from onion_app.site import visit
from onion_app.site.context import in_force, shown
from onion_app.site.rendering import done_page, how_to_find_us, make_blueprint, show_published
from onion_app.vault.shown import reading
from onion_app.web.app import report_error
from onion_app.web.i18n import speak

pages: Final = make_blueprint("pages")

_ABOUT_US: Final = "who-we-are"  # the guide that volunteers may write about themselves


@pages.get("/")
@pages.get("/leave", endpoint="left")  # what a phone asks for when it brings the last page back
def language_choice() -> str:
    """Offer the languages."""
    return show_published("choose.html")


@pages.get("/<lang:code>/")
def home() -> str:
    """Show the first page."""
    return show_published("home.html", who=_guide_about_us())


def _guide_about_us() -> str:
    """Give the name of the guide about who is here, where it is written; Home is shown even if nobody can say."""
    try:
        return _ABOUT_US if reading.titles_of_guides(shown()).get(_ABOUT_US) else ""
    except SanctuaryError as error:
        report_error(error)
        return ""


@pages.get("/<lang:code>/protects")
def protects() -> str:
    """Tell how a visitor is protected, and how not."""
    # P12: what we cannot do stands there in the same plain words as what we can.
    return show_published("protects.html", how_to_find_us=how_to_find_us(), backup_days=in_force().backup_days)


@pages.post("/leave")
def leave() -> ResponseReturnValue:
    """End the visit; it takes no token, for the worst that somebody else could do with it is to close a case."""
    visit.forget()  # P10: the draft is gone, and no form of this seat brings a word back
    speak(request.form.get("lang", ""))
    answer: Response = make_response(done_page())
    answer.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return answer
