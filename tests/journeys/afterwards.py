"""Steps after a message came: facts and their table, words for a report, whom the circle knows, a day, a warning."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from nacl.pwhash import argon2id

from onion_app.choices import LANGUAGE_CODES, QUOTE_DAYS
from onion_app.vault.desk.circles import circles
from scripts.rehearsal.people import Login
from tests.browser import Browser
from tests.desk.counted import Counted
from tests.house import START, House
from tests.journeys import deciding, erased
from tests.journeys.steps import Photograph, code_on, come_back, open_case
from tests.launch.manage import manage, status
from tests.processes import until
from tests.world import Author, hardly_stretched

SAVED = 20.0  # seconds until a file is in the folder Downloads
NAME, CONTACT = "Example legal aid", "0770 123 4567"
TOLD = "حبسني خالي شهراً كاملاً في غرفة. لم يبحث عني أحد."
REFUSED, GIVEN = "An uncle held somebody captive.", "A young person was held by relatives for some weeks."
CUT = {  # what is erased in the middle: after words out of it were chosen, agreed to, or could be given
    "chosen": ("كسروا هاتفي أمام الجميع.", "Somebody lost a phone to people in the street."),
    "agreed": ("طردوني من المدرسة في يوم واحد.", "Somebody had to leave a school."),
    "given": ("أخذوا راتبي كل شهر.", "Somebody was robbed of their wages."),
}
OTHERS = 34  # who tell and let it be counted
PROMISED = 3  # days


def takes(browser: Browser, case: str) -> None:
    """Open a case, and take it unless it is taken."""
    open_case(browser, case)
    if browser.shows("button[formaction$='/take']"):
        browser.press_in("button[formaction$='/take']")


def sets_facts(browser: Browser, case: str, photograph: Photograph) -> None:
    """Set the facts of a case from its page, after a first try that is refused."""
    open_case(browser, case)
    browser.press_in("#facts [formaction]")
    browser.press_in("#set-facts button.main")
    assert browser.shows(".errors")
    browser.find("[name='what_beating']").click()
    browser.find("[name='what_threat']").click()
    browser.find("[name='by_whom_family']").click()
    browser.choose("where", "iraq.basra")
    browser.find("[name='whose'][value='own']").click()
    photograph(browser, "facts")
    browser.press_in("#set-facts button.main")
    photograph(browser, "facts-on-the-case")
    assert "iraq" not in browser.text("#facts")


def makes_a_table(browser: Browser, address: str, photograph: Photograph) -> None:
    """Count the first period that is offered, to the table and the file of it, which names nobody."""
    browser.go(address)
    browser.press_in("a[href='/numbers']")
    photograph(browser, "numbers")
    browser.press_in("form[action$='/begin'] button:not([disabled])")
    photograph(browser, "how-far")
    while browser.shows("#how-far"):
        browser.press_main()
    photograph(browser, "table")
    assert browser.shows(".numbers .bar-of"), browser.text("main")
    threat = next(row.text for row in browser.every(".numbers tr") if "تهديد" in row.text)
    assert "أقل من ١٠" in threat, "one in thirty-five"
    browser.find("a[href$='/table.csv']").click()
    (saved,) = until(lambda: whole_files(browser.home), SAVED, "a file that was saved")
    assert saved.name == "table.csv"
    assert "ضرب" in saved.read_text("utf-8-sig")
    assert not any(handle in saved.read_text("utf-8-sig") for handle in ("Noor", "Dana"))


def whole_files(home: Path) -> list[Path]:
    """Find what Firefox has saved, once it is all there."""
    return [path for path in home.rglob("table*.csv*") if path.suffix == ".csv" and path.stat().st_size]


def chooses(browser: Browser, case: str, words: str) -> None:
    """Open a case, take it unless it is taken, tick the first sentence of its author's and write words."""
    takes(browser, case)
    browser.press("Words for a report")
    browser.find("#sentences input").click()
    browser.type_into("text", words)
    browser.press_in("#choose button.main")
    assert browser.find("#standing").get_attribute("data-step") == "second", browser.text("main")


def agrees(browser: Browser, case: str, photograph: Photograph) -> None:
    """Read the words beside what they come from, and agree to them."""
    open_case(browser, case)
    browser.go(f"{case}/quotation")
    photograph(browser, "second")
    browser.press_in("form[action$='/agree'] button.main")
    assert browser.find("#standing").get_attribute("data-step") == "asked", browser.text("main")


