//! How many event streams are open.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How many streams one user has.
const MAX_STREAMS: u32 = 12;

/// The open streams of each user.
#[derive(Clone, Debug, Default)]
pub(super) struct Streams(Arc<Mutex<HashMap<i64, u32>>>);

/// One open stream; dropped, it is no longer counted.
pub(super) struct OpenStream {
    streams: Streams,
    user: i64,
}

impl Streams {
    /// Opens one more, if there is room for it.
    pub(super) fn open(&self, user: i64) -> Option<OpenStream> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let many = open.entry(user).or_default();
        if *many >= MAX_STREAMS {
            return None;
        }
        *many += 1;
        drop(open);
        Some(OpenStream { streams: self.clone(), user })
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut open = self.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(many) = open.get_mut(&self.user) {
            *many = many.saturating_sub(1);
        }
    }
}
