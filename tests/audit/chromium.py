"""Chromium with scripts on, for the audit alone: one window into which pages are put, and a script asked about them.

It is driven over two pipes and opens no port; it can look up no name, so that it reaches nothing.
"""

import contextlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from typing import Any

from tests.processes import ENDS_WITH_US

PHONE = {"width": 360, "height": 560, "deviceScaleFactor": 1, "mobile": False}
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # the tests may run as root, and the pages are ours
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--remote-debugging-pipe",
)


class Window:
    """One open page, driven with Chromium's own messages: JSON, each ended by a NUL."""

    def __init__(self, orders: int, reports: int) -> None:
        """Take over the two pipes and open an empty page of the size of a phone."""
        self._orders, self._reports = orders, os.fdopen(reports, "rb")
        self._number = 0
        self._session = ""
        target = self.tell("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.tell("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.tell("Emulation.setDeviceMetricsOverride", **PHONE)
        self.frame = self.tell("Page.getFrameTree")["frameTree"]["frame"]["id"]

    def tell(self, method: str, **parameters: object) -> dict[str, Any]:
        """Give an order and wait for what it answers."""
        self._number += 1
        order: dict[str, object] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            order["sessionId"] = self._session
        _write(self._orders, order)
        while True:
            report = json.loads(self._next())
            if report.get("id") == self._number:
                assert "error" not in report, report
                answer: dict[str, Any] = report["result"]
                return answer

    def show(self, html: str) -> None:
        """Put a page into the window."""
        self.tell("Page.setDocumentContent", frameId=self.frame, html=html)

    def ask(self, script: str) -> Any:
        """Run a script in the page and give what it, or its promise, comes to."""
        answer = self.tell("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def close(self) -> None:
        """Close the pipes: Chromium takes that as the end."""
        os.close(self._orders)
        self._reports.close()

    def _next(self) -> bytes:
        message = bytearray()
        while (byte := self._reports.read(1)) != b"\0":
            assert byte, "chromium has ended"
            message += byte
        return bytes(message)


def _write(pipe: int, order: dict[str, object]) -> None:
    rest = json.dumps(order).encode() + b"\0"
    while rest:
        rest = rest[os.write(pipe, rest) :]


@contextlib.contextmanager
def window() -> Iterator[Window]:
    """Start Chromium with a fresh profile, and end it."""
    theirs_in, orders = os.pipe()
    reports, theirs_out = os.pipe()
    with tempfile.TemporaryDirectory(prefix="chromium-") as home:
        # Chromium reads its orders from descriptor 3 and reports on descriptor 4.
        command = [*ENDS_WITH_US, "bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "bash"]
        command += ["chromium", *FLAGS, f"--user-data-dir={home}/profile"]
        process = subprocess.Popen(
            command,
            env={"HOME": home, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TMPDIR": home},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(theirs_in, theirs_out),
        )
        os.close(theirs_in)
        os.close(theirs_out)
        page = Window(orders, reports)
        try:
            yield page
        finally:
            process.terminate()
            process.wait(20)
            page.close()
