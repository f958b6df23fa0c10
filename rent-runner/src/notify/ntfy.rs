//! `ntfy`: a push message to the followers of a topic.

use reqwest::Url;
use serde_json::json;

use super::http::Post;
use super::message::{Kind, Note};
use super::secret::Secret;
use super::text::Text;
use crate::store::State;

/// A topic of a server. On a public server the topic's name is all that keeps others out.
#[derive(Clone)]
pub(super) struct Ntfy {
    pub(super) server: Url,
    pub(super) topic: String,
    pub(super) token: Option<Secret>,
}

impl Ntfy {
    pub(super) const SERVER: &str = "https://ntfy.sh";

    /// The request of one message: as JSON to the server itself, since a header takes no Korean.
    pub(super) fn request(&self, note: &Note, text: &Text) -> Result<Post, String> {
        let (priority, tag) = match (note.kind, note.facts.state) {
            (Kind::Alarm, _) => (4, "warning"),
            (Kind::Block, _) | (_, Some(State::Blocked)) => (5, "no_entry"),
            (Kind::Verdict, Some(State::Succeeded)) => (3, "tennis"),
            (Kind::Verdict, Some(State::Unconfirmed | State::NeedsPerson)) => (5, "eyes"),
            (Kind::Verdict, _) => (4, "x"),
        };
        let body = json!({
            "topic": self.topic,
            "title": text.title,
            "message": text.body,
            "priority": priority,
            "tags": [tag],
        });
        let bearer = self.token.as_ref().map(Secret::read).transpose()?;
        Ok(Post {
            url: self.server.clone(),
            bearer,
            body,
            private: vec![self.topic.clone()],
            reads_answer: true,
        })
    }
}
