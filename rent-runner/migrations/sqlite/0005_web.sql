-- Who may use the page. The same tables as in ../postgres, and the same meaning.

CREATE TABLE web_user (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    -- The owner sees everybody's bookings.
    is_owner INTEGER NOT NULL CHECK (is_owner IN (0, 1)),
    -- argon2id, as a PHC string.
    password TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    signed_in_at INTEGER
) STRICT;
CREATE UNIQUE INDEX web_one_owner ON web_user (is_owner) WHERE is_owner = 1;

-- Of a session, a link and a known browser only the SHA-256 of its token is kept.
CREATE TABLE web_session (
    token BLOB PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES web_user (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    -- Where it was begun.
    address TEXT NOT NULL,
    browser TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX web_session_user ON web_session (user_id);

CREATE TABLE web_link (
    token BLOB PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('owner', 'member')),
    ends_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A browser in which a user has signed in before: wrong passwords of others do not make it wait.
CREATE TABLE web_browser (
    token BLOB PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES web_user (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Whose a booking, an account and an applicant's data is; what has no row is the owner's.
CREATE TABLE web_booking (
    booking_id INTEGER PRIMARY KEY REFERENCES booking (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES web_user (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX web_booking_user ON web_booking (user_id);

CREATE TABLE web_account (
    account_id INTEGER PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES web_user (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX web_account_user ON web_account (user_id);

CREATE TABLE web_applicant (
    name TEXT PRIMARY KEY REFERENCES applicant (name) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES web_user (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX web_applicant_user ON web_applicant (user_id);

-- Who did what. It outlives the user and the booking.
CREATE TABLE web_audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    user_name TEXT NOT NULL,
    address TEXT NOT NULL,
    what TEXT NOT NULL
) STRICT;
