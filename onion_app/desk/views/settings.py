"""The settings, for coordinators: each value is checked, and its effect said beside it."""

from collections.abc import Callable
from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue as Answer

from onion_app.choices import ANSWER_DAYS, BACKUP_DAYS, QUOTA_GIB, RETENTION_DAYS, TOPICS
from onion_app.desk import forms
from onion_app.desk.as_shown import AS_SHOWN, expect_as_shown, mark_of
from onion_app.desk.context import databases
from onion_app.desk.held_texts import done_with
from onion_app.desk.login_gate import for_coordinators, login_required, page_at
from onion_app.desk.permissions import Member
from onion_app.desk.settings import change_setting, put_find_us_back
from onion_app.errors import NothingHere, NotReady, marked
from onion_app.vault import settings
from onion_app.web.i18n import LANGUAGES

pages = for_coordinators(Blueprint("settings", __name__, url_prefix="/settings"))

_DAYS: Final = marked("A number of days from 1 to 30.")
_RETENTION: Final = marked("A number of days from 30 to 730.")
_BACKUPS: Final = marked("A number of days from 1 to 90.")
_GIB: Final = marked("A number of GiB from 1 to 100.")


@pages.post("/<which>")
@login_required
def change(member: Member, which: str) -> Answer:
    """Set one thing, or propose it."""
    if which not in _READ:
        raise NothingHere
    value = _READ[which]()
    if which != "paused":  # whatever another has pressed meanwhile: a pause is never refused
        expect_as_shown(request.form, getattr(settings.read_settings(databases().shown), which), part=f"_{which}")
    done_with(*_fields_of(which))
    waits = change_setting(databases(), member, which, value)
    return redirect(url_for("settings.show", waits=which) if waits else url_for("settings.show", done=which), 303)


@pages.post("/how_to_find_us/back")
@login_required
def back(member: Member) -> Answer:
    """Put how to find us back to its last confirmed words."""
    put_find_us_back(databases(), member)
    return redirect(url_for("settings.show", done="how_to_find_us"), 303)


def _fields_of(which: str) -> list[str]:
    """Name the fields that say what one thing is to be, and with what it was shown."""
    first = {"how_to_find_us": "find_", "answer_days": "days_"}.get(which, which)
    return [name for name in request.form if name.startswith((first, f"{AS_SHOWN}_{which}"))]


def _how_to_find_us() -> dict[str, str]:
    return {code: forms.one_line(request.form, f"find_{code}") for code in LANGUAGES}


def _answer_days() -> dict[str, int]:
    return {
        topic: forms.whole_number(request.form, f"days_{topic}", ANSWER_DAYS, _DAYS) for topic in (*TOPICS, "urgent")
    }


_READ: Final[dict[str, Callable[[], object]]] = {
    "how_to_find_us": _how_to_find_us,
    "answer_days": _answer_days,
    "retention_days": lambda: forms.whole_number(request.form, "retention_days", RETENTION_DAYS, _RETENTION),
    "backup_days": lambda: forms.whole_number(request.form, "backup_days", BACKUP_DAYS, _BACKUPS),
    "quota_gib": lambda: forms.whole_number(request.form, "quota_gib", QUOTA_GIB, _GIB),
    "paused": lambda: "pause" in request.form,
}


@page_at("", pages, NotReady)
def show(_member: Member, mistakes: dict[str, str], **_which: str) -> Answer:
    """Show the settings."""
    now = settings.read_settings(databases().shown)
    return render_template(
        "settings.html",
        now=now,
        marks={which: mark_of(getattr(now, which)) for which in _READ},
        mistakes=mistakes,
        done=request.args.get("done", "") in _READ,
        waits=request.args.get("waits", "") in _READ,
        has_words_before=settings.read_find_us_before(databases().desk) is not None,
        topics=(*TOPICS, "urgent"),
        choices=LANGUAGES.values(),
    )
