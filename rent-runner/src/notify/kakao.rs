//! KakaoTalk's "send to me" (나에게 보내기): how a person lets it, how its tokens are renewed, and what its refusals mean.
//!
//! A person makes an own app at developers.kakao.com once, and lets it write to the own chat. An access token then holds
//! for six hours, the token that renews it for sixty days, and near its end the service answers with a new one of those.
//! What this file says of paths, fields and error codes is Kakao's published interface; it was not checked against the
//! live service.

use std::time::Duration;

use namyangju_rent::{SeoulTime, Site};
use reqwest::Url;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::http::{Failure, Http, Means, Reply};
use super::message::Note;
use super::secret::address;
use super::text::Text;
use crate::say::{Language, in_language, say};

/// Where a person lets the app write, and where tokens are given.
pub(crate) const AUTH: &str = "https://kauth.kakao.com";

/// Where messages are sent.
pub(crate) const API: &str = "https://kapi.kakao.com";

/// Where the browser is sent with the code. Nothing has to listen there: the person copies the address.
pub(crate) const REDIRECT: &str = "https://localhost/rent-runner";

/// The right to write to the own chat.
const SCOPE: &str = "talk_message";

/// The longest text of a text template. Counted in UTF-16 units, which are never fewer than characters.
const MAX_TEXT: usize = 200;

/// How long the tokens hold where an answer does not say it.
const ACCESS_LASTS: u64 = 21_599;
const REFRESH_LASTS: u64 = 5_183_999;

/// How long a channel rests after the service said that its quota is used up.
const QUOTA_REST: Duration = Duration::from_secs(3600);

/// The app of a person, and what it was given. It is kept sealed, and has no `Debug`.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct KakaoApp {
    /// The REST API key of the app.
    pub(crate) client_id: String,
    /// Only apps that were set so have one.
    pub(crate) client_secret: Option<String>,
    /// As it is entered in the app.
    pub(crate) redirect: String,
    /// What the button of a message opens; without one, the page of the site.
    pub(crate) link: Option<String>,
    /// Others than Kakao's own only for a test or a relay of one's own.
    pub(crate) auth: String,
    pub(crate) api: String,
}

/// The app with the tokens it was given, as it is sealed.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct KakaoGrant {
    pub(super) app: KakaoApp,
    access: String,
    refresh: String,
}

/// A grant and how long it holds.
pub(super) struct Renewed {
    pub(super) grant: KakaoGrant,
    pub(super) access_until: SeoulTime,
    /// `None` if the answer has no new token for renewals: the one before stays.
    pub(super) refresh_until: Option<SeoulTime>,
}

/// Why the service did not do what it was asked for.
pub(super) enum Refusal {
    /// It may do it later, or will never take this message.
    Failed(Failure),
    /// The access token holds no more; a new one may.
    Expired,
    /// Nothing works before a person has done something: a sentence in English.
    Person(String),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// A sentence as logs and the store have it.
macro_rules! english {
    ($($sentence:tt)*) => { in_language(Language::English, || say!($($sentence)*)) };
}

impl KakaoApp {
    /// Looks at what a person has given of an app.
    ///
    /// # Errors
    /// A sentence in English, without what was given.
    pub(crate) fn check(&self) -> Result<(), String> {
        let fits =
            |text: &str| !text.is_empty() && text.len() <= 200 && text.chars().all(|c| c.is_ascii_graphic());
        if !fits(&self.client_id) || !self.client_secret.as_deref().is_none_or(fits) {
            return Err(english!("kakao-key"));
        }
        self.at(&self.auth, "")?;
        self.at(&self.api, "")?;
        // Nothing is sent to these two by this program.
        for text in [Some(&self.redirect), self.link.as_ref()].into_iter().flatten() {
            let read = text.parse::<Url>().ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            read.ok_or_else(|| english!("address-none"))?;
        }
        Ok(())
    }

    fn at(&self, base: &str, path: &str) -> Result<Url, String> {
        address(&format!("{}{path}", base.trim_end_matches('/')))
    }

    /// The page on which the person lets the app write to the own chat.
    ///
    /// # Errors
    /// As [`KakaoApp::check`].
    pub(crate) fn authorise_link(&self) -> Result<String, String> {
        let mut url = self.at(&self.auth, "/oauth/authorize")?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client_id)
            .append_pair("redirect_uri", &self.redirect)
            .append_pair("scope", SCOPE);
        Ok(url.into())
    }

