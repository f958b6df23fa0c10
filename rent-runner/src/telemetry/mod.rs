//! What leaves the program while it works, for whoever watches over it: the log and the figures.

pub(crate) mod logs;
pub(crate) mod metrics;
pub(crate) mod scrape;
