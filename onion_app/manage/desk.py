"""`invite --coordinator` and `address`: the two things that the operator needs from the desk's database."""

import argparse
import json
import sys
import time
from contextlib import closing

from onion_app import days
from onion_app.crypto.codes import invitation_digest, lines, new_code
from onion_app.errors import BadUsage, DamagedFile, NothingHere
from onion_app.launch import unlock
from onion_app.launch.state import State
from onion_app.launch.terminal import Terminal
from onion_app.manage import secret
from onion_app.vault import database, settings
from onion_app.vault.desk import audit, circles, invitations


def invite(chosen: argparse.Namespace, place: State, terminal: Terminal) -> None:
    """Invite a coordinator, as the operator must when the last one is lost; the desk keeps a note of it.

    Raises: BadUsage without --coordinator, DamagedFile, and what `secret.keys` and `database.open_desk` raise.
    """
    if not chosen.coordinator:
        raise BadUsage("volunteers are invited at the desk, by a coordinator; this makes a coordinator: --coordinator")
    keys = secret.keys(chosen, place, terminal)
    code, today = new_code(), days.today(time.time)
    with closing(database.open_desk(place.desk, keys.desk)) as desk:
        circle = next((circle for circle in circles.circles(desk) if circle.coordinators), None)
        if circle is None:
            raise DamagedFile("desk.db holds no circle of coordinators")
        made = invitations.new_invitation(circle.id, today, coordinator=True)
        invitations.add_invitation(desk, made, invitation_digest(code))
        audit.audit(desk, None, "operator invited a coordinator", today, circle.id)
    if chosen.answers:
        sys.stdout.write(json.dumps({"invitation": code}) + "\n")
        return
    words = [f"    {number}.  {line}" for number, line in enumerate(lines(code), start=1)]
    words += [
        "",
        f"With it one coordinator enrols at the desk, under /join, within {invitations.INVITATION_DAYS} days.",
    ]
    words += [f"    {unlock.desk_url(keys, chosen.desk_port)}/join"]
    words += ["", "Somebody who works there already logs in and types it under My account instead."]
    words += ["", "If the circle has members, one of them lets the new one in. If nobody is left, its old cases stay"]
    words += ["readable to their authors only."]
    terminal.screen("The invitation of a coordinator", words, "Press Enter when it is written down.")


def address(chosen: argparse.Namespace, place: State, terminal: Terminal) -> None:
    """Print the onion address, and say where the desk is.

    Raises: DamagedFile, and what `secret.keys` and `database.open_desk` raise.
    """
    keys = secret.keys(chosen, place, terminal)
    with closing(database.open_desk(place.desk, keys.desk)) as desk:
        try:
            onion = settings.read_onion(desk).address
        except NothingHere:
            raise DamagedFile("desk.db holds no onion key") from None
    sys.stdout.write(onion + "\n")
    terminal.say(f"Desk: {unlock.desk_url(keys, chosen.desk_port)}/   (open it in a private window)")
