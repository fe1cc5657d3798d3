"""One tor of the private network: its folder, its file of options, its process.

What it writes stays in its folder. It ends when told, and with our process in any case.
"""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from onion_app.errors import TorFailed, TorMissing
from onion_app.onion.programs import bound_command
from onion_app.onion.tor_process import tor_arguments

_KEY_PATIENCE = 300.0  # seconds for making RSA keys; one on an idle core
_ONE_YEAR = "12"  # months that an authority's signing key is good for; the network lives for hours


@dataclass
class Node:
    """A tor that is or will be part of the network; ports are on 127.0.0.1, 0 where it has none."""

    folder: Path
    or_port: int = 0
    dir_port: int = 0
    socks_port: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """Its name in the network."""
        return self.folder.name

    @property
    def torrc(self) -> Path:
        """The file this tor is started from."""
        return self.folder / "torrc"

    @property
    def log(self) -> Path:
        """What this tor says."""
        return self.folder / "log"

    def write_torrc(self, lines: Iterable[str]) -> None:
        """Write this tor's options: its own places and the network's `lines`."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        own = (
            f"Nickname {self.name}",
            f'DataDirectory "{self.folder}"',
            f"Log notice file {self.log}",  # the one option that takes quotes for a part of the name
            f"SocksPort {f'127.0.0.1:{self.socks_port}' if self.socks_port else '0'}",
            "AvoidDiskWrites 1",
            "NumCPUs 1",
            f"GeoIPFile {os.devnull}",  # a second of two cores for seven tors, and no use
            f"GeoIPv6File {os.devnull}",
        )
        self.torrc.write_text("\n".join((*own, *lines, "")))

    def start(self, tor: str) -> None:
        """Start it. Raises: TorMissing."""
        self._process = subprocess.Popen(
            bound_command(tor, tor_arguments(self.torrc)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            start_new_session=True,
        )

    def read_torrc_again(self) -> None:
        """Have it take up the options that were written since it started."""
        if self._process is not None:
            self._process.send_signal(signal.SIGHUP)

    def end(self) -> None:
        """End it at once: it has nothing to save."""
        if self._process is not None:
            self._process.kill()

    def wait(self) -> None:
        """Wait until it has ended."""
        if self._process is not None:
            self._process.wait()
            self._process = None

    def check(self) -> None:
        """Raise TorFailed, with its last line, if it has ended by itself."""
        if self._process is not None and self._process.poll() is not None:
            lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
            fact = f"{self.name}: {lines[-1] if lines else 'no word'}"
            raise TorFailed(fact)

    def claim_a_past(self) -> None:
        """Write the state of a relay that has carried traffic yesterday.

        A new relay advertises no bandwidth. As soon as one of the network has carried the first kilobytes, clients, who
        choose by bandwidth, would choose this one again and again, and find no second one to go with it.
        """
        ended = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() - 3600))
        lines = (
            f"BWHistory{way}{name}"
            for way in ("Read", "Write")
            for name in (f"Ends {ended}", "Interval 86400", "Values 1000000000", "Maxima 1000000")
        )
        (self.folder / "state").write_text("\n".join((*lines, "")))

    def relays_listed(self) -> int:
        """Return how many relays stand in the list that this authority has published last."""
        return self._list().count("\nr ")

    def list_ends(self) -> float:
        """Return until when the list that this tor has is good, in seconds since 1970; 0 while it has none."""
        ends = re.search(r"^valid-until (\S+ \S+)$", self._list(), re.MULTILINE)
        return datetime.fromisoformat(f"{ends[1]}Z").timestamp() if ends else 0.0

    def _list(self) -> str:
        """Read the list of relays that this tor has."""
        kept = self.folder / "cached-microdesc-consensus"
        return kept.read_text(errors="replace") if kept.exists() else ""

    def ports_listed(self) -> list[int]:
        """Return the ports at which the relays in its list are reached."""
        rows = re.findall(r"^r .* \S+ (\d+) (\d+)$", self._list(), re.MULTILINE)
        return [int(port) for row in rows for port in row if port != "0"]

    def bridge_line(self) -> str:
        """Return the line by which this bridge is found, once it listens."""
        place = re.search(r"^ServerTransportListenAddr obfs4 (.+)$", self.torrc.read_text(), re.MULTILINE)
        told = self.folder / "pt_state" / "obfs4_bridgeline.txt"
        cert = re.search(r"cert=\S+ iat-mode=\d", told.read_text()) if told.exists() else None
        fingerprint = (self.folder / "fingerprint").read_text().split()[-1]
        return f"obfs4 {place[1]} {fingerprint} {cert[0]}" if place and cert else ""

    def bootstrapped(self) -> int:
        """Return how far it is with reaching the network, in percent."""
        said = self.log.read_text(errors="replace") if self.log.exists() else ""
        return max((int(percent) for percent in re.findall(r"Bootstrapped (\d+)%", said)), default=0)


def make_identity(node: Node, tor: str) -> str:
    """Make the keys of a relay or authority, and return its fingerprint. Raises: TorMissing, TorFailed."""
    # tor wants to see one authority before it tells its own fingerprint; this one does not exist, and nothing calls it.
    nowhere = "DirAuthority nowhere orport=1 127.0.0.1:1 " + "F" * 40
    node.write_torrc(("TestingTorNetwork 1", "DisableNetwork 1", f"ORPort 127.0.0.1:{node.or_port}", nowhere))
    _run((*bound_command(tor, tor_arguments(node.torrc)), "--list-fingerprint"))
    return (node.folder / "fingerprint").read_text().split()[-1]


def make_authority(node: Node, fingerprint: str) -> str:
    """Make the keys of an authority, and return the line by which the others know it. Raises: TorMissing, TorFailed."""
    keys = node.folder / "keys"
    certificate = keys / "authority_certificate"
    _run_gencert(keys, certificate, f"127.0.0.1:{node.dir_port}")
    identity = re.search(r"^fingerprint ([0-9A-F]{40})$", certificate.read_text(), re.MULTILINE)
    if identity is None:
        raise TorFailed(node.name)
    flags = f"orport={node.or_port} v3ident={identity[1]}"
    return f"DirAuthority {node.name} {flags} 127.0.0.1:{node.dir_port} {fingerprint}"


def _run_gencert(keys: Path, certificate: Path, address: str) -> None:
    """Make an authority's long-term identity and its certificate. The passphrase goes through a pipe."""
    reading, writing = os.pipe()
    try:
        os.write(writing, b"a rehearsal keeps no secrets\n")
        os.close(writing)
        names = (*("-i", str(keys / "authority_identity_key")), *("-s", str(keys / "authority_signing_key")))
        words = ("--create-identity-key", "--passphrase-fd", str(reading), *names, "-c", str(certificate))
        _run(("tor-gencert", *words, "-m", _ONE_YEAR, "-a", address), reading)
    finally:
        os.close(reading)


def _run(command: tuple[str, ...], *descriptors: int) -> None:
    """Run a short program to its end. Raises: TorMissing, TorFailed."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            pass_fds=descriptors,
            timeout=_KEY_PATIENCE,
            check=False,
        )
    except FileNotFoundError:
        raise TorMissing(command[0]) from None
    if done.returncode != 0:
        raise TorFailed(command[0])
