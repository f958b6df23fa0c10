//! The application's own second stamp in an answer, out of its cookies: the clock that its rules ask (pure).
//!
//! `Date` is the web server's, and a server that renews it by a timer is late by up to a second without contradicting
//! itself. A cookie's `expires` is made by the application, as its own time plus a lifetime; newer PHP and Tomcat write
//! that lifetime beside it as `Max-Age`, so the difference is the application's second. Some write milliseconds.

use cookie_store::RawCookie;

use crate::clock::aim::{OwnStamp, Stamp};
use crate::clock::facts::OwnStampFrom;
use crate::site::dialect::Dialect;

const SECOND_MICROS: i64 = 1_000_000;
const MILLI_MICROS: i64 = 1_000;

/// A stamp that is further from the answer's `Date` than this is no clock, or not this site's, in seconds.
const WITHIN_SECONDS: i64 = 60;

/// The second stamp of an answer with these `Set-Cookie` lines, dated `date` in Unix seconds. Without a rule in the
/// dialect it is the last line with both `expires` and `Max-Age`, the session's cookie first.
pub(super) fn own_stamp<'l>(
    dialect: &Dialect,
    lines: impl Iterator<Item = &'l [u8]>,
    date: i64,
) -> Option<OwnStamp> {
    let rule = dialect.clock.own_stamp.as_ref();
    let cookies = lines.filter_map(|line| {
        // As the cookie jar reads them: one character for each byte.
        RawCookie::parse(line.iter().map(|byte| char::from(*byte)).collect::<String>()).ok()
    });
    let mut found = None;
    let mut of_session = false;
    for cookie in cookies {
        if rule.is_some_and(|rule| rule.cookie != cookie.name()) {
            continue;
        }
        let (from, lifetime) =
            rule.map_or((OwnStampFrom::Expires, None), |rule| (rule.from, rule.lifetime_seconds));
        let Some(stamp) = stamp_of(&cookie, from, lifetime) else { continue };
        if stamp.unix_micros.div_euclid(SECOND_MICROS).abs_diff(date) > WITHIN_SECONDS.unsigned_abs() {
            continue;
        }
        let session = dialect.session_cookie.names.iter().any(|name| name == cookie.name());
        if session || !of_session {
            let read = rule.map_or(Stamp::Unknown, |rule| rule.read);
            found = Some(OwnStamp { read, ..stamp });
            of_session = session;
        }
    }
    found
}

/// What one cookie shows; one that is being cleared shows nothing.
fn stamp_of(cookie: &RawCookie<'_>, from: OwnStampFrom, lifetime: Option<u32>) -> Option<OwnStamp> {
    let (unix_micros, resolution_micros) = match from {
        OwnStampFrom::Expires => {
            let ends = cookie.expires()?.datetime()?.unix_timestamp();
            let told = cookie.max_age().map(|age| age.whole_seconds());
            let lifetime = told.or_else(|| lifetime.map(i64::from)).filter(|seconds| *seconds > 0)?;
            (ends.checked_sub(lifetime)?.checked_mul(SECOND_MICROS)?, SECOND_MICROS)
        }
        OwnStampFrom::Milliseconds => {
            (cookie.value().parse::<i64>().ok()?.checked_mul(MILLI_MICROS)?, MILLI_MICROS)
        }
    };
    Some(OwnStamp { unix_micros, resolution_micros, read: Stamp::Unknown })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::site::Site;

    const DATE: i64 = 1_795_658_400; // 2026-11-26 02:00:00 UTC

    fn dialect(clock: &str) -> Dialect {
        let text = Site::builtin_toml("namyangju").unwrap();
        let (before, after) = text.split_once("[clock]").unwrap();
        let (_, after) = after.split_once("\n[").unwrap();
        let site = Site::from_toml(&format!("{before}[clock]\n{clock}\n[{after}")).unwrap();
        Dialect::clone(&site.dialect)
    }

    fn stamp(clock: &str, lines: &[&str]) -> Option<(i64, i64, Stamp)> {
        let lines = lines.iter().map(|line| line.as_bytes());
        own_stamp(&dialect(clock), lines, DATE)
            .map(|own| (own.unix_micros - DATE * SECOND_MICROS, own.resolution_micros, own.read))
    }

    #[test]
    fn a_cookie_with_both_ends_tells_the_applications_second() {
        let second = |seconds: i64| Some((seconds * SECOND_MICROS, SECOND_MICROS, Stamp::Unknown));
        for (lines, found) in [
            (vec!["a=1; expires=Thu, 26-Nov-2026 04:00:01 GMT; Max-Age=7200; path=/"], second(1)),
            (vec!["a=1; Expires=Thu, 26 Nov 2026 03:59:59 GMT; max-age=7200"], second(-1)),
            // The session's own cookie goes before others, the later line before the earlier.
            (
                vec![
                    "ci_session=1; expires=Thu, 26-Nov-2026 04:00:01 GMT; Max-Age=7200",
                    "z=1; expires=Thu, 26-Nov-2026 04:00:02 GMT; Max-Age=7200",
                ],
                second(1),
            ),
            (
                vec![
                    "y=1; expires=Thu, 26-Nov-2026 04:00:01 GMT; Max-Age=7200",
                    "z=1; expires=Thu, 26-Nov-2026 04:00:02 GMT; Max-Age=7200",
                ],
                second(2),
            ),
            // One end alone, a cookie that is cleared, another clock, and no date at all tell nothing.
            (vec!["a=1; expires=Thu, 26-Nov-2026 04:00:01 GMT"], None),
            (vec!["a=1; Max-Age=7200"], None),
            (vec!["a=; expires=Thu, 01-Jan-1970 00:00:10 GMT; Max-Age=0"], None),
            (vec!["a=1; expires=Thu, 26-Nov-2026 05:00:01 GMT; Max-Age=7200"], None),
            (vec!["a=1; expires=soon; Max-Age=7200"], None),
            (vec![], None),
        ] {
            assert_eq!(stamp("", &lines), found, "{lines:?}");
        }
    }

    #[test]
    fn a_dialect_names_the_cookie_its_lifetime_and_when_it_is_made() {
        let rule =
            r#"own_stamp = { cookie = "seen", from = "expires", lifetime_seconds = 3600, read = "arrival" }"#;
        let lines = [
            "seen=1; expires=Thu, 26-Nov-2026 03:00:03 GMT",
            "ci_session=1; expires=Thu, 26-Nov-2026 04:00:09 GMT; Max-Age=7200",
        ];
        assert_eq!(stamp(rule, &lines), Some((3 * SECOND_MICROS, SECOND_MICROS, Stamp::Arrival)));
        assert_eq!(stamp(rule, &lines[1..]), None);
        let rule = r#"own_stamp = { cookie = "at", from = "milliseconds" }"#;
        let line = format!("at={}", DATE * 1_000 + 250);
        assert_eq!(stamp(rule, &[&line]), Some((250_000, MILLI_MICROS, Stamp::Unknown)));
        assert_eq!(stamp(rule, &["at=soon", "at=-9223372036854775808", "other=1"]), None);
    }

    proptest! {
        #[test]
        fn no_line_is_too_odd(line in "([ -~]|\u{e9}|;|=|expires=|max-age=|-?[0-9]{1,20}| GMT){0,12}", date in any::<i64>()) {
            for clock in ["", r#"own_stamp = { cookie = "a", from = "milliseconds" }"#] {
                let _ = own_stamp(&dialect(clock), [line.as_bytes()].into_iter(), date);
            }
        }
    }
}
