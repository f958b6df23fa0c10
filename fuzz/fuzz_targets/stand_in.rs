//! Any requests against the stand-in: one a line, `METHOD target cookie body`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use namyangju_rent::harness::{Request, Settings, StandIn};
use namyangju_rent::{SeoulTime, Site};

/// Enough for a login, a visit and a submission with something odd between them.
const MAX_REQUESTS: usize = 12;

fuzz_target!(|data: &[u8]| {
    let site = Site::builtin("namyangju").expect("compiled in");
    let mut stand_in = StandIn::new(&site, Settings::default());
    let now: SeoulTime = "2026-11-26 10:00:00".parse().expect("an instant");
    let mut cookie: Option<Vec<u8>> = None;
    for line in data.split(|b| *b == b'\n').take(MAX_REQUESTS) {
        let mut words = line.splitn(4, |b| *b == b' ');
        let mut word = || String::from_utf8_lossy(words.next().unwrap_or_default()).into_owned();
        let (method, target, own, body) = (word(), word(), word(), word());
        let mut request = Request::new(&method, &target);
        // `-` is the cookie the stand-in gave last.
        let value = if own == "-" { cookie.clone() } else { Some(own.into_bytes()) };
        request.headers.extend(value.map(|value| ("cookie".to_owned(), value)));
        request.body = body.into_bytes();
        let answer = stand_in.answer(&request, now);
        assert!((100..600).contains(&answer.status) || answer.fault.is_some());
        let _ = format!("{request:?} {answer:?}");
        let last = answer.set_cookies().last().and_then(|line| line.split(';').next());
        cookie = last.map(|pair| pair.as_bytes().to_vec()).or(cookie);
    }
    // Nobody gets in without a password.
    let logged_in = data.windows(10).any(|w| w == b"invented-1" || w == b"invented-2" || w == b"invented-3");
    assert!(logged_in || stand_in.bookings().is_empty());
});
