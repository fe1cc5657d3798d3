"""Another page of ours for somebody who is writing: their words go along, hidden, and lead back.

A link beside a box would lose what was typed, so that these links are buttons of its form.
# P10: nothing typed is lost by a press on anything of ours but *Leave*.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from flask import current_app, g, request
from flask.typing import ResponseReturnValue

from onion_app.site import form_case
from onion_app.site.form_case import Stage
from onion_app.site.rendering import CARRIED
from onion_app.vault.shown.reading import NAME
from onion_app.web.app import mark_own_text

_PAGES: Final[dict[str, tuple[str, dict[str, str]]]] = {
    "": ("pages.language_choice", {}),
    "guides/now": ("guides.guide", {"slug": "now"}),
    "ask": ("writing.empty_form", {"kind": "ask"}),
    "ask/answer": ("writing.about_an_answer", {}),
    "return": ("returning.code_form", {}),
    "stories": ("stories.story_list", {}),
    "guides": ("guides.guide_list", {}),
    "protects": ("pages.protects", {}),
}


@dataclass(frozen=True, slots=True)
class Written:
    """The words that go along, with all that was chosen beside them, and the form that leads back."""

    path: str
    form_field: str
    fields: dict[str, str]
    text: str = field(repr=False)


def page_beside(*more: str) -> ResponseReturnValue | None:
    """Show the page that a button beside a box leads to, with `more` fields; None when another button was pressed."""
    wanted = _page_of(request.form.get("go", "-"))
    if wanted is None:
        return None
    fields = {name: request.form[name] for name in (*CARRIED, *more) if name in request.form}
    text = request.form.get("text", "")
    if text or fields.get("line") or request.form.get("code") or form_case.of_form().stage >= Stage.CHECKED:
        g.written = Written(request.path, form_case.form_field(), fields | {"again": "1"}, text)
    if text:
        mark_own_text()
    name, values = wanted
    answer: ResponseReturnValue = current_app.ensure_sync(current_app.view_functions[name])(**values)
    return answer


def _page_of(go: str) -> tuple[str, dict[str, str]] | None:
    place, _, name = go.rpartition("/")
    if place == "stories" and NAME.fullmatch(name):
        return "stories.story", {"story_id": name}
    return _PAGES.get(go)


def written() -> Any:  # noqa: ANN401 - for the templates: what goes along, or None
    """Give the words that go along with this page."""
    return g.get("written")
