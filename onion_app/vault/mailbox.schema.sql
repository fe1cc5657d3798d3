-- 14 parts

-- table cases of cases
CREATE TABLE cases (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    home BLOB NOT NULL CHECK (length(home) = 16),
    mark BLOB NOT NULL UNIQUE CHECK (length(mark) = 32),
    codes BLOB NOT NULL CHECK (length(codes) % 32 = 0 AND length(codes) BETWEEN 32 AND 512),
    tag BLOB UNIQUE CHECK (length(tag) = 32),
    box BLOB CHECK (length(box) BETWEEN 89 AND 569),
    stop BLOB CHECK (length(stop) = 73),
    -- From here on for the queues only, and believed by nobody.
    circle_id BLOB NOT NULL CHECK (length(circle_id) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('testimony', 'request')),
    topic TEXT NOT NULL CHECK (topic IN
        ('talk', 'safety', 'law', 'health', 'training', 'story', 'answer', 'unknown', 'testimony')),
    answer_in TEXT NOT NULL CHECK (answer_in IN ('ar', 'ckb', 'kmr', 'en', 'any')),
    state TEXT NOT NULL CHECK (state IN ('new', 'reading', 'answered', 'asking', 'agreed', 'ready', 'published', 'closed')),
    unread INTEGER NOT NULL CHECK (unread IN (0, 1)),
    urgent INTEGER NOT NULL CHECK (urgent IN (0, 1, 2)),  -- 2 yes, 1 unknown, 0 no: so that it sorts
    received_day INTEGER NOT NULL,
    since_day INTEGER NOT NULL,  -- of the oldest word of its author that waits for an answer
    last_day INTEGER NOT NULL,
    spread INTEGER NOT NULL CHECK (spread BETWEEN 0 AND 999),  -- per mille, so that retention keeps no order of arrival
    CHECK ((tag IS NULL) = (stop IS NULL)),
    CHECK (box IS NULL OR tag IS NOT NULL)
) STRICT, WITHOUT ROWID;

-- index asked of cases
CREATE INDEX asked ON cases (circle_id, id) WHERE unread = 1 AND state = 'asking';

-- index of_circle of cases
CREATE INDEX of_circle ON cases (circle_id, id);

-- index queue of cases
CREATE INDEX queue ON cases (circle_id, state, urgent DESC, since_day, id, last_day);

-- index retention of cases
CREATE INDEX retention ON cases (last_day);

-- index sqlite_autoindex_cases_2 of cases
-- made by SQLite;

-- index sqlite_autoindex_cases_3 of cases
-- made by SQLite;

-- index unread of cases
CREATE INDEX unread ON cases (circle_id, urgent DESC, since_day, id) WHERE unread = 1;

-- index urgent of cases
CREATE INDEX urgent ON cases (circle_id, since_day, id) WHERE unread = 1 AND urgent = 2;

-- index waiting of cases
CREATE INDEX waiting ON cases (circle_id, state, urgent DESC, since_day, id, last_day, topic)
    WHERE box IS NOT NULL AND NOT (unread = 1 AND urgent = 2);

-- table counter of counter
CREATE TABLE counter (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    withdrawals INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- table messages of messages
CREATE TABLE messages (
    case_id BLOB NOT NULL REFERENCES cases (id),
    number INTEGER NOT NULL CHECK (number BETWEEN 0 AND 9999),  -- 0 is the day of the author's last visit
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    author TEXT NOT NULL CHECK (author IN ('visitor', 'circle', 'site')),
    turn INTEGER NOT NULL CHECK (turn BETWEEN 0 AND 255),
    generation INTEGER NOT NULL CHECK (generation BETWEEN 1 AND 65535),
    codes INTEGER NOT NULL CHECK (codes BETWEEN 1 AND 16),
    sealed BLOB NOT NULL CHECK (length(sealed) IN (2089, 4137, 8233, 16425, 32809, 65577)),
    PRIMARY KEY (case_id, number)
) STRICT, WITHOUT ROWID;

-- index sqlite_autoindex_messages_1 of messages
-- made by SQLite;

-- table withdrawn of withdrawn
CREATE TABLE withdrawn (
    proof BLOB NOT NULL PRIMARY KEY CHECK (length(proof) = 32)  -- given since the chores last ran
) STRICT, WITHOUT ROWID;
