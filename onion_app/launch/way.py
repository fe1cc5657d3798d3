"""The way by which tor leaves this machine: directly, or through bridges, which a program of its own speaks to.

It fails closed: tor is started with its network switched off, and hears of it only together with the bridges.
"""

from collections.abc import Callable
from typing import Final

from onion_app.onion.control import Bootstrap, Control
from onion_app.onion.transport import Transport

# The second: told to look again (`Control.look_again`), tor would read its file anew, which knows of no bridge.
_CUT_OFF: Final = ("--DisableNetwork", "1", "--__ReloadTorrcOnSIGHUP", "0")
_WHY: Final = {
    "IDENTITY": "a bridge answers and is not the one that its line names: a letter is wrong, or it is another",
    "": "no bridge answers: it is gone, its line is wrong, or this machine has no network",
}


class Way:
    """The bridges, if there are any, and the program that speaks to them."""

    def __init__(
        self, bridges: tuple[str, ...] = (), start: Callable[[], Transport] | None = None, command: str = ""
    ) -> None:
        """Prepare; nothing is started yet. `command` is what changes the bridges."""
        self.bridges = bridges
        self._command = command
        self._start = start
        self._transport: Transport | None = None

    @property
    def tor_options(self) -> tuple[str, ...]:
        """The words that tor is to be started with."""
        return _CUT_OFF if self.bridges else ()

    def start(self) -> None:
        """See that the program runs, where there are bridges.

        Call it from the main thread: the kernel ends the program with the thread that started it.

        Raises:
            TransportMissing: there is no such program.
            TransportFailed: it does not listen.
        """
        if self.bridges and self._transport is None and self._start is not None:
            self._transport = self._start()

    def ended(self) -> int | None:
        """Return the exit status of a program that ended, which `start` then starts again; None while all is well."""
        status = self._transport.ended() if self._transport else None
        if status is not None:
            self.stop()
        return status

    def open(self, control: Control) -> None:
        """Let tor out by this way.

        Raises:
            ServiceRefused: tor does not take the bridges.
            ControlLost: tor does not answer.
        """
        if self._transport is not None:
            control.use_bridges(self.bridges, self._transport.port)

    def trouble(self, bootstrap: Bootstrap) -> str:
        """Say in one sentence why tor gets no further; nothing where there are no bridges."""
        why = _WHY.get(bootstrap.trouble, _WHY[""])
        return f"{why}. Another line: {self._command} --bridge" if self.bridges else ""

    def stop(self) -> None:
        """End the program."""
        if self._transport is not None:
            self._transport.stop()
            self._transport = None
