-- The list of stories, ready to be read ten at a time however many there are: for each story and each language that a
-- reader may have, one row. It says nothing that the texts do not say, and keeps no order but that of the years.

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
CREATE INDEX lines_of ON listed (text_id);
