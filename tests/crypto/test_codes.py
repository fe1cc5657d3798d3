"""The return code: what people type, and what it stands for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onion_app.crypto import codes
from onion_app.errors import CodeMistyped

CODE = "1234567890123456789012345627"
SALT = bytes(range(16))


def in_script(code: str, zero: str) -> str:
    return "".join(chr(ord(zero) + int(digit)) for digit in code)


def test_a_new_code_has_28_latin_digits_and_is_never_drawn_twice() -> None:
    drawn = {codes.new_code() for _ in range(1000)}
    assert len(drawn) == 1000
    assert {(len(code), code.isascii(), code.isdecimal()) for code in drawn} == {(28, True, True)}


@pytest.mark.parametrize("zero", ["0", "٠", "۰"])
def test_each_of_the_three_digit_scripts_is_read_and_anything_may_stand_between_the_digits(zero: str) -> None:
    code = codes.new_code()
    typed = "\u200f" + " -\n. ".join(codes.code_lines(in_script(code, zero))) + " شكرا\x00"
    for each in (in_script(code, zero), typed):
        assert codes.read_code(each) == code


def on_sheet(code: str, line: str, zero: str = "0") -> list[str]:
    """Write each line as `line` says: {n} its number, {d} its digits, {e} the same in the other digits."""
    rows = enumerate(codes.code_lines(code), start=1)
    return [line.format(n=in_script(str(n), zero), d=in_script(row, zero), e=in_script(row, "٠")) for n, row in rows]


@pytest.mark.parametrize("zero", ["0", "٠", "۰", "０", "०"])
@pytest.mark.parametrize(
    "line", ["{n}. {d}", "{n}: {d}", "line {n}: {d}", "({n}) {d}", "{n}\t{d}\t{e}", "{d} {e}", "{n}. {d} {n}. {e}"]
)
def test_lines_are_read_with_their_numbers_and_in_both_columns(line: str, zero: str) -> None:
    for code in (CODE, codes.new_code()):
        rows = on_sheet(code, line, zero)
        assert codes.read_code("\n".join(rows)) == code
        assert codes.read_code("Your code: " + "; ".join(rows)) == code


def test_a_sheet_is_read_column_by_column_and_row_by_row() -> None:
    code = codes.new_code()
    first, second = on_sheet(code, "{n}. {d}"), on_sheet(code, "{n}. {d}", "٠")
    for typed in ([*first, *second], [*codes.code_lines(code), *codes.code_lines(in_script(code, "٠"))]):
        assert codes.read_code("\n".join(typed)) == code
    assert codes.read_code("  ".join(first[at] for at in (0, 4, 1, 5, 2, 6, 3))) == code


def test_a_line_that_is_missing_is_counted() -> None:
    for rows in (on_sheet(CODE, "{d}"), on_sheet(CODE, "{n}: {d}"), on_sheet(CODE, "{n}: {d} {e}")):
        with pytest.raises(CodeMistyped) as refused:
            codes.read_code("\n".join(rows[:3] + rows[4:]))
        assert refused.value.count == 24
    with pytest.raises(CodeMistyped) as refused:
        codes.read_code("1" * 300_000)
    assert refused.value.digits == "1" * 40


def test_two_columns_that_differ_are_no_code() -> None:
    rows = on_sheet(CODE, "{n}: {d}")
    with pytest.raises(CodeMistyped):
        codes.read_code("\n".join([*rows, "1: 1235"]))


def test_a_line_that_is_typed_back_may_have_its_number() -> None:
    for typed in ("5627", "7: 5627", "line 7: ٥٦٢٧", "7.５６２７"):
        assert codes.read_line(typed, 7) == "5627"
    assert codes.read_line("6: 5627", 7) == "65627"
    assert codes.read_line("7562", 7) == "7562"


@given(position=st.integers(0, 27), step=st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(position: int, step: int) -> None:
    code = codes.new_code()
    wrong = str((int(code[position]) + step) % 10)
    with pytest.raises(CodeMistyped):
        codes.read_code(code[:position] + wrong + code[position + 1 :])


@given(position=st.integers(0, 26))
def test_two_swapped_neighbours_are_always_noticed(position: int) -> None:
    code = codes.new_code()
    swapped = code[:position] + code[position + 1] + code[position] + code[position + 2 :]
    if swapped != code:
        with pytest.raises(CodeMistyped):
            codes.read_code(swapped)


@given(st.text().filter(lambda typed: len(codes.latin_digits(typed)) != codes.DIGITS))
def test_a_mistyped_code_gives_its_digits_back_and_nothing_else(typed: str) -> None:
    with pytest.raises(CodeMistyped) as refused:
        codes.read_code(typed)
    assert refused.value.args == ()
    assert set(refused.value.digits) <= set("0123456789")
    assert len(refused.value.digits) == min(refused.value.count, 40)


def test_a_code_is_cut_into_seven_lines_of_four() -> None:
    assert codes.code_lines(CODE) == ("1234", "5678", "9012", "3456", "7890", "1234", "5627")


def test_another_salt_or_code_stands_for_something_else_and_what_it_opens_never_shows_when_printed() -> None:
    keys = codes.derive(CODE, SALT)
    others = (codes.derive(CODE, bytes(16)), codes.derive(codes.new_code(), SALT))
    assert len({value for each in (keys, *others) for value in (each.tag, each.box, each.stop)}) == 9
    assert repr(keys) == f"CodeKeys(tag={keys.tag!r})"