    /// Asks for tokens, with a code or with the token for renewals.
    async fn tokens(
        &self,
        http: &Http,
        (grant_type, key, value): (&str, &str, &str),
        now: SeoulTime,
    ) -> Result<(TokenAnswer, SeoulTime), Refusal> {
        let url = self.at(&self.auth, "/oauth/token").map_err(Failure::from)?;
        let mut fields =
            vec![("grant_type", grant_type), ("client_id", self.client_id.as_str()), (key, value)];
        if key == "code" {
            fields.push(("redirect_uri", &self.redirect));
        }
        if let Some(secret) = &self.client_secret {
            fields.push(("client_secret", secret));
        }
        let reply = http.form(&url, None, &fields).await?;
        if reply.status != 200 {
            return Err(token_refusal(&reply));
        }
        let answer: TokenAnswer =
            serde_json::from_slice(&reply.body).map_err(|_| Failure::from(english!("kakao-no-tokens")))?;
        let lasts = answer.expires_in.unwrap_or(ACCESS_LASTS);
        Ok((answer, now.plus(Duration::from_secs(lasts))))
    }

    /// Takes the code that a person was given for the first tokens. A code is good once.
    pub(super) async fn exchange(self, http: &Http, code: &str, now: SeoulTime) -> Result<Renewed, Refusal> {
        let (answer, access_until) = self.tokens(http, ("authorization_code", "code", code), now).await?;
        let Some(refresh) = answer.refresh_token else {
            return Err(Failure::from(english!("kakao-no-tokens")).into());
        };
        if answer.scope.is_some_and(|scope| !scope.split([' ', ',']).any(|one| one == SCOPE)) {
            return Err(Refusal::Person(english!("kakao-scope")));
        }
        let refresh_until =
            now.plus(Duration::from_secs(answer.refresh_token_expires_in.unwrap_or(REFRESH_LASTS)));
        let grant = KakaoGrant { app: self, access: answer.access_token, refresh };
        Ok(Renewed { grant, access_until, refresh_until: Some(refresh_until) })
    }
}

/// What is answered to whoever asks for tokens. No `Debug`.
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    expires_in: Option<u64>,
    /// At a renewal only when the one before is near its end.
    refresh_token: Option<String>,
    refresh_token_expires_in: Option<u64>,
    scope: Option<String>,
}

/// The refusal of tokens in words.
fn token_refusal(reply: &Reply) -> Refusal {
    let said = serde_json::from_slice::<Value>(&reply.body).unwrap_or_default();
    let of = |key: &str| said.get(key).and_then(Value::as_str).unwrap_or_default();
    let passing = matches!(reply.status, 408 | 429 | 500..);
    match (of("error_code"), of("error")) {
        _ if passing => refusal(reply, None).into(),
        ("KOE320", _) => Refusal::Person(english!("kakao-code-used")),
        ("KOE303", _) => Refusal::Person(english!("kakao-redirect")),
        ("KOE101" | "KOE010", _) | (_, "invalid_client") => Refusal::Person(english!("kakao-app")),
        (_, "invalid_grant") => Refusal::Person(english!("kakao-ended")),
        _ => refusal(reply, None).into(),
    }
}

/// A refusal that has no words of its own.
fn refusal(reply: &Reply, code: Option<i64>) -> Failure {
    let text = match code {
        Some(code) => english!("kakao-answered-code", status = reply.status, code = code),
        None => english!("answered", status = reply.status),
    };
    let after = reply.after.filter(|_| matches!(reply.status, 429 | 503));
    let means = if after.is_some() { Means::ChannelDown } else { Means::of(reply.status) };
    Failure { text, means, after, moved_to: None }
}

impl KakaoGrant {
    /// Takes the token for renewals for a new access token.
    pub(super) async fn renew(mut self, http: &Http, now: SeoulTime) -> Result<Renewed, Refusal> {
        let asked = ("refresh_token", "refresh_token", self.refresh.as_str());
        let (answer, access_until) = self.app.tokens(http, asked, now).await?;
        self.access = answer.access_token;
        let lasts = answer.refresh_token_expires_in.unwrap_or(REFRESH_LASTS);
        let refresh_until = answer.refresh_token.map(|token| {
            self.refresh = token;
            now.plus(Duration::from_secs(lasts))
        });
        Ok(Renewed { grant: self, access_until, refresh_until })
    }

    /// Sends one message to the person's own chat.
    pub(super) async fn send(&self, http: &Http, note: &Note, text: &Text) -> Result<(), Refusal> {
        let url = self.app.at(&self.app.api, "/v2/api/talk/memo/default/send").map_err(Failure::from)?;
        let site = || Some(Site::builtin(note.facts.site.as_deref()?).ok()?.base_url().to_string());
        let link = match self.app.link.clone().or_else(site) {
            Some(link) => json!({ "web_url": link, "mobile_web_url": link }),
            None => json!({}),
        };
        let template = json!({ "object_type": "text", "text": shortened(text), "link": link }).to_string();
        let access = SecretString::from(self.access.as_str());
        let reply = http.form(&url, Some(&access), &[("template_object", &template)]).await?;
        let said = serde_json::from_slice::<Value>(&reply.body).unwrap_or_default();
        let of = |key: &str| said.get(key).and_then(Value::as_i64);
        if reply.status == 200 && of("result_code").is_none_or(|code| code == 0) {
            return Ok(());
        }
        Err(match (reply.status, of("code")) {
            (_, Some(-401)) | (401, None) => Refusal::Expired,
            (_, Some(-402)) => Refusal::Person(english!("kakao-scope")),
            (_, Some(-10)) => Refusal::Failed(Failure {
                after: Some(reply.after.unwrap_or(QUOTA_REST)),
                ..Failure::from(english!("kakao-quota"))
            }),
            (200, _) => Failure::later(english!(
                "kakao-answered-code",
                status = 200,
                code = of("result_code").unwrap_or_default()
            ))
            .into(),
            (_, code) => refusal(&reply, code).into(),
        })
    }
}

