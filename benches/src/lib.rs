//! Benches live in `benches/`; this package has no library of its own to speak of.
