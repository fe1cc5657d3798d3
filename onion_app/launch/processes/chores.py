"""The chores: keep what was taken back gone, destroy and publish what is due, put queues right, empty the logs.

Each of them may be cut off at any point and done again, and one that fails ends no other. They hold both keys, answer
nobody, and open no text. What they are to guard against comes last: a file is made whole before anything is read, and
the launcher has swept what was cut off before it starts them.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import Final, NamedTuple, TypeVar

from onion_app import days
from onion_app.errors import BadSetting, CheckpointBusy, DiskFull, Overloaded, RowDamaged, SanctuaryError
from onion_app.launch import clock
from onion_app.launch.hardening import PASSING
from onion_app.launch.processes.child import Child, Orders, Suspension, WaitingCounts, run_child
from onion_app.vault import forgetting, migrating, rewriting, settings, statefiles
from onion_app.vault.connection import KINDS
from onion_app.vault.database import Database
from onion_app.vault.desk import audit, circles, guides, notebook, notice, proposals, stories, stories_queue, taken
from onion_app.vault.mailbox import lifetime, queues, withdrawals
from onion_app.vault.overdue import overdue_in
from onion_app.vault.show import show
from onion_app.vault.shown import routing

_UNTOUCHED_DAYS = 3  # after that a taken case goes back to the queue: its visitor waits for somebody who is there
_COPIES_STAY = 7  # days; or as many as safety copies stay, where those are fewer
_PROOFS_OF_A_CASE = 2  # whoever erases gives that of the case and that of its story

# Somebody kept us out, such as a backup of a large mailbox, or there is no room to open it.
_NOTHING_WRONG: Final = (Overloaded, DiskFull)

_Result = TypeVar("_Result")


class Found(NamedTuple):
    """The new proofs, and the known cases that are missing at the same moment."""

    proofs: list[bytes]
    missing: forgetting.Missing


class Files(NamedTuple):
    """The three databases."""

    mailbox: Database
    shown: Database
    desk: Database


@dataclass
class Attempts:
    """The chores that were tried, one after the other, and the classes of the errors that they met."""

    failed: list[str] = field(default_factory=list)

    def at(self, chore: Callable[[], _Result], otherwise: _Result) -> _Result:
        """Do a chore; where it fails, note it and go on.

        Raises:
            Overloaded: somebody keeps us out, and would keep us out of the next one too.
        """
        try:
            return chore()
        except Overloaded:
            raise
        except Exception as error:  # noqa: BLE001 - what one row has brought about must not keep the others
            self.failed.append(type(error).__name__)
            return otherwise


def work(child: Child) -> None:
    """Do one round of chores and report what was seen."""
    orders = child.orders
    with closing(orders.open("shown")) as shown, ExitStack() as stack:
        with letting_nothing_in(shown):
            desk = stack.enter_context(closing(orders.open("desk")))
        try:
            with letting_nothing_in(shown):
                mailbox = stack.enter_context(closing(orders.open("mailbox")))
        except _NOTHING_WRONG:
            raise
        except SanctuaryError:
            show(shown, desk)  # nobody can hold the lock of a mailbox that does not open
            raise
        do_round(child, Files(mailbox, shown, desk))


def do_round(child: Child, files: Files) -> None:
    """Do the chores of this round."""
    orders, attempts, today = child.orders, Attempts(), days.today(child.orders.clock)
    attempts.at(lambda: let_shown_follow(files), None)
    counts: dict[str, int] = {}
    if orders.work == "daily":
        attempts.at(lambda: rewriting.rewrite_recent_rows(files.mailbox, today), None)
    else:
        counts = keep_gone(files, attempts, today) if orders.work == "short" else do_all(child, files, attempts, today)
    damaged = sum(db.left_out for db in files)
    attempts.failed += [RowDamaged.__name__] if damaged else []
    counts["busy_logs"] = sum(log_is_busy(db) for db in (files.mailbox, files.desk))
    child.reports.send(counts=counts)
    for error in attempts.failed:
        child.reports.failed(error)


def do_all(child: Child, files: Files, attempts: Attempts, today: int) -> dict[str, int]:
    """Do every chore; give the counts, and report those of the circles."""
    mailbox, shown, desk = files
    orders = child.orders
    if orders.pause is not None:
        attempts.at(lambda: settings.change_setting(shown, "paused", orders.pause), None)
    day, is_right = orders.machine_day(), orders.clock_is_right
    off: int | None = attempts.at(lambda: clock.check_and_note(desk, day, is_right=is_right), None)
    counts = keep_gone(files, attempts, today) | {"destroyed": 0} | ({} if off is None else {"clock_off": off})
    if off == 0:
        counts["destroyed"] = attempts.at(lambda: forgetting.destroy_due(*files, today), 0)
        attempts.at(lambda: forgetting.end_boxes(mailbox, desk, today), None)
        attempts.at(lambda: forgetting.bring_days_back(mailbox, today), None)
        attempts.at(lambda: stories_queue.publish_due_stories(*files, today), 0)
        attempts.at(lambda: proposals.forget_old(desk, today), None)
        attempts.at(lambda: notice.forget_past(desk, today), None)
        attempts.at(lambda: notebook.forget_faded(desk, today), None)
        attempts.at(lambda: taken.give_back_untouched(desk, today - _UNTOUCHED_DAYS), None)
        attempts.at(lambda: discard_copies(orders, shown, today), None)
    attempts.at(lambda: let_shown_follow(files), None)
    attempts.at(lambda: forgetting.put_queues_right(mailbox, desk), None)
    attempts.at(lambda: give_back_from_strangers(mailbox, desk), None)
    counts["malformed"] = attempts.at(lambda: count_malformed(files, today), 0)
    attempts.at(lambda: statefiles.keep_reserve(mailbox.folder), None)
    uncounted: list[WaitingCounts] = []
    for circle in attempts.at(lambda: waiting(files, today), uncounted):
        child.reports.send(circle=asdict(circle))
    unnamed: list[tuple[str, str]] = []
    for by, who in attempts.at(lambda: proposals.suspended(desk), unnamed):
        child.reports.send(suspended=asdict(Suspension(who, by)))
    return counts | noticed(files, attempts, today)


def count_malformed(files: Files, today: int) -> int:
    """Count the rows that no honest program has written, wherever they are, and name them at the desk."""
    mailbox, shown, desk = files
    found = forgetting.put_rows_right(mailbox, today) + desk.flaws() + shown.flaws()
    if found:
        with desk.writing():
            audit.add_finding(desk, today, "rows that no honest program has written", str(found))
    return found


def let_shown_follow(files: Files) -> None:
    """Let `shown.db` follow the desk; where a row cannot be shown, take no new text until somebody has looked."""
    before = files.shown.left_out
    with files.mailbox.writing():
        show(files.shown, files.desk)
    if files.shown.left_out > before:
        take_no_new_text(files.shown)


def keep_gone(files: Files, attempts: Attempts, today: int) -> dict[str, int]:
    """Keep gone what authors took back, and forget what is not in the mailbox any more; give the number missing."""
    shown, desk = files.shown, files.desk
    found = attempts.at(lambda: look_through(files), None)
    attempts.at(lambda: stories_queue.remove_withdrawn_stories(*files), None)
    if found is not None and not found.missing.is_alarming:
        attempts.at(lambda: forgetting.delete_what_came_back(*files), 0)
        attempts.at(lambda: note_missing(desk, found.missing, today), None)
        attempts.at(lambda: forget(files, found), None)
        attempts.at(lambda: forgetting.note_marks(*files), None)
    return attempts.at(lambda: {"missing": settings.read_settings(shown).missing}, {})


def forget(files: Files, found: Found) -> None:
    """Forget the missing cases, and only then discard what explains them: a round that is cut off counts it again."""
    forgetting.forget_cases(*files, found.missing.cases, only_missing=True)
    withdrawals.discard_proofs(files.mailbox, found.proofs)


def look_through(files: Files) -> Found:
    """Bring the new proofs where they stay for good, and find the known cases that are missing at the same moment.

    So many of them may be missing that nothing is forgotten until the operator has looked. Where the look itself fails,
    no new text is taken.
    """
    mailbox, shown, _ = files
    with letting_nothing_in(shown), mailbox.writing():
        proofs = withdrawals.bring_proofs(mailbox, shown)
        missing = forgetting.missing_cases(*files, len(proofs) // _PROOFS_OF_A_CASE)
    number = len(missing.cases) if missing.is_alarming else 0
    with suppress(BadSetting):  # the site takes no text then; what authors took back is forgotten all the same
        if settings.read_settings(shown).missing != number:
            settings.change_setting(shown, "missing", number)
    return Found(proofs, missing)


@contextmanager
def letting_nothing_in(shown: Database) -> Iterator[None]:
    """Look at something; where that fails, take no new text. Who was kept out, or has no room, looks again soon."""
    try:
        yield
    except _NOTHING_WRONG:
        raise
    except Exception:
        take_no_new_text(shown)
        raise


def take_no_new_text(shown: Database) -> None:
    """Let the site take no new text until the operator has looked at a check that failed."""
    try:
        is_known = settings.read_settings(shown).unchecked
    except BadSetting:
        is_known = False
    if not is_known:
        settings.change_setting(shown, "unchecked", True)  # noqa: FBT003 - the value of a setting


def note_missing(desk: Database, missing: forgetting.Missing, today: int) -> None:
    """Say at the desk that cases are missing without a word of their authors, and which published stories are theirs.

    Such a story stays: nobody who can only delete rows takes a story away. # P07
    """
    with desk.writing():
        if missing.unexplained:
            audit.add_finding(desk, today, "cases missing", str(missing.unexplained))
        shown_stories = stories.shown_stories(desk)
        for case_id in missing.cases & shown_stories.keys():
            audit.add_finding(desk, today, "case of a published story is missing", shown_stories[case_id].hex())


def give_back_from_strangers(mailbox: Database, desk: Database) -> None:
    """Give back each case that is held by somebody outside its circle, who can neither open nor answer it.

    Its queue was put right before: a case may be handed over, or a member shut out, while they take it.
    """
    for case_id, moderator_id in taken.all_taken(desk):
        circle_id = lifetime.queue_of(mailbox, case_id)
        if circle_id is not None and circle_id not in {each.id for each in circles.circles_of(desk, moderator_id)}:
            with desk.leaving_out():
                taken.give_case_back(desk, case_id, moderator_id)


def discard_copies(orders: Orders, shown: Database, today: int) -> None:
    """Remove the copies made before migrations and updates in time: they hold cases that were erased since.

    P15: after as many days as the site says of safety copies, at most: what was erased right after a copy, too.
    """
    oldest = today - min(_COPIES_STAY, settings.read_settings(shown).backup_days) + 1
    for kind in KINDS:
        migrating.discard_copies(orders.folder(kind), range(oldest, today + 1))


def log_is_busy(db: Database) -> bool:
    """Truncate the write-ahead log (P07), and say whether a reader kept it from being truncated."""
    try:
        db.checkpoint()
    except CheckpointBusy:
        return True
    return False


def waiting(files: Files, today: int) -> list[WaitingCounts]:
    """Count the messages that wait, circle by circle."""
    mailbox, shown, desk = files
    in_force, counts = settings.read_settings(shown), list[WaitingCounts]()
    for circle in circles.circles(desk):
        count = queues.waiting_counts(mailbox, circle.id)
        late = overdue_in(mailbox, desk, in_force, circle.id, today).cases
        oldest = None if count.oldest_day is None else today - count.oldest_day
        counts.append(WaitingCounts(circle.name, count.unread, count.urgent, late, oldest))
    return counts


def noticed(files: Files, attempts: Attempts, today: int) -> dict[str, int]:
    """Say whether new messages are taken, which findings nobody has acknowledged, which texts and notice there are."""
    mailbox, shown, desk = files
    questions: dict[str, Callable[[], int]] = {
        "paused": lambda: settings.read_settings(shown).paused,
        "unchecked": lambda: settings.read_settings(shown).unchecked,
        "is_full": lambda: routing.is_full(mailbox, settings.read_settings(shown)),
        "proposals": lambda: len(proposals.open_proposals(desk)),
        "notice_until": lambda: max((each.end_day for each in notice.standing(desk, today)), default=0),
        "unacknowledged": lambda: audit.unseen_findings(desk),
        "lacks_how_to_find_us": lambda: not any(settings.read_settings(shown).how_to_find_us.values()),
        "lacks_members": lambda: any(each.catch_all and each.generation is None for each in circles.circles(desk)),
        "lacks_now": lambda: (
            not any(
                each.slug == "now" and guides.state_of(versions) == "public"
                for each, versions in guides.all_guides(desk)
            )
        ),
    }
    answers = {name: attempts.at(question, None) for name, question in questions.items()}
    return {name: int(answer) for name, answer in answers.items() if answer is not None}


if __name__ == "__main__":
    run_child(work, PASSING)
