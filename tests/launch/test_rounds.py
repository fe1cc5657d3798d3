"""Which chores are done when: all of them hourly, and two rounds at moments that nobody can foresee or bring about."""

from collections import Counter

from onion_app.days import DAY
from onion_app.launch.processes.child import Work
from onion_app.launch.rounds import Rounds


def a_month() -> list[tuple[Work, float]]:
    """Let a launcher run for thirty days, and give what it did when."""
    rounds, now, done = Rounds(0.0), 0.0, list[tuple[Work, float]]()
    while now < 30 * DAY:
        now = max(now, rounds.next())
        done.append((rounds.begin(now), now))
        now += 1.0
    return done


def test_everything_hourly_what_was_taken_back_four_times_an_hour_and_one_rewriting_a_day() -> None:
    counted = Counter(work for work, _ in a_month())
    assert 700 <= counted["all"] <= 721
    assert 2500 <= counted["short"] <= 3300
    assert 29 <= counted["daily"] <= 31


def test_a_short_round_comes_at_any_minute_and_the_rewriting_at_any_hour() -> None:
    moments = a_month()
    assert {int(at // 60) % 60 for work, at in moments if work == "short"} == set(range(60))
    hours = {int(at % DAY // 3600) for work, at in moments if work == "daily"}
    assert len(hours) > 8
    assert {int(at // DAY) for work, at in moments if work == "daily"} == set(range(30))


def test_two_launchers_do_not_draw_the_same() -> None:
    assert a_month()[1:20] != a_month()[1:20]


def test_what_is_asked_for_when_nothing_is_due_is_everything() -> None:
    assert Rounds(1000.0).begin(1000.0) == "all"


def test_a_launcher_that_slept_for_a_month_does_each_round_once() -> None:
    rounds = Rounds(0.0)
    late = [rounds.begin(30.0 * DAY) for _ in range(3)]
    assert sorted(late) == ["all", "daily", "short"]
    assert rounds.next() > 30.0 * DAY
