"""Publishes our onion services through tor's control socket: the site's, and the desk's for machines elsewhere.

A service lives exactly as long as this connection (no `Detach`): when the launcher, tor or the connection dies, it is
unreachable rather than unwatched. Nothing here lists, changes or removes a service of anybody else, and a service's
private key is neither asked back from tor (`DiscardPK`) nor logged.
"""

import base64
import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from onion_app.errors import ControlLost, ServiceRefused
from onion_app.onion.wire import Wire

# A visitor makes one circuit a visit. 25 new ones a second are 90,000 an hour: far more than this site will see, and no
# trouble for two cores. Beyond that tor asks newcomers for work, and serves first who worked most. 250 may come at
# once, about what 200 seats can take. (tor's own 250 and 2500 are meant for large sites.)
_PROOF_OF_WORK = "PoWDefensesEnabled=1 PoWQueueRate=25 PoWQueueBurst=250 "
# Tor Browser opens six connections to a site at most: who has 17 on one circuit is no browser, and loses the circuit.
_FLAGS = "Flags=DiscardPK,MaxStreamsCloseCircuit"
_LIMITS = "MaxStreams=16 "
_JOINED_CIRCUIT = "PURPOSE=HS_SERVICE_REND"  # of a line about a circuit: somebody is there
_INTRODUCTION_CIRCUIT = {"BUILT", "PURPOSE=HS_SERVICE_INTRO", "HS_STATE=HSSI_ESTABLISHED"}  # of a line about a circuit
_TAKEN = ("250", "251", "252")  # a key for an onion: new, in place of another, or there already
_COLLISION = "550"  # tor has not yet noticed that our previous connection, and the service with it, is gone
_BRIDGE = re.compile(r"obfs4 [A-Za-z0-9.:\[\]]+ [0-9A-F]{40} cert=[A-Za-z0-9+/]+ iat-mode=[0-2]")
_COLLISION_TRIES = 20
_COLLISION_PAUSE = 0.5  # seconds


@dataclass(frozen=True)
class Bootstrap:
    """How far tor is with reaching the network; `summary` is tor's own English."""

    percent: int
    summary: str
    clock_is_off: bool = False
    trouble: str = ""  # a word of tor's for why it gets no further (REASON in control-spec.txt)


@dataclass(frozen=True)
class Health:
    """Tor's own facts on whether visitors get through; `introduction_points` is the number of those that stand.

    `relays_until`, in unix seconds, is the end of the list of relays that tor holds, 0 where it holds none: by an old
    one it puts our descriptor where nobody looks for it, while everything else calls itself well.

    Of the other facts only the number of introduction points changes soon after an outage: tor goes on calling the
    network up, and circuits established, for as long as nothing makes it try. A service keeps them at all times.
    """

    network_up: bool
    circuits: bool
    dormant: bool
    published: bool
    introduction_points: int
    relays_until: float


