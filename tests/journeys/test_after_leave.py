"""Whoever takes the phone after *Leave*, or after *Erase*, goes back in Firefox as far as it leads, and finds nothing.

From every page that answers a form: Back, Reload with the question whether to send again answered by yes, a tab that
is closed and reopened, another tab. Once through a real onion; else a proxy stands where tor and the onion would be.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.browser import PHONE, Browser, browsing
from tests.journeys.steps import Photograph, code_on
from tests.marks import latin_mark
from tests.proxy import CountingProxy
from tests.reached import Reached
from tests.served import Site, serving

MINUTE = 60
LONGEST_WAY = 12  # pages that lie behind the last one


@dataclass
class Walker:
    """Somebody with a phone, the words that they write and the codes that they get."""

    site: Site
    phone: Browser
    words: str = field(default_factory=latin_mark)
    codes: list[str] = field(default_factory=list)

    def finds(self) -> list[str]:
        """List the words and the beginnings of codes that the page holds, whether one sees them or not."""
        source = self.phone.source
        typed = "".join(str(each.get_property("value")) for each in self.phone.every("input, textarea"))
        # All digits as one: of a code, eight would stand among so many by chance, and sixteen do not.
        digits = "".join(letter for letter in source + typed if letter.isdigit())
        return [each for each in (self.words,) if each in source + typed] + [
            code for code in self.codes if code[:16] in digits
        ]

    def goes_to(self, path: str) -> None:
        self.phone.go(f"http://{self.site.address}/en/{path}")

    def tells_too_much(self) -> None:
        self.goes_to("tell")
        self.phone.type_into("text", "\u200b" + f"{self.words} " * 800)
        self.phone.press_main()
        assert self.phone.shows("#errors")

    def checks(self) -> None:
        self.goes_to("tell")
        self.phone.type_into("text", self.words)
        self.phone.press_main()
        self.codes.append(code_on(self.phone))

    def reads_beside(self) -> None:
        self.checks()
        self.phone.press_in("footer button[value='guides/now']")
        assert self.phone.shows("#written")

    def asks(self) -> None:
        self.goes_to("ask")
        self.phone.type_into("text", self.words)
        self.phone.press_main()
        self.codes.append(code_on(self.phone))

    def mistypes_the_line(self) -> None:
        self.checks()
        self.phone.type_into("line", "0")
        self.phone.press_main()
        assert code_on(self.phone) == self.codes[-1]

    def sends(self) -> None:
        self.checks()
        self.phone.type_into("line", self.codes[-1][24:])
        self.phone.press_main()
        assert self.phone.shows("#arrived")

    def is_refused(self) -> None:
        self.checks()
        self.site.put(paused=True)
        self.phone.type_into("line", self.codes[-1][24:])
        self.phone.press_main()
        assert self.phone.shows("#kept")
        self.site.put(paused=False)

    def mistypes_the_code(self) -> None:
        self.sends()
        self.goes_to("return")
        self.phone.type_into("code", self.codes[-1][:-1])
        self.phone.press_main()
        assert self.phone.shows("#typed")

    def opens(self) -> None:
        self.mistypes_the_code()
        self.phone.type_into("code", self.codes[-1])
        self.phone.press_main()
        assert self.phone.shows("article.message")

    def writes_back(self) -> None:
        self.opens()
        self.phone.type_into("text", f"{self.words} more")
        self.phone.press_main()
        assert self.phone.shows("#arrived")

    def writes_after_the_visit(self) -> None:
        self.opens()
        self.phone.type_into("text", f"{self.words} more")
        self.site.ahead += 16 * MINUTE
        self.phone.press_main()
        assert self.phone.shows("#kept")

    def gets_a_new_code(self) -> None:
        self.opens()
        self.phone.press_in("main button[value=new_code]")
        self.codes.append(code_on(self.phone))

    def asks_to_erase(self) -> None:
        self.opens()
        self.phone.press_in("main button[value=erase]")
        assert self.phone.text("h1") == "Erase everything?"

    def asks_to_erase_unseen(self) -> None:
        self.mistypes_the_code()
        self.phone.type_into("code", self.codes[-1])
        self.phone.press_in("main button[name=erase]")
        assert self.phone.text("h1") == "Erase everything?"

    def erases(self) -> None:
        self.asks_to_erase()
        self.phone.press_main()
        assert self.phone.text("h1") == "Erased."

    def erases_unseen(self) -> None:
        self.asks_to_erase_unseen()
        self.phone.press_main()
        assert self.phone.text("h1") == "Erased."

    def leaves(self) -> None:
        self.phone.press_in("header form button")
        assert self.phone.text("h1") == "Done."

    def goes_back(self, photograph: Photograph = lambda _phone, _name: None) -> set[str]:
        """Go back and send again, page by page, and give the headings of what came."""
        headings = set()
        for number in range(LONGEST_WAY):
            self.phone.back()
            assert self.finds() == [], number
            self.phone.reload()
            headings.add(self.phone.text("h1") if self.phone.shows("h1") else "")
            assert self.finds() == [], (number, headings)
            photograph(self.phone, f"back-{number}")
        return headings


Way = Callable[[Walker], None]
FROM: dict[str, Way] = {
    "tell": Walker.tells_too_much,
    "check": Walker.checks,
    "a guide beside the check": Walker.reads_beside,
    "check of a request": Walker.asks,
    "check, mistyped": Walker.mistypes_the_line,
    "sent": Walker.sends,
    "paused": Walker.is_refused,
    "return, mistyped": Walker.mistypes_the_code,
    "case": Walker.opens,
    "case, written": Walker.writes_back,
    "expired": Walker.writes_after_the_visit,
    "new code": Walker.gets_a_new_code,
    "erase?": Walker.asks_to_erase,
    "erase unseen?": Walker.asks_to_erase_unseen,
    "erased": Walker.erases,
}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.fixture(scope="module")
def proxy(site: Site) -> Iterator[CountingProxy]:
    with CountingProxy(site.state.site_socket) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def window(proxy: CountingProxy) -> Iterator[Browser]:
    with browsing(proxy.port, size=PHONE) as browser:
        yield browser


@pytest.fixture
def walker(site: Site, window: Browser) -> Walker:
    """Give somebody a window that knows nothing of the one before."""
    window.forget()
    return Walker(site, window)


@pytest.mark.parametrize("way", FROM.values(), ids=FROM)
def test_after_leave_back_and_reload_find_nothing(walker: Walker, way: Way, photograph: Photograph) -> None:
    way(walker)
    walker.leaves()
    assert "Done." in walker.goes_back(photograph)
    assert not walker.site.errors


def test_after_a_restart_or_leaves_of_strangers_they_find_nothing(walker: Walker, photograph: Photograph) -> None:
    walker.writes_back()
    walker.leaves()
    for _ in range(5_000):
        walker.site.seats.leave(secrets.token_bytes(16))
    assert "Done." in walker.goes_back(photograph)
    walker.phone.forget()
    walker.writes_back()
    walker.leaves()
    walker.site.restart()
    walker.goes_to("ask")  # somebody else begins, with the same browser
    assert "Done." in walker.goes_back(photograph)


@pytest.mark.parametrize("way", [Walker.erases, Walker.erases_unseen], ids=["in the case", "unseen"])
def test_after_erasing_back_and_reload_find_nothing(walker: Walker, way: Way, photograph: Photograph) -> None:
    way(walker)
    headings = walker.goes_back(photograph)
    assert "Erased." in headings
    assert not walker.phone.shows("#draft")


def test_a_reopened_tab_finds_nothing(walker: Walker, photograph: Photograph) -> None:
    for way in (Walker.sends, Walker.opens, Walker.erases):
        way(walker)
        if way is not Walker.erases:
            walker.leaves()
        walker.phone.close_and_reopen_tab()
        assert walker.finds() == []
        photograph(walker.phone, "reopened")
        walker.goes_back()
        walker.phone.forget()


def test_a_second_tab_that_is_still_open_sends_nothing_after_leave(walker: Walker, photograph: Photograph) -> None:
    walker.checks()
    first = walker.phone.open_tab()
    walker.goes_to("return")
    walker.leaves()
    second = walker.phone.driver.current_window_handle
    walker.phone.be_in_tab(first)
    walker.phone.type_into("line", walker.codes[-1][24:])
    before = walker.site.count("cases")
    walker.phone.press_main()
    photograph(walker.phone, "sent-after-leave")
    assert walker.phone.text("h1") == "Done."
    assert walker.finds() == []
    assert walker.site.count("cases") == before
    walker.phone.driver.close()
    walker.phone.be_in_tab(second)


def test_two_tabs_never_act_on_each_others_case(walker: Walker, photograph: Photograph) -> None:
    phone = walker.phone
    one, other = (walker.site.visitor().hand_in("tell", text) for text in ("the first", "the second"))
    opens(walker, one)
    first = phone.open_tab()
    opens(walker, other)
    second = phone.driver.current_window_handle
    phone.be_in_tab(first)
    messages = walker.site.count("messages")
    phone.type_into("text", walker.words)
    phone.press_main()
    photograph(phone, "written-in-the-first-tab")
    assert phone.text("h1") == "Other messages are open now."
    assert phone.value_of("text") == walker.words
    assert walker.site.count("messages") == messages
    phone.type_into("code", one)
    phone.press_main()
    assert phone.shows("#arrived")
    assert "the first" in phone.source
    phone.be_in_tab(second)
    phone.press_in("main button[value=erase]")
    photograph(phone, "erased-in-the-second-tab")
    assert phone.shows("#another")
    phone.driver.close()
    phone.be_in_tab(first)


def opens(walker: Walker, code: str) -> None:
    walker.goes_to("return")
    walker.phone.type_into("code", code)
    walker.phone.press_main()
    assert walker.phone.shows("article.message")
    assert walker.phone.url.endswith("/en/return"), "one exchange"


def test_enter_sends_nothing(walker: Walker, proxy: CountingProxy, photograph: Photograph) -> None:
    phone = walker.phone
    walker.checks()
    phone.type_into("line", walker.codes[-1][24:])
    for selector in ("[name=count]", "[name=publish]", "[name=line]"):
        assert posts_by_enter(walker, proxy, selector) == 0
    photograph(phone, "enter")
    assert phone.text("h1") == "Not sent yet"
    phone.press_main()
    assert phone.shows("#arrived")
    walker.goes_to("return")
    phone.type_into("code", walker.codes[-1])
    assert posts_by_enter(walker, proxy, "[name=code]") == 0
    phone.press_main()
    assert posts_by_enter(walker, proxy, "[name=count]") == 0


def posts_by_enter(walker: Walker, proxy: CountingProxy, selector: str) -> int:
    """Press Enter in a field, and count what was sent by the time that another page came to another tab."""
    phone, before = walker.phone, posts(proxy)
    for folded in phone.every("main details:not([open]) > summary"):
        folded.click()
    phone.find(selector).send_keys("\ue007")
    tab = phone.open_tab()
    walker.goes_to("protects")
    phone.driver.close()
    phone.be_in_tab(tab)
    return posts(proxy) - before


def posts(proxy: CountingProxy) -> int:
    return sum(request.startswith("POST") for request in proxy.requests)


def test_in_danger_the_guide_is_one_press_away_and_the_main_button_still_sends(walker: Walker) -> None:
    phone = walker.phone
    walker.goes_to("ask")
    phone.choose("danger", "yes")
    phone.type_into("text", walker.words)
    phone.press_main()
    phone.press_in("#danger label")
    assert phone.shows("#written")
    phone.press_in("#written button:not([disabled])")
    walker.codes.append(code_on(phone))
    phone.type_into("line", walker.codes[-1][24:])
    phone.press_main()
    assert phone.shows("#arrived")


def test_who_refuses_cookies_is_told_so_and_keeps_the_words(walker: Walker, photograph: Photograph) -> None:
    phone = walker.phone
    refuse_cookies(phone, refused=True)
    walker.goes_to("tell")
    phone.type_into("text", walker.words)
    phone.press_main()
    photograph(phone, "cookies-refused")
    assert phone.text("h1") == "This browser refuses cookies."
    assert phone.value_of("text") == walker.words
    phone.press_main()
    assert phone.value_of("text") == walker.words
    refuse_cookies(phone, refused=False)
    phone.press_main()  # this page's own cookie comes back only with the next
    phone.press_main()
    assert phone.value_of("text") == walker.words
    assert phone.shows("#code")


def refuse_cookies(phone: Browser, *, refused: bool) -> None:
    with phone.driver.using_context("chrome"):
        phone.driver.execute_script(
            "Services.prefs.setIntPref('network.cookie.cookieBehavior', arguments[0])",
            script_args=[2 if refused else 0],
        )


def test_through_an_onion_nothing_comes_back_after_leave(reached: Reached, photograph: Photograph) -> None:
    with browsing(reached.socks_port, size=PHONE) as phone:
        walker = Walker(reached.site, phone)
        walker.gets_a_new_code()
        walker.leaves()
        assert "Done." in walker.goes_back(photograph)
        phone.forget()
        walker.erases()
        assert "Erased." in walker.goes_back(photograph)
    assert not reached.site.errors
