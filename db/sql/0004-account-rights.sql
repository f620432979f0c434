-- What an account may do besides its level, and the passwords it had before.
ALTER TABLE account ADD COLUMN web INTEGER NOT NULL DEFAULT 1 CHECK (web IN (0, 1));
ALTER TABLE account ADD COLUMN api INTEGER NOT NULL DEFAULT 1 CHECK (api IN (0, 1));
ALTER TABLE account ADD COLUMN must_change INTEGER NOT NULL DEFAULT 0 CHECK (must_change IN (0, 1));
-- Disabled because nobody used it, not by an administrator.
ALTER TABLE account ADD COLUMN unused INTEGER NOT NULL DEFAULT 0 CHECK (unused IN (0, 1));
-- When an administrator enabled it last: from then on nobody's use of it is missed.
ALTER TABLE account ADD COLUMN enabled_ms INTEGER NOT NULL DEFAULT 0;

CREATE TABLE password_history (
	id            INTEGER PRIMARY KEY AUTOINCREMENT,
	account       TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,
	password_hash TEXT NOT NULL
);
CREATE INDEX password_history_account ON password_history (account, id);
