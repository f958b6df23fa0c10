-- The rounds of a court as a day list of a month showed them, as a JSON document without names; they outlive the accounts.
CREATE TABLE rounds (
    site TEXT NOT NULL,
    place TEXT NOT NULL,
    month TEXT NOT NULL,
    data TEXT NOT NULL,
    read_at BIGINT NOT NULL,
    PRIMARY KEY (site, place, month)
);
