"""The editor of the guides, for coordinators: words beside the page that readers will see, and who has checked them."""

from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue as Answer

from onion_app.choices import LANGUAGE_CODES
from onion_app.crypto.keys import new_id
from onion_app.desk import forms
from onion_app.desk.as_shown import AS_SHOWN, expect_as_shown, mark_of
from onion_app.desk.context import databases
from onion_app.desk.guides import publish_guide, save_guide, take_guide_down
from onion_app.desk.held_texts import hold_form, typed_into
from onion_app.desk.login_gate import for_coordinators, login_required, page_at
from onion_app.desk.permissions import Member
from onion_app.desk.proposals import note
from onion_app.errors import Refused, marked
from onion_app.vault.desk import guides
from onion_app.vault.shown.reading import SLUG, Version
from onion_app.web.i18n import LANGUAGES, current_language
from onion_app.web.markdown import has_too_many_signs, render
from onion_app.web.text import is_too_long

pages = for_coordinators(Blueprint("guides", __name__, url_prefix="/guides"))


@pages.get("")
def show() -> Answer:
    """List the guides."""
    return _list({})


@pages.post("/begin")
@login_required
def begin(member: Member) -> Answer:
    """Begin a guide under a name of its own."""
    slug = forms.one_line(request.form, "slug").lower()
    if not SLUG.fullmatch(slug):
        return _list({"slug": marked("Up to 30 Latin letters, digits and hyphens, a letter first.")})
    guide_id = guides.begin_guide(databases().desk, new_id(), slug)
    note(databases(), member.id, "began a guide")
    return _back(guide_id, None)


@pages.post("/<id:guide_id>/save")
@login_required
def save(member: Member, guide_id: bytes) -> Answer:
    """Store a version, or show first how readers will see it."""
    dbs = databases()
    title, text = forms.title(request.form), forms.text(request.form)
    if has_too_many_signs(text):
        raise Refused("A guide has at most 1,000 ends of lines and signs such as * and _.", field="text")
    language = forms.one_of(request.form, "language", LANGUAGE_CODES)
    if "preview" in request.form:
        hold_form()
        return edit(member, {}, guide_id)
    expect_as_shown(request.form, *_words(_version(guide_id, language)))
    waits = save_guide(dbs, member, guide_id, language, title, text)
    return _back(guide_id, language, waits=waits)


@pages.post("/<id:guide_id>/check")
@login_required
def check(member: Member, guide_id: bytes) -> Answer:
    """Note that one has checked the version that was shown."""
    dbs = databases()
    version = _version(guide_id, request.form.get("language", ""))
    if version is None or request.form.get(AS_SHOWN) != mark_of(
        *_words(version)
    ):  # all of it: what it says, and under what title
        raise Refused("It was changed in the meantime. Read it again.")
    # A handle stands before every reader, an informer among them: it does only where its owner says so.
    guides.note_check(dbs.shown, dbs.desk, version, member.handle if "named" in request.form else None, dbs.today)
    note(dbs, member.id, "checked a guide")
    return _back(guide_id, version.language)


@pages.post("/<id:guide_id>/publish")
@login_required
def publish(member: Member, guide_id: bytes) -> Answer:
    """Propose to show a guide on the site."""
    waits = publish_guide(databases(), member, guide_id)
    return _back(guide_id, request.form.get("language", ""), waits=waits)


@pages.post("/<id:guide_id>/down")
@login_required
def take_down(member: Member, guide_id: bytes) -> Answer:
    """Take a guide off the site."""
    take_guide_down(databases(), member, guide_id)
    return _back(guide_id, request.form.get("language", ""))


def _back(guide_id: bytes, language: str | None, *, waits: bool = False) -> Answer:
    return redirect(url_for("guides.edit", guide_id=guide_id, language=language, waits=int(waits) or None), 303)


def _version(guide_id: bytes, language: str) -> Version | None:
    _, versions = guides.read_guide(databases().desk, guide_id)
    return next((version for version in versions if version.language == language), None)


def _words(version: Version | None) -> tuple[object, ...]:
    """Give all that readers have of a version: a save replaces it, and who has checked it has checked all of it."""
    return (version.language, version.title, version.body, version.year, version.notes) if version is not None else ()


def _list(mistakes: dict[str, str]) -> Answer:
    written = guides.all_guides(databases().desk)
    rows = [(guide, versions, guides.state_of(versions), _in_ones_own(versions)) for guide, versions in written]
    return render_template("guides.html", guides=rows, mistakes=mistakes, today=databases().today)


def _in_ones_own(versions: Sequence[Version]) -> Version | None:
    """Choose the version in the language that the desk is read in, or any."""
    own = current_language().code
    return next((version for version in versions if version.language == own), next(iter(versions), None))


@page_at("/<id:guide_id>", pages)
def edit(_member: Member, mistakes: dict[str, str], guide_id: bytes) -> Answer:
    """Show the editor; a typed text stays in its box, and beside it as readers will see it."""
    guide, versions = guides.read_guide(databases().desk, guide_id)
    language = request.values.get("language", "")
    language = language if language in LANGUAGE_CODES else current_language().code
    version = _version(guide_id, language)
    there = ("", "") if version is None else (version.title, version.body)
    typed = typed_into(url_for("guides.save", guide_id=guide_id), language)
    title, text = typed.get("title", there[0]), typed.get("text", there[1])
    return render_template(
        "guide.html",
        today=databases().today,
        guide=guide,
        version=version,
        versions=versions,
        state=guides.state_of(versions),
        mistakes=mistakes,
        kept=(title, text) != there,
        as_shown=mark_of(*_words(version)),
        title=title[: 2 * forms.TITLE_LETTERS],  # in the preview; the box has all of it
        text=text,
        preview="" if is_too_long(text) else render(text),
        waits="waits" in request.args,
        in_language=LANGUAGES[language],
        tab={"language": language},
        choices=[LANGUAGES[code] for code in LANGUAGE_CODES],
    )
