-- Who works here, what they note under seal, and the truth that shown.db follows. The site cannot see it.

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

CREATE TABLE circles (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name TEXT NOT NULL UNIQUE,
    topics TEXT NOT NULL,
    languages TEXT NOT NULL,
    catch_all INTEGER NOT NULL CHECK (catch_all IN (0, 1)),
    coordinators INTEGER NOT NULL CHECK (coordinators IN (0, 1)),
    generation INTEGER CHECK (generation BETWEEN 1 AND 65535)  -- of its key; NULL while nobody is in it
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX one_catch_all ON circles (catch_all) WHERE catch_all = 1;
CREATE UNIQUE INDEX one_coordinators ON circles (coordinators) WHERE coordinators = 1;

CREATE TABLE circle_keys (
    circle_id BLOB NOT NULL REFERENCES circles (id),
    generation INTEGER NOT NULL CHECK (generation BETWEEN 1 AND 65535),
    public_key BLOB NOT NULL CHECK (length(public_key) = 32),
    PRIMARY KEY (circle_id, generation)
) STRICT, WITHOUT ROWID;

CREATE TABLE circle_grants (
    circle_id BLOB NOT NULL,
    generation INTEGER NOT NULL,
    moderator_id BLOB NOT NULL REFERENCES moderators (id),
    sealed BLOB NOT NULL,
    PRIMARY KEY (circle_id, generation, moderator_id),
    FOREIGN KEY (circle_id, generation) REFERENCES circle_keys (circle_id, generation)
) STRICT, WITHOUT ROWID;

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

-- Who waits to be let in stands by itself: somebody may wait in one circle while they work in another. An office that
-- an invitation promised begins when they are let in, and not before.
CREATE TABLE waiting (
    circle_id BLOB NOT NULL REFERENCES circles (id),
    moderator_id BLOB NOT NULL REFERENCES moderators (id),
    invitation_id BLOB NOT NULL REFERENCES invitations (id),
    PRIMARY KEY (circle_id, moderator_id)
) STRICT, WITHOUT ROWID;

-- Who came into a circle, by whose invitation and by whose hand: by it a second person is told from a second account.
-- The rows stay when somebody goes. # P14
CREATE TABLE admissions (
    circle_id BLOB NOT NULL REFERENCES circles (id),
    moderator_id BLOB NOT NULL REFERENCES moderators (id),
    invited_by BLOB REFERENCES moderators (id),  -- NULL: the operator
    let_in_by BLOB REFERENCES moderators (id),  -- NULL: nobody was there to do it
    day INTEGER NOT NULL,
    PRIMARY KEY (circle_id, moderator_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE shut_outs (
    moderator_id BLOB NOT NULL REFERENCES moderators (id),
    by_whom BLOB NOT NULL REFERENCES moderators (id),
    day INTEGER NOT NULL,
    PRIMARY KEY (moderator_id, by_whom)
) STRICT, WITHOUT ROWID;

-- A circle that was emptied, and that somebody may begin anew: a second person has said so.
CREATE TABLE foundings (
    circle_id BLOB NOT NULL PRIMARY KEY REFERENCES circles (id)
) STRICT, WITHOUT ROWID;

-- What one person wants, until a second one agrees; and what was decided, for 30 days. # P14
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

CREATE TABLE yeses (
    proposal_id BLOB NOT NULL REFERENCES proposals (id),
    who BLOB NOT NULL CHECK (length(who) IN (0, 16)),  -- empty: the operator
    mark BLOB NOT NULL CHECK (length(mark) = 32),  -- of the words that were shown
    PRIMARY KEY (proposal_id, who)
) STRICT, WITHOUT ROWID;

-- They stay when what they are about is withdrawn and proposed again.
CREATE TABLE objections (
    matter BLOB NOT NULL CHECK (length(matter) = 32),
    who BLOB NOT NULL CHECK (length(who) IN (0, 16)),  -- empty: the operator
    reason TEXT NOT NULL CHECK (reason IN ('unknown', 'takes_away', 'doubt', 'too_soon')),
    day INTEGER NOT NULL,
    PRIMARY KEY (matter, who)
) STRICT, WITHOUT ROWID;

CREATE TABLE handed (
    case_id BLOB NOT NULL CHECK (length(case_id) = 16),
    turn INTEGER NOT NULL CHECK (turn BETWEEN 1 AND 255),
    circle_id BLOB NOT NULL REFERENCES circles (id),
    generation INTEGER NOT NULL CHECK (generation BETWEEN 1 AND 65535),  -- of the key that it was sealed to
    sealed BLOB NOT NULL CHECK (length(sealed) <= 40000),
    PRIMARY KEY (case_id, turn)
) STRICT, WITHOUT ROWID;

CREATE TABLE doors (
    case_id BLOB NOT NULL PRIMARY KEY CHECK (length(case_id) = 16),
    state TEXT NOT NULL CHECK (state IN ('closed', 'gone'))
) STRICT, WITHOUT ROWID;

CREATE TABLE promises (
    case_id BLOB NOT NULL PRIMARY KEY CHECK (length(case_id) = 16),
    made_day INTEGER NOT NULL,
    day INTEGER NOT NULL  -- by which its author is written to again; the row goes when that is met
) STRICT, WITHOUT ROWID;

CREATE TABLE closing (
    case_id BLOB NOT NULL PRIMARY KEY CHECK (length(case_id) = 16),
    day INTEGER NOT NULL  -- on which its door was closed, until its box goes
) STRICT, WITHOUT ROWID;

CREATE TABLE known (
    case_id BLOB NOT NULL PRIMARY KEY CHECK (length(case_id) = 16),
    mark BLOB NOT NULL CHECK (length(mark) = 32)  -- of the proof that takes it back: no other explains why it is missing
) STRICT, WITHOUT ROWID;

CREATE TABLE met (
    case_id BLOB NOT NULL PRIMARY KEY CHECK (length(case_id) = 16),
    codes INTEGER NOT NULL CHECK (codes BETWEEN 2 AND 16),
    mark BLOB NOT NULL CHECK (length(mark) = 32)
) STRICT, WITHOUT ROWID;

CREATE TABLE read (
    case_id BLOB NOT NULL PRIMARY KEY CHECK (length(case_id) = 16),
    number INTEGER NOT NULL CHECK (number BETWEEN 0 AND 9999),
    mark BLOB NOT NULL CHECK (length(mark) = 32),
    turn INTEGER NOT NULL CHECK (turn BETWEEN 0 AND 255),
    generation INTEGER NOT NULL CHECK (generation BETWEEN 0 AND 65535),
    codes INTEGER NOT NULL CHECK (codes BETWEEN 0 AND 16)
) STRICT, WITHOUT ROWID;

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
CREATE INDEX look_again ON entries (author, case_id) WHERE kind = 'look_again';
CREATE INDEX facts_of_circle ON entries (circle_id, case_id) WHERE kind = 'facts';
CREATE INDEX quotations ON entries (circle_id, case_id) WHERE kind = 'quotation';

-- A try at the numbers of a period, and what was published; NULL: too few cases, and nothing was made. Never made again.
CREATE TABLE tables (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    circle_id BLOB NOT NULL CHECK (length(circle_id) = 16),
    first_day INTEGER NOT NULL,
    last_day INTEGER NOT NULL CHECK (last_day > first_day),
    numbers TEXT,
    UNIQUE (circle_id, last_day)
) STRICT, WITHOUT ROWID;

-- The cases that stand in a table, by marks that nobody computes once a case is erased; in which one is not noted.
CREATE TABLE counted (
    mark BLOB NOT NULL PRIMARY KEY CHECK (length(mark) = 32)
) STRICT, WITHOUT ROWID;

CREATE TABLE given (
    month INTEGER NOT NULL,  -- its first day: in it words out of some case were given to
    receiver TEXT NOT NULL CHECK (receiver IN ('un', 'group')),  -- the United Nations, or a human-rights group
    PRIMARY KEY (month, receiver)
) STRICT, WITHOUT ROWID;

CREATE TABLE taken (
    case_id BLOB NOT NULL PRIMARY KEY CHECK (length(case_id) = 16),
    moderator_id BLOB NOT NULL REFERENCES moderators (id),
    day INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX taken_by ON taken (moderator_id, case_id);

CREATE TABLE stepped_out (
    case_id BLOB NOT NULL CHECK (length(case_id) = 16),
    moderator_id BLOB NOT NULL REFERENCES moderators (id),
    PRIMARY KEY (case_id, moderator_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX stepped_out_by ON stepped_out (moderator_id, case_id);

-- A guide has a name in paths; a story has the case that it was made of, and no versions while its author forbids them.
CREATE TABLE texts (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    slug TEXT UNIQUE,
    case_id BLOB UNIQUE CHECK (length(case_id) = 16),
    mark BLOB CHECK (length(mark) = 32),  -- of the proof that takes the story back, as its author's consent names it
    case_mark BLOB CHECK (length(case_mark) = 32),  -- of the proof that takes its case back
    CHECK (slug IS NULL OR case_id IS NULL)
) STRICT, WITHOUT ROWID;

-- In each language one version is or was shown, or is a guide's draft, and another one may wait to take its place.
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
CREATE INDEX publishing ON versions (state, publish_day, text_id, language, edition);

CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    day INTEGER NOT NULL,
    who BLOB REFERENCES moderators (id),
    what TEXT NOT NULL,
    circle_id BLOB REFERENCES circles (id),
    case_mark BLOB CHECK (length(case_mark) = 32),
    whom BLOB REFERENCES moderators (id)  -- of the same circle, who was let in or shut out
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_by_day ON audit (day DESC, id);
CREATE INDEX audit_of_circle ON audit (circle_id, day DESC, id);
CREATE INDEX audit_of_person ON audit (circle_id, who, case_mark);

CREATE TABLE notices (
    language TEXT NOT NULL PRIMARY KEY CHECK (language IN ('ar', 'ckb', 'kmr', 'en')),
    text TEXT NOT NULL,
    first_day INTEGER NOT NULL,
    end_day INTEGER NOT NULL  -- the last on which it stands
) STRICT, WITHOUT ROWID;

CREATE TABLE against_notice (
    moderator_id BLOB NOT NULL PRIMARY KEY REFERENCES moderators (id)  -- a member who wants off what stands
) STRICT, WITHOUT ROWID;

CREATE TABLE notebook (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    circle_id BLOB NOT NULL REFERENCES circles (id),
    generation INTEGER NOT NULL CHECK (generation BETWEEN 1 AND 65535),
    sealed BLOB NOT NULL CHECK (length(sealed) = 8233)  -- whatever stands in it; author and day inside
) STRICT, WITHOUT ROWID;
CREATE INDEX notebook_of ON notebook (circle_id, id);

CREATE TABLE fading (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    day INTEGER NOT NULL  -- from which nothing stands under this id in the notebook, whatever a backup brings back
) STRICT, WITHOUT ROWID;

CREATE TABLE onion (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    secret BLOB NOT NULL CHECK (length(secret) = 64),
    address TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE findings (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    day INTEGER NOT NULL,
    what TEXT NOT NULL,
    subject TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE findings_seen (
    finding_id BLOB NOT NULL REFERENCES findings (id),
    moderator_id BLOB NOT NULL REFERENCES moderators (id),
    PRIMARY KEY (finding_id, moderator_id)
) STRICT, WITHOUT ROWID;
