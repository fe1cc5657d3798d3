"""The people of a rehearsal, and what they say: a first coordinator who enrols, and somebody who asks for help."""

import time
from dataclasses import dataclass

from scripts.rehearsal.people import STEP, Login, UnexpectedPageError, Visitor, Volunteer

_TRIES = 2  # the digits may grow too old on the way, once

HOW_TO_FIND_US = {
    "ar": "هذا تدريب: العنوان مكتوب على ورقة معلقة قرب الباب.",
    "ckb": "ئەمە ڕاهێنانە: ناونیشانەکە لەسەر کاغەزێکی نزیک دەرگاکە نووسراوە.",
    "kmr": "ئەڤە راهێنانە: ناڤونیشان ل سەر کاغەزەکێ ل نێزیک دەرگەهی هاتیە نڤیسین.",
    "en": "This is a rehearsal: the address is on the paper beside the door.",
}
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


def coordinator_at(desk_url: str) -> Volunteer:
    """Seat the coordinator, who types the digits of the step before: this moment's stay good for whoever reads them."""
    return Volunteer(desk_url, clock=lambda: time.time() - STEP)


def enrol(coordinator: Volunteer, invitation: str) -> None:
    """Redeem the first invitation.

    Raises:
        UnexpectedPageError: the enrolment was refused.
    """
    coordinator.redeem(invitation)
    coordinator.login.handle = _HANDLE
    for _ in range(_TRIES):
        coordinator.login.used = 0
        if coordinator.type_back(handle=_HANDLE).has(id="welcome"):
            return
    raise UnexpectedPageError("the enrolment was refused")


def ask_for_help(visitor: Visitor) -> str:
    """Ask for help in Arabic, and give the return code."""
    return visitor.hand_in("ask", _REQUEST, topic="talk", danger="no", answer_in="ar")


def answer(coordinator: Volunteer) -> None:
    """Log in, open the first new case, take it, answer it, and log out.

    Raises:
        UnexpectedPageError: the login was refused, or there is no case.
    """
    for _ in range(_TRIES):
        coordinator.login.used = 0
        if coordinator.log_in().having_class("circle"):
            break
    else:
        raise UnexpectedPageError("the login was refused")
    waiting = coordinator.queue("new")
    if not waiting:
        raise UnexpectedPageError("the request did not reach the desk")
    coordinator.login.circles = [name for _, name in coordinator.circles()]
    coordinator.reply(waiting[0], _REPLY)
    coordinator.log_out()


def read_the_answer(visitor: Visitor, return_code: str) -> None:
    """Come back with the code and look whether the answer is there.

    Raises:
        UnexpectedPageError: it is not.
    """
    if not visitor.come_back(return_code).has("article", **{"data-from": "us"}):
        raise UnexpectedPageError("the answer did not reach the site")
    visitor.go("")
