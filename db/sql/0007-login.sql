-- Who logged in, from where, and how it ended; and tries that failed. The numbers are those
-- of enum tp_session_method, tp_session_end and tp_login_failure.
CREATE TABLE login (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	user       TEXT NOT NULL,
	protocol   INTEGER NOT NULL,
	method     INTEGER NOT NULL,
	source     TEXT NOT NULL,
	started_ms INTEGER NOT NULL,
	ended_ms   INTEGER NOT NULL,
	ended      INTEGER NOT NULL,
	failure    INTEGER NOT NULL
);
CREATE INDEX login_by_result ON login (failure = 0, id);
CREATE INDEX login_by_user ON login (user, id);
