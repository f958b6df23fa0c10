//! Any bytes as the answer to any step, at any of the addresses that matter.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use namyangju_rent::harness::{Capture, Told, replay};
use namyangju_rent::{Outcome, Site, Step};

static SITES: LazyLock<Vec<Site>> =
    LazyLock::new(|| Site::builtin_names().filter_map(|name| Site::builtin(name).ok()).collect());

const STEPS: [Step; 7] =
    [Step::Home, Step::Login, Step::Schedule, Step::Schedule, Step::Day, Step::Form, Step::Submit];

// Without the prefix, which belongs to the dialect.
const PATHS: [&str; 7] = [
    "/",
    "/message",
    "/rent/application/index/2026/12/01/1/NYJ06/07/103",
    "/rent/application/index/2026/12/01/2/NYJ06/07/103",
    "/rent/reservation/index/2026/12/05/1/NYJ06/07/103/Y",
    "/rent/rentinput",
    "/rent/complete/index/1833777",
];

fuzz_target!(|data: &[u8]| {
    // The last byte picks site and step: each page is read once or twice only.
    let pick = usize::from(data.last().copied().unwrap_or_default());
    let site = &SITES[pick % 2];
    let (step, path) = (STEPS[pick / 2 % 7], PATHS[pick / 2 % 7]);
    let prefix = if site.name() == "namyangju" { "rent" } else { "" };
    let base = format!("{}{prefix}", site.base_url());
    let base = base.trim_end_matches('/');
    let mut capture = Capture::new(step, format!("{base}{path}"), data);
    capture.posted_to = Some(format!("{base}/rent/process/rent"));
    capture.place = "NYJ06/07/103".parse().ok();
    capture.date = "2026-12-05".parse().ok();
    let _ = format!("{:?}", replay(site, &capture));
    if step == Step::Submit {
        capture.posted_to = None;
        if let Ok(Told::Outcome(Outcome::Reserved(_))) = replay(site, &capture) {
            // Without a redirect there is no receipt: only a page that itself leads on can end as one.
            let text = String::from_utf8_lossy(data).to_ascii_lowercase();
            assert!(text.contains("location") || text.contains("refresh"));
        }
    }
    if let Ok(entry) = serde_json::from_slice(data) {
        let _ = Capture::from_har_entry(&entry, Step::Day);
        let _ = serde_json::from_value::<Capture>(entry);
    }
});
