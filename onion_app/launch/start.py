"""The start: from the choices on a command line to a launcher that runs, in the one order that is safe.

The lock and the sockets come before the passphrase, so that nobody types it in vain; what is missing is told before
anything is made. The passphrase, and the secrets of a first run, are forgotten before the first process starts.
"""

import os
import signal
import sys
from compileall import compile_dir
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

from onion_app.errors import BadUsage, InContainer
from onion_app.launch import bridges, confine, first_run, locked, stdin_answers, unlock
from onion_app.launch.confine import Walls
from onion_app.launch.edge import expect_descriptors
from onion_app.launch.launcher import Launcher, Options
from onion_app.launch.listeners import desk_listeners, far_listener, site_listener
from onion_app.launch.outside import container
from onion_app.launch.state import State, held
from onion_app.launch.terminal import Terminal
from onion_app.launch.walls import Missing, try_walls
from onion_app.launch.workplace import sweep_all
from onion_app.onion import programs


def launch(options: Options) -> None:
    """Unlock or make the state, then run everything until asked to stop.

    Raises:
        SanctuaryError: one of those with an exit code of their own, for `__main__` to print.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the terminal may close, the site stays
    expect_descriptors()
    terminal = Terminal()
    answers = stdin_answers.read_answers(sys.stdin.fileno()) if options.answers else None
    if not os.access(options.torrc, os.R_OK):
        raise BadUsage(f"{options.torrc} cannot be read")
    with ExitStack() as stack:
        state = stack.enter_context(held(options.state))
        compile_dir(confine.CODE, quiet=2)  # the children may not write, and would read the source at each start
        if options.in_earnest and first_run.is_due(state) and (kind := container()):
            raise InContainer(kind)
        standing, missing = _say_walls(terminal, state)
        programs.version_of()  # a missing tor is told before anything is made or asked
        wanted = bridges.wanted_bridges(answers, terminal, asks=options.bridge, locked=options.locked)
        bridges.announce(state, wanted)
        site = stack.enter_context(site_listener(state))
        desk = [*stack.enter_context(desk_listeners(options.desk_port)), stack.enter_context(far_listener(state))]
        keep = partial(bridges.keep_bridges, state, wanted=wanted)
        if options.locked:
            unlocked = locked.wait_for_secret(state, options.clock, keep)
        elif answers is None:
            unlocked = unlock.unlock_with_a_person(state, terminal, options.clock, options.desk_port)
        else:
            if first_run.is_due(state):
                stdin_answers.expect_a_reader("./scripts/launch")
            hand_over = partial(unlock.hand_over_secrets, options.desk_port)
            unlocked = unlock.unlock_with_answers(state, answers, options.clock, hand_over)
            if not unlocked.first_secrets:
                stdin_answers.hand_over_json(unlock.addresses(unlocked, options.desk_port))
        unlocked = keep(unlocked)
        sweep_all(state)  # now: until it is unlocked, what was cut off says that this is no first run
        # From here on only what restarts need is kept: the passphrase and the secrets of a first run are forgotten.
        answers, is_first, unlocked = None, unlocked.first_secrets is not None, replace(unlocked, first_secrets=None)
        desk_url = unlock.desk_url(unlocked.keys, options.desk_port)
        terminal.say(f"Onion address: http://{unlocked.onion.address}/")
        if unlocked.bridges:
            terminal.say(bridges.described(unlocked.bridges))
        terminal.say(f"Desk: {desk_url}/   (open it in a private window)")
        for line in unlock.what_is_next(state, desk_url) if is_first else ():
            terminal.say(line)
        Launcher(options, state, unlocked, terminal, standing, missing).run(site, desk)


def _say_walls(terminal: Terminal, state: State) -> tuple[Walls, list[Missing]]:
    """Say in the first line which walls stand around the processes, or which one does not, and give them."""
    standing, missing = try_walls([state.run])
    for one in missing:
        terminal.say(f"{one.sentence}\n    {one.cure}")
    if not missing:
        terminal.say("confined: each process sees its own files and no network")
    if os.geteuid() == 0:
        terminal.say("Everything runs as root, because --as-is says so.")
    return standing, missing
