//! `webhook`: the user's own program gets the facts as JSON.

use reqwest::Url;
use serde_json::json;

use super::http::Post;
use super::message::Note;
use super::text::Text;

/// The request of one message.
pub(super) fn request(url: Url, note: &Note, text: &Text) -> Post {
    let facts = &note.facts;
    let body = json!({
        "id": note.id,
        "kind": note.kind,
        "booking": note.booking,
        "place": facts.place,
        "date": facts.date,
        "time": facts.time,
        "state": facts.state,
        "reason": facts.reason,
        "receipt": facts.receipt,
        "opens_at": facts.opens_at,
        "title": text.title,
        "text": text.body,
        "at": note.at,
        "test": facts.test,
    });
    Post { url, bearer: None, body, private: Vec::new(), reads_answer: false }
}
