-- What runs learnt of the way a site tells its time, as JSON; `learned_at` is its age.
CREATE TABLE site_clock (
    site TEXT PRIMARY KEY,
    facts TEXT NOT NULL,
    learned_at BIGINT NOT NULL
);
