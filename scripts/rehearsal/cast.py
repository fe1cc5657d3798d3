"""The people of a rehearsal, and what they say: a first coordinator who enrols, and somebody who asks for help."""

import time
from dataclasses import dataclass

from onion_app.choices import LANGUAGE_CODES
from scripts.rehearsal.people import STEP, Login, UnexpectedPageError, Visitor, Volunteer

_TRIES = 2  # the digits may grow too old on the way, once

_PAPER = {
    "ar": "هذا تدريب: العنوان مكتوب على ورقة معلقة قرب الباب.",
    "ckb": "ئەمە ڕاهێنانە: ناونیشانەکە لەسەر کاغەزێکی نزیک دەرگاکە نووسراوە.",
    "kmr": "ئەڤە راهێنانە: ناڤونیشان ل سەر کاغەزەکێ ل نێزیک دەرگەهی هاتیە نڤیسین.",
    "en": "This is a rehearsal: the address is on the paper beside the door.",
}
HOW_TO_FIND_US = {code: _PAPER[code] for code in LANGUAGE_CODES}
_HANDLE = "Narin"
_REQUEST = (
    "مرحبا. عمري ١٩ سنة. أهلي عرفوا أني عابرة ومن يومها ما أكدر أنام. "
    "ما عندي أحد أحچي وياه. أريد بس أحد يسمعني ويكلي شنو أسوي إذا زاد الضغط بالبيت."
)
_REPLY = (
    "أهلا بكم. قرأنا رسالتكم ونحن معكم. ليس في ما أنتم عليه أي خطأ.\n\n"
    "إذا زاد الضغط: جهّزوا حقيبة صغيرة فيها الأوراق وبعض المال، واتفقوا مع شخص موثوق على كلمة سر تعني: تعالوا الآن. "
    "لا تناقشوا وأنتم وحدكم في البيت.\n\n"
    "هل يوجد مكان آمن يمكن الذهاب إليه لليلة أو ليلتين؟ اكتبوا لنا متى شئتم، سنقرأ كل شيء."
)


@dataclass(frozen=True)
class Cast:
    """What people in this rehearsal know. None of it is a secret: nobody's life is in this state."""

    passphrase: str
    return_code: str
    logins: list[Login]


def volunteer_at(desk_url: str, login: Login | None = None) -> Volunteer:
    """Seat somebody, who types the digits of the step before: this moment's stay good for whoever reads them."""
    somebody = Volunteer(desk_url, clock=lambda: time.time() - STEP)
    somebody.login = login or somebody.login
    return somebody


def enrol(coordinator: Volunteer, invitation: str) -> None:
    """Redeem the first invitation.

    Raises:
        UnexpectedPageError: the enrolment was refused.
    """
    coordinator.redeem(invitation)
    coordinator.login.handle = _HANDLE
    for _ in range(_TRIES):
        if coordinator.type_back(handle=_HANDLE).has(id="welcome"):
            coordinator.login.used = 0  # digits typed here are good for the login, too
            return
    raise UnexpectedPageError("the enrolment was refused")


def sit_down(volunteer: Volunteer) -> None:
    """Log in.

    Raises:
        UnexpectedPageError: the login was refused.
    """
    for _ in range(_TRIES):
        if volunteer.log_in().has("form", action="/logout"):
            volunteer.login.circles = [name for _, name in volunteer.circles()]
            return
    raise UnexpectedPageError("the login was refused")


def arrived(coordinator: Volunteer, known: set[str]) -> str:
    """Give the one case that is new at the desk since these were all.

    Raises:
        UnexpectedPageError: there is none.
    """
    new = set(coordinator.queue("new")) - known
    if not new:
        raise UnexpectedPageError("what was sent did not reach the desk")
    return new.pop()


def is_answered(visitor: Visitor, coordinator: Volunteer) -> str:
    """Ask for help in Arabic, and be answered; give the return code.

    Raises:
        UnexpectedPageError: it did not reach the desk, or the answer not the site.
    """
    known = set(coordinator.queue("new"))
    code = visitor.hand_in("ask", _REQUEST, topic="talk", danger="no", answer_in="ar")
    coordinator.reply(arrived(coordinator, known), _REPLY)
    if not visitor.come_back(code).has("article", **{"data-from": "us"}):
        raise UnexpectedPageError("the answer did not reach the site")
    visitor.go("")
    return code
