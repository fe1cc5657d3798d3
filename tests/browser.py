"""A person with Firefox: JavaScript off, as Tor Browser has it at Safest, and nothing reached but what is asked for.

What it does, a person can do: open an address, press what is written on a button, type into a field, go back. It never
runs a script in a page; the one script it runs is the browser's own, and gives the page the exact size that is wanted.
"""

import base64
import contextlib
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests import firefox
from tests.processes import until

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what comes with it speaks of its own past
    from marionette_driver import By
    from marionette_driver.errors import (
        ElementClickInterceptedException,
        NoSuchElementException,
        StaleElementException,
        TimeoutException,
        UnknownException,
    )
    from marionette_driver.marionette import Marionette

PHONE = (360, 560)
DESKTOP = (1000, 800)
HOME = "\ue011"
PATIENCE = 180.0  # seconds that a page through Tor may take

# A window cannot be made as narrow as a phone, but the page within it can.
FIT_THE_PAGE = """
const [width, height] = arguments;
const page = gBrowser.selectedBrowser;
for (const [name, value] of Object.entries({width, height})) {
  page.style.setProperty(name, value + "px", "important");
  page.style.setProperty("min-" + name, value + "px", "important");
  page.style.setProperty("max-" + name, value + "px", "important");
}
page.style.setProperty("flex", "none", "important");
return new Promise(done => requestAnimationFrame(() => done([page.clientWidth, page.clientHeight])));
"""


