"""My cases: all that one has taken on one page, a box beside each, and one button that sends the filled ones.

Somebody with a slow line and little time takes ten in the queue at once, opens them, and answers: four pages in all.

An answer that is refused keeps its text and says why; the others are sent. Nothing typed here is lost: an answer that
was not sent stays in the session, beside its case.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, NamedTuple

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue as Answer

from onion_app.crypto.keys import new_id
from onion_app.desk import answering, case_view, forms, handover, phrases, queues, story_actions
from onion_app.desk.context import Databases, databases
from onion_app.desk.held_texts import cases_with_texts, form_of, held_day, held_for, hold_answers, hold_for
from onion_app.desk.login_gate import login_required, page_at, report_held
from onion_app.desk.opened_message import OpenedMessage
from onion_app.desk.permissions import Member, case_of
from onion_app.desk.questions import SENTENCES, Question, question_about
from onion_app.desk.reply_form import days_to_choose, read_reply
from onion_app.desk.session import has_opened, remember_opened
from onion_app.errors import DamagedFile, DiskTrouble, KeysChanged, NotAllowed, NothingHere, Overloaded, Refused, marked
from onion_app.vault.desk import promised
from onion_app.vault.mailbox.queues import Place
from onion_app.vault.mailbox.records import Case
from onion_app.web.i18n import current_language

pages = Blueprint("my_cases", __name__, url_prefix="/mine")

GONE: Final = marked("A case is no longer here: its author took it back, or it was handed over.")


class Card(NamedTuple):
    """A case that one has taken, whether it was opened, and the text in its box."""

    view: case_view.CaseView
    is_open: bool
    text: str
    message: str
    again_days: list[tuple[int, bool]]
    promised: int | None
    question: Question | None

    @property
    def number(self) -> str:
        """The letters by which the circle speaks of it."""
        return queues.case_number(self.view.case.id)

    @property
    def newest(self) -> list[OpenedMessage]:
        """The author's newest words, and the messages after them."""
        lines = self.view.lines
        theirs = [place for place, line in enumerate(lines) if line.text and line.message.author == "visitor"]
        last = theirs[0] if theirs else len(lines)
        return [line for line in lines[: last + 1] if not line.consent]  # what is allowed stands on the case's own page


class Stray(NamedTuple):
    """The texts that were typed for a case which is not on the page, and the address under which they wait."""

    address: str
    texts: list[str]


@pages.post("/take")
@login_required
def take(member: Member) -> Answer:
    """Take the cases that were ticked in a queue; of those that cannot be taken it is said why."""
    mistakes: dict[str, str] = {}
    for case_id in forms.ticked_cases(request.form, "take"):
        with _noted(mistakes):
            queues.take_case(databases(), member, case_id)
    return show(member, mistakes) if mistakes else redirect(_here(), 303)


@pages.post("/open")
@login_required
def open_all(member: Member) -> Answer:
    """Open the cases that were not opened in this session, or hold a new message."""
    dbs, mistakes = databases(), dict[str, str]()
    _keep_typed()
    for case in _on_page(dbs, member)[0]:
        if case.unread or not has_opened(case.id):
            with _noted(mistakes):
                case_view.mark_opened(dbs, member, case.id)
                story_actions.apply_authors_wishes(dbs, member, case.id)
                remember_opened(case.id)
    return show(member, mistakes) if mistakes else redirect(_here(), 303)


@pages.post("/send")
@login_required
def send(member: Member) -> Answer:
    """Send every box that holds a text; one that is refused stays in its box."""
    mistakes: dict[str, str] = {}
    _keep_typed()
    all_the_same = [case_id for case_id in forms.boxes(request.form) if f"asked_{case_id.hex()}" in request.form]
    for case_id, typed in forms.boxes(request.form).items():
        if typed and case_id in (all_the_same or [case_id]):  # that button is about one alone: another may be half done
            with _noted(mistakes, f"text_{case_id.hex()}"):
                _reply(databases(), member, case_id)
                hold_for(case_id, text="", write_again="")
    return show(member, mistakes) if mistakes else redirect(_here(sent=1), 303)


@contextmanager
def _noted(mistakes: dict[str, str], field: str = "") -> Iterator[None]:
    """Note why one of many cases was refused, so that the others go on."""
    try:
        yield
    except (Refused, DiskTrouble, Overloaded) as refused:
        report_held(refused)
        mistakes[field] = refused.sentence
    except (NothingHere, NotAllowed):
        mistakes[""] = GONE