/// The title and as many lines as a text template takes, cut between two characters.
fn shortened(text: &Text) -> String {
    let whole = text.whole();
    if whole.encode_utf16().count() <= MAX_TEXT {
        return whole;
    }
    let mut units = 1;
    let fits = |c: &char| {
        units += c.len_utf16();
        units <= MAX_TEXT
    };
    whole.chars().take_while(fits).chain(['…']).collect()
}

/// The code in what a person pastes: the code itself, or the whole address that the browser came to.
///
/// # Errors
/// A sentence in English, without what was pasted.
pub(crate) fn pasted_code(pasted: &str) -> Result<SecretString, String> {
    let pasted = pasted.trim();
    let code = match pasted.split_once('?') {
        Some((_, query)) => {
            let query = query.split('#').next().unwrap_or_default();
            let of = |key: &str| {
                form_urlencoded::parse(query.as_bytes())
                    .find(|(name, _)| name == key)
                    .map(|(_, value)| value.into_owned())
            };
            match (of("code"), of("error")) {
                (Some(code), _) => code,
                (None, Some(_)) => return Err(english!("kakao-denied")),
                (None, None) => return Err(english!("kakao-no-code")),
            }
        }
        None => pasted.to_owned(),
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~');
    if code.is_empty() || code.len() > 512 || !code.chars().all(fits) {
        return Err(english!("kakao-no-code"));
    }
    Ok(SecretString::from(code))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_code_is_found_in_what_people_paste() {
        let code = |pasted: &str| pasted_code(pasted).map(|code| code.expose_secret().to_owned());
        assert_eq!(code(" invented-Code_1 \n").as_deref(), Ok("invented-Code_1"));
        assert_eq!(
            code("https://localhost/rent-runner?code=invented-1&state=x#y").as_deref(),
            Ok("invented-1")
        );
        let denied = code("https://localhost/rent-runner?error=access_denied&error_description=secret-1");
        assert!(denied.as_ref().is_err_and(|why| why.contains("did not agree")), "{denied:?}");
        for nothing in ["", "https://localhost/rent-runner", "https://localhost/?code=", "two words secret-1"]
        {
            let why = code(nothing).unwrap_err();
            assert!(why.contains("code") && !why.contains("secret-1"), "{why}");
        }
    }

    #[test]
    fn a_long_text_keeps_its_beginning_and_ends_between_two_characters() {
        let text = |body: &str| Text { title: "예약 성공".to_owned(), body: body.to_owned() };
        assert_eq!(shortened(&text("접수번호: 1")), "예약 성공\n접수번호: 1");
        for body in ["가".repeat(400), "🎾".repeat(400), format!("a{}", "🎾".repeat(400))] {
            let short = shortened(&text(&body));
            let units = short.encode_utf16().count();
            assert!((199..=200).contains(&units), "{units}");
            assert!(short.starts_with("예약 성공\n") && short.ends_with('…'), "{short}");
        }
    }

    #[test]
    fn the_link_asks_for_the_right_to_write_and_says_where_to_come_back() {
        let app = KakaoApp {
            client_id: "invented-key".to_owned(),
            client_secret: None,
            redirect: REDIRECT.to_owned(),
            link: None,
            auth: AUTH.to_owned(),
            api: API.to_owned(),
        };
        assert_eq!(app.check(), Ok(()));
        assert_eq!(
            app.authorise_link().unwrap(),
            "https://kauth.kakao.com/oauth/authorize?response_type=code&client_id=invented-key\
             &redirect_uri=https%3A%2F%2Flocalhost%2Frent-runner&scope=talk_message"
        );
        let wrong = |change: &dyn Fn(&mut KakaoApp)| {
            let mut app = app.clone();
            change(&mut app);
            app.check().unwrap_err()
        };
        assert!(wrong(&|app| app.client_id = "secret 1".to_owned()).contains("key"));
        assert!(wrong(&|app| app.auth = "http://secret-1.example".to_owned()).contains("plain http"));
        assert!(wrong(&|app| app.link = Some("secret-1".to_owned())).contains("no address"));
    }
}