class Browser:
    """One open window, and the person before it."""

    def __init__(self, driver: Any, size: tuple[int, int], home: Path, process: subprocess.Popen[bytes]) -> None:
        """Take over `driver` and give its page the width and height of `size`, in pixels."""
        self.driver = driver
        self.home = home
        self.process = process
        self.driver.timeout.page_load = PATIENCE
        self.driver.timeout.implicit = 0
        self.fit(size)

    def fit(self, size: tuple[int, int]) -> None:
        """Give the page another width and height."""
        with self.driver.using_context("chrome"):
            fitted = self.driver.execute_script(FIT_THE_PAGE, script_args=list(size))
        assert tuple(fitted) == size, f"the page is {fitted}"

    def go(self, url: str) -> None:
        """Open `url`, as typed into the address bar; where no such onion is there, again until it is.

        An onion service that moves its introduction points is away for a moment.

        Raises:
            TimeoutError: it did not come back.
            UnknownException: there is nothing at an address of this machine.
        """
        if ".onion/" in url:
            until(lambda: self.reaches(url), PATIENCE, f"a page at {url}")
        else:
            self.driver.navigate(url)

    def reaches(self, url: str) -> bool:
        """Open `url`, and say whether a page came, and not the browser's own about why none did."""
        try:
            self.driver.navigate(url)
        except UnknownException:
            return False
        return True

    def back(self) -> None:
        """Press the browser's Back; where it leads may be the browser's own page, which says that nothing is kept."""
        with contextlib.suppress(UnknownException):
            self.driver.go_back()

    def reload(self) -> None:
        """Press the browser's Reload, say yes if it asks whether to send again, and wait for the page."""
        before = self.find("html")
        self.driver.refresh()
        self.wait_for_another_page(before)

    def open_tab(self) -> str:
        """Open another tab, be in it, and give what leads back to the one before."""
        before = str(self.driver.current_window_handle)
        self.driver.switch_to_window(self.driver.open(type="tab")["handle"])
        return before

    def be_in_tab(self, handle: str) -> None:
        """Be in a tab that is open."""
        self.driver.switch_to_window(handle)

    def close_and_reopen_tab(self) -> None:
        """Close this tab, and have the browser open it again, as by Ctrl-Shift-T."""
        closed, kept = self.driver.current_window_handle, set(self.driver.window_handles)
        kept.add(self.driver.open(type="tab")["handle"])
        self.driver.close()
        other = next(handle for handle in kept if handle != closed)
        self.driver.switch_to_window(other)
        with self.driver.using_context("chrome"):
            self.driver.execute_script("SessionStore.undoCloseTab(window, 0)")
        until(lambda: set(self.driver.window_handles) - kept, PATIENCE, "the tab")
        self.driver.switch_to_window((set(self.driver.window_handles) - kept).pop())
        until(lambda: self.url != "about:blank" and not self.is_loading(), PATIENCE, "the page of the tab")

    @property
    def url(self) -> str:
        """Read the address bar."""
        return str(self.driver.get_url())

    @property
    def title(self) -> str:
        """Read the title of the window."""
        return str(self.driver.title)

    @property
    def source(self) -> str:
        """Read the page as the browser holds it."""
        return str(self.driver.page_source)

    def text(self, selector: str = "body") -> str:
        """Read what is visible in the first element that `selector` finds."""
        return str(self.find(selector).text)

    def find(self, selector: str) -> Any:
        """Find the first element for a CSS `selector`."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def every(self, selector: str) -> list[Any]:
        """Find all elements for a CSS `selector`."""
        return list(self.driver.find_elements(By.CSS_SELECTOR, selector))

    def shows(self, selector: str) -> bool:
        """Say whether the page has something for `selector`."""
        return bool(self.every(selector))

    def press(self, label: str) -> None:
        """Press the button or link on which `label` stands, the one in the page's main part first."""
        for selector in (
            "main button:not([disabled])",
            "main input[type=submit]",
            "main a",
            "button:not([disabled])",
            "a",
            "summary",
        ):
            for element in self.every(selector):
                written = element.text or element.get_property("value") or ""
                if label in str(written):
                    self.follow(element)
                    return
        message = f"nothing to press says {label!r}"
        raise NoSuchElementException(message)

    def press_main(self) -> None:
        """Press the main action: the first submit button in the page's main part."""
        self.follow(self.find("main button:not([disabled], [type=button], .way), main input[type=submit]"))

    def press_in(self, selector: str) -> None:
        """Press what `selector` finds; a button that nobody can press is none."""
        self.follow(next((found for found in self.every(selector) if found.is_enabled()), None) or self.find(selector))

    def follow(self, element: Any) -> None:
        """Press what leads to another page, and wait until that page is there.

        Raises:
            TimeoutError: no other page came.
        """
        before = self.find("html")
        try:
            element.click()
        except ElementClickInterceptedException:  # after Back a page stands where it was left, under its own bar
            before.send_keys(HOME)
            element.click()
        self.wait_for_another_page(before)

    def wait_for_another_page(self, before: Any) -> None:
        """Wait until the page of an element is gone, and the next one is there.

        Raises:
            TimeoutError: no other page came.
        """
        until(lambda: not (self.is_here(before) or self.is_loading()), PATIENCE, "another page")

    def is_here(self, element: Any) -> bool:
        """Say whether the page of this element is still the one that is shown."""
        try:
            return bool(element.tag_name)
        except (StaleElementException, NoSuchElementException):
            return False

    def is_loading(self) -> bool:
        """Ask Firefox whether something is still to come."""
        with self.driver.using_context("chrome"):
            return bool(self.driver.execute_script("return gBrowser.selectedBrowser.webProgress.isLoadingDocument"))

    def type_into(self, name: str, text: str) -> None:
        """Empty the field called `name` and type `text` into it, key by key."""
        field = self.find(f"[name='{name}']:not([type=hidden])")
        field.clear()
        field.send_keys(text)

    def value_of(self, name: str) -> str:
        """Read what stands in the field called `name`."""
        return str(self.find(f"[name='{name}']:not([type=hidden])").get_property("value"))

    def choose(self, name: str, value: str) -> None:
        """Choose `value` among the radio buttons, boxes or options called `name`."""
        chosen = self.find(f"[name='{name}'][value='{value}'], select[name='{name}'] option[value='{value}']")
        if not chosen.is_selected():
            chosen.click()
        assert chosen.is_selected()

    def tick(self, name: str) -> None:
        """Tick the box called `name`."""
        box = self.find(f"[name='{name}'][type=checkbox]")
        if not box.is_selected():
            box.click()
        assert box.is_selected()

    def cookies(self) -> list[dict[str, Any]]:
        """List the cookies of this page."""
        return list(self.driver.get_cookies())

    def forget(self) -> None:
        """Be a window that has met nobody yet: without cookies, before a blank page."""
        with self.driver.using_context("chrome"):
            self.driver.execute_script("Services.cookies.removeAll()")
        self.go("about:blank")

    def press_main_and_be_cut_off(self, cut_off: Callable[[], bool]) -> None:
        """Press the main action; the browser is gone as soon as `cut_off` says so, with no page to read."""
        self.driver.timeout.page_load = 0.001
        with contextlib.suppress(TimeoutException):
            self.find("main button:not([disabled])").click()
        until(cut_off, PATIENCE, "what was sent")
        self.process.kill()
        self.process.wait()

    def quit(self) -> None:
        """Choose *Quit*; what Firefox leaves in `home` stays until the `with` statement ends."""
        self.driver._send_message("Marionette:Quit", {"flags": ["eAttemptQuit"]})
        until(lambda: self.process.poll() is not None, PATIENCE, "the end of Firefox")

    def screenshot(self, path: Path) -> None:
        """Save what the window shows as `path`.png, and the page to its end as `path`-whole.png."""
        path.parent.mkdir(parents=True, exist_ok=True)
        for suffix, whole in (("", False), ("-whole", True)):
            picture = self.driver.screenshot(full=whole)
            path.with_name(f"{path.name}{suffix}.png").write_bytes(base64.b64decode(picture))


@contextlib.contextmanager
def browsing(
    socks_port: int | None = None, *, size: tuple[int, int] = PHONE, private: bool = False
) -> Iterator[Browser]:
    """Open a Firefox with a fresh profile; what it sends to others than this machine goes to the SOCKS proxy."""
    home = Path(tempfile.mkdtemp(prefix="firefox-"))
    profile = home / "profile"
    firefox.write_profile(profile, socks_port, private=private)
    process = firefox.start(home, profile)
    try:
        driver = Marionette(host="127.0.0.1", port=firefox.wait_for_port(profile, process))
        driver.start_session({"unhandledPromptBehavior": "accept"})  # Reload asks whether to send again: yes
        yield Browser(driver, size, home, process)
        if process.poll() is None:
            driver.delete_session()
        driver.session = None  # what ended without it is not asked for again
        driver.client.close()
    finally:
        firefox.end(process)
        shutil.rmtree(home, ignore_errors=True)
