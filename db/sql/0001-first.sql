-- What turnpike-admin keeps. Times are Unix milliseconds, 0 = not.

CREATE TABLE revision (
	number  INTEGER PRIMARY KEY,
	at_ms   INTEGER NOT NULL,
	state   INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),
	changes INTEGER NOT NULL,
	sha256  BLOB NOT NULL CHECK (length(sha256) = 32),
	author  TEXT NOT NULL,
	comment TEXT NOT NULL,
	json    BLOB NOT NULL
);

-- Numbers are never used twice, even when a prepared revision was dropped.
CREATE TABLE revision_counter (
	only INTEGER PRIMARY KEY CHECK (only = 1),
	last INTEGER NOT NULL
);
INSERT INTO revision_counter VALUES (1, 0);

CREATE TABLE candidate (
	only   INTEGER PRIMARY KEY CHECK (only = 1),
	json   BLOB NOT NULL,
	holder TEXT NOT NULL
);

CREATE TABLE account (
	name                TEXT PRIMARY KEY,
	password_hash       TEXT NOT NULL,
	level               INTEGER NOT NULL CHECK (level BETWEEN 0 AND 2),
	disabled            INTEGER NOT NULL CHECK (disabled IN (0, 1)),
	created_ms          INTEGER NOT NULL,
	password_changed_ms INTEGER NOT NULL,
	last_login_ms       INTEGER NOT NULL,
	last_login_source   TEXT NOT NULL,
	last_failure_ms     INTEGER NOT NULL,
	failures            INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE history (
	id               INTEGER PRIMARY KEY AUTOINCREMENT,
	call             INTEGER NOT NULL,
	call_id          TEXT NOT NULL,
	caller           TEXT NOT NULL,
	called           TEXT NOT NULL,
	source_zone      TEXT NOT NULL,
	target_zone      TEXT NOT NULL,
	end_reason       TEXT NOT NULL,
	state            INTEGER NOT NULL,
	status           INTEGER NOT NULL,
	source_transport INTEGER NOT NULL,
	target_transport INTEGER NOT NULL,
	started_ms       INTEGER NOT NULL,
	answered_ms      INTEGER NOT NULL,
	ended_ms         INTEGER NOT NULL,
	steps            TEXT NOT NULL,
	streams          TEXT NOT NULL,
	UNIQUE (call, call_id, started_ms)
);
CREATE INDEX history_by_end ON history (ended_ms);
CREATE INDEX history_by_answer ON history (answered_ms = 0, id);

CREATE TABLE alarm (
	id              INTEGER PRIMARY KEY AUTOINCREMENT,
	code            INTEGER NOT NULL,
	severity        INTEGER NOT NULL CHECK (severity BETWEEN 0 AND 2),
	subject         TEXT NOT NULL,
	text            TEXT NOT NULL,
	remedy          TEXT NOT NULL,
	raised_ms       INTEGER NOT NULL,
	cleared_ms      INTEGER NOT NULL,
	acknowledged_by TEXT NOT NULL,
	acknowledged_ms INTEGER NOT NULL
);
CREATE UNIQUE INDEX alarm_open ON alarm (code, subject) WHERE cleared_ms = 0;
CREATE INDEX alarm_cleared ON alarm (cleared_ms);

CREATE TABLE log (
	id       INTEGER PRIMARY KEY AUTOINCREMENT,
	kind     INTEGER NOT NULL,
	at_ms    INTEGER NOT NULL,
	severity INTEGER NOT NULL,
	name     TEXT NOT NULL,
	text     TEXT NOT NULL,
	user     TEXT NOT NULL,
	source   TEXT NOT NULL
);
CREATE INDEX log_by_kind ON log (kind, id);
