"""A key of a case opens for its holder, and is believed when whoever began it held the key before."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onion_app.crypto import epochs, keys
from onion_app.crypto.epochs import Epoch
from onion_app.errors import SealBroken

CASE, CIRCLE = keys.new_id(), keys.new_id()
AUTHOR, LISTENERS, INTRUDER = keys.new_keypair(), keys.new_keypair(), keys.new_keypair()


def begun(author: keys.KeyPair | None = AUTHOR) -> Epoch:
    return epochs.first_epoch(CASE, CIRCLE, LISTENERS.public, author)


def after(*before: Epoch, number: int = 0) -> Epoch:
    number = number or before[-1].number + 1
    return epochs.next_epoch(before, number, circle_id=CIRCLE, circle_key=LISTENERS.public, author=AUTHOR.public)


@pytest.fixture(scope="module")
def chain() -> list[Epoch]:
    first = begun()
    second = after(first)
    return [first, second, after(first, second, number=5)]


def test_a_wrap_gives_the_epoch_to_its_holder(chain: list[Epoch]) -> None:
    for each in chain:
        wrapped = epochs.wrap(each, holder=CIRCLE, public_key=LISTENERS.public)
        opened = epochs.unwrap(wrapped, case_id=CASE, epoch=each.number, holder=CIRCLE, private_key=LISTENERS.private)
        assert opened == each


@pytest.mark.parametrize(
    "moved",
    [{"case_id": CIRCLE}, {"epoch": 4}, {"holder": epochs.AUTHOR_HOLDER}, {"private_key": INTRUDER.private}],
)
def test_a_wrap_opens_for_nobody_else(chain: list[Epoch], moved: dict[str, object]) -> None:
    wrapped = epochs.wrap(chain[0], holder=CIRCLE, public_key=LISTENERS.public)
    place = {"case_id": CASE, "epoch": 1, "holder": CIRCLE, "private_key": LISTENERS.private} | moved
    with pytest.raises(SealBroken):
        epochs.unwrap(wrapped, **place)  # type: ignore[arg-type]


def test_its_author_is_sure_of_every_epoch_that_somebody_with_the_key_before_began(chain: list[Epoch]) -> None:
    assert epochs.authors_epochs(chain[::-1], AUTHOR) == chain
    assert epochs.authors_epochs(chain, INTRUDER) == []
    assert epochs.following(chain[:1], chain) == chain


@given(st.integers(1, 9), st.booleans())
def test_a_planted_epoch_is_believed_nowhere(chain: list[Epoch], number: int, linked: bool) -> None:  # noqa: FBT001
    stranger = replace(begun(INTRUDER), number=number)
    planted = after(stranger, number=number) if linked else stranger
    others = [each for each in chain if each.number != number]
    assert planted not in epochs.authors_epochs([*others, planted], AUTHOR)
    assert planted not in epochs.following([chain[0]], [*others, planted])


def test_what_follows_a_planted_epoch_is_not_believed_either(chain: list[Epoch]) -> None:
    planted = replace(begun(INTRUDER), number=6)
    assert epochs.authors_epochs([*chain, planted, after(planted)], AUTHOR) == chain


def test_whoever_held_an_older_key_begins_nothing_after_a_newer_one(chain: list[Epoch]) -> None:
    forked = after(chain[0], number=7)
    assert epochs.authors_epochs([*chain, forked], AUTHOR) == chain


def test_whoever_has_lost_a_key_in_between_is_still_sure_of_what_follows(chain: list[Epoch]) -> None:
    assert epochs.following(chain[:1], [chain[2]]) == [chain[0], chain[2]]
    many = [chain[0]]
    for _ in range(30):
        many.append(after(*many))
    assert epochs.following(many[14:15], many[-1:]) == [many[14], many[-1]]
    place = {"circle_id": CIRCLE, "circle_key": LISTENERS.public, "author": AUTHOR.public}
    longest = epochs.next_epoch(many, 40, **place, others=many)
    sealed = epochs.wrap(longest, holder=CIRCLE, public_key=LISTENERS.public)
    assert len(sealed) <= 1000, "the table takes no more"


def test_two_who_are_not_sure_of_each_others_last_key_are_sure_of_the_next_one(chain: list[Epoch]) -> None:
    mine, theirs = after(*chain, number=6), after(*chain, number=7)
    place = {"circle_id": CIRCLE, "circle_key": LISTENERS.public, "author": AUTHOR.public}
    following = epochs.next_epoch([*chain, mine], 8, **place, others=[theirs])
    for last in (mine, theirs):
        assert epochs.following([*chain, last], [following])[-1] == following


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("name", ["case_id", "number", "circle_id", "circle_key", "author", "key"])
def test_nothing_of_an_epoch_changes_and_leaves_it_believed(chain: list[Epoch], place: int, name: str) -> None:
    value = getattr(chain[place], name)
    other = value + 1 if isinstance(value, int) else bytes(len(value))
    changed = replace(chain[place], **{name: other})  # type: ignore[arg-type]
    assert changed not in epochs.authors_epochs([*chain[:place], changed], AUTHOR)
    assert epochs.mark(changed) != epochs.mark(chain[place])


def test_a_new_code_claims_the_first_epoch_and_the_old_one_loses_it(chain: list[Epoch]) -> None:
    new = keys.new_keypair()
    claimed = [epochs.claimed(chain[0], new.private), *chain[1:]]
    assert epochs.authors_epochs(claimed, new) == claimed
    assert epochs.authors_epochs(claimed, AUTHOR) == []


def test_of_a_case_without_return_nobody_is_the_author() -> None:
    first = begun(None)
    assert first.author == epochs.NO_AUTHOR
    assert epochs.authors_epochs([first], AUTHOR) == []
