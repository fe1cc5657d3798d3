"""A private Tor network on the loopback of this machine: three authorities, four relays, a client; if asked, a bridge.

It makes no connection to anywhere else: every tor in it is started from a file written here, whose only authorities are
its own. All it writes is in the one folder it is given, and all it starts ends with it, however it ends.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self

from onion_app.errors import BadUsage, TorFailed, TransportMissing
from onion_app.onion.programs import path_of
from scripts.rehearsal.node import Node, make_authority, make_identity
from scripts.rehearsal.ports import Ports

_AUTHORITIES: Final = 3
_RELAYS: Final = 4
_PATIENCE: Final = 600.0  # seconds until the network stands; 12 on two idle cores
_PAUSE: Final = 0.1  # seconds between two looks at the progress
_ALL: Final = 100  # percent

_RELAY: Final = ("Address 127.0.0.1", "AssumeReachable 1", "ExitRelay 0", "ContactInfo nobody")
# In no list: who has its line finds it, and who only watches sees obfs4.
_BRIDGE: Final = (*_RELAY, "BridgeRelay 1", "PublishServerDescriptor 0", "ExtORPort auto")
# Every relay may be a guard and keep descriptors at once, which on the real network takes days to earn.
_AUTHORITY: Final = (
    "AuthoritativeDirectory 1",
    "V3AuthoritativeDirectory 1",
    "TestingV3AuthInitialVotingInterval 5",
    "TestingV3AuthInitialVoteDelay 2",
    "TestingV3AuthInitialDistDelay 2",
    "TestingDirAuthVoteGuard *",
    "TestingDirAuthVoteHSDir *",
)
# Until all members stand in a list, the authorities vote as often as tor allows: otherwise that takes half an hour. The
# lists that clients meet are good for an hour and a half: on a busy machine authorities miss rounds of a minute, a list
# is over after three of them, and a client that finds none asks again only after minutes. So few lists are no work for
# caches either. (With MaxConsensusAgeForDiffs at a second, caches were seen to answer every client with 404 from some
# moment after a round on, and for half an hour nobody got in. Why, was not read in tor's source.)
_OFTEN: Final = ("V3AuthVotingInterval 10", "V3AuthVoteDelay 2", "V3AuthDistDelay 2")
_SELDOM: Final = ("V3AuthVotingInterval 1800", "V3AuthVoteDelay 20", "V3AuthDistDelay 20")
_LONG: Final = 1800.0  # seconds that a list is good for, at least, before a client meets it

_MEMBERS: Final = "members"  # the file with the lines by which a tor knows this network; it is there once that stands

# A client learns from its first hundred circuits how long one takes. Until then it gives each a minute, and waits three
# times as long before it asks again where a service has let an introduction go by, as each does when it moves its
# introduction points.
_CLIENT: Final = ("ClientOnly 1", "LearnCircuitBuildTimeout 0", "CircuitBuildTimeout 10 seconds")


class PrivateNetwork:
    """The network. `start` it, or use it in a `with` statement, from the main thread (see onion.tor_process)."""

    def __init__(
        self,
        folder: Path,
        *,
        progress: Callable[[str], None] | None = None,
        tor: str = "tor",
        joined: Path | None = None,
    ) -> None:
        """Keep all of it in `folder`; `progress` is told in a few words what goes on.

        With `joined`, the folder of a network that stands, only the client is of our own.
        """
        self.folder = folder.absolute()
        self._joined = joined
        self._progress = progress or (lambda _words: None)
        self._tor = tor
        self._lines: tuple[str, ...] = ()
        self._ports = Ports()
        self._authorities = [
            Node(self.folder / f"authority{number}", or_port=self.take_port(), dir_port=self.take_port())
            for number in range(1, 1 + (0 if joined else _AUTHORITIES))
        ]
        self._relays = [
            Node(self.folder / f"relay{number}", or_port=self.take_port())
            for number in range(1, 1 + (0 if joined else _RELAYS))
        ]
        self._bridge = Node(self.folder / "bridge", or_port=self.take_port())
        self._client = Node(self.folder / "client", socks_port=self.take_port())

    def take_port(self) -> int:
        """Return a port of 127.0.0.1 that is free, and that nobody else is given until this network stops."""
        return self._ports.take()

    @property
    def socks_port(self) -> int:
        """The client's SOCKS port on 127.0.0.1."""
        return self._client.socks_port

    @property
    def relay_ports(self) -> list[int]:
        """The ports of 127.0.0.1 at which authorities and relays are reached, as the client's list has them."""
        return self._client.ports_listed()

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def start(self) -> None:
        """Start every tor, and return once the client has found its way. Raises: TorMissing, TorFailed, BadUsage."""
        with ExitStack() as undo:
            undo.callback(self.stop)
            if self._joined:
                self._lines = _lines_of(self._joined)
            else:
                self._build()
            self._progress("starting the client")
            self._client.write_torrc((*self._lines, *_CLIENT))
            self._client.start(self._tor)
            self._await(lambda: self._client.bootstrapped() == _ALL)
            self._progress("the private network stands")
            undo.pop_all()

    def _build(self) -> None:
        """Start all authorities and relays for the first time, and wait until they have agreed."""
        self._progress("making the keys of the private network")
        self._make_keys()
        self._write_options(_OFTEN)
        self._progress("starting the authorities and relays")
        self.start_relays()
        self._await(self._is_agreed)
        self._write_options(_SELDOM)
        for node in self._authorities:
            node.read_torrc_again()
        # A client that asks a relay which knows no more than itself yet would not ask again for ten seconds.
        self._await(self._is_known)
        (self.folder / _MEMBERS).write_text("\n".join((*self._lines, "")))

    def stop(self) -> None:
        """End every tor of this network, and nothing else, and wait for it."""
        _end([*self._members(), self._bridge, self._client])
        self._ports.release()

    def stop_relays(self) -> None:
        """Cut the network: all authorities and relays end; the client and any service stay, alone."""
        _end(self._members())

    def start_relays(self) -> None:
        """Start all authorities and relays, with the keys they have; they need a few seconds to find together."""
        for node in self._members():
            node.start(self._tor)

    def start_bridge(self) -> str:
        """Start a bridge that speaks obfs4, and return its line. Raises: TorMissing, TorFailed."""
        if not self._bridge.torrc.exists():
            make_identity(self._bridge, self._tor)
            obfs4 = f"ServerTransportListenAddr obfs4 127.0.0.1:{self.take_port()}"
            plugin = f"ServerTransportPlugin obfs4 exec {path_of('obfs4proxy', TransportMissing)}"
            ports = (f"ORPort 127.0.0.1:{self._bridge.or_port}", plugin, obfs4)
            self._bridge.write_torrc((*self._lines, *ports, *_BRIDGE))
        self._bridge.start(self._tor)
        self._await(lambda: self._bridge.bootstrapped() == _ALL and self._bridge.bridge_line() != "")
        return self._bridge.bridge_line()

    def stop_bridge(self) -> None:
        """End the bridge."""
        _end([self._bridge])

    def torrc_for_service(self, base: Path) -> Path:
        """Write the options of `base` and those that make a tor part of this network; return the file."""
        torrc = self.folder / "service.torrc"
        private = "\n# The private network of a rehearsal.\n" + "\n".join(self._lines) + "\n"
        torrc.write_text(base.read_text() + private)
        return torrc

    def _members(self) -> list[Node]:
        """Return all that carry traffic."""
        return [*self._authorities, *self._relays]

    def _make_keys(self) -> None:
        """Make every key, and the lines and the file by which the network knows its members."""
        members = self._members()
        with ThreadPoolExecutor() as hands:
            fingerprints = list(hands.map(make_identity, members, [self._tor] * len(members)))
            known = list(hands.map(make_authority, self._authorities, fingerprints))
        self._lines = ("TestingTorNetwork 1", *known)
        for node in members:
            node.claim_a_past()

    def _write_options(self, voting: tuple[str, ...]) -> None:
        """Write the file of options of every authority and relay; `voting` says how often they vote."""
        for node in self._authorities:
            ports = (f"ORPort 127.0.0.1:{node.or_port}", f"DirPort 127.0.0.1:{node.dir_port}")
            node.write_torrc((*self._lines, *ports, *_RELAY, *_AUTHORITY, *voting))
        for node in self._relays:
            node.write_torrc((*self._lines, f"ORPort 127.0.0.1:{node.or_port}", *_RELAY))

    def _is_agreed(self) -> bool:
        """Tell whether every authority has published a list of all relays."""
        return all(node.relays_listed() == _AUTHORITIES + _RELAYS for node in self._authorities)

    def _is_known(self) -> bool:
        """Tell whether everybody in the network has a list that is good for long."""
        long = time.time() + _LONG
        return self._is_agreed() and all(
            node.bootstrapped() == _ALL and node.list_ends() > long for node in self._members()
        )

    def _await(self, arrived: Callable[[], bool]) -> None:
        """Wait for a step of the network as a whole. Raises: TorFailed."""
        give_up = time.monotonic() + _PATIENCE
        while not arrived():
            for node in (*self._members(), self._bridge, self._client):
                node.check()
            if time.monotonic() > give_up:
                fact = "the private network does not stand"
                raise TorFailed(fact)
            time.sleep(_PAUSE)


def _lines_of(folder: Path) -> tuple[str, ...]:
    """Read by which lines a tor knows the network that stands in a folder. Raises: BadUsage."""
    try:
        return tuple((folder / _MEMBERS).read_text().splitlines())
    except FileNotFoundError:
        raise BadUsage(f"no private network stands in {folder}") from None


def _end(nodes: list[Node]) -> None:
    """End these tors together, and wait for each."""
    for node in nodes:
        node.end()
    for node in nodes:
        node.wait()
