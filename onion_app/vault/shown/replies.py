"""The marks of the answers that the desk wrote: what has none, its author is not shown."""

from onion_app.crypto.casekeys import reply_mark
from onion_app.errors import KeysChanged
from onion_app.vault.database import Database


def put_reply(shown: Database, case_id: bytes, message_id: bytes, sealed: bytes) -> None:
    """Note that the desk writes an answer, inside the caller's `writing()`; told twice, the later bytes hold.

    Raises:
        KeysChanged: an answer in another case has this id.
    """
    put = (
        "INSERT INTO replies (message_id, case_id, mark) VALUES (?, ?, ?) "
        "ON CONFLICT (message_id) DO UPDATE SET mark = excluded.mark WHERE case_id = excluded.case_id"
    )
    if not shown.run(put, (message_id, case_id, reply_mark(sealed))):
        raise KeysChanged


def forget_replies(shown: Database, case_id: bytes) -> None:
    """Forget the marks of a case's answers, inside the caller's `writing()`."""
    shown.run("DELETE FROM replies WHERE case_id = ?", (case_id,))
