//! What can be wrong with a dialect or an address, for the person who wrote it.

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
    #[error(
        "`{0}` is not a base address: write http:// or https://, a host and no path, as in https://www.nyj.go.kr"
    )]
    BaseUrl(String),
}
