"""The mechanism of the numbers, and nothing else: cells of events go in, published numbers come out, once.

To the total and to each cell, empty ones too, a difference of two draws is added. How often a draw holds before it
fails is geometric with 3/8, so that one more in a cell makes no number more than 8/3 times as likely or unlikely, and
another answer in a list, which takes one from a cell and gives it to another, 64/9 times at most. Whatever is done
after it, rounding and leaving out, looks at what came out alone and cannot make that worse.
"""

import secrets
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from onion_app.vault.desk.tables import Numbers

LEAST: Final = 20  # events, after noise, of which a table is made
SHOWN_FROM: Final = 10  # what is less, nothing included, is *under 10*
ROUNDED_TO: Final = 5

Names = Mapping[str, Iterable[str]]
"""The names of each list, whether anybody chose them or not."""
Event = Mapping[str, Collection[str]]
"""Of each list the names that hold for an event; one that has no list adds to none."""


def draw() -> int:
    """Count how often chance of three in eight holds before it first fails."""
    held = 0
    while secrets.randbelow(8) < 3:  # noqa: PLR2004 - three in eight, as the bound is worked out
        held += 1
    return held


def noisy(number: int) -> int:
    """Change a number by chance."""
    return number + draw() - draw()


def published(number: int) -> int:
    """Round a noisy number to five; what is below ten then is 0."""
    rounded = (number + ROUNDED_TO // 2) // ROUNDED_TO * ROUNDED_TO
    return rounded if rounded >= SHOWN_FROM else 0


def make_numbers(events: Collection[Event], names: Names) -> Numbers | None:
    """Draw the numbers of some events; None: after noise they are too few, and nothing is made.

    A cell that reaches the total is as much as the total, whatever it was.
    """
    noisy_total = noisy(len(events))
    if noisy_total < LEAST:
        return None
    total = published(noisy_total)
    holding = Counter((each, name) for event in events for each, chosen in event.items() for name in set(chosen))
    cells = {
        each: {name: min(total, published(noisy(holding[each, name]))) for name in listed}
        for each, listed in names.items()
    }
    return Numbers(total, cells)
