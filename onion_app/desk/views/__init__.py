"""The views of the desk: each checks its form, calls one function and renders."""

from typing import Final

from onion_app.desk.views import (
    account,
    case,
    circles,
    facts,
    guides,
    handover,
    home,
    login,
    my_cases,
    new_circle,
    notebook,
    notice,
    numbers,
    proposals,
    quotation,
    quotations,
    referral,
    settings,
    stories,
    story,
)

_VIEWS: Final = (
    login, home, case, facts, story, quotation, quotations, stories, guides, settings, circles, new_circle,
    my_cases, notebook, notice, referral, handover, numbers, proposals, account,
)  # fmt: skip

BLUEPRINTS: Final = tuple(view.pages for view in _VIEWS)
