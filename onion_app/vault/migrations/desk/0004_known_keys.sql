-- Which keys of a case the desk has met: a key that was exchanged in the mailbox is not one of them.
CREATE TABLE known_keys (
    case_id BLOB NOT NULL CHECK (length(case_id) = 16),
    epoch INTEGER NOT NULL CHECK (epoch >= 1),
    mark BLOB NOT NULL CHECK (length(mark) = 32),
    recipient BLOB NOT NULL CHECK (length(recipient) = 16),
    PRIMARY KEY (case_id, epoch)
) STRICT, WITHOUT ROWID;
