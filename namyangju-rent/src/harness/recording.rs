//! The stand-in's own recording of a visit, as a browser's developer tools would have saved it.
//!
//! Captures of real sites are full of people's data, so none can be a test. What the stand-in records is invented from end to
//! end, and looks the same.

use std::io::Read as _;

use flate2::read::GzDecoder;

use super::wire::{Answer, Request};
use crate::har::{HarEntry, HarFile, SavedBody, SentBody, SentContent};
use crate::html::charset::Charset;
use crate::site::Site;
use crate::value::date::SeoulTime;

/// The most exchanges of one recording.
const MAX_RECORDED: usize = 10_000;

/// What was recorded so far.
#[derive(Default)]
pub(super) struct Recording {
    entries: Vec<HarEntry>,
}

impl Recording {
    /// Keeps one exchange. `site` is the dialect at the address that the visitor used.
    pub(super) fn add(&mut self, request: &Request, answer: &Answer, site: &Site, at: SeoulTime) {
        if self.entries.len() >= MAX_RECORDED {
            return;
        }
        let Ok(url) = site.base_url().join(&request.target) else { return };
        let mut entry = HarEntry::new(&request.method, url, answer.status);
        entry.nth = self.entries.len() + 1;
        entry.started = Some(at);
        entry.took_ms = Some(answer.back_delay.as_secs_f64() * 1_000.0);
        entry.request_headers = text_of(&request.headers);
        if !request.body.is_empty() {
            let mime = request.header("content-type").unwrap_or_default().to_owned();
            let content = SentContent::Text(String::from_utf8_lossy(&request.body).into_owned());
            entry.sent = Some(SentBody { mime, content });
        }
        if answer.fault.is_none() {
            entry.response_headers = text_of(&answer.headers);
            fill(&mut entry, answer, site.charset());
        } else {
            entry.status = 0;
        }
        self.entries.push(entry);
    }

    pub(super) fn file(&self) -> HarFile {
        let creator = concat!("namyangju-rent ", env!("CARGO_PKG_VERSION"));
        HarFile::of("1.2", creator, self.entries.clone())
    }
}

/// The body as browsers have it: unpacked, and decoded if it is text.
fn fill(entry: &mut HarEntry, answer: &Answer, fallback: Charset) {
    let mut body = answer.body.clone();
    if answer.header("content-encoding") == Some("gzip") {
        body.clear();
        // The stand-in packed it itself.
        let _ = GzDecoder::new(answer.body.as_slice()).read_to_end(&mut body);
    }
    entry.size = Some(body.len() as u64);
    let kind = entry.media_type().unwrap_or_default();
    let is_text = kind.starts_with("text/") || kind.contains("javascript") || kind.contains("json");
    let charset = Charset::of_page(&body, answer.header("content-type").map(str::as_bytes), fallback);
    entry.body = match is_text {
        // Browsers keep no body of a redirect.
        _ if (300..400).contains(&answer.status) => SavedBody::Missing,
        true => SavedBody::Text(charset.decode(&body).into_owned()),
        false => SavedBody::Bytes(body),
    };
}

fn text_of(headers: &[(String, Vec<u8>)]) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| (name.clone(), String::from_utf8_lossy(value).into_owned())).collect()
}
