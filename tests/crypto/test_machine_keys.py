"""The key of a machine elsewhere, as people hand it on."""

from base64 import b32decode

import pytest

from onion_app.crypto.machine_keys import machine_key, new_machine_key, read_public
from onion_app.crypto.onion_key import new_onion_key, onion_of
from onion_app.errors import MachineKeyMistyped


def test_what_is_shown_is_read_whatever_stands_between_the_letters_and_in_capitals() -> None:
    key = new_machine_key()
    letters = key.shown.replace(" ", "")
    assert (len(key.public), len(letters)) == (52, 54)
    for typed in (key.shown, letters, key.shown.upper(), f"\n{key.shown}  "):
        assert read_public(typed) == key.public
    assert machine_key(key.private) == key


def test_no_single_letter_can_be_another_one_and_no_two_neighbours_change_places() -> None:
    letters = machine_key(bytes(range(32))).shown.replace(" ", "")
    wrong = [letters[:place] + ("a" if letters[place] != "a" else "b") + letters[place + 1 :] for place in range(54)]
    wrong += [
        letters[:place] + letters[place + 1] + letters[place] + letters[place + 2 :]
        for place in range(53)
        if letters[place] != letters[place + 1]
    ]
    for typed in (*wrong, letters[:-1], letters + "a", "", "8" * 54, letters[:52]):
        with pytest.raises(MachineKeyMistyped):
            read_public(typed)


def test_a_key_is_written_in_one_way_only() -> None:
    public = new_machine_key().public
    other = public[:-1] + chr(
        ord(public[-1]) + 1
    )  # the same 32 bytes to a careless reader: four bits stand beyond them
    assert b32decode(f"{other.upper()}====") == b32decode(f"{public.upper()}====")
    with pytest.raises(MachineKeyMistyped):
        read_public(other + "aa")


def test_the_address_of_an_onion_follows_from_its_secret() -> None:
    onion = new_onion_key()
    assert onion_of(onion.secret) == onion
