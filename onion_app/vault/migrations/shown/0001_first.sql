-- What readers are shown, and to whom visitors write. The site reads it through a read-only mount. # P13

CREATE TABLE circles (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    generation INTEGER CHECK (generation BETWEEN 1 AND 65535),  -- of its key; NULL while nobody is in it
    topics TEXT NOT NULL,
    languages TEXT NOT NULL,
    catch_all INTEGER NOT NULL CHECK (catch_all IN (0, 1)),
    coordinators INTEGER NOT NULL CHECK (coordinators IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE TABLE circle_keys (
    circle_id BLOB NOT NULL CHECK (length(circle_id) = 16),
    generation INTEGER NOT NULL CHECK (generation BETWEEN 1 AND 65535),
    public_key BLOB NOT NULL CHECK (length(public_key) = 32),
    PRIMARY KEY (circle_id, generation)
) STRICT, WITHOUT ROWID;

CREATE TABLE handed (
    case_id BLOB NOT NULL CHECK (length(case_id) = 16),
    turn INTEGER NOT NULL CHECK (turn BETWEEN 1 AND 255),
    circle_id BLOB NOT NULL CHECK (length(circle_id) = 16),
    PRIMARY KEY (case_id, turn)
) STRICT, WITHOUT ROWID;

CREATE TABLE doors (
    case_id BLOB NOT NULL PRIMARY KEY CHECK (length(case_id) = 16),
    state TEXT NOT NULL CHECK (state IN ('closed', 'gone'))
) STRICT, WITHOUT ROWID;

CREATE TABLE replies (
    message_id BLOB NOT NULL PRIMARY KEY CHECK (length(message_id) = 16),
    case_id BLOB NOT NULL CHECK (length(case_id) = 16),
    mark BLOB NOT NULL CHECK (length(mark) = 32)
) STRICT, WITHOUT ROWID;
CREATE INDEX replies_of ON replies (case_id);

CREATE TABLE withdrawn (
    mark BLOB NOT NULL PRIMARY KEY CHECK (length(mark) = 32),
    proof BLOB NOT NULL CHECK (length(proof) = 32)  -- kept for good: no backup brings back what its author took away
) STRICT, WITHOUT ROWID;

CREATE TABLE texts (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    slug TEXT UNIQUE,  -- of a guide; NULL for a story
    mark BLOB CHECK (length(mark) = 32)  -- of the proof that takes a story back; NULL where nobody can
) STRICT, WITHOUT ROWID;

CREATE TABLE versions (
    text_id BLOB NOT NULL REFERENCES texts (id),
    language TEXT NOT NULL CHECK (language IN ('ar', 'ckb', 'kmr', 'en')),
    edition BLOB NOT NULL CHECK (length(edition) = 16),
    year INTEGER,  -- of a story, the same in all its languages; NULL for a guide
    notes TEXT NOT NULL,
    translated_from TEXT CHECK (translated_from IN ('ar', 'ckb', 'kmr', 'en')),
    checked_by TEXT,
    checked_day INTEGER,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (text_id, language)
) STRICT, WITHOUT ROWID;
CREATE INDEX written_in ON versions (language, year DESC, text_id DESC, edition);
CREATE INDEX originals ON versions (year DESC, text_id DESC) WHERE translated_from IS NULL;

CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE published (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    counter INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO published (one, counter) VALUES (1, 0);

CREATE TABLE notices (
    language TEXT NOT NULL PRIMARY KEY CHECK (language IN ('ar', 'ckb', 'kmr', 'en')),
    text TEXT NOT NULL,
    end_day INTEGER NOT NULL  -- the last on which it stands
) STRICT, WITHOUT ROWID;
