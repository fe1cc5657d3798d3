"""Who sits at the desk: every page is refused to everybody else, and a session lives in memory only.

The cookie carries a random key; what it opens (the moderator's private key, the cases opened, a text that was kept)
is held encrypted under it for 15 minutes after the last page, 12 hours at most. Nothing of it reaches a disk. A
page that is asked for without a session shows the login; a text that came with it is kept, sealed, in that page.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, Final, NamedTuple, ParamSpec, cast

from flask import abort, current_app, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue as Answer
from werkzeug.exceptions import HTTPException

from onion_app.crypto.sealing import open_field, seal_field
from onion_app.desk import forms
from onion_app.desk.casework import Books, Member, member
from onion_app.desk.delays import Delays
from onion_app.desk.identity import Identity
from onion_app.errors import NothingHere, SealBroken, VisitOver
from onion_app.vault.per_thread import PerThread
from onion_app.web.app import Hardened, speak
from onion_app.web.visits import Visits

IDLE: Final = 15 * 60  # seconds; long enough to read a hard message, short enough for a desk that was left
LONGEST: Final = 12 * 3600  # seconds; a night's sleep ends every session
DAY: Final = 86_400

# Every other endpoint needs a login. Nothing is added here without a test that names it.
OPEN_TO_ALL: Final = frozenset({"entry.login", "entry.join", "entry.enrol", "entry.recover"})
# The pages whose text is kept when a session ended meanwhile, and the box in which it stands.
BOXES: Final = {
    "case.reply": "text",
    "case.phrase": "text",
    "case.note": "note",
    "publishing.save": "draft",
    "guides.save": "guide",
    "mine.open_all": "mine",
    "mine.phrase": "mine",
    "mine.send": "mine",
    "mine.stop": "mine",
}
LANGUAGES: Final = ("en", "ar")
_KEPT: Final = "kept text"

_Rest = ParamSpec("_Rest")


class Kept(NamedTuple):
    """A text that came after its session had ended, and the box of the case or guide to which it belongs."""

    case_id: bytes
    box: str
    text: str
    title: str


@dataclass(frozen=True, slots=True)
class Room:
    """What the app holds while it runs; nobody's key is among it."""

    mailbox: PerThread
    desk: PerThread
    visits: Visits
    delays: Delays
    field_key: bytes
    clock: Callable[[], float]
    ended: dict[bytes, float] = field(default_factory=dict)  # sessions of a moderator begun before are over

    def books(self) -> Books:
        """Give this thread's databases and the day."""
        return Books(self.mailbox.here(), self.desk.here(), int(self.clock() // DAY))


def room() -> Room:
    """Give the room of the running app."""
    found: Room = current_app.extensions["desk"]
    return found


def begin(contents: dict[str, Any]) -> None:
    """Start a session with a new key, whatever the cookie carried before."""
    before = session.get("visit")
    session["visit"] = room().visits.start(contents)
    if before is not None:
        room().visits.end(before)  # after the new one is open: the last session must not seem to end here


def end() -> None:
    """End the session of this cookie, if there is one; the language and the token of the browser stay."""
    key = session.pop("visit", None)
    if key is not None:
        room().visits.end(key)


def begin_for(who: Identity) -> None:
    """Start the session of somebody who has just logged in."""
    begin({"moderator": who.moderator_id.hex(), "private": who.private.hex(), "since": room().clock()})


def end_everywhere(moderator_id: bytes) -> None:
    """End every session of a moderator; the others are refused at their next page."""
    room().ended[moderator_id] = room().clock()
    end()


def contents() -> dict[str, Any]:
    """Read what the session holds.

    Raises:
        VisitOver: there is none, or it was locked.
    """
    key = session.get("visit")
    if key is None:
        raise VisitOver
    return room().visits.load(key)


def keep(**changed: Any) -> None:  # noqa: ANN401 - JSON
    """Change what the session holds."""
    room().visits.save(session["visit"], contents() | changed)


def own_key() -> bytes:
    """Give the private key of whoever is here.

    Raises:
        VisitOver: nobody is.
    """
    return bytes.fromhex(contents()["private"])


def whoever_is_here() -> Member:
    """Give the moderator of this session, as the desk's database knows them at this moment.

    Raises:
        VisitOver: nobody is logged in, or they were shut out meanwhile.
    """
    held = contents()
    if "moderator" not in held:  # somebody is enrolling
        raise VisitOver
    who = bytes.fromhex(held["moderator"])
    if held["since"] <= room().ended.get(who, -1.0):
        end()
        raise VisitOver
    try:
        return member(room().books(), who, bytes.fromhex(held["private"]))
    except NothingHere:
        end()
        raise VisitOver from None


def gate() -> Answer | None:
    """Refuse whatever does not come from our own pages, and every page to whoever is not logged in."""
    if request.method == "POST" and request.headers.get("Sec-Fetch-Site") != "same-origin":
        abort(400)
    if request.endpoint is None or request.endpoint in OPEN_TO_ALL:
        return None
    try:
        g.member = whoever_is_here()
    except VisitOver:
        return ask_to_log_in()
    return None


def ask_to_log_in() -> Answer:
    """Show the login; a text that came along waits in it, sealed."""
    # P10: a text that reached us is not lost because its session ended.
    if request.method == "GET":
        return redirect(url_for("entry.login"), 303)
    return render_template("login.html", mistakes={}, kept=sealed_text(), locked=True, typed_handle="", welcome=False)


def token_lost(error: HTTPException) -> Answer:
    """Show the login when a form comes without its token; its text is kept in the page."""
    if request.headers.get("Sec-Fetch-Site") != "same-origin":
        return cast("Hardened", current_app).fixed_page(error)
    speak_as_chosen()
    return ask_to_log_in()


def speak_as_chosen() -> None:
    """Use the language of the link that was pressed, else the one chosen before, else the browser's."""
    asked = request.args.get("lang", "")
    if request.method == "GET" and asked in LANGUAGES:
        session["language"] = asked
    speak(session.get("language") or request.accept_languages.best_match(LANGUAGES, LANGUAGES[0]))


def sealed_text() -> str:
    """Seal the text of this request for the login page; empty when there is none."""
    box = BOXES.get(request.endpoint or "")
    text = _boxes_as_one() if box == "mine" else forms.body(request.form)
    title = forms.one_line(request.form, "title")
    if box is None or not (text.strip() or title):
        return request.form.get("kept", "")
    # JSON would make six bytes of an Arabic letter, and the body has a limit.
    packed = {"text": _in_letters(text), "title": _in_letters(title)}
    belongs = request.view_args or {}
    case_id: bytes = belongs.get("case_id") or belongs.get("guide_id") or bytes(16)  # none: it is of many cases
    return seal_field(room().field_key, _KEPT, {"case": case_id.hex(), "box": box} | packed)


def _in_letters(text: str) -> str:
    return b64encode(text.encode()).decode()


def _boxes_as_one() -> str:
    typed = {case_id.hex(): text for case_id, text in forms.boxes(request.form).items()}
    return json.dumps(typed, ensure_ascii=False) if typed else ""


def keep_all(kept: Kept) -> None:
    """Keep the texts of a page with many cases, each for its case."""
    for case_id, text in json.loads(kept.text).items():
        keep_for(bytes.fromhex(case_id), "text", text)


def kept_text(sealed: str) -> Kept | None:
    """Open what a login page carried; None when there is nothing, or nothing of ours."""
    if not sealed:
        return None
    try:
        held = open_field(room().field_key, _KEPT, sealed)
    except SealBroken:
        return None
    text, title = (b64decode(held.get(name, "")).decode() for name in ("text", "title"))
    return Kept(bytes.fromhex(held["case"]), held["box"], text, title)


def kept_for(case_id: bytes) -> dict[str, str]:
    """Give the texts that wait for a case to be opened or sent, by their box."""
    found: dict[str, str] = contents().get("kept", {}).get(case_id.hex(), {})
    return found


def keep_titled(case_id: bytes, box: str, text: str, title: str) -> None:
    """Keep a text and its title for a box; where both are empty, nothing is kept."""
    keep_for(case_id, box, text if text.strip() else "")
    keep_for(case_id, title_of(box), title)


def title_of(box: str) -> str:
    """Name the box of the title that belongs to a text."""
    return f"{box} title"


def keep_for(case_id: bytes, box: str, text: str) -> None:
    """Keep a text for a box of a case; an empty one is forgotten."""
    kept = contents().get("kept", {})
    kept[case_id.hex()] = kept_for(case_id) | {box: text}
    if not text:
        del kept[case_id.hex()][box]
    keep(kept=kept)


def has_opened(case_id: bytes) -> bool:
    """Tell whether a case was opened in this session."""
    return case_id.hex() in contents().get("opened", [])


def remember_opened(case_id: bytes) -> None:
    """Note that a case was opened in this session."""
    opened = contents().get("opened", [])
    keep(opened=[*opened, case_id.hex()] if case_id.hex() not in opened else opened)


def login_required(view: Callable[Concatenate[Member, _Rest], Answer]) -> Callable[_Rest, Answer]:
    """Hand the moderator to a view as its first argument; the gate has refused everybody else before."""

    @wraps(view)
    def with_member(*args: _Rest.args, **kwargs: _Rest.kwargs) -> Answer:
        return view(g.member, *args, **kwargs)

    return with_member


def here() -> dict[str, object]:
    """Give every template the moderator, or None, and no mistakes unless a view names some."""
    return {"member": g.get("member"), "mistakes": {}}
