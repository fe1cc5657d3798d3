"""The people of a rehearsal: a first coordinator who enrols, somebody who asks for help, and the answer they get.

They use the pages as people do, over HTTP, and know nothing that the pages do not show them.
"""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pyotp

from scripts.rehearsal.browser import Browser, UnexpectedPageError
from scripts.rehearsal.pages import Page

_PATIENCE = 60.0  # seconds for one answer
_STEP = 30  # seconds that six digits last
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
class Login:
    """What somebody needs to log in at the desk."""

    handle: str
    passphrase: str
    totp_secret: str
    circles: list[str]

    def digits(self, at: float) -> str:
        """Give the six digits of a moment, in unix seconds."""
        return pyotp.TOTP(self.totp_secret).at(int(at))


def at_the_desk(desk_url: str) -> Browser:
    """Sit down before the desk's address."""
    address = urlsplit(desk_url)
    port = address.port or 80
    return Browser(lambda: socket.create_connection(("127.0.0.1", port), _PATIENCE), address.netloc)


def at_the_site(site_socket: Path, onion: str) -> Browser:
    """Reach the site the way tor does."""

    def dial() -> socket.socket:
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(_PATIENCE)
        line.connect(str(site_socket))
        return line

    return Browser(dial, onion)


def enrol(desk: Browser, invitation: str, clock: Callable[[], float]) -> Login:
    """Redeem an invitation, write down what is shown, type back what is asked for.

    Raises: UnexpectedPageError.
    """
    join = desk.open("/join?lang=en")
    page = desk.send(join.form_with("invitation"), invitation=invitation)
    for _ in range(_TRIES):
        form = page.form_with("handle", "line", "totp")
        shown = Login(
            handle=_HANDLE,
            passphrase=" ".join(page.by_id("new-passphrase").words.split()),
            totp_secret="".join(page.by_id("totp-secret").words.split()),
            circles=[],
        )
        line = int(next(part.attributes["data-line"] for part in page.root.every() if "data-line" in part.attributes))
        digits = "".join(letter for letter in page.by_id("code").words if letter.isdigit())
        typed = digits[4 * line - 4 : 4 * line]
        page = desk.send(form, handle=_HANDLE, line=typed, totp=shown.digits(clock() - _STEP))
        if desk.path.startswith("/login"):
            return shown
    raise UnexpectedPageError("the enrolment was refused")


def log_in(desk: Browser, login: Login, clock: Callable[[], float]) -> Page:
    """Log in, and give the first page.

    With the digits of the step before, so that those of this moment stay good for whoever reads them on the screen.

    Raises: UnexpectedPageError.
    """
    for _ in range(_TRIES):
        form = desk.open("/login").form_with("handle", "passphrase", "totp")
        typed = login.digits(clock() - _STEP)
        page = desk.send(form, handle=login.handle, passphrase=login.passphrase, totp=typed)
        if desk.path == "/":
            return page
    raise UnexpectedPageError("the login was refused")


def circles_on(first_page: Page) -> list[tuple[str, str]]:
    """Read id and name of each circle from the desk's first page."""
    found = [part for part in first_page.root.all("article") if "data-circle" in part.attributes]
    return [(part.attributes["data-circle"], next(iter(part.all("h2"))).words.strip()) for part in found]


def ask_for_help(site: Browser) -> str:
    """Ask for help in Arabic, and keep the return code that the page shows.

    Raises: UnexpectedPageError.
    """
    form = site.open("/ar/ask").form_with("text", "topic")
    check = site.send(form, text=_REQUEST, topic="talk", danger="no", answer_in="ar")
    code = "".join(letter for letter in check.by_id("code").words if letter.isdigit())
    sent = site.send(check.form_with("text", "line"), line=code[-4:])
    if code != "".join(letter for letter in sent.by_id("code").words if letter.isdigit()):
        raise UnexpectedPageError("the request was not sent")
    return code


def answer(desk: Browser, circle_id: str) -> None:
    """Open the first new case of a circle, take it, and answer it.

    Raises: UnexpectedPageError.
    """
    queue = desk.open(f"/circle/{circle_id}/new")
    waiting = [part for part in queue.root.all("li") if "data-case" in part.attributes]
    if not waiting:
        raise UnexpectedPageError("the request did not reach the desk")
    path = f"/case/{waiting[0].attributes['data-case']}"
    page = desk.send(desk.open(path).form_to("/open"))
    page = desk.send(page.form_to("/take"))
    desk.send(page.form_to("/reply"), text=_REPLY)


def log_out(desk: Browser) -> None:
    """Log out."""
    desk.send(desk.open("/").form_to("/logout"))


def read_the_answer(site: Browser, return_code: str) -> None:
    """Come back with the code and look whether the answer is there.

    Raises: UnexpectedPageError.
    """
    case = site.send(site.open("/ar/return").form_with("code"), code=return_code)
    if not any(part.attributes.get("data-from") == "us" for part in case.root.every()):
        raise UnexpectedPageError("the answer did not reach the site")
    site.open("/ar/")
