"""The people of the house: three stories, twelve cases in every state, a second circle, and what waits for a yes.

Each thing is done as people do it, over the site and the desk; what has to be some days old is done in a launcher that
runs on that day. `practice` are ten more cases, each with what a colleague would have answered folded away in a note.
"""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from scripts.rehearsal.cast import arrived
from scripts.rehearsal.pages import Page
from scripts.rehearsal.people import Login, UnexpectedPageError, Visitor, Volunteer

EARLIER: Final = 4  # days before the rehearsal on which the first part happens: a promise of three of them is overdue

_HERE: Final = Path(__file__).parent / "house"
_CHECKS: Final = {f"check_{name}": "1" for name in ("names", "places", "others", "true", "grown")}
NOTICE: Final = {
    "notice_en": "Somebody writes in an app and says that he is one of us. We write to nobody there.",
    "notice_ar": "هناك من يكتب في تطبيق ويقول إنه منا. نحن لا نكتب إلى أحد هناك.",
    "notice_ckb": "کەسێک لە ئەپێکدا دەنووسێت و دەڵێت لە ئێمەیە. ئێمە لەوێ بۆ کەس نانووسین.",
    "notice_kmr": "کەسەک د ئەپەکێ دا دنڤیسیت و دبێژیت ئەز ژ وانم. ئەم ل وێرێ بۆ کەسێ نانڤیسین.",
}
_OTHER_NOTICE: Final = {"notice_en": "Somebody sells a false copy of this site. Compare every letter before you type."}

_DRAFTS: Final = ("law", "who-we-are")  # guides that have to be filled in before anybody may read them
_CHOICES: Final = ("topic", "danger", "count", "quote", "publish")
_STORY_ACTS: Final = {"asking": "ask", "agreed": "ask", "ready": "queue"}  # what is pressed once the draft is finished

Sit = Callable[[], Volunteer]  # gives somebody who has just sat down before the desk


def told_earlier(visit: Callable[[str], Visitor], coordinator: Volunteer) -> None:
    """Let what is some days old happen: stories, and the cases that have come far."""
    for story in _written("people")["story"]:
        _tell_story(visit(story["language"]), coordinator, story)
    for case in _written("people")["case"]:
        if case.get("before"):
            _bring_on(visit(case["language"]), coordinator, case)


def told_now(visit: Callable[[str], Visitor], coordinator: Volunteer, sit: Sit) -> list[Login]:
    """Let the rest happen, and give the logins of the two who have come since."""
    _expect(coordinator.press_on("/notice", "/notice/propose", **NOTICE))  # before there is a second person, at once
    for card in coordinator.get("/guides").having_class("case"):
        here = f"/guides/{card.get('data-guide')}"
        if not any(f"{draft} ·" in card.text for draft in _DRAFTS) and coordinator.get(here).has(
            "button", formaction=f"{here}/publish"
        ):
            coordinator.press(f"{here}/publish")
    for case in _written("people")["case"]:
        if not case.get("before"):
            _bring_on(visit(case["language"]), coordinator, case)
    [(first, _)] = coordinator.circles()
    coordinator.press_on("/circles/new", "/circles/new/add", name="Law", topic_law="1")
    law = next(
        card for card in coordinator.get("/circles").having_class("gathering") if card.get("data-circle") != first
    )
    lawyer = _enrolled(sit(), coordinator, law.get("data-circle"), "Rojin")
    colleague = _enrolled(sit(), coordinator, first, "Salar")
    _let_in(coordinator, colleague, first)
    _write_into_notebook(colleague, first)
    _expect(coordinator.press_on("/notice", "/notice/propose", **_OTHER_NOTICE))  # from now on that waits for a yes
    for somebody in (lawyer, colleague):
        somebody.login.circles = [name for _, name in somebody.circles()]
        somebody.log_out()
    return [colleague.login, lawyer.login]


def practise(visit: Callable[[str], Visitor], coordinator: Volunteer) -> None:
    """Bring ten written cases, each with a colleague's answer in a note that a volunteer opens after their own."""
    for case in _written("practice")["case"]:
        said = f"? What a colleague would have answered\n{case['answer']}\n\n{case['why']}"
        _bring_on(visit(case["language"]), coordinator, case | {"state": "note", "note": said})


