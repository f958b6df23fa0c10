//! The address that everything of a site begins with.

use std::str::FromStr;

use serde::Deserialize;
use url::Url;

use crate::site::error::SiteError;
use crate::value::place::shortened;

/// A base address: scheme and host, perhaps a port, nothing else.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct BaseUrl(pub(crate) Url);

impl FromStr for BaseUrl {
    type Err = SiteError;

    fn from_str(text: &str) -> Result<Self, SiteError> {
        let wrong = || SiteError::BaseUrl(shortened(&without_login(text)));
        let url = Url::parse(text.trim()).map_err(|_| wrong())?;
        let plain = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none();
        if plain { Ok(Self(url)) } else { Err(wrong()) }
    }
}

/// The text as an error may show it: what stands before an `@` may be a password.
fn without_login(text: &str) -> String {
    let (scheme, rest) = text.split_once("://").map_or(("", text), |(scheme, rest)| (scheme, rest));
    match rest.rsplit_once('@') {
        Some((_, host)) if scheme.is_empty() => format!("***@{host}"),
        Some((_, host)) => format!("{scheme}://***@{host}"),
        None => text.to_owned(),
    }
}

impl TryFrom<String> for BaseUrl {
    type Error = SiteError;

    fn try_from(text: String) -> Result<Self, SiteError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_error_shows_a_login() {
        for text in [
            "http://user:invented-1@example.org",
            "user:invented-1@example.org",
            "http://user:invented-1@example.org/rent@x",
            "ftp://user:invented-1@example.org",
        ] {
            let error = text.parse::<BaseUrl>().map(|_| ()).unwrap_err().to_string();
            assert!(!error.contains("invented-1") && error.contains("***@"), "{error}");
        }
    }
}
