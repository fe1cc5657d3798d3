"""Every named failure. The first line of a docstring is the sentence a person meets; `hint` is what to do next.

Nothing that a visitor or a volunteer wrote ever stands in an exception.
"""

from typing import ClassVar

_LOOK = "./scripts/manage doctor"  # where there is no command that helps, this one says more


class SanctuaryError(Exception):
    """Something went wrong."""

    exit_code: ClassVar[int] = 1
    hint: ClassVar[str] = ""
    instead: str = ""  # the command that helps this one time, in place of the hint

    def __init_subclass__(cls, *, exit_code: int = 0, hint: str = "") -> None:
        """Keep the status that a program ends with after this error, and the command that helps; else those above."""
        cls.exit_code, cls.hint = exit_code or cls.exit_code, hint or cls.hint

    @property
    def sentence(self) -> str:
        """The sentence a person meets, followed by the fact given when it was raised, such as a path."""
        fact = f" ({self.args[0]})" if self.args else ""
        return (type(self).__doc__ or "").partition("\n")[0] + fact

    @property
    def cure(self) -> str:
        """The command that helps: the one given beside the fact, or that of all errors of this kind."""
        return self.instead or (str(self.args[1]) if len(self.args) > 1 else self.hint)

    @property
    def told(self) -> str:
        """The sentence with its command, as an operator reads them."""
        return f"{self.sentence}\n    {self.cure or _LOOK}"


# --- what an operator meets ---------------------------------------------------------------------------------------


class BadUsage(SanctuaryError, exit_code=2, hint="./scripts/launch --help"):
    """The command was not understood."""


class BadAnswers(SanctuaryError, exit_code=2, hint='echo \'{"passphrase": "..."}\' | ./scripts/launch --answers -'):
    """The answers on standard input are not one JSON object with the known names."""


class SecretWouldStay(SanctuaryError, exit_code=2, hint="./scripts/launch   (in a terminal of its own)"):
    """A secret is shown only where it can be cleared again, and this is no such place."""


class NobodyReads(SanctuaryError, exit_code=2, hint="./scripts/manage address | cat"):
    """The answer could not be handed over on standard output."""


class EarlierInstallation(SanctuaryError, exit_code=5, hint="./scripts/launch --state FOLDER   (the one it is in)"):
    """There was an installation before, and a new one would be another site at another address."""


class LimitTooLow(SanctuaryError, exit_code=2, hint="ulimit -n 4096; ulimit -v unlimited; ulimit -u unlimited"):
    """A limit of this terminal is too low for what has to run."""


class LittleMemory(SanctuaryError, hint="free -m; ulimit -v unlimited"):
    """There is too little memory."""


class BadCountry(SanctuaryError, hint="git diff HEAD -- onion_app/countries   (what was changed there)"):
    """The folder of the country is not whole."""


class SystemRefused(SanctuaryError, hint="./scripts/manage doctor"):
    """The system refused something."""


class NotText(SanctuaryError, exit_code=2, hint="LC_ALL=C.UTF-8 ./scripts/launch"):
    """Something that should be text in UTF-8 is not."""


class ProgramAtFault(SanctuaryError, hint="./scripts/manage doctor; then ./scripts/update"):
    """This program has a fault; nothing was written about it anywhere."""


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


class BridgeMistyped(SanctuaryError, exit_code=2, hint="./scripts/launch --bridge   (and paste the whole line)"):
    """This is no line of a bridge that can be used here."""


class BridgesChanged(
    SanctuaryError,
    exit_code=2,
    hint="./scripts/launch --bridge   (type them again; Enter at once: tor goes without one from then on)",
):
    """The bridges that are kept are not those that were typed on this machine. Nothing was started."""


class TransportMissing(SanctuaryError, exit_code=4, hint="sudo apt-get update && sudo apt-get install obfs4proxy"):
    """The program that speaks to a bridge is not installed on this machine."""


class TransportFailed(SanctuaryError, exit_code=4, hint="obfs4proxy --version; ./scripts/manage doctor"):
    """The program that speaks to a bridge, obfs4proxy, did not start."""


class ClockOff(SanctuaryError, hint="date   (and set it: sudo timedatectl set-ntp true)"):
    """Tor does not get in, because the clock of this machine is wrong."""


class MachineKeyMistyped(
    SanctuaryError, exit_code=2, hint="./scripts/desk --key   (on the volunteer's machine, shows it again)"
):
    """These are not the 54 letters of a machine's key: one is missing, or another one."""


class MachineListRefused(SanctuaryError, exit_code=2, hint="./scripts/manage machine list"):
    """The list of machines does not take this."""


class MachineNotLetIn(SanctuaryError, hint="./scripts/desk --key   (give the operator these letters once more)"):
    """The desk does not know the key of this machine, or not any more."""


class DeskNotReached(SanctuaryError, hint="./scripts/desk   (again in ten minutes; then ask the operator)"):
    """The desk does not answer: it is down, has another address, or there is no network."""


