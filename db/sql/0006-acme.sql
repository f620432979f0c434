-- The account with an ACME directory and how the last order went. No configuration: an
-- earlier revision must not bring an earlier account back.
CREATE TABLE acme (
	id             INTEGER PRIMARY KEY CHECK (id = 1),
	directory      TEXT NOT NULL,
	key_id         TEXT NOT NULL,
	account_sealed TEXT NOT NULL,
	tried_ms       INTEGER NOT NULL,
	failed         INTEGER NOT NULL,
	result         TEXT NOT NULL,
	names          TEXT NOT NULL,
	issued         TEXT NOT NULL
);
