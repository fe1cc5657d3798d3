-- Who waits to be let in stands by itself: somebody may wait in one circle while they work in another. An office that
-- an invitation promised begins when they are let in, and not before.
CREATE TABLE waiting (
    circle_id BLOB NOT NULL REFERENCES circles (id),
    moderator_id BLOB NOT NULL REFERENCES moderators (id),
    invitation_id BLOB NOT NULL REFERENCES invitations (id),
    PRIMARY KEY (circle_id, moderator_id)
) STRICT, WITHOUT ROWID;

INSERT INTO waiting (circle_id, moderator_id, invitation_id)
SELECT i.circle_id, m.id, i.id
FROM moderators AS m JOIN invitations AS i ON i.redeemed_by = m.id
WHERE m.state = 'waiting';

UPDATE moderators SET coordinator = 0 WHERE state = 'waiting';
UPDATE audit SET what = 'came with an invitation' WHERE what = 'enrolled';