class VaultDamaged(SanctuaryError, exit_code=5, hint="./scripts/manage restore FILE --replace"):
    """The file of keys, vault.key, is damaged or missing."""


class VaultNewer(SanctuaryError, exit_code=5, hint="./scripts/update"):
    """The file of keys was written by a newer version of this program."""


class WrongKey(SanctuaryError, exit_code=5, hint="./scripts/manage restore FILE --replace"):
    """A database does not open with its key, or its first page is damaged."""


class DamagedFile(SanctuaryError, exit_code=5, hint="./scripts/manage restore FILE --replace"):
    """A database is damaged or missing."""


class RowDamaged(DamagedFile):
    """A row of a database has values that this program has never written."""


class NewerFile(SanctuaryError, exit_code=5, hint="./scripts/update"):
    """A database was written by a newer version of this program."""


class OlderFile(SanctuaryError, exit_code=5, hint="./scripts/launch"):
    """A database was written by an older version of this program and waits to be brought forward."""


class StateBeforeRelease(SanctuaryError, exit_code=5, hint="./scripts/launch --state ANOTHER_FOLDER"):
    """This state is from before the first release, and only the version that made it opens it."""


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


class BackupNewer(SanctuaryError, exit_code=5, hint="./scripts/update; ./scripts/manage restore FILE"):
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


class AddressForbidden(SanctuaryError, exit_code=6, hint="./scripts/launch --desk-port 8390"):
    """This account may not listen on the address of the desk."""


class NoLoopback(SanctuaryError, exit_code=6, hint="sudo ip link set lo up"):
    """This machine lacks its own address, 127.0.0.1, on which the desk listens."""


class AlreadyRunning(SanctuaryError, exit_code=7, hint="./scripts/manage stop"):
    """Another launcher runs on this state."""


class UnderWay(SanctuaryError, hint="./scripts/manage backup FILE   (again, once that one has ended)"):
    """A backup or a restore is under way on this state already."""


class NotRunning(SanctuaryError, exit_code=8, hint="./scripts/launch"):
    """No launcher runs on this state."""


class LauncherSuspended(NotRunning, hint="kill -CONT PROCESS"):
    """The launcher is there and suspended: everything waits until it goes on."""


class LauncherSilent(NotRunning, hint="./scripts/manage stop"):
    """The launcher is there and does not answer."""


class StillThere(SanctuaryError, hint="./scripts/manage panic   (once more, as root; then switch the machine off)"):
    """Not everything is destroyed."""


class KeysStillThere(SanctuaryError, exit_code=2, hint="sudo ./scripts/manage panic   (which destroys the keys first)"):
    """This installation has its keys, and nothing of it was removed."""


class SignsRemain(SanctuaryError, hint="sudo ./scripts/manage uninstall   (once more, when it is out of the way)"):
    """Not every sign of the installation is removed."""


class NeedsRoot(SanctuaryError, exit_code=2, hint="sudo ./scripts/manage service install"):
    """Only root may do this."""


class NoSigner(
    SanctuaryError, exit_code=2, hint="echo 'LINE' | sudo tee -a onion_app/manage/signers   (the makers' line of a key)"
):
    """No maker's key is known here, so that nobody can tell an update from a forgery."""


class NotSigned(SanctuaryError, hint="./scripts/update   (once more tomorrow; ask the makers by another way)"):
    """What was fetched is not signed as it must be. Nothing was changed."""


class NoNewerVersion(SanctuaryError, hint="./scripts/manage status"):
    """There is no version above the one that runs."""


class NotFetched(SanctuaryError, hint="./scripts/manage status   (or, from a stick: ./scripts/update FILE)"):
    """Nothing could be fetched."""


class ProgramMissing(SanctuaryError, exit_code=4, hint="sudo apt-get install git openssh-client"):
    """A program that updates need is not installed."""


class NoWayBack(SanctuaryError, exit_code=2, hint="./scripts/manage status   (this version stays)"):
    """The version before cannot be put back. Nothing was changed."""


class UnitRefused(SanctuaryError, hint="sudo apt-get install systemd; or, by hand: sudo ./scripts/launch"):
    """The unit was not written, because systemd does not take it."""


class InContainer(SanctuaryError, exit_code=2, hint="./scripts/rehearse   (which tries everything out in here, too)"):
    """This is a container: whoever runs what is around it reads all memory and files in it, and nobody sees it done."""


class NothingToUnlock(SanctuaryError, exit_code=8, hint="./scripts/manage status"):
    """No launcher waits for the passphrase."""


class NotConfirmed(SanctuaryError, exit_code=2, hint="./scripts/manage --help"):
    """The word was not typed. Nothing was changed."""


class ClockWrong(SanctuaryError, exit_code=2, hint="sudo timedatectl set-ntp true; ./scripts/manage clock"):
    """The clock of this machine says another day. Nothing was changed."""