def _reply(dbs: Databases, member: Member, case_id: bytes) -> None:
    typed = read_reply(request.form, dbs.today, f"_{case_id.hex()}")
    message, seen = (f"{name}_{case_id.hex()}" for name in ("message", "seen"))
    message_id, number = forms.id_of(request.form, message), forms.number(request.form, seen)
    answering.send_reply(dbs, member, case_id, message_id, typed, number)
    story_actions.apply_authors_wishes(dbs, member, case_id)


@pages.post("/phrase")
@login_required
def phrase(member: Member) -> Answer:
    """Put a set phrase into the ticked boxes, each in the language of the case's author; nothing is sent."""
    _keep_typed()
    chosen = forms.one_of(request.form, "phrase", phrases.PHRASES)
    dbs, ticked, typed = databases(), forms.ticked_cases(request.form, "below"), forms.boxes(request.form)
    for case in _on_page(dbs, member)[0]:
        if case.id in ticked:
            language = phrases.phrase_language(case_view.open_case(dbs, member, case.id).answer_in)
            text = phrases.with_phrase(typed.get(case.id, ""), chosen, language, dbs.today)
            hold_for(case.id, text=text)
    return redirect(_here(), 303)


@pages.post("/stop")
@login_required
def give_all_back(member: Member) -> Answer:
    """Give every case back."""
    _keep_typed()
    handover.give_all_back(databases(), member)
    return redirect(url_for("home.home"), 303)


def _keep_typed() -> None:
    hold_answers(request.form)


@page_at("", pages)
def show(member: Member, mistakes: dict[str, str]) -> Answer:
    """Show every case that the member has taken."""
    dbs = databases()
    cases, last = _on_page(dbs, member)
    changed = queues.taken_cases_of(dbs, member).changed
    cards = []
    for case in cases:
        try:
            cards.append(_card(dbs, member, case.id, mistakes))
        except (KeysChanged, NothingHere, NotAllowed, DamagedFile):  # one that is damaged hides none of the others
            changed.append(case.id)
    return render_template(
        "mine.html",
        cards=cards,
        changed=changed,
        changed_sentence=KeysChanged().sentence,
        after=request.args.get("after"),
        following=forms.after_this(last.urgent, last.day, last.case_id) if last else "",
        sent="sent" in request.args,
        mistakes=mistakes,
        strays=_strays(dbs, member, cards),
        phrase_names=phrases.offered_in(current_language().code),
    )


def _on_page(dbs: Databases, member: Member) -> tuple[list[Case], Place | None]:
    """Give the taken cases on the page whose address it is, and the place after which the next one begins."""
    return queues.page_of(queues.taken_cases_of(dbs, member).cases, forms.after(request.args))


def _here(sent: int | None = None) -> str:
    return url_for("my_cases.show", after=request.args.get("after"), sent=sent)


def _card(dbs: Databases, member: Member, case_id: bytes, mistakes: dict[str, str]) -> Card:
    view = case_view.open_case(dbs, member, case_id)
    is_open = not view.case.unread and has_opened(case_id)
    message = request.form.get(f"message_{case_id.hex()}", new_id().hex())
    text = held_for(case_id).get("text", "")
    question = question_about(text) if mistakes.get(f"text_{case_id.hex()}") in SENTENCES else None
    again_days = days_to_choose(text, held_day(case_id), dbs.today)
    return Card(view, is_open, text, message, again_days, promised.promised_day(dbs.desk, case_id), question)


def _strays(dbs: Databases, member: Member, cards: list[Card]) -> list[Stray]:
    """Give the texts that wait for cases which are not on the page: just typed there, or of no circle of theirs now."""
    shown = {card.view.case.id for card in cards}
    typed = [case_id for case_id, text in forms.boxes(request.form).items() if text]
    left = [each for each in cases_with_texts() if has_opened(each) and not _is_theirs(dbs, member, each)]
    gone = dict.fromkeys(each for each in (*typed, *left) if each not in shown and held_for(each))
    return [Stray(form_of(each), [text for box, text in held_for(each).items() if box != "draft"]) for each in gone]


def _is_theirs(dbs: Databases, member: Member, case_id: bytes) -> bool:
    with suppress(KeysChanged):
        try:
            case_of(dbs, member, case_id)
        except (NothingHere, NotAllowed):
            return False
    return True
