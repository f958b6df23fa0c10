//! Sending: how a request reaches the site.

pub(crate) mod shared;
