from contextlib import suppress

import pytest

from onion_app.errors import Overloaded
from onion_app.web.budget import STEP, TokenBucket
from tests.world import Clock


def take_all(bucket: TokenBucket, *, urgent: bool = False) -> int:
    taken = 0
    with suppress(Overloaded):
        while True:
            bucket.take(urgent=urgent)
            taken += 1
    return taken


def test_a_fifth_is_kept_for_the_urgent() -> None:
    bucket = TokenBucket(Clock(), size=50, per_minute=10)
    assert take_all(bucket) == 40
    assert take_all(bucket, urgent=True) == 10
    with pytest.raises(Overloaded):
        bucket.take()


def test_it_fills_up_again_every_few_seconds_and_never_above_its_size() -> None:
    clock = Clock()
    bucket = TokenBucket(clock, size=50, per_minute=120)
    take_all(bucket, urgent=True)
    clock.now += STEP - 1
    assert take_all(bucket, urgent=True) == 0
    clock.now += 1
    assert take_all(bucket, urgent=True) == 10
    clock.now += 86_400
    assert take_all(bucket) == 40
    assert take_all(bucket, urgent=True) == 10


def test_urgent_requests_get_through_while_others_keep_trying() -> None:
    clock = Clock()
    bucket = TokenBucket(clock, size=20, per_minute=12)
    take_all(bucket, urgent=True)
    for _ in range(10):
        clock.now += STEP
        take_all(bucket)
        bucket.take(urgent=True)


def test_a_clock_that_was_put_back_does_not_close_the_door_for_long() -> None:
    clock = Clock()
    bucket = TokenBucket(clock, size=5, per_minute=60)
    take_all(bucket, urgent=True)
    clock.now -= 86_400
    with pytest.raises(Overloaded):
        bucket.take()
    clock.now += STEP
    bucket.take()
