-- The lockout of the advanced mode: failed logins that count, and since when nobody logs in with
-- a password; since_ms 0: everybody may, seconds 0: until an administrator ends it.
CREATE TABLE lockout (
	id        INTEGER PRIMARY KEY CHECK (id = 1),
	failed_ms TEXT NOT NULL, -- times, with blanks between
	since_ms  INTEGER NOT NULL,
	seconds   INTEGER NOT NULL
);
