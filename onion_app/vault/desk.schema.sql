-- 55 parts

-- table admissions of admissions
CREATE TABLE admissions (
    circle_id BLOB NOT NULL REFERENCES circles (id),
    moderator_id BLOB NOT NULL REFERENCES moderators (id),
    invited_by BLOB REFERENCES moderators (id),  -- NULL: the operator
    let_in_by BLOB REFERENCES moderators (id),  -- NULL: nobody was there to do it
    day INTEGER NOT NULL,
    PRIMARY KEY (circle_id, moderator_id)
) STRICT, WITHOUT ROWID;

-- table against_notice of against_notice
CREATE TABLE against_notice (
    moderator_id BLOB NOT NULL PRIMARY KEY REFERENCES moderators (id)  -- a member who wants off what stands
) STRICT, WITHOUT ROWID;

-- table audit of audit
CREATE TABLE audit (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    day INTEGER NOT NULL,
    who BLOB REFERENCES moderators (id),
    what TEXT NOT NULL,
    circle_id BLOB REFERENCES circles (id),
    case_mark BLOB CHECK (length(case_mark) = 32),
    whom BLOB REFERENCES moderators (id)  -- of the same circle, who was let in or shut out
) STRICT, WITHOUT ROWID;

-- index audit_by_day of audit
CREATE INDEX audit_by_day ON audit (day DESC, id);

-- index audit_of_circle of audit
CREATE INDEX audit_of_circle ON audit (circle_id, day DESC, id);

-- index audit_of_person of audit
CREATE INDEX audit_of_person ON audit (circle_id, who, case_mark);

-- table circle_grants of circle_grants
CREATE TABLE circle_grants (
    circle_id BLOB NOT NULL,
    generation INTEGER NOT NULL,
    moderator_id BLOB NOT NULL REFERENCES moderators (id),
    sealed BLOB NOT NULL,
    PRIMARY KEY (circle_id, generation, moderator_id),
    FOREIGN KEY (circle_id, generation) REFERENCES circle_keys (circle_id, generation)
) STRICT, WITHOUT ROWID;

-- table circle_keys of circle_keys
CREATE TABLE circle_keys (
    circle_id BLOB NOT NULL REFERENCES circles (id),
    generation INTEGER NOT NULL CHECK (generation BETWEEN 1 AND 65535),
    public_key BLOB NOT NULL CHECK (length(public_key) = 32),
    PRIMARY KEY (circle_id, generation)
) STRICT, WITHOUT ROWID;

-- table circles of circles
CREATE TABLE circles (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name TEXT NOT NULL UNIQUE,
    topics TEXT NOT NULL,
    languages TEXT NOT NULL,
    catch_all INTEGER NOT NULL CHECK (catch_all IN (0, 1)),
    coordinators INTEGER NOT NULL CHECK (coordinators IN (0, 1)),
    generation INTEGER CHECK (generation BETWEEN 1 AND 65535)  -- of its key; NULL while nobody is in it
) STRICT, WITHOUT ROWID;

-- index one_catch_all of circles
CREATE UNIQUE INDEX one_catch_all ON circles (catch_all) WHERE catch_all = 1;

-- index one_coordinators of circles
CREATE UNIQUE INDEX one_coordinators ON circles (coordinators) WHERE coordinators = 1;

-- index sqlite_autoindex_circles_2 of circles
-- made by SQLite;

-- table closing of closing
CREATE TABLE closing (
    case_id BLOB NOT NULL PRIMARY KEY CHECK (length(case_id) = 16),
    day INTEGER NOT NULL  -- on which its door was closed, until its box goes
) STRICT, WITHOUT ROWID;

-- table counted of counted
CREATE TABLE counted (
    mark BLOB NOT NULL PRIMARY KEY CHECK (length(mark) = 32)
) STRICT, WITHOUT ROWID;

-- table doors of doors
CREATE TABLE doors (
    case_id BLOB NOT NULL PRIMARY KEY CHECK (length(case_id) = 16),
    state TEXT NOT NULL CHECK (state IN ('closed', 'gone'))
) STRICT, WITHOUT ROWID;

