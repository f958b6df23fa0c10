//! The outbox in a real store.
