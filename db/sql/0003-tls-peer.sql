-- Who spoke which TLS version and suite with which service, and when last: what the
-- preview of a stricter policy looks at. Kept for 30 days.
CREATE TABLE tls_peer (
	service  TEXT NOT NULL,
	inbound  INTEGER NOT NULL,
	peer     TEXT NOT NULL,
	protocol TEXT NOT NULL,
	cipher   TEXT NOT NULL,
	seen_ms  INTEGER NOT NULL,
	PRIMARY KEY (service, inbound, peer, protocol, cipher)
) WITHOUT ROWID;
CREATE INDEX tls_peer_seen ON tls_peer (seen_ms);