-- table entries of entries
CREATE TABLE entries (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    case_id BLOB NOT NULL CHECK (length(case_id) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('note', 'draft', 'approval', 'facts', 'quotation', 'look_again')),
    number INTEGER NOT NULL CHECK (number >= 1),
    language TEXT CHECK (language IN ('ar', 'ckb', 'kmr', 'en')),
    circle_id BLOB NOT NULL REFERENCES circles (id),
    generation INTEGER NOT NULL CHECK (generation BETWEEN 1 AND 65535),
    author BLOB NOT NULL REFERENCES moderators (id),
    day INTEGER NOT NULL,
    sealed BLOB NOT NULL CHECK (length(sealed) IN (2089, 4137, 8233, 16425, 32809, 65577)),
    UNIQUE (case_id, number)
) STRICT, WITHOUT ROWID;

-- index facts_of_circle of entries
CREATE INDEX facts_of_circle ON entries (circle_id, case_id) WHERE kind = 'facts';

-- index look_again of entries
CREATE INDEX look_again ON entries (author, case_id) WHERE kind = 'look_again';

-- index quotations of entries
CREATE INDEX quotations ON entries (circle_id, case_id) WHERE kind = 'quotation';

-- index sqlite_autoindex_entries_2 of entries
-- made by SQLite;

-- table fading of fading
CREATE TABLE fading (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    day INTEGER NOT NULL  -- from which nothing stands under this id in the notebook, whatever a backup brings back
) STRICT, WITHOUT ROWID;

