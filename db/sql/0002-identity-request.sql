-- Certificate signing requests that wait for their certificate: at most one an identity.
-- No configuration: nothing runs differently for them, and going back to an earlier
-- revision must not take away the key of a request that lies with an authority.
CREATE TABLE identity_request (
	identity     TEXT PRIMARY KEY,
	created_ms   INTEGER NOT NULL,
	created_by   TEXT NOT NULL,
	distribution TEXT NOT NULL,
	pem          TEXT NOT NULL,
	key_sealed   TEXT NOT NULL,
	public_key   BLOB NOT NULL
) WITHOUT ROWID;
