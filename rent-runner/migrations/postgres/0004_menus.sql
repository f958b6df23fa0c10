-- The courts of a site by the names of its menus, as a JSON document; they outlive the accounts.
CREATE TABLE menus (
    site TEXT PRIMARY KEY,
    data TEXT NOT NULL,
    read_at BIGINT NOT NULL
);
