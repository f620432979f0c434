-- Tokens of programs. Of a token only its SHA-256 is kept.
CREATE TABLE api_token (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	name        TEXT NOT NULL,
	account     TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,
	sha256      BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),
	may_write   INTEGER NOT NULL CHECK (may_write IN (0, 1)),
	created_ms  INTEGER NOT NULL,
	expires_ms  INTEGER NOT NULL,
	used_ms     INTEGER NOT NULL DEFAULT 0, -- last; 0 = never
	used_source TEXT NOT NULL DEFAULT '',
	UNIQUE (account, name)
);
-- Whoever disables the account, or takes the API from it.
CREATE TRIGGER api_token_account AFTER UPDATE OF disabled, api ON account
WHEN NEW.disabled = 1 OR NEW.api = 0
BEGIN
	DELETE FROM api_token WHERE account = NEW.name;
END;
