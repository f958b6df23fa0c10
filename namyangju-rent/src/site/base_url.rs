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
        let wrong = || SiteError::BaseUrl(shortened(text));
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

impl TryFrom<String> for BaseUrl {
    type Error = SiteError;

    fn try_from(text: String) -> Result<Self, SiteError> {
        text.parse()
    }
}
