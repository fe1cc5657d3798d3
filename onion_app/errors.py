"""Every named failure. The first line of a docstring is the sentence a person meets; `hint` is what to do next.

Nothing that a visitor or a volunteer wrote ever stands in an exception.
"""

from typing import ClassVar


class SanctuaryError(Exception):
    """Something went wrong."""

    exit_code: ClassVar[int] = 1
    hint: ClassVar[str] = ""

    def __init_subclass__(cls, *, exit_code: int = 1, hint: str = "") -> None:
        """Keep the status that a program ends with after this error, and the command that helps."""
        cls.exit_code, cls.hint = exit_code, hint

    @property
    def sentence(self) -> str:
        """The sentence a person meets, followed by the fact given when it was raised, such as a path."""
        fact = f" ({self.args[0]})" if self.args else ""
        return (type(self).__doc__ or "").partition("\n")[0] + fact


# --- what an operator meets ---------------------------------------------------------------------------------------


class BadUsage(SanctuaryError, exit_code=2, hint="./scripts/launch --help"):
    """The command was not understood."""


class BadAnswers(SanctuaryError, exit_code=2, hint='echo \'{"passphrase": "..."}\' | ./scripts/launch --answers -'):
    """The answers on standard input are not one JSON object with the known names."""


class StatePathTooLong(SanctuaryError, exit_code=2, hint="./scripts/launch --state /var/lib/sanctuary"):
    """The path of the state folder is too long for a socket."""


class WrongPassphrase(
    SanctuaryError, exit_code=3, hint="./scripts/launch   (and type it again, or use the spare code)"
):
    """The passphrase is wrong."""


class TorMissing(
    SanctuaryError, exit_code=4, hint="sudo ln -s /dev/null /etc/systemd/system/tor.service; sudo apt-get install tor"
):
    """Tor is not installed on this machine."""


class TorTooOld(SanctuaryError, exit_code=4, hint="sudo apt-get update && sudo apt-get install tor"):
    """The Tor on this machine is too old."""


class TorFailed(SanctuaryError, exit_code=4, hint="tor --verify-config -f torrc.example"):
    """Tor did not start."""


class VaultDamaged(SanctuaryError, exit_code=5, hint="./scripts/manage restore FILE --replace"):
    """The file of keys, vault.key, is damaged or missing."""


class VaultNewer(SanctuaryError, exit_code=5, hint="git pull && ./scripts/launch"):
    """The file of keys was written by a newer version of this program."""


class WrongKey(SanctuaryError, exit_code=5, hint="./scripts/manage restore FILE --replace"):
    """A database does not open with its key, or its first page is damaged."""


class DamagedFile(SanctuaryError, exit_code=5, hint="./scripts/manage restore FILE --replace"):
    """A database is damaged or missing."""


class NewerFile(SanctuaryError, exit_code=5, hint="git pull && ./scripts/launch"):
    """A database was written by a newer version of this program."""


class OlderFile(SanctuaryError, exit_code=5, hint="./scripts/launch"):
    """A database was written by an older version of this program and waits to be brought forward."""


class KeysUnlinked(SanctuaryError, exit_code=5, hint="git checkout COMMIT && ./scripts/launch"):
    """The cases in this state have keys from before the first release. Only the version that made them opens them."""


class StateClosed(SanctuaryError, exit_code=2, hint="chmod -R u+rwX STATE; as root first: chown -R sanctuary: STATE"):
    """This account may not read and write a file of the state."""


class CipherUnfit(SanctuaryError, exit_code=5, hint="rm -r .venv && ./scripts/launch"):
    """The library that encrypts the databases is not the one this program needs."""


class BadSetting(SanctuaryError, exit_code=5, hint="./scripts/manage restore FILE --replace"):
    """A setting is unknown, missing, or has a value that is not allowed."""


class NotABackup(SanctuaryError, exit_code=5, hint="./scripts/manage restore FILE --check"):
    """This file is not a backup that this program has made."""


class BackupDamaged(SanctuaryError, exit_code=5, hint="./scripts/manage restore ANOTHER_FILE --check"):
    """The backup is damaged or cut off."""


class BackupNewer(SanctuaryError, exit_code=5, hint="git pull && ./scripts/manage restore FILE"):
    """The backup was made by a newer version of this program."""


