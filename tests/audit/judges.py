"""What is asked about a page: axe-core whether it shuts anybody out, the Nu checker whether it is as HTML says."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.audit.chromium import Window

TOOLS = Path(__file__).parent / "node_modules"
STANDARD = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
RULES = {"runOnly": STANDARD, "rules": {"target-size": {"enabled": True}}, "resultTypes": ["violations"]}
AUDIT = (
    "axe.run(document, %s).then(found => found.violations.map(each => [each.id, each.nodes.map(node => node.html)]))"
)
# Java that compiles everything once and lightly takes less than half as long for seconds of work.
SHORT_LIVED = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xss8m")
FONTS = ("Noto Sans", "Noto Sans Arabic")  # of fonts-noto-core, whatever this machine would choose by itself
LARGER = """
document.head.insertAdjacentHTML("beforeend", `<style>* {font-family: %s !important}</style>`);
document.documentElement.style.fontSize = parseFloat(getComputedStyle(document.documentElement).fontSize) * %s + "px";
document.documentElement.scrollWidth - innerWidth;
"""


def load_axe(browser: Window) -> None:
    """Put axe-core into a window, for every page that it shows from then on."""
    browser.ask((TOOLS / "axe-core" / "axe.min.js").read_text("utf-8"))


def violations(browser: Window, page: str) -> object:
    """Ask axe-core about a page."""
    browser.show(page)
    return browser.ask(AUDIT % json.dumps(RULES))


def pixels_sideways(browser: Window, page: str, size: int = 100) -> int:
    """Measure by how much a page is wider than the window, its letters at so many per cent."""
    browser.show(page)
    pixels: int = browser.ask(LARGER % (", ".join(f'"{font}"' for font in FONTS), size / 100))
    return pixels


def not_as_html_says(pages: dict[str, str], folder: Path) -> list[tuple[str, str]]:
    """Ask the Nu HTML checker about pages, through files in a folder."""
    names = {}
    for number, (name, page) in enumerate(once(pages)):
        path = folder / f"{number}.html"
        path.write_text(page, encoding="utf-8")
        names[path.name] = name
    vnu = TOOLS / "vnu-jar" / "build" / "dist" / "vnu.jar"
    options = ["--stdout", "--exit-zero-always", "--errors-only", "--no-langdetect", "--format", "json"]
    command = ["java", *SHORT_LIVED, "-jar", str(vnu), *options, str(folder)]
    said = subprocess.run(command, capture_output=True, check=True).stdout
    return [(names[each["url"].rpartition("/")[2]], each["message"]) for each in json.loads(said)["messages"]]


def once(pages: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Leave out pages that are there twice, but for a token, a code or what fills them up."""
    seen = set()
    for name, page in pages.items():
        same = re.sub(r'value="[\w.-]{30,}"|<li>[0-9٠-٩]{4}</li>|\s+', "", page)
        if same not in seen:
            seen.add(same)
            yield name, page
