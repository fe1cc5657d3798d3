from concurrent.futures import ThreadPoolExecutor

import pytest

from onion_app.errors import VisitOver
from onion_app.web.visits import IDLE, LONGEST, MOST_VISITS, Visits
from tests.world import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def visits(clock: Clock) -> Visits:
    return Visits(clock)


def test_a_visit_keeps_what_it_was_given(visits: Visits) -> None:
    key = visits.start({"text": "مرحبا"})
    assert visits.load(key) == {"text": "مرحبا"}
    visits.save(key, {"text": "more"})
    assert visits.load(key) == {"text": "more"}
    assert visits.load(visits.start()) == {}


def is_over(visits: Visits, key: str) -> bool:
    """Say whether a visit can be read no more, and see that it cannot be written then either."""
    try:
        visits.load(key)
    except VisitOver:
        with pytest.raises(VisitOver):
            visits.save(key, {})
        return True
    return False


def test_a_visit_ends_a_quarter_of_an_hour_after_its_last_use(visits: Visits, clock: Clock) -> None:
    key = visits.start({"text": "hello"})
    clock.now += IDLE - 1
    visits.load(key)
    clock.now += IDLE - 1
    visits.save(key, {})
    clock.now += IDLE
    assert is_over(visits, key)


def test_no_visit_lasts_longer_than_an_hour(visits: Visits, clock: Clock) -> None:
    key = visits.start()
    for _ in range(5):
        clock.now += LONGEST / 6
        visits.load(key)
    clock.now += LONGEST / 6
    assert is_over(visits, key)


@pytest.mark.parametrize("key", ["ended", "", "x", "x" * 43, "x" * 44, "ä" * 43, "\x00" * 43])
def test_what_was_ended_or_made_up_opens_nothing(visits: Visits, key: str) -> None:
    there = visits.start()
    if key == "ended":
        key = visits.start()
        visits.end(key)
    assert is_over(visits, key)
    visits.end(key)
    assert not is_over(visits, there)


def test_when_there_is_no_room_the_one_unused_longest_goes(visits: Visits, clock: Clock) -> None:
    keys = []
    for _ in range(MOST_VISITS):
        clock.now += 1
        keys.append(visits.start())
    visits.load(keys[0])
    visits.start()
    visits.load(keys[0])
    assert is_over(visits, keys[1])
    visits.load(keys[2])
    assert visits.sweep() == MOST_VISITS


def test_neither_key_nor_contents_stay_in_the_table(visits: Visits) -> None:
    key = visits.start({"text": "a secret text"})
    visits.load(key)
    kept = [repr(thing) for thing in [*visits._open, *visits._open.values()]]
    assert not [thing for thing in kept if "secret" in thing or key in thing]


def test_sweeping_forgets_the_overdue(visits: Visits, clock: Clock) -> None:
    visits.start()
    clock.now += IDLE / 2
    visits.start()
    assert visits.sweep() == 2
    clock.now += IDLE / 2
    assert visits.sweep() == 1
    assert len(visits._open) == 1


def test_the_end_of_the_last_visit_is_told_however_it_came(clock: Clock) -> None:
    told: list[int] = []
    table = Visits(clock, on_empty=lambda: told.append(table.sweep()))
    first, second = table.start(), table.start()
    table.end(first)
    assert told == []
    table.end(second)
    assert told == [0]
    key = table.start()
    clock.now += IDLE
    assert is_over(table, key)
    assert told == [0, 0]
    table.start()
    clock.now += IDLE
    table.sweep()
    assert told == [0, 0, 0]


def test_many_threads_may_use_the_visits_at_once(visits: Visits) -> None:
    def visit() -> None:
        key = visits.start({"n": 0})
        for n in range(50):
            assert visits.load(key) == {"n": n}
            visits.save(key, {"n": n + 1})
        visits.end(key)

    with ThreadPoolExecutor(16) as threads:
        for done in [threads.submit(visit) for _ in range(16)]:
            done.result()
    assert visits.sweep() == 0
