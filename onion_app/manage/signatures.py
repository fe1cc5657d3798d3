"""Who may sign a version, and what a signed version says of itself: read in the signed object, never from its name.

A tag that was renamed, and one that the same person has signed for another project, have good signatures, too.
"""

import re
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from onion_app.days import DAY, day_of
from onion_app.errors import NoSigner, NotSigned, ProgramMissing

LONGEST_SILENCE: Final = 120  # days after which the makers have to be heard of again
_LONGEST_KEY: Final = 731  # days that a signer is believed at most
_SIGNER = re.compile(
    r'([a-z][a-z0-9-]*) namespaces="git",valid-before="(\d{4})(\d\d)(\d\d)" '
    r"((?:ssh-ed25519|sk-ssh-ed25519@openssh\.com) [A-Za-z0-9+/=]+)( .*)?"
)
_HEAD = re.compile(r"object ([0-9a-f]{40,64})\ntype commit\ntag (\S+)\ntagger [^\n]* ([0-9]{1,10}) [+-][0-9]{4}")
_SIGNATURE = b"-----BEGIN SSH SIGNATURE-----"
_VERSION = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6}){1,2}")
_ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/local/bin:/usr/bin:/bin"}


@dataclass(frozen=True)
class Signer:
    """One who may sign, and the key."""

    name: str
    key: str
    line: str


@dataclass(frozen=True)
class Release:
    """What a signed tag says; its days are those since 1970."""

    version: str
    commit: str
    digest: str
    made: int
    next_by: int


def read_signers(file: Path, today: int) -> list[Signer]:
    """Read whom we believe; each line is of one form, and every key has an end within two years.

    Raises:
        NoSigner: nobody is named, or a line is of another form.
    """
    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except (FileNotFoundError, UnicodeDecodeError):
        lines = []
    signers = [_read_signer(line, today) for line in lines if line and not line.startswith("#")]
    if not signers:
        raise NoSigner
    if len({one.name for one in signers}) < len(signers) or len({one.key for one in signers}) < len(signers):
        raise NoSigner("a name or a key stands there twice")
    return signers


def _read_signer(line: str, today: int) -> Signer:
    found = _SIGNER.fullmatch(line)
    if found is None:
        raise NoSigner(f"a line is of another form: {line.split(' ', maxsplit=1)[0]}")
    name, year, month, day, key, _ = found.groups()
    try:
        end = day_of(date(int(year), int(month), int(day)))
    except ValueError:
        raise NoSigner(f"the key of {name} ends on no day") from None
    if end > today + _LONGEST_KEY:
        raise NoSigner(f"the key of {name} holds for more than two years")
    return Signer(name, key, f'{name} namespaces="git",valid-before="{year}{month}{day}" {key}\n')


def number_of(version: str) -> tuple[int, ...]:
    """Give a version as numbers that can be compared; nothing when it is none."""
    if not _VERSION.fullmatch(version):
        return ()
    numbers = [int(part) for part in version.split(".")]
    return (*numbers, *[0] * (3 - len(numbers)))


def version_of(clone: Path) -> str:
    """Read which version a clone calls itself; nothing where it does not say."""
    try:
        lines = (clone / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    return next((line.split('"')[1] for line in lines if line.startswith('version = "')), "")


def read_release(raw: bytes, tag: str, signers: list[Signer], today: int) -> tuple[Release, str]:
    """Read a tag object, and give what it says and who has signed it.

    Raises:
        NotSigned: no trusted key that still holds has signed it, or it is not the version that it is called by.
        ProgramMissing: there is no ssh-keygen.
    """
    signed, mark, signature = raw.partition(_SIGNATURE)
    if not mark:
        raise NotSigned(f"the tag {tag} bears no signature")
    signer = _signer_of(signed, mark + signature, tag, signers)
    head, _, message = signed.decode("utf-8", "replace").partition("\n\n")
    found, version = _HEAD.fullmatch(head), tag.partition("+")[0]
    if found is None or found[2] != tag or message.split("\n")[0] != f"sanctuary {version}":
        raise NotSigned(f"what is signed as {tag} is another version, or no version of this program")
    digest = re.findall(r"^sha256: ([0-9a-f]{64})$", message, re.MULTILINE)
    days = re.findall(r"^next by: (\d{4}-\d\d-\d\d)$", message, re.MULTILINE)
    try:
        [one], next_by = digest, day_of(date.fromisoformat(" ".join(days)))
    except ValueError:
        raise NotSigned(f"the tag {tag} does not name the sum of its files and the day of the next word") from None
    if next_by > today + LONGEST_SILENCE:
        raise NotSigned(f"the tag {tag} promises the next word later than in {LONGEST_SILENCE} days")
    return Release(version, found[1], one, int(found[3]) // DAY, next_by), signer


def _signer_of(signed: bytes, signature: bytes, tag: str, signers: list[Signer]) -> str:
    """Name who has signed; keys hold or have ended by today's clock, whatever day the tag gives itself."""
    with tempfile.TemporaryDirectory() as folder:
        believed, written = Path(folder, "signers"), Path(folder, "signature")
        believed.write_text("".join(one.line for one in signers), encoding="utf-8")
        written.write_bytes(signature)
        for one in signers:
            words = ("verify", "-f", str(believed), "-I", one.name, "-n", "git", "-s", str(written))
            command = ["ssh-keygen", "-Y", *words]
            try:
                done = subprocess.run(command, input=signed, capture_output=True, env=_ENVIRONMENT, check=False)
            except FileNotFoundError:
                raise ProgramMissing("ssh-keygen") from None
            if done.returncode == 0:
                return one.name
    raise NotSigned(f"the tag {tag} is signed by nobody whose key is trusted and still holds")
