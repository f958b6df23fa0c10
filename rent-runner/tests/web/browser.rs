//! Chromium, driven through WebDriver.

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;

pub(crate) use crate::driver::Driver;
use crate::driver::FLAGS;

impl Driver {
    /// A browser window of a width, in a language, with or without scripts.
    pub(crate) async fn browser(&self, width: u32, language: &str, scripts: bool) -> Client {
        self.themed(width, language, scripts, false).await
    }

    /// The same for a person who prefers dark pages.
    pub(crate) async fn themed(&self, width: u32, language: &str, scripts: bool, is_dark: bool) -> Client {
        let mut flags: Vec<String> = FLAGS.iter().map(|flag| (*flag).to_owned()).collect();
        flags.push(format!("--window-size={width},900"));
        flags.push(format!("--lang={language}"));
        // What a page is told that its reader prefers: 0 is dark, 1 is light.
        flags.push(format!("--blink-settings=preferredColorScheme={}", if is_dark { 0 } else { 1 }));
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
