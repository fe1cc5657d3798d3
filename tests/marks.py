"""Marked texts: words that stand nowhere else in the world, and how they look wherever a program may have left them."""

import html
import os
import secrets
from base64 import b64encode
from pathlib import Path
from urllib.parse import quote_plus

ARABIC = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"
BEYOND = "😀🌍🕊🌳🏠🔑📜🧵"


def latin_mark() -> str:
    """Make sixteen letters that nobody else has written."""
    return "".join(secrets.choice("bcdfghjklmnpqrstvwxz") for _ in range(16))


def arabic_mark() -> str:
    """Make sixteen Arabic letters that nobody else has written."""
    return "".join(secrets.choice(ARABIC) for _ in range(16))


def looks(mark: str) -> dict[str, bytes]:
    """List the bytes that a mark becomes in memory and on disk, by the name of the form."""
    forms = {
        "utf-8": mark.encode(),
        "ucs-2": mark.encode("utf-16-le"),
        "ucs-4": mark.encode("utf-32-le"),
        "urlencoded": quote_plus(mark).encode(),
        "urlencoded in small letters": quote_plus(mark).lower().encode(),
        "html": html.escape(mark).encode("ascii", "xmlcharrefreplace"),
        "json": mark.encode("unicode_escape"),
    }
    for skipped in range(3):  # base64 depends on where in three bytes it begins
        forms[f"base64 from {skipped}"] = b64encode((" " * skipped + mark).encode())[4:-4]
    return {name: form for name, form in forms.items() if len(form) >= 8}


def files_with(mark: str, *folders: Path) -> list[str]:
    """Name every file below these folders that holds the mark in any form."""
    forms = looks(mark)
    found = []
    for folder in folders:
        for path in (Path(where, name) for where, _, names in os.walk(folder) for name in names):
            if path.is_symlink() or not path.is_file():
                continue
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                continue  # it went while we looked
            found += [f"{path.name}: {name}" for name, form in forms.items() if form in content]
    return found
