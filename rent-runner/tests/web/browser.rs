//! Chromium, driven through WebDriver.

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;

pub(crate) use crate::driver::Driver;
use crate::driver::FLAGS;

impl Driver {
    /// A browser window of a width, in a language, with or without scripts.
    pub(crate) async fn browser(&self, width: u32, language: &str, scripts: bool) -> Client {
        let mut flags: Vec<String> = FLAGS.iter().map(|flag| (*flag).to_owned()).collect();
        flags.push(format!("--window-size={width},900"));
        flags.push(format!("--lang={language}"));
        let scripts = if scripts { 1 } else { 2 };
        let options = json!({
            "args": flags,
            "prefs": {
                "intl.accept_languages": language,
                "profile.managed_default_content_settings.javascript": scripts,
            },
        });
        let mut capabilities = serde_json::Map::new();
        capabilities.insert("goog:chromeOptions".to_owned(), options);
        ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&self.address)
            .await
            .unwrap()
    }
}
