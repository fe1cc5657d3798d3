"""Coming back with a code: open, or erase everything without opening.

# P06: the code comes in a form, and goes back into that form only: as it was typed, or sealed.
"""

from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from onion_app.crypto.codes import read_code
from onion_app.crypto.sealing import open_field, seal_field
from onion_app.errors import CodeMistyped, SealBroken
from onion_app.site import author_actions, seat, visit
from onion_app.site.beside import page_beside
from onion_app.site.case_page import case_page
from onion_app.site.context import files, site_context
from onion_app.site.rendering import erase_page, make_blueprint, return_page, show_page

pages: Final = make_blueprint("returning")
_ERASE: Final = "erase without opening"


@pages.get("/<lang:code>/return")
def code_form() -> str:
    """Show the form for the code."""
    return return_page()


@pages.post("/<lang:code>/return")
def open_or_erase() -> ResponseReturnValue:
    """Open the case of a code, or ask once more before it is erased."""
    if "sealed" in request.form:
        return _erase(request.form["sealed"])
    # P06: a code goes along only where it may stand in its field again.
    if beside := page_beside(*(["code"] if seat.may_fill_in_code() else [])):
        return beside
    if "again" in request.form:
        return return_page()
    try:
        code = read_code(request.form.get("code", ""))
    except CodeMistyped as mistyped:
        return return_page(mistyped=mistyped)
    if "erase" in request.form:
        sealed = seal_field(site_context().field_key, _ERASE, {"code": code})
        return erase_page("return", {"sealed": sealed})
    visit.take_token("open")
    access, opened_before = author_actions.open_case(files(), code)
    return case_page(access, opened_before=visit.keep_case_open(access, opened_before))


def _erase(sealed: str) -> ResponseReturnValue:
    try:
        code = open_field(site_context().field_key, _ERASE, sealed)["code"]
    except SealBroken:
        return show_page("return.html", why="expired")
    site_context().budgets["erase"].take()
    author_actions.erase_without_opening(files(), code)
    visit.forget_case()
    return show_page("erased.html")
