"""What operators and moderators keep: passphrases, sheets, second factors, grants, and the file of keys."""

import base64
import json

import pyotp
import pytest

from onion_app.crypto import codes, keys, keyslots, members, onion_key, passphrases
from onion_app.errors import SealBroken, VaultDamaged, VaultNewer, WrongPassphrase, WrongSecondFactor

PASSPHRASE = "abacus abdomen abdominal abide abiding ability"
SPARE = codes.new_code()


@pytest.fixture(scope="module")
def vault() -> tuple[keyslots.VaultKeys, str]:
    drawn = keyslots.new_vault_keys()
    return drawn, keyslots.close_slots(drawn, PASSPHRASE, SPARE)


def test_a_passphrase_has_six_words_of_the_whole_list() -> None:
    drawn, words = passphrases.new_passphrase().split(), set(passphrases.word_list())
    assert (len(drawn), len(words)) == (6, 7776)
    assert set(drawn) <= words


@pytest.mark.parametrize(
    "secret",
    [PASSPHRASE, "  Abacus  ABDOMEN abdominal abide\tabiding ability ", SPARE],
    ids=["as shown", "as typed", "spare"],
)
def test_passphrase_and_spare_code_each_open_the_vault(vault: tuple[keyslots.VaultKeys, str], secret: str) -> None:
    drawn, text = vault
    assert keyslots.open_slots(text, secret) == drawn


@pytest.mark.parametrize(
    "typed",
    [
        "0000 0001 0002 0003 0004 0005",
        "٠٠٠٠-٠٠٠١-٠٠٠٢-٠٠٠٣-٠٠٠٤-٠٠٠٥",
        "۰۰۰۰۰۰۰۱۰۰۰۲۰۰۰۳۰۰۰۴۰۰۰۵",
        "００００・0001/0002.0003٫0004،0005",
    ],
)
def test_six_groups_of_digits_in_any_script_stand_for_the_six_words(typed: str) -> None:
    assert passphrases.as_digits(PASSPHRASE) == "0000 0001 0002 0003 0004 0005"
    assert passphrases.as_typed(typed) == PASSPHRASE.encode()


@pytest.mark.parametrize(
    "typed",
    ["0000 0001 0002 0003 0004", "0000 0001 0002 0003 0004 7776", "0000 0001 0002 0003 0004 0005 a", SPARE],
    ids=["five", "no word", "a letter", "a code"],
)
def test_other_digits_stand_for_no_words(typed: str) -> None:
    assert passphrases.as_typed(typed) != PASSPHRASE.encode()
    assert not passphrases.as_typed(typed).decode().startswith(PASSPHRASE)


def test_digits_of_any_passphrase_are_its_words() -> None:
    drawn = passphrases.new_passphrase()
    assert passphrases.as_typed(passphrases.as_digits(drawn)) == drawn.encode()


@pytest.mark.parametrize("secret", ["", PASSPHRASE + " able", codes.new_code()], ids=["nothing", "more", "another"])
def test_nothing_else_opens_the_vault(vault: tuple[keyslots.VaultKeys, str], secret: str) -> None:
    with pytest.raises(WrongPassphrase):
        keyslots.open_slots(vault[1], secret)


def test_the_two_slots_cannot_stand_in_for_each_other(vault: tuple[keyslots.VaultKeys, str]) -> None:
    fields = json.loads(vault[1])
    fields["slots"]["passphrase"], fields["slots"]["spare"] = fields["slots"]["spare"], fields["slots"]["passphrase"]
    with pytest.raises(WrongPassphrase):
        keyslots.open_slots(json.dumps(fields), SPARE)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"format": 1, "slots": {}}', '{"format": "x"}'])
def test_a_damaged_file_of_keys_is_named(text: str) -> None:
    with pytest.raises(VaultDamaged):
        keyslots.open_slots(text, PASSPHRASE)


def test_a_newer_file_of_keys_is_named(vault: tuple[keyslots.VaultKeys, str]) -> None:
    with pytest.raises(VaultNewer):
        keyslots.open_slots(json.dumps(json.loads(vault[1]) | {"format": 2}), PASSPHRASE)


def test_keys_never_show_when_printed(vault: tuple[keyslots.VaultKeys, str]) -> None:
    drawn = members.new_secrets()
    assert repr(vault[0]) == "VaultKeys()"
    assert repr(drawn) == "Secrets()"


def test_a_moderators_secrets_open_with_their_passphrase_only() -> None:
    drawn = members.new_secrets()
    locked = members.lock_secrets(drawn, PASSPHRASE)
    assert members.unlock_secrets(locked, PASSPHRASE) == drawn
    with pytest.raises(WrongPassphrase):
        members.unlock_secrets(locked, "abacus")


def test_a_recovery_sheet_brings_the_private_key_back() -> None:
    private, sheet = keys.new_key(), codes.new_code()
    locked = members.lock_sheet(private, sheet)
    assert members.open_sheet(locked, " ".join(codes.code_lines(sheet))) == private
    with pytest.raises(WrongPassphrase):
        members.open_sheet(locked, codes.new_code())


@pytest.mark.parametrize("drift", [-30, 0, 30])
def test_six_digits_count_one_step_either_side(drift: int) -> None:
    secret, now = members.new_secrets().totp, 1_800_000_000
    typed = pyotp.TOTP(secret).at(now + drift)
    assert members.check_totp(secret, f" {typed[:3]} {typed[3:]}", now) == (now + drift) // 30


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", -61, 61])
def test_other_digits_and_those_from_two_steps_away_are_refused(typed: str | int) -> None:
    secret, now = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", 1_800_000_000
    with pytest.raises(WrongSecondFactor):
        members.check_totp(secret, pyotp.TOTP(secret).at(now + typed) if isinstance(typed, int) else typed, now)


def test_the_qr_code_says_nothing_about_this_place() -> None:
    drawn = members.new_secrets()
    assert members.totp_uri(drawn.totp, "notes") == f"otpauth://totp/notes?secret={drawn.totp}"


def test_a_step_is_remembered_without_its_hour() -> None:
    secret = members.new_secrets().totp
    first, again, next_one = (members.totp_step_digest(secret, step) for step in (5, 5, 6))
    assert first == again != next_one


def test_a_grant_opens_for_its_member_circle_and_generation_only() -> None:
    circle, member = keys.new_keypair(), keys.new_keypair()
    circle_id, member_id = keys.new_id(), keys.new_id()
    place = {"circle_id": circle_id, "generation": 1, "moderator_id": member_id}
    sealed = members.seal_circle_key(circle.private, **place, public_key=member.public)  # type: ignore[arg-type]
    opened = members.open_circle_key(sealed, **place, private_key=member.private)  # type: ignore[arg-type]
    assert opened == circle.private
    for moved in ({"circle_id": member_id}, {"generation": 2}, {"moderator_id": circle_id}):
        with pytest.raises(SealBroken):
            members.open_circle_key(sealed, **(place | moved), private_key=member.private)  # type: ignore[arg-type]
    with pytest.raises(SealBroken):
        members.open_circle_key(sealed, **place, private_key=circle.private)  # type: ignore[arg-type]


def test_an_address_follows_from_its_key_as_tor_says() -> None:
    """The seed of RFC 8032's first test vector; its address was given by tor itself for the same expanded key."""
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    assert onion_key.address_of(public) == "25njqamcweflpvkl73j4szahhihoc4xt3ktcgjnpaingr5yhkenl5sid.onion"
    assert len(base64.b64encode(onion_key.new_onion_key().secret)) == 88
