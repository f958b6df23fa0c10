-- What people plan bookings with on the page. The same tables as in ../sqlite, and the same meaning.

-- What the last look at a month of a court showed, as a JSON document; it outlives the accounts.
CREATE TABLE month_look (
    site TEXT NOT NULL,
    place TEXT NOT NULL,
    month TEXT NOT NULL,
    data TEXT NOT NULL,
    read_at BIGINT NOT NULL,
    PRIMARY KEY (site, place, month)
);

-- The courts that a user has marked.
CREATE TABLE web_favourite (
    user_id BIGINT NOT NULL REFERENCES web_user (id) ON DELETE CASCADE,
    site TEXT NOT NULL,
    place TEXT NOT NULL,
    PRIMARY KEY (user_id, site, place)
);

-- A form that stored bookings, and which: one that comes a second time stores nothing. Of its token only the SHA-256 is kept.
CREATE TABLE web_sent (
    token BYTEA PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES web_user (id) ON DELETE CASCADE,
    sent_at BIGINT NOT NULL,
    -- The numbers of the bookings, with commas between them.
    bookings TEXT NOT NULL
);

-- The list shows those that are over from the last opening on, and those that need a person before all.
CREATE INDEX booking_over ON booking (opens_at, id)
    WHERE state IN ('succeeded', 'failed', 'unconfirmed', 'blocked', 'needs-person', 'cancelled');
CREATE INDEX booking_person ON booking (opens_at, id) WHERE state IN ('unconfirmed', 'blocked', 'needs-person');
