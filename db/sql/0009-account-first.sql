-- The account that the wizard made: it cannot be the emergency account of the advanced mode.
ALTER TABLE account ADD COLUMN first INTEGER NOT NULL DEFAULT 0 CHECK (first IN (0, 1));
UPDATE account SET first = 1
	WHERE name = (SELECT name FROM account ORDER BY created_ms, name LIMIT 1);
CREATE TRIGGER account_first AFTER INSERT ON account
	WHEN (SELECT COUNT(*) FROM account) = 1
BEGIN
	UPDATE account SET first = 1 WHERE name = NEW.name;
END;