-- table findings of findings
CREATE TABLE findings (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    day INTEGER NOT NULL,
    what TEXT NOT NULL,
    subject TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- table findings_seen of findings_seen
CREATE TABLE findings_seen (
    finding_id BLOB NOT NULL REFERENCES findings (id),
    moderator_id BLOB NOT NULL REFERENCES moderators (id),
    PRIMARY KEY (finding_id, moderator_id)
) STRICT, WITHOUT ROWID;

-- table foundings of foundings
CREATE TABLE foundings (
    circle_id BLOB NOT NULL PRIMARY KEY REFERENCES circles (id)
) STRICT, WITHOUT ROWID;

-- table given of given
CREATE TABLE given (
    month INTEGER NOT NULL,  -- its first day: in it words out of some case were given to
    receiver TEXT NOT NULL CHECK (receiver IN ('un', 'group')),  -- the United Nations, or a human-rights group
    PRIMARY KEY (month, receiver)
) STRICT, WITHOUT ROWID;

-- table handed of handed
CREATE TABLE handed (
    case_id BLOB NOT NULL CHECK (length(case_id) = 16),
    turn INTEGER NOT NULL CHECK (turn BETWEEN 1 AND 255),
    circle_id BLOB NOT NULL REFERENCES circles (id),
    generation INTEGER NOT NULL CHECK (generation BETWEEN 1 AND 65535),  -- of the key that it was sealed to
    sealed BLOB NOT NULL CHECK (length(sealed) <= 40000),
    PRIMARY KEY (case_id, turn)
) STRICT, WITHOUT ROWID;

-- table invitations of invitations
CREATE TABLE invitations (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    mark BLOB NOT NULL UNIQUE CHECK (length(mark) = 32),
    circle_id BLOB NOT NULL REFERENCES circles (id),
    coordinator INTEGER NOT NULL CHECK (coordinator IN (0, 1)),
    made_by BLOB REFERENCES moderators (id),
    expires_day INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('proposed', 'open', 'redeemed', 'cancelled')),
    redeemed_by BLOB REFERENCES moderators (id),
    CHECK ((state = 'redeemed') = (redeemed_by IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- index sqlite_autoindex_invitations_2 of invitations
-- made by SQLite;

-- table known of known
CREATE TABLE known (
    case_id BLOB NOT NULL PRIMARY KEY CHECK (length(case_id) = 16),
    mark BLOB NOT NULL CHECK (length(mark) = 32)  -- of the proof that takes it back: no other explains why it is missing
) STRICT, WITHOUT ROWID;

-- table met of met
CREATE TABLE met (
    case_id BLOB NOT NULL PRIMARY KEY CHECK (length(case_id) = 16),
    codes INTEGER NOT NULL CHECK (codes BETWEEN 2 AND 16),
    mark BLOB NOT NULL CHECK (length(mark) = 32)
) STRICT, WITHOUT ROWID;

-- table moderators of moderators
CREATE TABLE moderators (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    handle TEXT NOT NULL UNIQUE,
    public_key BLOB NOT NULL CHECK (length(public_key) = 32),
    secrets BLOB NOT NULL,
    sheet BLOB,
    last_step BLOB CHECK (length(last_step) = 32),
    coordinator INTEGER NOT NULL CHECK (coordinator IN (0, 1)),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'active', 'out')),
    joined_day INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- index sqlite_autoindex_moderators_2 of moderators
-- made by SQLite;

-- table notebook of notebook
CREATE TABLE notebook (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    circle_id BLOB NOT NULL REFERENCES circles (id),
    generation INTEGER NOT NULL CHECK (generation BETWEEN 1 AND 65535),
    sealed BLOB NOT NULL CHECK (length(sealed) = 8233)  -- whatever stands in it; author and day inside
) STRICT, WITHOUT ROWID;

-- index notebook_of of notebook
CREATE INDEX notebook_of ON notebook (circle_id, id);

-- table notices of notices
CREATE TABLE notices (
    language TEXT NOT NULL PRIMARY KEY CHECK (language IN ('ar', 'ckb', 'kmr', 'en')),
    text TEXT NOT NULL,
    first_day INTEGER NOT NULL,
    end_day INTEGER NOT NULL  -- the last on which it stands
) STRICT, WITHOUT ROWID;

-- table objections of objections
CREATE TABLE objections (
    matter BLOB NOT NULL CHECK (length(matter) = 32),
    who BLOB NOT NULL CHECK (length(who) IN (0, 16)),  -- empty: the operator
    reason TEXT NOT NULL CHECK (reason IN ('unknown', 'takes_away', 'doubt', 'too_soon')),
    day INTEGER NOT NULL,
    PRIMARY KEY (matter, who)
) STRICT, WITHOUT ROWID;

-- table onion of onion
CREATE TABLE onion (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    secret BLOB NOT NULL CHECK (length(secret) = 64),
    address TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- table promises of promises
CREATE TABLE promises (
    case_id BLOB NOT NULL PRIMARY KEY CHECK (length(case_id) = 16),
    made_day INTEGER NOT NULL,
    day INTEGER NOT NULL  -- by which its author is written to again; the row goes when that is met
) STRICT, WITHOUT ROWID;

-- table proposals of proposals
CREATE TABLE proposals (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('circle', 'new_circle', 'founding', 'catch_all', 'emptied', 'retention', 'find_us',
        'guide', 'coordinator', 'shut_out', 'notice')),
    subject BLOB NOT NULL CHECK (length(subject) = 16),  -- circle, guide, invitation or person; zeros for a setting
    wanted TEXT NOT NULL,
    proposer BLOB REFERENCES moderators (id),  -- NULL: the operator
    matter BLOB NOT NULL CHECK (length(matter) = 32),  -- the same whenever the same is proposed
    day INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'agreed', 'alone')),  -- alone: there was no second person yet
    decided_day INTEGER,
    before TEXT,  -- as it was when it was decided
    CHECK ((state = 'open') = (decided_day IS NULL) AND (state = 'open') = (before IS NULL))
) STRICT, WITHOUT ROWID;

-- table read of read
CREATE TABLE read (
    case_id BLOB NOT NULL PRIMARY KEY CHECK (length(case_id) = 16),
    number INTEGER NOT NULL CHECK (number BETWEEN 0 AND 9999),
    mark BLOB NOT NULL CHECK (length(mark) = 32),
    turn INTEGER NOT NULL CHECK (turn BETWEEN 0 AND 255),
    generation INTEGER NOT NULL CHECK (generation BETWEEN 0 AND 65535),
    codes INTEGER NOT NULL CHECK (codes BETWEEN 0 AND 16)
) STRICT, WITHOUT ROWID;

