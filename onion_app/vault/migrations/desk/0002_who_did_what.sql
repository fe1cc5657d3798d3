-- What one person did in a circle, found without reading what all the others did.
CREATE INDEX audit_of_person ON audit (circle_id, who, case_mark);
