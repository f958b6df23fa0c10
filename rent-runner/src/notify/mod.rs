//! Messages to people: what they say, over which channels, and that they arrive.
//!
//! A message is stored in the same transaction as what it tells, one row for each channel, and sent from
//! there until it has arrived or is given up: see [`Notifier`]. It may arrive twice if a runner dies right
//! after sending; its number is the same then.

mod channel;
mod chat;
mod email;
mod http;
mod kakao;
mod keeper;
mod message;
mod notifier;
mod ntfy;
mod outbox;
mod push;
mod secret;
mod telegram;
#[cfg(test)]
mod tests;
mod text;
mod webhook;

use std::path::PathBuf;

use crate::say::Language;

pub(crate) use channel::Channel;
pub(crate) use kakao::{API, AUTH, KakaoApp, REDIRECT, pasted_code};
pub(crate) use keeper::WARN_BEFORE;
pub(crate) use message::Kind;
pub(crate) use notifier::Notifier;

/// The settings of messages.
#[derive(Clone, Debug)]
pub(crate) struct NotifySettings {
    pub(crate) channels: Vec<Channel>,
    pub(crate) language: Language,
    /// A PEM file with certificates to trust in addition to the system's.
    pub(crate) extra_ca: Option<PathBuf>,
}
