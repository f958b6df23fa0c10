//! Real channels on loopback.
