"""The main job, through the real onion with a real Firefox without JavaScript on a small phone's screen.

Somebody tells what happened, a volunteer answers, the person comes back, reads, writes on, and takes it all back; and
somebody takes the course, and writes about it. Every page on the way is photographed. Requests are those of
`test_two_phones` and `test_the_desks_day`.
"""

from collections.abc import Iterator

import pytest

from tests.browser import DESKTOP, PHONE, Browser, browsing
from tests.journeys.steps import (
    Photograph,
    code_on,
    get_new_code,
    log_in,
    nothing_under,
    open_case,
    open_with,
    press_foot,
    write_back,
)
from tests.rehearsal import Rehearsal

STORY = "خرجت من البيت قبل شهر ولا أستطيع أن أعود. أريد فقط أن يعرف أحد ما حدث لي."
ANSWER = "قرأت رسالتكم كلها. لستم وحدكم. يمكنكم أن تكتبوا هنا متى شئتم."
MORE = "شكرا. عندي سؤال آخر."
A_LINE = 30  # pixels
COURSE = "activists-course"
SESSIONS = {
    "en": [f"Session {number} of 6" for number in range(1, 7)],
    "ar": [f"الجلسة {number} من ٦" for number in "١٢٣٤٥٦"],
}
LETTERS = {
    "en": "I finished the course. How do we close a group of five without hurting anybody?",
    "ar": "أنهيت الدورة. كيف ننهي مجموعة من خمسة من دون أن نؤذي أحداً؟",
}


@pytest.fixture(scope="module")
def desk(rehearsal: Rehearsal) -> Iterator[Browser]:
    """Open a volunteer's private window, and log in."""
    with browsing(size=DESKTOP, private=True) as browser:
        log_in(browser, rehearsal.desk_url, rehearsal.login)
        yield browser


@pytest.fixture(scope="module")
def course(rehearsal: Rehearsal, desk: Browser) -> None:
    """Show the sessions of the course, as their coordinator does at the desk."""
    for number in range(1, 7):
        desk.go(f"{rehearsal.desk_url}/guides")
        card = next(card for card in desk.every("li.case") if f"{COURSE}-{number} " in f"{card.text} ")
        desk.follow(card.find_element("css selector", "a, button.way"))
        desk.press_in("button[formaction$='/publish']")


def in_arabic_digits(digits: str) -> str:
    return digits.translate({ord(str(n)): 0x660 + n for n in range(10)})


def find_at_desk(desk: Browser, rehearsal: Rehearsal, text: str) -> str:
    """Open the new cases one by one, until the one with this text."""
    desk.go(f"{rehearsal.desk_url}/")
    desk.press_in("article.circle h2 a")
    for case in [item.get_attribute("data-case") for item in desk.every(".case")]:
        url = f"{rehearsal.desk_url}/case/{case}"
        open_case(desk, url)
        if text in desk.text("main"):
            return url
    message = "the case is not in the queue"
    raise AssertionError(message)


def answer_at_desk(desk: Browser, rehearsal: Rehearsal, text: str, answer: str, photograph: Photograph) -> str:
    """Find a case, take it and answer it; give its address."""
    desk.go(f"{rehearsal.desk_url}/")
    photograph(desk, "desk-first-page")
    desk.press_in("article.circle h2 a")
    photograph(desk, "desk-queue")
    url = find_at_desk(desk, rehearsal, text)
    photograph(desk, "desk-case")
    desk.press_in("button[formaction$='/take']")
    desk.type_into("text", answer)
    photograph(desk, "desk-answering")
    desk.press_in("#send")
    assert answer in desk.text("main")
    photograph(desk, "desk-answered")
    return url


def write_in_arabic(phone: Browser, rehearsal: Rehearsal, photograph: Photograph) -> None:
    """Choose the language, write, and go on to the check page."""
    phone.go(f"{rehearsal.site}/")
    photograph(phone, "choose")
    phone.press("العربية")
    assert phone.find("html").get_attribute("dir") == "rtl"
    photograph(phone, "home")
    phone.press_in("main a[href^='/ar/tell']")
    photograph(phone, "tell")
    phone.type_into("text", STORY)
    phone.press_main()
    assert phone.value_of("text") == STORY
    photograph(phone, "check")


def send_after_a_slip(phone: Browser, photograph: Photograph) -> str:
    """Type the last line wrong, then right, send, leave, and give the code."""
    code = code_on(phone)
    phone.choose("publish", "ask")
    phone.type_into("line", in_arabic_digits("0000" if code[24:] != "0000" else "1111"))
    phone.press_main()
    assert phone.shows("#errors")
    assert phone.value_of("text") == STORY
    assert code_on(phone) == code
    photograph(phone, "check-with-a-wrong-line")
    phone.type_into("line", in_arabic_digits(code[24:]))
    phone.press_main()
    assert code_on(phone) == code
    photograph(phone, "sent")
    phone.press_in("header button")
    photograph(phone, "left")
    assert not phone.cookies()
    return code


