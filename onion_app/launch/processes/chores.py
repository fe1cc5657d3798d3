"""The hourly chores: destroy and publish the texts that are due, make the mailbox agree with the desk, empty the logs.

Each of them may be cut off at any point and done again. They hold both keys, answer nobody, and open no text.
"""

from contextlib import suppress

from onion_app import days
from onion_app.errors import CheckpointBusy, NothingHere
from onion_app.launch import clock
from onion_app.launch.processes.child import Child, Orders, WaitingCounts, run_child
from onion_app.vault import database, settings, statefiles, truth
from onion_app.vault.database import Database
from onion_app.vault.desk import audit, circles, guides, stories_queue, taken
from onion_app.vault.mailbox import lifetime, queues
from onion_app.vault.shown import routing

_UNTOUCHED_DAYS = 3  # after that a taken case goes back to the queue: its visitor waits for somebody who is there


def work(child: Child) -> None:
    """Do every chore once and report the counts."""
    orders = child.orders
    mailbox = database.open_mailbox(orders.mailbox_folder, orders.mailbox_key)
    desk = database.open_desk(orders.desk_folder, orders.desk_key)
    today = days.today(orders.clock)
    if orders.pause is not None:
        truth.change_setting(mailbox, desk, "paused", orders.pause)
    off = clock.check_and_note(desk, orders.machine_day(), is_right=orders.clock_is_right, latest_day=orders.latest_day)
    # Destroying comes first: the comparison after it clears the desk of everything about a case that is gone.
    destroyed = 0 if off else destroy_due(mailbox, desk, today)
    findings = len(truth.repair(mailbox, desk, today))
    give_back_from_strangers(mailbox, desk)
    if not off:
        lifetime.bring_days_back(mailbox, today)
        # After the comparison: what was taken back has left the queue, and nothing planted stands in a story's place.
        stories_queue.publish_due_stories(mailbox, desk, today)
        taken.give_back_untouched(desk, today - _UNTOUCHED_DAYS)
        discard_copies(orders, desk, today)
    statefiles.keep_reserve(mailbox.folder)
    busy = sum(log_is_busy(db) for db in (mailbox, desk))
    for circle in waiting(mailbox, desk, today):
        child.reports.circle(circle)
    done = {"destroyed": destroyed, "findings": findings, "busy_logs": busy, "clock_off": off}
    child.reports.counts({**done, **noticed(desk), "is_full": int(routing.is_full(mailbox))})
    mailbox.close()
    desk.close()


def destroy_due(mailbox: Database, desk: Database, today: int) -> int:
    """Destroy the cases whose time is over; give how many. `today` is a day since 1970."""
    kept_days = settings.read_settings(desk).retention_days  # the desk's word: the mailbox could have been changed
    destroyed = 0
    while due := lifetime.due_cases(mailbox, today, kept_days):
        for case in due:
            lifetime.erase_case(mailbox, case.id, today)
        destroyed += len(due)
    return destroyed


def give_back_from_strangers(mailbox: Database, desk: Database) -> None:
    """Give back each case that is held by somebody outside its circle, who can neither open nor answer it.

    A case that is handed over changes in the mailbox first, and then at the desk; a member may be shut out while they
    take one. Cut off in between, it would wait in the hands of a stranger.
    """
    for case_id, moderator_id in taken.all_taken(desk):
        with suppress(NothingHere):  # erased just now
            circle_id = lifetime.read_case(mailbox, case_id).circle_id
            if circle_id not in {circle.id for circle in circles.circles_of(desk, moderator_id)}:
                taken.give_case_back(desk, case_id, moderator_id)


def discard_copies(orders: Orders, desk: Database, today: int) -> None:
    """Remove the copies made before migrations once they are too old: they hold cases that were erased since."""
    before = today - settings.read_settings(desk).backup_days
    for folder in (orders.mailbox_folder, orders.desk_folder):
        database.discard_copies(folder, before)


def log_is_busy(db: Database) -> bool:
    """Truncate the write-ahead log (P07), and say whether a reader kept it from being truncated."""
    try:
        db.checkpoint()
    except CheckpointBusy:
        return True
    return False


def waiting(mailbox: Database, desk: Database, today: int) -> list[WaitingCounts]:
    """Count the messages that wait, circle by circle."""
    counted = [(circle.name, queues.waiting_counts(mailbox, circle.id)) for circle in circles.circles(desk)]
    return [
        WaitingCounts(name, count.unread, count.urgent, None if count.oldest_day is None else today - count.oldest_day)
        for name, count in counted
    ]


def noticed(desk: Database) -> dict[str, int]:
    """Say whether new messages are taken, how many findings nobody has acknowledged, and which texts are missing."""
    values = settings.read_settings(desk)
    return {
        "paused": int(values.paused),
        "unacknowledged": len(audit.findings(desk)),
        "lacks_how_to_find_us": int(not any(values.how_to_find_us.values())),
        "lacks_members": int(any(circle.catch_all and circle.public_key is None for circle in circles.circles(desk))),
        "lacks_now": int(
            not any(guide.slug == "now" and guide.state == "public" for guide, _ in guides.all_guides(desk))
        ),
    }


if __name__ == "__main__":
    run_child(work)
