"""Two texts stand side by side: no line of either is lost or moved, and what did not change is marked as the same."""

from hypothesis import given
from hypothesis import strategies as st

from onion_app.desk.sentence_diff import side_by_side

LINES = st.lists(st.sampled_from(["a.", "b.", "c!", "d", "e؟"]), max_size=12)


@given(LINES, LINES)
def test_both_texts_stand_there_whole_and_in_their_order(before: list[str], after: list[str]) -> None:
    rows = side_by_side("\n".join(before), " \n".join(after))
    assert [row.before for row in rows if row.before] == before
    assert [row.after for row in rows if row.after] == after
    assert all((row.kind == "same") == (row.before == row.after) for row in rows)


def test_what_was_changed_removed_and_added_is_marked() -> None:
    rows = side_by_side("One. Two! Three? Four. Five.", "One.\nToo!\nThree?\nFive.\nSix.")
    assert [(row.kind, row.before, row.after) for row in rows] == [
        ("same", "One.", "One."),
        ("changed", "Two!", "Too!"),
        ("same", "Three?", "Three?"),
        ("removed", "Four.", ""),
        ("same", "Five.", "Five."),
        ("added", "", "Six."),
    ]


def test_an_equal_line_more_or_less_leaves_the_others_as_they_are() -> None:
    rows = side_by_side("x.\nx.\ny.\nx.\nz.", "x.\ny.\nx.\nz.")
    assert [row.kind for row in rows].count("same") == 4
    assert [row.before for row in rows if row.kind == "removed"] == ["x."]
