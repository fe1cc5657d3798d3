from concurrent.futures import ThreadPoolExecutor

import pytest

from onion_app.errors import Overloaded, VisitOver
from onion_app.web.drafts import LARGEST_DRAFT, MOST_DRAFTS, ROOM_FOR_DRAFTS, Drafts, VisitsWithDrafts
from onion_app.web.visits import IDLE, LONGEST, Visits
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


def test_nobodys_visit_goes_for_a_strangers_and_a_new_one_is_refused(clock: Clock) -> None:
    visits = Visits(clock, most=50)
    keys = [visits.start({"n": number}, holder=bytes([number])) for number in range(50)]
    for number in range(1000):
        with pytest.raises(Overloaded):
            visits.start({"n": number}, holder=b"stranger %d" % number)
    assert [visits.load(key)["n"] for key in keys] == list(range(50))
    visits.end(keys[0])
    visits.start(holder=b"one more")


def test_of_one_holder_the_four_newest_hold_and_nobody_elses_goes(visits: Visits) -> None:
    other = visits.start({"other": 1}, holder=b"another case")
    keys = [visits.start({"n": number}, holder=b"a case") for number in range(100)]
    visits.save(keys[-4], {"n": "saved"})
    assert [is_over(visits, key) for key in keys] == [True] * 96 + [False] * 4
    visits.end(keys[-1])
    visits.start(holder=b"a case")
    assert not is_over(visits, keys[-4])
    assert not is_over(visits, other)


def test_a_clock_that_goes_back_ends_a_visit(visits: Visits, clock: Clock) -> None:
    key = visits.start()
    clock.now -= 1
    assert is_over(visits, key)
    key = visits.start()
    clock.now -= 3600
    assert visits.sweep() == 0
    clock.now += 3600
    assert is_over(visits, key)


def test_drafts_make_room_for_each_other_by_bytes_and_by_number(clock: Clock) -> None:
    drafts = Drafts(clock)
    small = [drafts.start({"n": number}) for number in range(MOST_DRAFTS + 5)]
    drafts.load(small[5])
    assert [is_over(drafts, key) for key in small[:7]] == [True] * 5 + [False] * 2
    assert len(drafts) == MOST_DRAFTS
    large = [drafts.start({"text": "x" * (LARGEST_DRAFT - 100)}) for _ in range(1000)]
    assert len(drafts) == ROOM_FOR_DRAFTS // (LARGEST_DRAFT - 39)
    assert not is_over(drafts, large[-1])
    for key in large:
        drafts.end(key)
    assert drafts._bytes == sum(len(visit.sealed) for visit in drafts._open.values()) == 0


def test_a_draft_that_is_too_long_is_not_kept_and_makes_nobodys_go(clock: Clock) -> None:
    visits = VisitsWithDrafts(clock, ("draft",))
    honest = visits.start({"draft": "honest"})
    key = visits.start({"case": "mine", "draft": "short"}, holder=b"mine")
    for _ in range(1000):
        visits.save(key, {"case": "mine", "draft": "x" * 256 * 1024})
        visits.start({"draft": "x" * 256 * 1024})
    assert visits.load(honest) == {"draft": "honest"}
    assert visits.load(key) == {"case": "mine"}


def test_an_open_case_stays_whatever_strangers_write(clock: Clock) -> None:
    visits = VisitsWithDrafts(clock, ("draft",))
    key = visits.start({"case": "mine", "draft": "words"}, holder=b"mine")
    for _ in range(2 * MOST_DRAFTS):
        visits.start({"draft": "strange"})
    assert visits.load(key) == {"case": "mine"}
    visits.save(key, {"case": "mine", "draft": "words"})
    assert visits.load(key) == {"case": "mine", "draft": "words"}
    visits.end(key)
    with pytest.raises(VisitOver):
        visits.save(key, {"draft": "words"})
    with pytest.raises(VisitOver):
        visits.load(key)


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
