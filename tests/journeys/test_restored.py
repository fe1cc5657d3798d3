"""A machine is lost and brought back from a backup: what people of four languages find, through the real onion.

The backup is from before the day on which one of them erased everything, one took a story back, one got a new code, and
a volunteer closed somebody's door. None of that is undone, and each who comes back is told what may be.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from onion_app.choices import LANGUAGE_CODES
from scripts.rehearsal.network import PrivateNetwork
from scripts.rehearsal.people import Volunteer
from tests.browser import DESKTOP, Browser, browsing
from tests.house import House, housed
from tests.journeys.steps import (
    Photograph,
    Told,
    come_back,
    log_in,
    nothing_under,
    open_case,
    publish_now,
    queue_story,
    write_story,
)
from tests.launch.manage import with_secret

WORDS = {
    "en": "I was in the square when they came.",
    "ar": "كنت في الساحة حين جاؤوا.",
    "ckb": "لە گۆڕەپانەکە بووم کاتێک هاتن.",
    "kmr": "ئەز ل گۆرەپانێ بووم دەما هاتین.",
}
STORY = Told("ar", "yes", "انتظروني عند المدرسة. ساعدني معلمي.", "ساعدني أحد", "انتظروني. ساعدني من أثق به.")


@pytest.fixture(scope="module")
def home(private_network: PrivateNetwork) -> Iterator[House]:
    """Launch a house that may be lost."""
    with housed(private_network) as home:
        yield home


@pytest.fixture(scope="module")
def member(home: House) -> Volunteer:
    """Enrol the first coordinator."""
    return Volunteer(home.desk_url).enrol(home.printed["invitation"], "Noor")


@pytest.fixture
def editor(home: House, member: Volunteer) -> Iterator[Browser]:
    """Open the member's window, and log in."""
    with browsing(size=DESKTOP, private=True) as browser:
        log_in(browser, home.desk_url, member.login)
        yield browser


def at_desk(home: House, code: str) -> str:
    """Find the address at the desk of the case under a code."""
    return f"{home.desk_url}/case/{home.case_of(code)}"


def publish(editor: Browser, home: House) -> tuple[str, str]:
    """Let somebody tell, and publish the story of it; give the code and the path of the story."""
    code = home.visitor(STORY.language).hand_in("tell", STORY.written, publish=STORY.publish)
    case = at_desk(home, code)
    write_story(editor, case, STORY)
    return code, f"{STORY.language}/stories/{publish_now(editor, queue_story(editor, case))}"


def get_a_new_code(editor: Browser, home: House, code: str) -> str:
    """Replace a code by a new one, and have the circle open the case after it."""
    new = home.visitor("ckb").new_code(code)
    open_case(editor, at_desk(home, new))
    return new


def close_the_door(editor: Browser, home: House, code: str) -> None:
    """Take a case, and close its author's door."""
    case = at_desk(home, code)
    open_case(editor, case)
    editor.press_in("button[formaction$='/take']")
    editor.go(f"{case}/ways-out/close-door")
    editor.type_into("word", "close")
    editor.press_in("form[action$='/close-door'] button.main")
    assert editor.shows("#door-closed")


def restore(home: House, backup: Path) -> None:
    """Stop, replace everything by the backup, and launch again."""
    assert home.stop() == 0
    done = with_secret(home.state, home.passphrase, "restore", str(backup), "--replace", "--yes")
    assert done.error is None, done.said
    home.launch()
    home.reached_by_tor()


def test_what_was_taken_back_stays_away_after_a_restore(
    home: House, member: Volunteer, editor: Browser, tmp_path: Path, photograph: Photograph
) -> None:
    codes = {language: home.visitor(language).hand_in("tell", WORDS[language]) for language in LANGUAGE_CODES}
    erased, shut, first = (home.visitor(language).hand_in("ask", WORDS[language]) for language in ("en", "kmr", "ckb"))
    case = at_desk(home, first)
    told, story = publish(editor, home)
    assert STORY.edited in home.visitor().get(f"/{story}").main.text
    assert with_secret(home.state, home.passphrase, "backup", str(tmp_path / "backup")).error is None

    home.visitor("en").erase_without_opening(erased)
    page = home.visitor("ar").come_back(told)
    assert page.has("button", value=story.partition("/")[2])
    teller = home.visitor("ar")
    assert teller.send(teller.come_back(told).form_doing("take_back")).has(id="taken-back")
    assert STORY.edited not in home.visitor().get(f"/{story}").main.text
    second = get_a_new_code(editor, home, first)
    close_the_door(editor, home, shut)

    restore(home, tmp_path / "backup")
    site = f"http://{home.onion}"
    with browsing(home.socks_port) as phone:
        for language, code in codes.items():
            come_back(phone, site, language, code)
            assert WORDS[language] in phone.text("article.message")
            assert len(phone.every("#restored")) == 1
            photograph(phone, f"restored-{language}")
        nothing = nothing_under(phone, "en", erased)
        photograph(phone, "erased-before")
        for gone in (second, shut):
            assert nothing_under(phone, "en", gone) == nothing
        phone.go(f"{site}/{story}")
        assert STORY.edited not in phone.source
        phone.go(f"{site}/ar/stories")
        assert STORY.title not in phone.source
        come_back(phone, site, "ar", told)
        assert not phone.shows("main button[value=take_back]")
        photograph(phone, "the-story-stays-away")
        come_back(phone, site, "ckb", first)  # the code of before the new one is the one that opens
        assert phone.shows("#restored")

    log_in(editor, home.desk_url, member.login)
    open_case(editor, case)
    assert editor.shows("#no-answer")
    photograph(editor, "keys-changed")
    editor.go(at_desk(home, codes["en"]))
    assert editor.shows("#cover")
