//! What can be wrong with a dialect or an address, for the person who wrote it.

use url::Url;

/// Why a dialect or a base address cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SiteError {
    /// The TOML text is not a dialect; the message names the line, the key and what is allowed.
    #[error("the dialect cannot be read: {0}")]
    Dialect(String),
    /// No dialect of that name is compiled in.
    #[error("no site is called `{name}`: built in are {known}; or give the path of a TOML file")]
    UnknownName {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The base address is not one.
    #[error("`{0}` is not a base address: {advice}", advice = base_url_advice(.0))]
    BaseUrl(String),
}

/// What to write instead. Whoever copied the address of a page is told which part of it is the base address.
fn base_url_advice(text: &str) -> String {
    let page = Url::parse(text.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    // A text with an ellipsis was cut, perhaps in its host.
    match page.map(|url| url.origin().ascii_serialization()).filter(|_| !text.contains('…')) {
        Some(base) => format!("leave away what stands beside scheme, host and port, as in {base}"),
        None => "write http:// or https://, a host and no path, as in https://www.nyj.go.kr".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_page_is_told_as_what_is_left_of_it() {
        for page in
            ["http://127.0.0.1:8099/rent/", "http://127.0.0.1:8099/?a=1", "http://127.0.0.1:8099/#top"]
        {
            let told = SiteError::BaseUrl(page.to_owned()).to_string();
            assert!(
                told.ends_with(
                    "leave away what stands beside scheme, host and port, as in http://127.0.0.1:8099"
                ),
                "{told}"
            );
        }
        for other in ["www.nyj.go.kr", "ftp://www.nyj.go.kr", "", "https://www.…"] {
            let told = SiteError::BaseUrl(other.to_owned()).to_string();
            assert!(told.ends_with("as in https://www.nyj.go.kr"), "{told}");
        }
    }
}