class FileClosed(
    SanctuaryError,
    exit_code=2,
    hint="sudo install -d -o sanctuary -m 700 /var/backups/sanctuary   (and put the file there)",
):
    """The account that everything runs under may not use this file."""


class StateTaken(SanctuaryError, exit_code=2, hint="./scripts/manage restore FILE --replace"):
    """There is an installation in this state folder already."""


class AddressInUse(SanctuaryError, exit_code=6, hint="ss -ltnp | grep 8390"):
    """Another program listens on the address of the desk."""


class AlreadyRunning(SanctuaryError, exit_code=7, hint="./scripts/manage stop"):
    """Another launcher runs on this state."""


class NotRunning(SanctuaryError, exit_code=8, hint="./scripts/launch"):
    """No launcher runs on this state."""


class NotConfirmed(SanctuaryError, exit_code=2):
    """The word was not typed. Nothing was changed."""


class ClockWrong(SanctuaryError, exit_code=2, hint="sudo timedatectl set-ntp true; ./scripts/manage clock"):
    """The clock of this machine says another day. Nothing was changed."""


class ControlLost(SanctuaryError):
    """The connection that controls tor was lost."""


class ServiceRefused(SanctuaryError):
    """Tor refused to publish the onion service."""


class CheckpointBusy(SanctuaryError):
    """The write-ahead log is in use and could not be truncated yet."""


class DiskFull(SanctuaryError, hint="df -h"):
    """The disk is full."""


# --- what the rooms tell each other -------------------------------------------------------------------------------


class CodeMistyped(SanctuaryError):
    """The code does not have 28 digits, or its check digits do not fit."""

    def __init__(self, digits: str) -> None:
        """Keep what was typed, as Latin digits, for the page that shows it back."""
        super().__init__()
        self.digits = digits


class SealBroken(SanctuaryError):
    """Something sealed does not open: another key, another place, or changed bytes."""


class NothingHere(SanctuaryError):
    """There is nothing under this code or id."""


class AlreadyWithdrawn(SanctuaryError):
    """This was taken back and is not stored again."""


class Paused(SanctuaryError):
    """No new messages are taken at the moment."""


class Overloaded(SanctuaryError):
    """Too many people are writing at once."""


class AwaitsAnswer(SanctuaryError):
    """So much in this case waits for an answer that no more is taken."""


class PageTooLong(SanctuaryError):
    """A page does not fit into the one size of all answers."""


class VisitOver(SanctuaryError):
    """The visit has ended."""


class InvitationRefused(SanctuaryError):
    """The invitation is unknown, used or too old."""


class AlreadyInCircle(SanctuaryError):
    """You are in this circle already, or wait to be let in. The invitation was not used: it still brings one in."""


class HandleTaken(SanctuaryError):
    """Somebody else has this handle."""


class WrongSecondFactor(SanctuaryError):
    """The six digits are wrong. Is the clock of the phone right?"""


class SecondFactorUsed(SanctuaryError):
    """These six digits were used already. Wait for the next ones."""


class NotAllowed(SanctuaryError):
    """This does not belong to one of your circles."""


class TakenByAnother(SanctuaryError):
    """Somebody else of the circle has taken this case."""


class LoginRefused(SanctuaryError):
    """That did not work. Check all three, and the clock of the phone; after several tries wait a minute."""


class NotTaken(SanctuaryError):
    """Take this case first: only who has taken it can do this."""


class NewMessage(SanctuaryError):
    """The author has written again in the meantime. Nothing was sent: read it first."""


class NotReady(SanctuaryError):
    """This cannot be done yet, or no longer: look at where the text stands now."""


class OwnDraft(SanctuaryError):
    """Who wrote a draft cannot be the second person who approves it."""


class EpochPassed(SanctuaryError):
    """The keys of this case have changed in the meantime."""


class KeysGone(SanctuaryError):
    """The keys of this case are gone or were exchanged. Nothing was sent, since its author could not open it."""


class KeysLost(SanctuaryError):
    """Part of this case opens for nobody any more, so it stays here: another circle could not open that part either."""


class CircleChanged(SanctuaryError):
    """The circle has changed in the meantime. Look at it again."""


class StillShown(SanctuaryError):
    """This text is shown. Take it down before it is changed."""
