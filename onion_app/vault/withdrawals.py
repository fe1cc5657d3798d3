"""A withdrawn case or story stays away: the list of withdrawn ids is carried over to a state that comes from a backup.

# P07: a backup is older than some withdrawals; a newer list, wherever one is left, is applied before anybody reads.
"""

from onion_app.shapes import Row
from onion_app.vault import truth
from onion_app.vault.database import Database
from onion_app.vault.shown import writing


def withdrawn_ids(mailbox: Database) -> list[Row]:
    """Give every id that was taken back, with its day."""
    return mailbox.rows("SELECT id, day FROM withdrawn")


def apply_withdrawals(mailbox: Database, desk: Database, newer: list[Row], today: int) -> int:
    """Destroy the cases and stories of a newer list that this mailbox still has; give how many ids were new to it."""
    known = set(withdrawn_ids(mailbox))
    coming = [row for row in newer if row not in known]
    with mailbox.writing():
        for withdrawn_id, day in coming:
            mailbox.run("DELETE FROM case_keys WHERE case_id = ?", (withdrawn_id,))
            mailbox.run("DELETE FROM messages WHERE case_id = ?", (withdrawn_id,))
            mailbox.run("DELETE FROM cases WHERE id = ?", (withdrawn_id,))
            writing.remove_text(mailbox, withdrawn_id)
            mailbox.run("INSERT INTO withdrawn (id, day) VALUES (?, ?) ON CONFLICT DO NOTHING", (withdrawn_id, day))
        writing.raise_published_counter(mailbox)
    truth.repair(mailbox, desk, today)  # the desk's rows of them go too
    mailbox.checkpoint()
    desk.checkpoint()
    return len(coming)