def come_back_after_a_slip(phone: Browser, rehearsal: Rehearsal, code: str, photograph: Photograph) -> None:
    """Type the code with one digit wrong, compare, and open the case."""
    phone.go(f"{rehearsal.site}/ar/")
    press_foot(phone, "/ar/return")
    photograph(phone, "return")
    phone.type_into("code", in_arabic_digits(code[:-1] + str((int(code[-1]) + 1) % 10)))
    phone.press_main()
    assert phone.shows("#errors")
    photograph(phone, "return-mistyped")
    phone.type_into("code", in_arabic_digits(code))
    phone.press_main()
    assert phone.url == f"{rehearsal.site}/ar/return", "one act, one exchange"
    assert STORY in phone.text("article.message[data-from=you]")
    photograph(phone, "case")


def read_and_write_back(phone: Browser, code: str, photograph: Photograph) -> None:
    """Read the answer and send another message."""
    open_with(phone, "ar", code)
    assert ANSWER in phone.text("article.message[data-from=us]")
    photograph(phone, "case-answered")
    write_back(phone, MORE)
    photograph(phone, "case-written-back")


def erase_from_within(phone: Browser, photograph: Photograph) -> None:
    """Erase the case that is open."""
    phone.press_in("main button[value=erase]")
    photograph(phone, "erase-confirmation")
    phone.press_main()
    photograph(phone, "erased")


def read_the_new_message(desk: Browser, url: str, photograph: Photograph) -> None:
    """Go past the cover, which stands before every new message."""
    desk.go(url)
    if desk.shows("#cover"):
        photograph(desk, "desk-cover")
        desk.press_in("#cover button.main")
    assert MORE in desk.text("main")


def test_telling_in_arabic_and_taking_it_back(
    rehearsal: Rehearsal, phone: Browser, desk: Browser, photograph: Photograph
) -> None:
    write_in_arabic(phone, rehearsal, photograph)
    code = send_after_a_slip(phone, photograph)
    come_back_after_a_slip(phone, rehearsal, code, photograph)
    at_desk = answer_at_desk(desk, rehearsal, STORY, ANSWER, photograph)
    read_and_write_back(phone, code, photograph)
    read_the_new_message(desk, at_desk, photograph)

    new_code = get_new_code(phone, photograph)
    assert new_code != code
    said = nothing_under(phone, "ar", code)
    photograph(phone, "nothing-under-the-old-code")
    open_with(phone, "ar", new_code)
    assert MORE in phone.text("main")

    erase_from_within(phone, photograph)
    for gone in (code, new_code):
        assert nothing_under(phone, "ar", gone) == said
    desk.go(at_desk)
    assert STORY not in desk.text()
    assert not desk.shows("article.message")
    photograph(desk, "desk-case-gone")


@pytest.mark.parametrize("language", ["en", "ar"])
def test_every_other_page_opens_on_a_small_phone(
    rehearsal: Rehearsal, phone: Browser, photograph: Photograph, language: str
) -> None:
    for path in ("", "protects", "stories", "guides", "guides/now", "nowhere"):
        phone.go(f"{rehearsal.site}/{language}/{path}")
        assert phone.text("h1")
        width = phone.find("html").get_property("scrollWidth")
        assert int(width) <= PHONE[0], f"{path} is wider than the phone"
        photograph(phone, path.replace("/", "-") or "home")


def take_a_session(phone: Browser, language: str, number: int, photograph: Photograph) -> None:
    """Read a session in all its parts, and open both answers, which are folded until then."""
    assert SESSIONS[language][number - 1] in phone.text("main")
    photograph(phone, f"session-{number}")
    answers = 0
    while True:
        assert not phone.shows("#guide details[open]")
        for answer in phone.every("#guide details"):
            folded = int(answer.get_property("offsetHeight"))
            answer.find_element("css selector", "summary").click()
            assert int(answer.get_property("offsetHeight")) > folded + A_LINE, "the answer unfolds"
            answers += 1
        if not phone.shows("main a.first[href*='part=']"):
            break
        phone.press_in("main a.first[href*='part=']")
    assert answers == 2
    photograph(phone, f"session-{number}-answers")


@pytest.mark.usefixtures("course")
@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_course_is_taken_to_its_letter(
    rehearsal: Rehearsal, phone: Browser, desk: Browser, photograph: Photograph, language: str
) -> None:
    phone.go(f"{rehearsal.site}/{language}/guides")
    photograph(phone, "guides")
    assert len(phone.every(f"main a[href*='{COURSE}']")) == 1, "the course is listed once"
    phone.press_in(f"main a[href*='/guides/{COURSE}-1']")
    for number in range(1, 7):
        take_a_session(phone, language, number, photograph)
        if number == 2:
            phone.press_in(f"main a[href*='/guides/{COURSE}-1']")
            assert SESSIONS[language][0] in phone.text("main")
            phone.press_in(f"main a[href*='/guides/{COURSE}-2']")
        if number < 6:
            phone.press_in(f"main a[href*='/guides/{COURSE}-{number + 1}']")
    assert not phone.shows(f"main a[href*='{COURSE}-7']")
    phone.press_in("main a[href*='topic=training']")
    photograph(phone, "letter")
    phone.type_into("text", LETTERS[language])
    phone.press_main()
    photograph(phone, "letter-check")
    phone.type_into("line", code_on(phone)[24:])
    phone.press_main()
    photograph(phone, "letter-sent")
    find_at_desk(desk, rehearsal, LETTERS[language])
    photograph(desk, "desk-letter")
    assert f"/guides/{COURSE}-1" in desk.text("main")
    assert "Learning to be an activist" in desk.text("main")
