//! `pushover` and `bark`, which push to a phone, and `apprise`, a relay that passes on to whatever it is set to.

use reqwest::Url;
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::http::Post;
use super::message::{Kind, Note};
use super::secret::Secret;
use super::text::Text;
use crate::store::State;

/// The longest title and text that Pushover takes, in characters.
const MAX_PUSHOVER_TITLE: usize = 250;
const MAX_PUSHOVER_TEXT: usize = 1024;

/// Whether a person should look at it now.
fn is_urgent(note: &Note) -> bool {
    note.kind != Kind::Verdict || note.facts.state != Some(State::Succeeded)
}

/// An application of Pushover, and whom it writes to.
#[derive(Clone)]
pub(super) struct Pushover {
    pub(super) api: Url,
    pub(super) token: Secret,
    pub(super) user: String,
}

impl Pushover {
    pub(super) const API: &str = "https://api.pushover.net";

    /// The request of one message.
    pub(super) fn request(&self, note: &Note, text: &Text) -> Result<Post, String> {
        let token = self.token.read()?;
        let cut = |text: &str, most| text.chars().take(most).collect::<String>();
        let body = json!({
            "token": token.expose_secret(),
            "user": self.user,
            "title": cut(&text.title, MAX_PUSHOVER_TITLE),
            "message": cut(&text.body, MAX_PUSHOVER_TEXT),
            "priority": i32::from(is_urgent(note)),
        });
        let private = vec![token.expose_secret().to_owned(), self.user.clone()];
        Ok(Post {
            url: below(&self.api, "1/messages.json")?,
            bearer: None,
            body,
            private,
            reads_answer: true,
        })
    }
}

/// A phone with Bark, by its key.
#[derive(Clone)]
pub(super) struct Bark {
    pub(super) server: Url,
    pub(super) token: Secret,
}

impl Bark {
    pub(super) const SERVER: &str = "https://api.day.app";

    /// The request of one message.
    pub(super) fn request(&self, note: &Note, text: &Text) -> Result<Post, String> {
        let token = self.token.read()?;
        let body = json!({
            "device_key": token.expose_secret(),
            "title": text.title,
            "body": text.body,
            "level": if is_urgent(note) { "timeSensitive" } else { "active" },
            "group": "rent-runner",
        });
        let private = vec![token.expose_secret().to_owned()];
        Ok(Post { url: below(&self.server, "push")?, bearer: None, body, private, reads_answer: true })
    }
}

/// As an Apprise API takes it at `/notify/KEY`.
pub(super) fn apprise(url: Url, note: &Note, text: &Text) -> Post {
    let kind = match note.facts.state {
        _ if note.kind == Kind::Alarm => "warning",
        Some(State::Succeeded) => "success",
        _ => "failure",
    };
    let body = json!({ "title": text.title, "body": text.body, "type": kind, "format": "text" });
    Post { url, bearer: None, body, private: Vec::new(), reads_answer: true }
}

fn below(base: &Url, path: &str) -> Result<Url, String> {
    let url = format!("{}/{path}", base.as_str().trim_end_matches('/'));
    url.parse().map_err(|_| "`api-base` and `token` make no address".to_owned())
}
