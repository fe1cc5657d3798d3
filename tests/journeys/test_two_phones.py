"""Four people who lose something on the way: the machine's memory, their browser, their code, or the say over it.

Each comes once, in one of the four languages, on two phones one after the other, through a real onion; the second phone
is taken up two days later and knows nothing of the first.
"""

from pathlib import Path

import onion_app.site
from onion_app.crypto.codes import new_code
from onion_app.web.i18n import load_catalogue
from tests.browser import PHONE, Browser, browsing
from tests.journeys.steps import Photograph, code_on, erase_without_opening, open_with, press_foot
from tests.marks import arabic_mark, files_with
from tests.reached import Reached

TRANSLATIONS = Path(onion_app.site.__file__).with_name("translations")
MINUTE, DAY = 60, 86_400


def on_the_first_screen(phone: Browser, selector: str) -> None:
    """See that this stands whole on a small screen, before anybody scrolls, and that no page is wider than that."""
    width, height = PHONE
    box = phone.find(selector).rect
    assert box["y"] + box["height"] <= height, f"{selector} ends at {box}"
    assert phone.find("html").get_property("scrollWidth") <= width


def back_to_what_was_written(phone: Browser, text: str) -> None:
    """Press the browser's Back and *Show it again*."""
    phone.back()
    phone.press_in("#draft button[value=show]")
    assert phone.value_of("text") == text


def leave(phone: Browser, *words: str) -> None:
    """Press *Leave*, then Back three times: none of these words are there."""
    phone.press_in("header button")
    assert not phone.cookies()
    for _ in range(3):
        phone.back()
        assert not [word for word in words if word in phone.source]
        assert not phone.shows("#draft")


def tells_and_never_comes_back(phone: Browser, there: Reached, photograph: Photograph) -> str:
    """Tell in Sorani, go back, have the site restarted and the visit run out, and send for good; give the words."""
    words, before = arabic_mark(), there.site.count("cases")
    phone.go(f"{there.url}/")
    phone.press("سۆرانی")
    photograph(phone, "ckb-home")
    on_the_first_screen(phone, "main .go li:last-child")
    phone.press_in("main a[href^='/ckb/tell']")
    phone.type_into("text", words)
    photograph(phone, "ckb-tell")
    phone.press_main()
    code = code_on(phone)
    photograph(phone, "ckb-check")
    on_the_first_screen(phone, "textarea")
    back_to_what_was_written(phone, words)
    assert code_on(phone) == code

    there.site.restart()
    phone.type_into("line", "0")
    phone.press_main()
    assert (phone.value_of("text"), code_on(phone)) == (words, code)
    photograph(phone, "ckb-check-after-a-restart")
    phone.go(f"{there.url}/ckb/tell")
    phone.press_in("#draft button[value=show]")
    assert (phone.value_of("text"), code_on(phone)) == (words, code)
    there.site.ahead += 16 * MINUTE
    phone.press_in("main button[name=no_return]")
    assert phone.shows("#arrived")
    assert not phone.shows("#code")
    assert there.site.count("cases") == before + 1
    assert not there.site.stores(code)
    photograph(phone, "ckb-sent-for-good")
    leave(phone, words, code)
    return words


def asks_urgently_and_is_cut_off(phone: Browser, there: Reached, photograph: Photograph) -> tuple[str, str]:
    """Ask in Badini, write the code down, send, and lose the browser before the answer; give words and code."""
    words = arabic_mark()
    phone.go(f"{there.url}/kmr/")
    phone.press_in("main a[href^='/kmr/ask']")
    photograph(phone, "kmr-ask")
    phone.choose("danger", "yes")
    phone.type_into("text", words)
    phone.press_main()
    phone.find("main form > details > summary").click()
    phone.choose("topic", "safety")
    phone.choose("answer_in", "kmr")
    photograph(phone, "kmr-check")
    code = code_on(phone)
    phone.type_into("line", code[24:])
    phone.press_main_and_be_cut_off(lambda: there.site.stores(code))
    return words, code


def comes_back_elsewhere(phone: Browser, there: Reached, words: str, code: str, photograph: Photograph) -> None:
    """Find the question and its answer two days later, and write on although the page was open too long."""
    answer, more = arabic_mark(), arabic_mark()
    never_sent = there.site.visitor("kmr").check("ask", "words").code
    phone.go(f"{there.url}/kmr/")
    open_with(phone, "kmr", never_sent)
    assert phone.shows("main form[action='/leave']")
    photograph(phone, "kmr-never-sent")
    there.site.answers(there.site.member_of_first, there.site.case_of(code), answer)
    open_with(phone, "kmr", code)
    assert phone.text("article.message[data-from=us] .text") == answer
    assert words in phone.source
    photograph(phone, "kmr-answer")
    on_the_first_screen(phone, "textarea")
    phone.type_into("text", more)
    there.site.ahead += 16 * MINUTE
    phone.press_main()
    assert phone.value_of("text") == more
    assert not [word for word in (answer, words) if word in phone.source]
    photograph(phone, "kmr-open-too-long")
    phone.type_into("code", code)
    phone.press_main()
    assert phone.shows("#arrived")
    assert phone.text("article.message[data-from=you] .text") == more
    photograph(phone, "kmr-written-back")
    leave(phone, words, answer, more, code)