class ControlLost(SanctuaryError, hint="./scripts/manage status"):
    """The connection that controls tor was lost."""


class ServiceRefused(SanctuaryError, hint="./scripts/manage doctor"):
    """Tor refused to publish the onion service."""


class CheckpointBusy(SanctuaryError, hint="./scripts/manage status"):
    """The write-ahead log is in use and could not be truncated yet."""


class DiskTrouble(SanctuaryError, hint="sudo dmesg --level err,warn | tail"):
    """The disk does not read or write."""


class DiskFull(DiskTrouble, hint="df -h"):
    """The disk is full."""


class NoInodes(DiskFull, hint="df -i"):
    """The disk has room for no more files."""


class QuotaUsed(DiskFull, hint="quota -s"):
    """The quota of this account on the disk is used up."""


class DiskReadOnly(DiskTrouble, hint="sudo dmesg --level err,warn | tail; findmnt --target STATE"):
    """The disk is mounted so that nothing can be written to it."""


# --- what the rooms tell each other -------------------------------------------------------------------------------


class SealBroken(SanctuaryError):
    """Something sealed does not open: another key, another place, or changed bytes."""


class NothingHere(SanctuaryError):
    """There is nothing under this code or id."""


class Paused(SanctuaryError):
    """No new messages are taken at the moment."""


class Overloaded(SanctuaryError):
    """Too many people are writing at once."""


class LockHeld(Overloaded, hint="./scripts/manage status"):
    """Another process held a file for so long that nothing could be read or written."""


class TooFewFiles(Overloaded, hint="ulimit -n 1024; ./scripts/launch"):
    """This machine lets us open too few files."""


class HalfWritten(Overloaded, hint="./scripts/manage stop; ./scripts/launch"):
    """A change of a file was cut off, and whoever may write there has not undone it yet."""


class AwaitsAnswer(SanctuaryError):
    """So much in this case waits for an answer that no more is taken."""


class TooManyCodes(SanctuaryError):
    """This case has had as many codes as it can have."""


class PageTooLong(SanctuaryError):
    """A page does not fit into the one size of all answers."""


class VisitOver(SanctuaryError):
    """The visit has ended."""


class SeatLeft(SanctuaryError):
    """Its visitor has left since this form was made."""


class SeatUnknown(SanctuaryError):
    """A form came from another seat than its own, or from none."""

    def __init__(self, *facts: str, with_words: bool = False, without_cookie: bool = False) -> None:
        """Keep whether its words may be shown again, and whether no cookie came with it."""
        super().__init__(*facts)
        self.with_words, self.without_cookie = with_words, without_cookie


class AnotherCase(SanctuaryError):
    """The case that is open is not the one that this form was made for."""


class NotAllowed(SanctuaryError):
    """This does not belong to one of your circles."""


# --- what a person at a page of the desk is told ------------------------------------------------------------------


def marked(sentence: str) -> str:
    """Mark a sentence for the catalogues; it is translated where it is shown."""
    return sentence


class Refused(SanctuaryError):
    """What was sent is refused."""

    def __init__(self, *sentence: str, field: str = "") -> None:
        """Keep the sentence for the page, unless the class has its own, and the name of the field it stands beside."""
        super().__init__(*sentence)
        self.field = field

    @property
    def sentence(self) -> str:
        """The sentence a person meets when the page comes again; it is never made of a word that was typed."""
        return str(self.args[0]) if self.args else super().sentence


class ChangedMeanwhile(Refused):
    """Somebody else has changed this meanwhile. Both stand here: nothing was kept yet."""


class CodeMistyped(Refused):
    """The code does not have 28 digits, or its check digits do not fit."""

    def __init__(self, digits: str, count: int) -> None:
        """Keep what was typed, as Latin digits, for the page that shows it back, and how many digits they are."""
        super().__init__()
        self.digits = digits
        self.count = count


class AlreadyWithdrawn(Refused):
    """This was taken back and is not stored again."""


class WrongSecondFactor(Refused):
    """The six digits are wrong. Is the clock of the phone right?"""


class LoginRefused(Refused):
    """That did not work. Check all three, and the clock of the phone; after several tries wait a minute."""


class LoginSuspended(Refused):
    """Your login is suspended until a second person has decided. Ask your circle, by a way outside the desk."""


class NewMessage(Refused):
    """The author has written again in the meantime. Nothing was sent: read it first."""


class NotReady(Refused):
    """This cannot be done yet, or no longer: look at where the text stands now."""


class KeysChanged(Refused):
    """Somebody has changed the keys of this case. Answer nothing until its author has come back."""


class CircleKeyChanged(Refused):
    """The circle's key has changed. Look at it again."""


class NoReturn(Refused):
    """The author of this case does not come back, so that nobody would read an answer."""


class TooMany(Refused):
    """This has been done as often as it can be."""