def _written(name: str) -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads((_HERE / f"{name}.toml").read_text("utf-8"))


def _bring_on(visitor: Visitor, coordinator: Volunteer, case: dict[str, Any]) -> None:
    """Send a case, and let it come as far as it is written."""
    known = set(coordinator.queue("new"))
    choices = {name: str(case[name]) for name in _CHOICES if name in case}
    code = visitor.hand_in(case.get("kind", "ask"), case["text"], **choices)
    state = case.get("state", "new")
    if state == "new":
        return
    here = f"/case/{arrived(coordinator, known)}"
    coordinator.take(here.rpartition("/")[2])
    if "note" in case:
        coordinator.press(f"{here}/note", note=case["note"])
    if "answer" in case:
        again = coordinator.page.first("select", name="write_again").every("option")
        day = again[1].get("value") if state == "promised" else ""
        coordinator.press(f"{here}/reply", text=case["answer"], write_again=day)
    if state == "written back":
        visitor.write_back(visitor.come_back(code), case["back"])
    if state == "closed":
        coordinator.press_on(here, f"{here}/close")
    if state in _STORY_ACTS:
        _finish_draft(coordinator, here, case["language"], case["story"], _STORY_ACTS[state])
    if state == "agreed":
        visitor.send(visitor.come_back(code).form_doing("verdict yes"))
        coordinator.open_case(here.rpartition("/")[2])  # the desk follows what its author said once somebody opens it


def _tell_story(visitor: Visitor, coordinator: Volunteer, story: dict[str, Any]) -> None:
    """Tell a testimony, and make a story of it in two languages that everybody reads."""
    known = set(coordinator.queue("new"))
    visitor.hand_in("tell", story["told"], publish="yes", danger="no")
    case = arrived(coordinator, known)
    coordinator.take(case)
    first, *others = sorted(story["title"], key=lambda language: language != story["language"])
    for language in (first, *others):
        page = _finish_draft(coordinator, f"/case/{case}", language, story, "queue")
        ways = [button.get("value").partition("?")[0] for button in page.every("button")]
        story_page = next(way for way in ways if way.startswith("/stories/"))
        coordinator.press_on(story_page, f"{story_page}/now")


def _finish_draft(coordinator: Volunteer, case: str, language: str, story: dict[str, Any], then: str) -> Page:
    """Write the draft of a story in a language, call it finished, and ask its author or queue it."""
    coordinator.get(f"{case}/story?language={language}")
    typed = {"title": story["title"][language], "text": story["text"][language], "year": story["year"]}
    typed |= {f"note_{note}": "1" for note in story["notes"]} | _CHECKS | {"finished": "1", "language": language}
    _expect(coordinator.press(f"{case}/story/save", **typed))
    page = coordinator.press_on(f"{case}/story?language={language}", f"{case}/story/{then}")
    _expect(page)
    return page


def _enrolled(somebody: Volunteer, coordinator: Volunteer, circle: str, handle: str) -> Volunteer:
    code = coordinator.press_on("/circles", f"/circles/{circle}/invite").code
    somebody.enrol(code, handle).log_in()
    return somebody


def _let_in(host: Volunteer, newcomer: Volunteer, circle: str) -> None:
    card = next(box for box in host.get("/circles").having_class("newcomer") if newcomer.login.handle in box.text)
    host.press(f"/circles/{circle}/let-in/{card.get('data-newcomer')}")


def _write_into_notebook(somebody: Volunteer, circle: str) -> None:
    """Leave a message, and name an organisation whose contact everybody can find."""
    here = f"/notebook/{circle}"
    _expect(
        somebody.press_on(here, f"{here}/message", text="On exam mornings nothing comes before ten. Look again then.")
    )
    _expect(
        somebody.press_on(
            f"{here}/referral/published",
            f"{here}/referral/published",
            name="An organisation made up for this rehearsal",
            contact="contact@organisation.example",
        )
    )


def _expect(page: Page) -> None:
    if page.errors:
        raise UnexpectedPageError(page.errors)
