//! The table of settings: what each is called in the file, in the environment and on the command line.

/// A setting: its key in the file, its variable, its flag.
#[derive(Debug)]
pub(super) struct Setting {
    pub(super) key: &'static str,
    /// Another key that gives the same setting in another way.
    pub(super) also: Option<&'static str>,
    pub(super) variable: &'static str,
    pub(super) flag: Option<&'static str>,
}

const fn setting(key: &'static str, variable: &'static str, flag: Option<&'static str>) -> Setting {
    Setting { key, also: None, variable, flag }
}

pub(super) const DATABASE: Setting = setting("database", "RENT_DATABASE", Some("--database"));
pub(super) const KEY: Setting = Setting {
    key: "key-file",
    also: Some("key-command"),
    variable: "RENT_KEY_FILE",
    flag: Some("--key-file"),
};
pub(super) const SITE: Setting = setting("site", "RENT_SITE", Some("--site"));
pub(super) const BASE_URL: Setting = setting("base-url", "RENT_BASE_URL", Some("--base-url"));
pub(super) const TLS: Setting = setting("tls", "RENT_TLS", Some("--tls"));
pub(super) const EXTRA_CA: Setting = setting("extra-ca", "RENT_EXTRA_CA", Some("--extra-ca"));
pub(super) const USER_AGENT: Setting = setting("user-agent", "RENT_USER_AGENT", Some("--user-agent"));
pub(super) const ROUTES: Setting = setting("routes", "RENT_ROUTES", Some("--route"));
pub(super) const ON_BLOCK: Setting = setting("on-block", "RENT_ON_BLOCK", Some("--on-block"));
pub(super) const RUNNER: Setting = setting("runner", "RENT_RUNNER", Some("--runner"));
pub(super) const MOST: Setting = setting("most-at-once", "RENT_MOST_AT_ONCE", Some("--most-at-once"));
pub(super) const LISTEN: Setting = setting("listen", "RENT_LISTEN", Some("--listen"));
pub(super) const BASE_PATH: Setting = setting("base-path", "RENT_BASE_PATH", Some("--base-path"));
pub(super) const WEB_HOSTS: Setting = setting("web-hosts", "RENT_WEB_HOSTS", Some("--web-host"));
pub(super) const PROXIES: Setting =
    setting("trusted-proxies", "RENT_TRUSTED_PROXIES", Some("--trusted-proxy"));
pub(super) const TLS_CERT: Setting = setting("tls-cert", "RENT_TLS_CERT", Some("--tls-cert"));
pub(super) const TLS_KEY: Setting = setting("tls-key", "RENT_TLS_KEY", Some("--tls-key"));
pub(super) const LANGUAGE: Setting = setting("language", "RENT_LANGUAGE", Some("--language"));
pub(super) const LOG_FORMAT: Setting = setting("log-format", "RENT_LOG_FORMAT", Some("--log-format"));

/// All of them, in the order in which they are shown.
pub(super) const SETTINGS: [&Setting; 19] = [
    &DATABASE,
    &KEY,
    &SITE,
    &BASE_URL,
    &TLS,
    &EXTRA_CA,
    &USER_AGENT,
    &ROUTES,
    &ON_BLOCK,
    &RUNNER,
    &MOST,
    &LISTEN,
    &BASE_PATH,
    &WEB_HOSTS,
    &PROXIES,
    &TLS_CERT,
    &TLS_KEY,
    &LANGUAGE,
    &LOG_FORMAT,
];
