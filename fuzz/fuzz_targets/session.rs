//! Any bytes as a saved session, and any JSON as the cookies in one.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use namyangju_rent::{Client, SavedSession, Site};

static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    let site = Site::builtin("namyangju").expect("compiled in").with_base_url("http://127.0.0.1:9");
    Client::builder(site.expect("an address")).user_agent("fuzz").build().expect("plain http")
});

fn restore(json: &[u8]) {
    let Ok(saved) = serde_json::from_slice::<SavedSession>(json) else { return };
    assert!(!format!("{saved:?}").contains("cookies"));
    if let Ok(session) = CLIENT.restore(&saved) {
        let again = session.save().expect("its cookies were read");
        assert!(CLIENT.restore(&again).is_ok());
        let _ = format!("{session:?}");
    }
}

fuzz_target!(|data: &[u8]| {
    restore(data);
    if let Ok(cookies) = serde_json::from_slice::<serde_json::Value>(data) {
        let saved = serde_json::json!({
            "version": 1, "site": "namyangju", "base_url": "http://127.0.0.1:9/", "user_agent": "fuzz",
            "account": "invented", "saved_at": "2026-11-26T10:00:00+09:00", "cookies": cookies,
        });
        restore(saved.to_string().as_bytes());
    }
});
