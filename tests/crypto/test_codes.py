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
    assert refused.value.digits == codes.latin_digits(typed)[:40]
    assert refused.value.args == ()


def test_a_code_is_cut_into_seven_lines_of_four() -> None:
    assert codes.code_lines(CODE) == ("1234", "5678", "9012", "3456", "7890", "1234", "5627")


def test_another_salt_or_code_stands_for_something_else_and_what_it_opens_never_shows_when_printed() -> None:
    keys = codes.derive(CODE, SALT)
    others = (codes.derive(CODE, bytes(16)), codes.derive(codes.new_code(), SALT))
    assert len({value for each in (keys, *others) for value in (each.tag, each.box, each.stop)}) == 9
    assert repr(keys) == f"CodeKeys(tag={keys.tag!r})"
