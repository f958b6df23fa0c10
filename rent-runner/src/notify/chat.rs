//! `slack` and `discord`: incoming webhooks of chats, and whatever takes the same JSON.

use reqwest::Url;
use serde_json::json;

use super::http::Post;
use super::text::Text;

/// The longest text that Discord takes, in characters.
const MAX_DISCORD_CHARS: usize = 2000;

/// As Slack takes it. The three characters that it would read as markup or a mention are escaped.
pub(super) fn slack(url: Url, text: &Text) -> Post {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let body = json!({ "text": format!("*{}*\n{}", escaped(&text.title), escaped(&text.body)) });
    Post { url, bearer: None, body, private: Vec::new(), reads_answer: true }
}

/// As Discord takes it; the text can mention no member.
pub(super) fn discord(url: Url, text: &Text) -> Post {
    let content: String =
        format!("**{}**\n{}", text.title, text.body).chars().take(MAX_DISCORD_CHARS).collect();
    let body = json!({ "content": content, "allowed_mentions": { "parse": [] } });
    Post { url, bearer: None, body, private: Vec::new(), reads_answer: true }
}