-- table settings of settings
CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- table shut_outs of shut_outs
CREATE TABLE shut_outs (
    moderator_id BLOB NOT NULL REFERENCES moderators (id),
    by_whom BLOB NOT NULL REFERENCES moderators (id),
    day INTEGER NOT NULL,
    PRIMARY KEY (moderator_id, by_whom)
) STRICT, WITHOUT ROWID;

-- table stepped_out of stepped_out
CREATE TABLE stepped_out (
    case_id BLOB NOT NULL CHECK (length(case_id) = 16),
    moderator_id BLOB NOT NULL REFERENCES moderators (id),
    PRIMARY KEY (case_id, moderator_id)
) STRICT, WITHOUT ROWID;

-- index stepped_out_by of stepped_out
CREATE INDEX stepped_out_by ON stepped_out (moderator_id, case_id);

-- table tables of tables
CREATE TABLE tables (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    circle_id BLOB NOT NULL CHECK (length(circle_id) = 16),
    first_day INTEGER NOT NULL,
    last_day INTEGER NOT NULL CHECK (last_day > first_day),
    numbers TEXT,
    UNIQUE (circle_id, last_day)
) STRICT, WITHOUT ROWID;

-- index sqlite_autoindex_tables_2 of tables
-- made by SQLite;

-- table taken of taken
CREATE TABLE taken (
    case_id BLOB NOT NULL PRIMARY KEY CHECK (length(case_id) = 16),
    moderator_id BLOB NOT NULL REFERENCES moderators (id),
    day INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- index taken_by of taken
CREATE INDEX taken_by ON taken (moderator_id, case_id);

-- table texts of texts
CREATE TABLE texts (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    slug TEXT UNIQUE,
    case_id BLOB UNIQUE CHECK (length(case_id) = 16),
    mark BLOB CHECK (length(mark) = 32),  -- of the proof that takes the story back, as its author's consent names it
    case_mark BLOB CHECK (length(case_mark) = 32),  -- of the proof that takes its case back
    CHECK (slug IS NULL OR case_id IS NULL)
) STRICT, WITHOUT ROWID;

-- index sqlite_autoindex_texts_2 of texts
-- made by SQLite;

-- index sqlite_autoindex_texts_3 of texts
-- made by SQLite;

-- table versions of versions
CREATE TABLE versions (
    text_id BLOB NOT NULL REFERENCES texts (id),
    language TEXT NOT NULL CHECK (language IN ('ar', 'ckb', 'kmr', 'en')),
    state TEXT NOT NULL CHECK (state IN ('draft', 'queued', 'public', 'down')),
    publish_day INTEGER,
    edition BLOB NOT NULL CHECK (length(edition) = 16),  -- drawn with each change: by it shown.db is compared
    year INTEGER,  -- of a story; NULL for a guide
    notes TEXT NOT NULL,
    translated_from TEXT CHECK (translated_from IN ('ar', 'ckb', 'kmr', 'en')),
    checked_by TEXT,
    checked_day INTEGER,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (text_id, language, state),
    CHECK ((state = 'queued') = (publish_day IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- index publishing of versions
CREATE INDEX publishing ON versions (state, publish_day, text_id, language, edition);

-- table waiting of waiting
CREATE TABLE waiting (
    circle_id BLOB NOT NULL REFERENCES circles (id),
    moderator_id BLOB NOT NULL REFERENCES moderators (id),
    invitation_id BLOB NOT NULL REFERENCES invitations (id),
    PRIMARY KEY (circle_id, moderator_id)
) STRICT, WITHOUT ROWID;

-- table yeses of yeses
CREATE TABLE yeses (
    proposal_id BLOB NOT NULL REFERENCES proposals (id),
    who BLOB NOT NULL CHECK (length(who) IN (0, 16)),  -- empty: the operator
    mark BLOB NOT NULL CHECK (length(mark) = 32),  -- of the words that were shown
    PRIMARY KEY (proposal_id, who)
) STRICT, WITHOUT ROWID;