def has_the_code_seized(phone: Browser, there: Reached, photograph: Photograph) -> None:
    """Lock out whoever took the code, in English, and then erase everything without opening it."""
    seized = there.site.visitor("en").hand_in("tell", "words that somebody else may read")
    phone.go(f"{there.url}/en/")
    open_with(phone, "en", seized)
    phone.press_in("main button[value=new_code]")
    code = code_on(phone)
    photograph(phone, "en-new-code")
    on_the_first_screen(phone, "#code")
    phone.type_into("line", code[24:])
    phone.press_main()
    assert phone.shows("#changed")
    photograph(phone, "en-new-code-works")
    open_with(phone, "en", seized)
    nothing = phone.text("main")
    assert nothing.startswith("There is nothing under this code.")
    erase_without_opening(phone, "en", seized)
    assert there.site.stores(code)

    erase_without_opening(phone, "en", code)
    assert phone.text("h1") == "Erased."
    photograph(phone, "en-erased")
    assert not there.site.stores(code)
    open_with(phone, "en", code)
    assert phone.text("main") == nothing
    leave(phone, seized, code)


def has_lost_the_code(phone: Browser, there: Reached, photograph: Photograph) -> None:
    """Read in Arabic what can still be done without a code, guess in vain, begin anew, and erase that elsewhere."""
    say = load_catalogue(TRANSLATIONS, "ar").sentences.gettext
    lost = there.site.visitor("ar").hand_in("ask", "words")
    phone.go(f"{there.url}/ar/")
    press_foot(phone, "/ar/return")
    for sentence in ("I lost my code", "Nobody can find it, not even us.", "You do not need to tell it all again."):
        assert say(sentence) in phone.text("main")
    photograph(phone, "ar-lost")
    on_the_first_screen(phone, "button[name=erase]")
    phone.type_into("code", lost[:-2])
    phone.press_main()
    assert len(phone.every("#typed li")) == len(lost) // 4
    photograph(phone, "ar-two-digits-missing")
    phone.type_into("code", new_code())
    phone.press_main()
    assert phone.text("h1") == say("There is nothing under this code.")
    photograph(phone, "ar-guessed")
    phone.press(say("Start again"))
    phone.press_in("main a[href^='/ar/ask']")
    phone.type_into("text", "كتبت من قبل، عن بيت أهلي.")
    phone.press_main()
    photograph(phone, "ar-check")
    code = code_on(phone)
    phone.type_into("line", code[24:])
    phone.press_main()
    assert phone.shows("#arrived")
    assert code != lost
    photograph(phone, "ar-sent")
    on_the_first_screen(phone, "main form[action='/leave']")
    there.site.visitor("ar").erase_without_opening(code)  # elsewhere, while the page that sent it is still open here
    phone.reload()
    assert phone.text("h1") == say("Erased.")
    photograph(phone, "ar-sent-again-after-erasing")
    leave(phone, code)


def tells_where_it_is_found(there: Reached) -> None:
    """Say how to find this place, in as many words as operators use for it."""
    words = {
        "en": "Ask at the library.",
        "ar": "اسألوا في المكتبة.",
        "ckb": "لە کتێبخانە بپرسن.",
        "kmr": "ل پەرتووکخانێ بپرسن.",
    }
    there.site.put(how_to_find_us=words)


def test_what_four_people_lose_is_not_what_they_wrote(reached: Reached, photograph: Photograph) -> None:
    tells_where_it_is_found(reached)
    with browsing(reached.socks_port) as phone:
        told = tells_and_never_comes_back(phone, reached, photograph)
        asked, code = asks_urgently_and_is_cut_off(phone, reached, photograph)
        assert files_with(reached.site.address, phone.home)  # unlike Tor Browser, this one keeps whatever it may
        for mark in (told, asked, code):
            assert files_with(mark, phone.home) == []
    reached.site.ahead += 2 * DAY
    with browsing(reached.socks_port) as phone:
        comes_back_elsewhere(phone, reached, asked, code, photograph)
        has_the_code_seized(phone, reached, photograph)
        has_lost_the_code(phone, reached, photograph)
    assert not reached.site.errors
