-- 21 parts

-- table case_keys of case_keys
CREATE TABLE case_keys (
    case_id BLOB NOT NULL REFERENCES cases (id),
    epoch INTEGER NOT NULL CHECK (epoch >= 1),
    holder BLOB NOT NULL CHECK (length(holder) = 16),
    recipient BLOB NOT NULL CHECK (length(recipient) = 16),
    wrap BLOB NOT NULL CHECK (length(wrap) BETWEEN 1 AND 1000),
    PRIMARY KEY (case_id, epoch, holder)
) STRICT, WITHOUT ROWID;

-- index sealed_to of case_keys
CREATE INDEX sealed_to ON case_keys (holder, recipient, case_id);

-- table cases of cases
CREATE TABLE cases (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    circle_id BLOB NOT NULL CHECK (length(circle_id) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('testimony', 'request')),
    topic TEXT NOT NULL CHECK (topic IN
        ('talk', 'safety', 'law', 'health', 'training', 'story', 'answer', 'unknown', 'testimony')),
    answer_in TEXT NOT NULL CHECK (answer_in IN ('ar', 'ckb', 'kmr', 'en', 'any')),
    state TEXT NOT NULL CHECK (state IN ('new', 'reading', 'answered', 'asking', 'ready', 'published', 'closed')),
    unread INTEGER NOT NULL CHECK (unread IN (0, 1)),
    urgent INTEGER NOT NULL CHECK (urgent IN (0, 1, 2)),  -- 2 yes, 1 unknown, 0 no: so that it sorts
    lookup_tag BLOB UNIQUE CHECK (length(lookup_tag) = 32),
    author_key BLOB CHECK (length(author_key) = 32),
    received_day INTEGER NOT NULL,
    last_day INTEGER NOT NULL,
    spread INTEGER NOT NULL CHECK (spread BETWEEN 0 AND 999),  -- per mille, so that retention keeps no order of arrival
    CHECK ((lookup_tag IS NULL) = (author_key IS NULL))
) STRICT, WITHOUT ROWID;

-- index queue of cases
CREATE INDEX queue ON cases (circle_id, state, urgent DESC, last_day, id);

-- index retention of cases
CREATE INDEX retention ON cases (last_day);

-- index sqlite_autoindex_cases_2 of cases
-- made by SQLite;

-- index unread of cases
CREATE INDEX unread ON cases (circle_id, urgent DESC, last_day, id) WHERE unread = 1;

-- table circles of circles
CREATE TABLE circles (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    public_key BLOB NOT NULL CHECK (length(public_key) = 32),
    topics TEXT NOT NULL,
    languages TEXT NOT NULL,
    catch_all INTEGER NOT NULL CHECK (catch_all IN (0, 1)),
    coordinators INTEGER NOT NULL CHECK (coordinators IN (0, 1))
) STRICT, WITHOUT ROWID;

-- index one_catch_all of circles
CREATE UNIQUE INDEX one_catch_all ON circles (catch_all) WHERE catch_all = 1;

-- index one_coordinators of circles
CREATE UNIQUE INDEX one_coordinators ON circles (coordinators) WHERE coordinators = 1;

-- table listed of listed
CREATE TABLE listed (
    language TEXT NOT NULL CHECK (language IN ('ar', 'ckb', 'kmr', 'en')),  -- the reader's
    missing INTEGER NOT NULL CHECK (missing IN (0, 1)),  -- 1: not written in it, and listed after those that are
    notes INTEGER NOT NULL CHECK (notes BETWEEN 0 AND 255),  -- a bit for each content note
    year INTEGER NOT NULL,  -- 0: it is not said
    text_id BLOB NOT NULL CHECK (length(text_id) = 16),
    title TEXT NOT NULL,
    written_in TEXT NOT NULL CHECK (written_in IN ('ar', 'ckb', 'kmr', 'en')),
    letters INTEGER NOT NULL,
    languages TEXT NOT NULL,
    PRIMARY KEY (language, missing, notes, year, text_id)
) STRICT, WITHOUT ROWID;

-- index lines_of of listed
CREATE INDEX lines_of ON listed (text_id);

-- table messages of messages
CREATE TABLE messages (
    case_id BLOB NOT NULL REFERENCES cases (id),
    number INTEGER NOT NULL CHECK (number >= 0),
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    epoch INTEGER NOT NULL CHECK (epoch >= 1),
    author TEXT NOT NULL CHECK (author IN ('visitor', 'circle', 'site')),
    sealed BLOB NOT NULL CHECK (length(sealed) BETWEEN 1 AND 66000),  -- 64 KiB of padded text, and its seal
    PRIMARY KEY (case_id, number)
) STRICT, WITHOUT ROWID;

-- index sqlite_autoindex_messages_1 of messages
-- made by SQLite;

-- table published of published
CREATE TABLE published (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    counter INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- table settings of settings
CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- table texts of texts
CREATE TABLE texts (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('story', 'guide')),
    slug TEXT UNIQUE,
    year INTEGER,
    notes TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- index listing of texts
CREATE INDEX listing ON texts (kind, id);

-- index sqlite_autoindex_texts_2 of texts
-- made by SQLite;

-- table versions of versions
CREATE TABLE versions (
    text_id BLOB NOT NULL REFERENCES texts (id),
    language TEXT NOT NULL CHECK (language IN ('ar', 'ckb', 'kmr', 'en')),
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    translated_from TEXT CHECK (translated_from IN ('ar', 'ckb', 'kmr', 'en')),
    checked_by TEXT,
    checked_day INTEGER,
    PRIMARY KEY (text_id, language)
) STRICT, WITHOUT ROWID;

-- table withdrawn of withdrawn
CREATE TABLE withdrawn (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    day INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
