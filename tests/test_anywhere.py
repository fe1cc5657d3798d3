"""Whatever zone and language a machine is set to, people and operators read the same."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

WRITTEN = "كلمات words"
WORDS = """
import json, secrets, time
secrets.randbelow = lambda below: 0  # the month in which a case is destroyed is drawn
now = 1_795_044_600.0  # half past eleven at night in UTC, the 18th of November 2026: in Iraq it is the 19th
time.time = lambda: now
gmtime = time.gmtime
time.gmtime = lambda seconds=now: gmtime(seconds)
from onion_app.launch import outside
from tests.served import serving
with serving() as site:
    visitor = site.visitor()
    code = visitor.hand_in("tell", WRITTEN)
    pages = [visitor.get(path) for path in ("/ar/", "/ckb/guides/now", "/kmr/tell")]
    words = [page.main.text for page in (*pages, visitor.come_back(code))]
print(json.dumps([*words, outside.describe_doubt(5)]))
"""
ELSEWHERE = (
    {"TZ": "Pacific/Kiritimati", "LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"TZ": "America/Adak", "LC_ALL": "C.UTF-8"},
)


def words(surroundings: dict[str, str]) -> Any:
    command = [sys.executable, "-c", WORDS.replace("WRITTEN", ascii(WRITTEN))]
    there, root = os.environ | surroundings, Path(__file__).parents[1]
    said = subprocess.run(command, env=there, cwd=root, capture_output=True, check=True, text=True)
    return json.loads(said.stdout)


def test_pages_and_what_the_operator_reads_are_the_same_everywhere() -> None:
    east, west = (words(surroundings) for surroundings in ELSEWHERE)
    assert east == west
    assert WRITTEN in east[-2]
    assert "19 November 2026" in east[-2]
    assert "19.11.2026" in east[-1]
