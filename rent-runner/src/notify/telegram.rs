//! `telegram`: a bot writes to a chat.

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::http::Post;
use super::secret::Secret;

/// A bot, and the chat it writes to.
#[derive(Clone)]
pub(super) struct Telegram {
    pub(super) api: Url,
    pub(super) token: Secret,
    pub(super) chat: String,
}

impl Telegram {
    /// The public server; there are others that speak the same.
    pub(super) const API: &str = "https://api.telegram.org";

    /// # Errors
    /// If it would change the address it becomes a part of.
    pub(super) fn check_token(token: &SecretString) -> Result<(), String> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-');
        if token.expose_secret().chars().all(fits) {
            Ok(())
        } else {
            Err("`token` is no bot token: write it as the BotFather gave it, as in 123456:ABC".to_owned())
        }
    }

    /// The request of one message. `chat` is [`Telegram::chat`], or the id that the chat has now.
    pub(super) fn request(&self, text: &str, chat: &str) -> Result<Post, String> {
        let token = self.token.read()?;
        Self::check_token(&token)?;
        let base = self.api.as_str().trim_end_matches('/');
        let url = format!("{base}/bot{}/sendMessage", token.expose_secret())
            .parse()
            .map_err(|_| "`api-base` and `token` make no address".to_owned())?;
        let body = json!({
            "chat_id": chat,
            "text": text,
            "link_preview_options": { "is_disabled": true },
        });
        Ok(Post { url, bearer: None, body, private: vec![chat.to_owned()], reads_answer: true })
    }
}
