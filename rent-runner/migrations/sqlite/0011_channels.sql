-- Channels of messages that a command added, because their tokens change by themselves, and what was told once. The same
-- tables as in ../postgres, and the same meaning.

CREATE TABLE channel (
    name TEXT PRIMARY KEY,
    -- 'kakao'.
    kind TEXT NOT NULL,
    -- The kinds of messages that it gets, with commas between them.
    gets TEXT NOT NULL,
    -- Its keys and tokens as JSON, sealed.
    data BLOB NOT NULL,
    -- Until when its access token holds, and the token that renews it.
    access_until INTEGER NOT NULL,
    refresh_until INTEGER NOT NULL,
    -- Why it can send nothing until a person has done something.
    problem TEXT,
    -- When a person let it send.
    authorised_at INTEGER NOT NULL,
    -- One runner renews at a time: whoever claims it later has a higher fence.
    fence INTEGER NOT NULL,
    claimed_until INTEGER
) STRICT, WITHOUT ROWID;

-- What is told once, whichever runner thinks of it first.
CREATE TABLE told (
    what TEXT PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