def writes_down(browser: Browser, address: str, photograph: Photograph) -> None:
    """Write down somebody who has published a contact, and somebody who has not: for them there is no field."""
    browser.go(f"{address}/notebook")
    for answer, kind in (("#yes", "lawyer"), ("#no", "shelter")):
        browser.press_in("main button[value$='/referral']")
        photograph(browser, "have-they-published-it")
        browser.press_in(answer)
        assert browser.shows("[name=contact]") == (answer == "#yes")
        browser.choose("kind", kind)
        browser.choose("region", "iraq.baghdad")
        if answer == "#yes":
            browser.type_into("name", NAME)
            browser.type_into("contact", CONTACT)
        photograph(browser, f"written-down-{kind}")
        browser.press_in("#new button.main")
    assert {card.get_attribute("data-usable") for card in browser.every(".referral")} == {"0"}


def knows_them_too(browser: Browser, address: str, photograph: Photograph) -> None:
    """Say of both, as the second person, that one knows them too."""
    browser.go(f"{address}/notebook")
    photograph(browser, "not-to-be-used-yet")
    for _ in range(2):
        browser.press_in(".referral[data-usable='0'] button[formaction$='/known']")
    assert {card.get_attribute("data-usable") for card in browser.every(".referral")} == {"1"}
    photograph(browser, "two-know-them")


def puts_into_the_answer(browser: Browser, case: str, kind: str) -> str:
    """Put somebody into the empty box of an answer, and read what stands there."""
    takes(browser, case)
    browser.type_into("text", "")
    browser.choose("known_for", kind)
    browser.choose("known_in", "iraq.baghdad")
    browser.choose("phrase_in", "ar")
    browser.press_in("button[formaction$='/referral']")
    return browser.value_of("text")


