//! Any text as a dialect file, alone and in the place of a line of a good one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use namyangju_rent::harness::{Capture, replay};
use namyangju_rent::{Refusal, Site, Step};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let _ = Site::from_toml(&text).map_err(|error| error.to_string());
    let _ = text.parse::<namyangju_rent::form_fields::Charset>();
    let Some((at, line)) = data.split_first() else { return };
    let good = Site::builtin_toml("namyangju").unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let lines = good.lines().count().max(1);
    let changed: Vec<&str> = good
        .lines()
        .enumerate()
        .map(|(index, old)| if index == usize::from(*at) * lines / 256 { line.as_ref() } else { old })
        .collect();
    let Ok(site) = Site::from_toml(&changed.join("\n")) else { return };
    // What was taken has to work.
    let _ = site.clone().with_refusal_text(&line, Refusal::Busy).with_base_url(&line);
    let place = "NYJ06/07/103".parse().expect("a place");
    let _ = site.opening(&place, "2026-12-05".parse().expect("a date"));
    let page = "<div class=error>x</div><form id=reservation_form><table><tr><td>06:00~08:00<td><input class=select_check value=1></table>";
    for step in [Step::Schedule, Step::Day, Step::Form, Step::Submit, Step::Login] {
        let mut capture = Capture::new(step, format!("{}rent/x/1833777", site.base_url()), page);
        capture.posted_to = Some(site.base_url().to_string());
        capture.place = Some(place.clone());
        capture.date = "2026-12-05".parse().ok();
        let _ = format!("{:?}", replay(&site, &capture));
    }
});
