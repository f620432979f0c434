-- The audit log: event and configuration records, a hash chain (docs/audit.md).
CREATE TABLE audit (
	sequence INTEGER PRIMARY KEY,
	kind     INTEGER NOT NULL,
	boot     BLOB NOT NULL,
	at_ms    INTEGER NOT NULL,
	severity INTEGER NOT NULL,
	name     TEXT NOT NULL,
	text     TEXT NOT NULL,
	user     TEXT NOT NULL,
	source   TEXT NOT NULL,
	path     TEXT NOT NULL,
	before   TEXT NOT NULL,
	after    TEXT NOT NULL,
	bytes    INTEGER NOT NULL,
	hash     BLOB NOT NULL CHECK (length(hash) = 32)
);
CREATE INDEX audit_by_kind ON audit (kind, sequence);

-- What turnpiked said of records: heads (kind 0), and the one checkpoint (kind 1) that the
-- log goes on from.
CREATE TABLE audit_head (
	counter   INTEGER PRIMARY KEY,
	kind      INTEGER NOT NULL,
	sequence  INTEGER NOT NULL,
	hash      BLOB NOT NULL CHECK (length(hash) = 32),
	boot      BLOB NOT NULL CHECK (length(boot) = 16),
	at_ms     INTEGER NOT NULL,
	mac       BLOB NOT NULL CHECK (length(mac) = 32),
	signature BLOB NOT NULL CHECK (length(signature) = 64)
);
CREATE INDEX audit_head_by_sequence ON audit_head (sequence);

-- From now on for network records alone (kind 2). What it holds of others moves into the
-- chain at the next start (admin/store/log.c).
ALTER TABLE log ADD COLUMN path TEXT NOT NULL DEFAULT '';
ALTER TABLE log ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