@dataclass
class After:
    """The house, the people in it, and the codes and cases of those who wrote."""

    home: House
    noor: Login
    dana: Login
    first: Browser
    other: Browser
    phone: Browser
    photograph: Photograph
    codes: dict[str, str] = field(default_factory=dict)

    @property
    def desk(self) -> str:
        return self.home.desk_url

    def case(self, name: str) -> str:
        """Give the address of a case at the desk."""
        return f"{self.desk}/case/{self.case_id(name).hex()}"

    def case_id(self, name: str) -> bytes:
        return bytes.fromhex(self.home.case_of(self.codes[name]))

    @property
    def site(self) -> str:
        return f"http://{self.home.onion}"

    def comes_back(self, name: str) -> None:
        """Come to the site with a code, and unfold what the circle may do; nothing before it speaks of quoting."""
        self.phone.forget()
        come_back(self.phone, self.site, "ar", self.codes[name])
        assert "القتباس" not in self.phone.text("main")
        assert "اقتباس" not in self.phone.text("main")
        next(each for each in self.phone.every("summary") if "ما تسمحون" in each.text).click()

    def erases_and_the_house_dies(self, name: str, days: int) -> None:
        """Let an author erase through tor; kill everything at once, go on days later, and find none of it."""
        case = self.case_id(name)
        pieces = erased.sealed_of(self.home, case)
        self.home.visitor(by_tor=True).erase_without_opening(self.codes[name])
        self.home.dies()
        self.home.goes_on(days)
        erased.nothing_is_left(self.home, case, pieces, *CUT[name])

    def tells(self) -> None:
        """Tell what happened, in Arabic on the phone, and let it be counted and quoted."""
        phone = self.phone
        phone.forget()
        phone.go(f"{self.site}/ar/tell")
        phone.type_into("text", TOLD)
        phone.press_main()
        phone.find("details:has([name=count]) summary").click()
        phone.tick("count")
        phone.tick("quote")
        self.photograph(phone, "both-consents")
        code = code_on(phone)
        phone.type_into("line", code[24:])
        phone.press_main()
        assert phone.shows("#arrived"), phone.text("main")
        phone.press_in("header button")
        self.codes["author"] = code

    def others_tell(self) -> None:
        """Let those tell who are in the table too, and those who erase; and let somebody ask."""
        for name, (told, _) in CUT.items():
            self.codes[name] = self.home.visitor("ar").hand_in("tell", told, count="1", quote="1")
        self.codes["asked"] = self.home.visitor("ar").hand_in("ask", "هل يمكنني التحدث مع أحد؟", answer_in="ar")
        with self.home.world() as world:
            world.put(answer_days={"testimony": 2 * QUOTE_DAYS})  # so that only what was promised becomes late
            circle = next(each.id for each in circles(world.desk) if each.catch_all)
            counted = Counted(world, circle, world.unlocked(self.noor.handle, self.noor.passphrase))
            with pytest.MonkeyPatch.context() as patch:  # nobody comes back to these
                patch.setattr(argon2id, "kdf", hardly_stretched)
                for _ in range(OTHERS):
                    teller = Author(world, circle)
                    teller.tells("My brother beat me.", "no")
                    counted.sets(teller)

    def words_are_chosen(self) -> None:
        """Choose words out of four cases, and agree to three; one author refuses them, and they are chosen anew."""
        chooses(self.first, self.case("author"), REFUSED)
        for name, (_, words) in CUT.items():
            chooses(self.first, self.case(name), words)
        for name in ("author", "agreed", "given"):
            agrees(self.other, self.case(name), self.photograph)
        self.comes_back("author")
        self.photograph(self.phone, "the-question")
        assert REFUSED in self.phone.text("#quote-question")
        self.phone.press_in("#quote-question button[value^='quote no']")
        assert self.phone.shows("#decided")
        chooses(self.first, self.case("author"), GIVEN)
        agrees(self.other, self.case("author"), self.photograph)

    def is_answered(self) -> None:
        """Answer with whom the circle knows, once two know them, and promise a day; the other kind has no contact."""
        first, photograph, case = self.first, self.photograph, self.case("asked")
        writes_down(first, self.desk, photograph)
        assert CONTACT not in puts_into_the_answer(first, case, "lawyer"), "one alone knows them"
        knows_them_too(self.other, self.desk, photograph)
        asked_first = puts_into_the_answer(first, case, "shelter")
        assert "نسألهم" in asked_first
        assert self.noor.handle not in asked_first
        typed = puts_into_the_answer(first, case, "lawyer")
        assert CONTACT in typed
        assert NAME in typed
        with self.home.world() as world:
            first.choose("write_again", str(world.today + PROMISED))
        photograph(first, "in-the-answer")
        first.press_in("#send")
        if first.shows(".question"):
            photograph(first, "asked-first")
            first.press_in(".question button")
        assert first.shows("#promised"), first.text("main")
        self.phone.forget()
        come_back(self.phone, self.site, "ar", self.codes["asked"])
        assert "وعدنا أن نكتب من جديد" in self.phone.text("#state")
        assert CONTACT in self.phone.text("article.message[data-from=us]")
        photograph(self.phone, "answered-and-promised")

    def everybody_is_warned(self) -> None:
        """Warn, take it away at once, and warn anew."""
        deciding.is_warned(self.first, self.other, self.desk, self.photograph)
        assert deciding.warned_in(self.phone, self.site, self.photograph) == set(LANGUAGE_CODES)
        self.first.go(f"{self.desk}/notice")
        self.first.press_in("button[formaction$='/off']")
        assert deciding.warned_in(self.phone, self.site, self.photograph) == set()
        deciding.is_warned(self.first, self.other, self.desk, self.photograph)

    def day_is_past(self) -> None:
        """See that what was promised is overdue, and that the warning has gone by itself."""
        self.other.go(self.desk)
        self.photograph(self.other, "overdue")
        assert "1 overdue" in self.other.text("article.circle .overdue"), self.other.text("main")
        assert not self.other.shows(".silent")
        until(lambda: any(each["overdue"] for each in status(self.home.state)["circles"]), START, "the count")
        (line,) = [line for line in manage(self.home.state, "status").said.splitlines() if "overdue" in line]
        assert "!" in line
        assert deciding.warned_in(self.phone, self.site, self.photograph) == set()

    def words_are_given(self) -> None:
        """Give what two authors did not refuse; one of them erases after the page was opened."""
        other = self.other
        other.go(f"{self.desk}/quotations")
        for each in other.every("[name^='give_']"):
            each.click()
        self.photograph(other, "can-go")
        assert len(other.every("[name^='give_']")) == len(("author", "given"))
        self.home.visitor(by_tor=True).erase_without_opening(self.codes["given"])
        other.press_in("main button.main")
        self.photograph(other, "to-be-copied")
        assert GIVEN in other.text(".given")
        assert CUT["given"][1] not in other.text("main")
