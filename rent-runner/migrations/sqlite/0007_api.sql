-- Programs that use the API. The same tables as in ../postgres, and the same meaning.

-- Of a token only its SHA-256 is kept.
CREATE TABLE web_token (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES web_user (id) ON DELETE CASCADE,
    token BLOB NOT NULL UNIQUE,
    -- What its user calls it.
    name TEXT NOT NULL,
    -- The words of its scopes, with blanks between them: read, book, admin.
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    used_at INTEGER,
    ends_at INTEGER,
    UNIQUE (user_id, name)
) STRICT;

-- What was created under an Idempotency-Key: sent again within a day, the same request gets the same answer.
CREATE TABLE web_creation (
    user_id INTEGER NOT NULL REFERENCES web_user (id) ON DELETE CASCADE,
    -- The SHA-256 of the key and of the path it was sent to.
    key BLOB NOT NULL,
    -- The SHA-256 of the body.
    body BLOB NOT NULL,
    -- The number of what was made, where it has one.
    made INTEGER,
    -- The answer; none if the program ended before it could be kept.
    answer TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (user_id, key)
) STRICT, WITHOUT ROWID;