class Control:
    """Our connection to tor, and the service that lives on it."""

    def __init__(self, control_socket: Path) -> None:
        """Connect; use `connect`, which also introduces us to tor."""
        self.lost = threading.Event()
        self.uploaded = threading.Event()
        self._run_folder = control_socket.absolute().parent
        self._service_id = ""
        self._desk_id = ""
        self._wire = Wire(control_socket, self._note_event, self.lost.set)

    @classmethod
    def connect(cls, control_socket: Path) -> Self:
        """Connect to tor; the event `lost` is set when the connection, and the service with it, has ended.

        Raises:
            ControlLost: nobody listens, or tor does not take our greeting.
        """
        control = cls(control_socket)
        for greeting in ("AUTHENTICATE", "SETEVENTS HS_DESC"):
            if control._wire.ask(greeting)[-1][0] != "250":
                control.close()
                raise ControlLost(greeting)
        return control

    def bootstrap(self) -> Bootstrap:
        """Return how far tor is.

        Raises:
            ControlLost: tor does not answer.
        """
        phase = self._facts("status/bootstrap-phase").get("status/bootstrap-phase", "")
        match = re.search(r'PROGRESS=(\d{1,3}) TAG=\S+ SUMMARY="([^"]*)"', phase)
        clock_is_off = "CLOCK_SKEW" in phase or "Clock skew" in phase
        trouble = re.search(r" REASON=([A-Z]{1,40})\b", phase)
        if match is None:
            return Bootstrap(0, "Starting")
        return Bootstrap(int(match[1]), match[2], clock_is_off, trouble[1] if trouble else "")

    def use_bridges(self, bridges: Sequence[str], port: int) -> None:
        """Let tor out to these bridges, through the obfs4proxy at this port of 127.0.0.1, and nowhere else.

        They are said here, and neither on tor's command line nor in a file of ours: the one is read by everybody on
        this machine, the other by whoever takes the disk.

        Raises:
            ServiceRefused: tor does not take them, or one of them holds what would be read as another option.
            ControlLost: tor does not answer.
        """
        if not bridges or not all(map(_BRIDGE.fullmatch, bridges)):
            raise ServiceRefused("this is no bridge")
        proxy = f'ClientTransportPlugin="obfs4 socks5 127.0.0.1:{port}"'
        lines = " ".join(f'Bridge="{bridge}"' for bridge in bridges)
        answer = self._wire.ask(f"SETCONF UseBridges=1 {proxy} {lines} DisableNetwork=0")
        if answer[-1][0] != "250":
            raise ServiceRefused(f"tor answered {answer[-1][0]}")

    def cut_off(self) -> None:
        """Let tor out nowhere.

        Raises:
            ControlLost: tor does not answer.
        """
        self._wire.ask("SETCONF DisableNetwork=1")

    def publish(self, secret: bytes, address: str, site_socket: Path) -> bool:
        """Publish our service: connections to port 80 of `address` go to `site_socket`, beside the control socket.

        It is reachable once `uploaded` is set. Gives whether tor can ask its visitors for proof of work.
        `secret` is the expanded ed25519 key, 64 bytes. tor finds the socket by its bare name in its working directory
        (see tor_process), because a path with a space or an Arabic letter cannot be said on the control socket.

        Raises:
            ServiceRefused: the socket, the key or tor does not allow it.
            ControlLost: tor does not answer.
        """
        if self._service_id:
            raise ServiceRefused("it is published already")
        # P02: the only way from the network without a key ends at the site's unix socket.
        self._service_id, proof_of_work = self._publish(secret, address, site_socket, f"{_FLAGS} ")
        return proof_of_work

    def publish_desk(self, secret: bytes, address: str, machines: Iterable[str], desk_socket: Path) -> None:
        """Publish the desk's onion for these machines alone, for none not at all; it has to be withdrawn before.

        `machines` are the 52 letters of each one's public half.

        Raises:
            ServiceRefused: as for `publish`.
            ControlLost: tor does not answer.
        """
        keys = "".join(f"ClientAuthV3={letters.upper()} " for letters in machines)
        if keys:  # P02: never without a key: anybody could then reach the desk
            self._desk_id, _ = self._publish(secret, address, desk_socket, f"{_FLAGS},V3Auth {keys}")

    def withdraw_desk(self) -> None:
        """Take the desk's onion down; whoever is there stays, see `close_circuits`.

        Raises:
            ControlLost: tor does not answer.
        """
        if self._desk_id:
            self._wire.ask(f"DEL_ONION {self._desk_id}")
            self._desk_id = ""

    def close_circuits(self, address: str) -> None:
        """Close the circuits of all who are at this onion of ours; tor lets them stay when it is taken down.

        Raises:
            ControlLost: tor does not answer.
        """
        whose = f"REND_QUERY={address.removesuffix('.onion')}"
        for circuit in self._facts("circuit-status").get("circuit-status", "").splitlines():
            number, *words = circuit.split()
            if _JOINED_CIRCUIT in words and whose in words:
                self._wire.ask(f"CLOSECIRCUIT {number}")

    def let_in(self, address: str, private: bytes) -> None:
        """Give tor the private half of this machine's key, with which it finds an onion; tor keeps it in memory only.

        Raises:
            ServiceRefused: tor does not take it.
            ControlLost: tor does not answer.
        """
        key = base64.b64encode(private).decode()
        answer = self._wire.ask(f"ONION_CLIENT_AUTH_ADD {address.removesuffix('.onion')} x25519:{key}")
        if answer[-1][0] not in _TAKEN:
            raise ServiceRefused(f"tor answered {answer[-1][0]}")

    def forget_onions(self) -> None:
        """Have tor forget what it found of onions: of itself it asks no directory twice in a quarter of an hour.

        It forgets the keys of `let_in`, too, and puts off what it is told a second time within ten seconds.

        Raises:
            ControlLost: tor does not answer.
        """
        self._wire.ask("SIGNAL NEWNYM")

    def _publish(self, secret: bytes, address: str, target: Path, flags: str) -> tuple[str, bool]:
        """Publish a service; gives its name, and whether it has proof of work."""
        if target.absolute().parent != self._run_folder or not re.fullmatch(r"[a-z.]+", target.name):
            raise ServiceRefused("the socket is not in tor's run folder")
        key = f"ADD_ONION ED25519-V3:{base64.b64encode(secret).decode()} {flags}"
        rest = f"{_LIMITS}Port=80,unix:{target.name}"
        proof_of_work = True
        answer = self._add(key + _PROOF_OF_WORK + rest)
        if answer[-1][0] != "250":
            # A tor before 0.4.8, or built without the puzzle: used all the same, and said.
            proof_of_work = False
            answer = self._add(key + rest)
        if answer[-1][0] != "250":
            raise ServiceRefused(f"tor answered {answer[-1][0]}")
        service_id = address.removesuffix(".onion")
        if answer[0][2] != f"ServiceID={service_id}":
            self.close()  # takes a service down that is not ours
            raise ServiceRefused("the key belongs to another address")
        return service_id, proof_of_work

    def health(self) -> Health:
        """Ask tor for its health.

        Raises:
            ControlLost: tor does not answer.
        """
        names = ("network-liveness", "status/circuit-established", "dormant", "onions/current", "circuit-status")
        facts = self._facts(*names, "consensus/valid-until")
        circuits = facts.get("circuit-status", "").splitlines()
        introduction = _INTRODUCTION_CIRCUIT | {f"REND_QUERY={self._service_id}"}  # of visitors, not of the desk
        return Health(
            network_up=facts.get("network-liveness") == "up",
            circuits=facts.get("status/circuit-established") == "1",
            dormant=facts.get("dormant") != "0",
            published=bool(self._service_id) and self._service_id in facts.get("onions/current", "").split(),
            introduction_points=sum(set(circuit.split()) >= introduction for circuit in circuits),
            relays_until=_unix_seconds(facts.get("consensus/valid-until", "")),
        )

    def look_again(self) -> None:
        """Have tor forget what it waits for after failures, and ask for a new list of relays; the service stays.

        Raises:
            ControlLost: tor does not answer.
        """
        self._wire.ask("SIGNAL RELOAD")

    def close(self) -> None:
        """Close the connection; the service goes with it."""
        self._wire.close()

    def _add(self, command: str) -> list[tuple[str, str, str]]:
        """Send ADD_ONION, again after a pause while tor still holds the service of a connection that just ended."""
        answer = self._wire.ask(command)
        for _ in range(_COLLISION_TRIES):
            if answer[-1][0] != _COLLISION:
                break
            self.lost.wait(_COLLISION_PAUSE)
            answer = self._wire.ask(command)
        return answer

    def _facts(self, *names: str) -> dict[str, str]:
        """Ask tor for facts, one question each: one that this tor does not know spoils a common answer."""
        facts = {}
        for name in names:
            code, _, text = self._wire.ask(f"GETINFO {name}")[0]
            if code == "250":
                facts[name] = text.partition("=")[2].strip()
        return facts

    def _note_event(self, event: str) -> None:
        """Note that a directory has taken our descriptor: from now on visitors find us."""
        if event.startswith(f"HS_DESC UPLOADED {self._service_id} "):  # not the desk's
            self.uploaded.set()


def _unix_seconds(said: str) -> float:
    """Read a time of tor's, which is in UTC; 0 where there is none."""
    try:
        return datetime.strptime(f"{said} +0000", "%Y-%m-%d %H:%M:%S %z").timestamp()
    except ValueError:
        return 0.0
