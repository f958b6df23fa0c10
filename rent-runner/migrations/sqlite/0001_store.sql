-- Instants are UTC microseconds, durations microseconds, times of day minutes; secrets are sealed bytes.
-- The same tables as in ../postgres, and the same meaning.

-- The one clock that judges leases.
CREATE VIEW clock AS SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER) AS now;

-- One row: a text sealed with the key, to tell a wrong one.
CREATE TABLE vault (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    sealed_check BLOB NOT NULL
) STRICT;

CREATE TABLE account (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    site TEXT NOT NULL,
    base_url TEXT,
    login TEXT NOT NULL,
    password BLOB NOT NULL,
    session BLOB,
    created_at INTEGER NOT NULL,
    checked_at INTEGER
) STRICT;
CREATE UNIQUE INDEX account_login ON account (site, COALESCE(base_url, ''), login);

CREATE TABLE applicant (
    name TEXT PRIMARY KEY,
    data BLOB NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE booking (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    application BLOB NOT NULL,
    opens TEXT NOT NULL CHECK (opens IN ('given', 'rule', 'now')),
    opens_at INTEGER NOT NULL,
    give_up_after INTEGER NOT NULL,
    lead INTEGER NOT NULL,
    clock_offset INTEGER,
    pace TEXT NOT NULL CHECK (pace IN ('default', 'original')),
    most_requests INTEGER,
    note TEXT,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'armed', 'firing', 'succeeded', 'failed', 'unconfirmed',
                                         'blocked', 'needs-person', 'cancelled')),
    reason TEXT,
    wish INTEGER NOT NULL DEFAULT 0,
    receipt TEXT,
    shown TEXT,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    -- The lease: who holds it and until when; each claim raises the fence.
    owner TEXT,
    lease_until INTEGER,
    fence INTEGER NOT NULL DEFAULT 0,
    cancel_asked INTEGER NOT NULL DEFAULT 0 CHECK (cancel_asked IN (0, 1)),
    round INTEGER NOT NULL DEFAULT 1,
    -- The number of the last event.
    last_event INTEGER NOT NULL DEFAULT 0,
    CHECK ((owner IS NULL) = (lease_until IS NULL)),
    CHECK (owner IS NULL OR state IN ('waiting', 'armed', 'firing'))
) STRICT;
CREATE INDEX booking_order ON booking (opens_at, id);
CREATE INDEX booking_open ON booking (opens_at, id) WHERE state IN ('waiting', 'armed', 'firing');
CREATE INDEX booking_account ON booking (account_id, state);
CREATE INDEX booking_state ON booking (state);
CREATE INDEX booking_owner ON booking (owner) WHERE owner IS NOT NULL;
CREATE INDEX booking_cancel ON booking (id) WHERE cancel_asked = 1;

CREATE TABLE choice (
    booking_id INTEGER NOT NULL REFERENCES booking (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    place TEXT NOT NULL,
    date TEXT NOT NULL,
    start_minute INTEGER NOT NULL,
    end_minute INTEGER NOT NULL CHECK (end_minute > start_minute),
    purpose TEXT NOT NULL CHECK (purpose IN ('sports', 'events')),
    PRIMARY KEY (booking_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX choice_slot ON choice (date, place);

CREATE TABLE event (
    booking_id INTEGER NOT NULL REFERENCES booking (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    round INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    runner TEXT NOT NULL,
    at INTEGER NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (booking_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempt (
    booking_id INTEGER NOT NULL REFERENCES booking (id) ON DELETE CASCADE,
    round INTEGER NOT NULL,
    number INTEGER NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (booking_id, round, number)
) STRICT, WITHOUT ROWID;

-- The page that an attempt ended with, where nobody has described it yet.
CREATE TABLE page (
    booking_id INTEGER NOT NULL REFERENCES booking (id) ON DELETE CASCADE,
    round INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    address TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (booking_id, round, attempt)
) STRICT;

CREATE TABLE report (
    booking_id INTEGER PRIMARY KEY REFERENCES booking (id) ON DELETE CASCADE,
    data TEXT NOT NULL
) STRICT;

-- Between which instants a day was seen to open. It outlives the account that saw it.
CREATE TABLE opening (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    site TEXT NOT NULL,
    place TEXT NOT NULL,
    date TEXT NOT NULL,
    expected INTEGER NOT NULL,
    after_at INTEGER,
    before_at INTEGER
) STRICT;
CREATE INDEX opening_site ON opening (site, id);

CREATE TABLE time_number (
    site TEXT NOT NULL,
    place TEXT NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('sports', 'events')),
    start_minute INTEGER NOT NULL,
    end_minute INTEGER NOT NULL,
    number INTEGER NOT NULL,
    read_from TEXT NOT NULL,
    read_at INTEGER NOT NULL,
    PRIMARY KEY (site, place, purpose, start_minute, end_minute)
) STRICT, WITHOUT ROWID;

CREATE TABLE routes (
    site TEXT PRIMARY KEY,
    data TEXT NOT NULL
) STRICT;

CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    booking_id INTEGER REFERENCES booking (id) ON DELETE SET NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    channel TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'given-up')),
    created_at INTEGER NOT NULL,
    -- When it is tried next, or when it was sent or given up.
    due_at INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    last_error TEXT
) STRICT;
CREATE INDEX message_due ON message (due_at, id) WHERE state = 'waiting';
CREATE INDEX message_booking ON message (booking_id) WHERE booking_id IS NOT NULL;

CREATE TABLE runner (
    name TEXT PRIMARY KEY,
    started_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    stopped_at INTEGER
) STRICT;
