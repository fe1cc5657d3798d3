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
    proposals,
    settings,
    stories,
    story,
)

BLUEPRINTS: Final = tuple(
    view.pages
    for view in (
        login,
        home,
        case,
        facts,
        story,
        stories,
        guides,
        settings,
        circles,
        my_cases,
        handover,
        proposals,
        account,
    )
)
