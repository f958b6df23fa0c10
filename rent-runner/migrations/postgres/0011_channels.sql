-- Channels of messages that a command added, because their tokens change by themselves, and what was told once. The same
-- tables as in ../sqlite, and the same meaning.

CREATE TABLE channel (
    name TEXT PRIMARY KEY,
    -- 'kakao'.
    kind TEXT NOT NULL,
    -- The kinds of messages that it gets, with commas between them.
    gets TEXT NOT NULL,
    -- Its keys and tokens as JSON, sealed.
    data BYTEA NOT NULL,
    -- Until when its access token holds, and the token that renews it.
    access_until BIGINT NOT NULL,
    refresh_until BIGINT NOT NULL,
    -- Why it can send nothing until a person has done something.
    problem TEXT,
    -- When a person let it send.
    authorised_at BIGINT NOT NULL,
    -- One runner renews at a time: whoever claims it later has a higher fence.
    fence BIGINT NOT NULL,
    claimed_until BIGINT
);

-- What is told once, whichever runner thinks of it first.
CREATE TABLE told (
    what TEXT PRIMARY KEY,
    at BIGINT NOT NULL
);
