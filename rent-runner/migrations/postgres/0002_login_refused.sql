-- When the site last refused the login of an account; a password that works, or another one, clears it.
ALTER TABLE account ADD COLUMN refused_at BIGINT;
