//! The keys of a dialect file. `sites/namyangju.toml` explains what each of them means.
//!
//! A wrong key, a wrong word or a wrong selector is refused while the file is read, so that the
//! error can name the line.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::aim::Stamp;
use crate::clock::aim::facts::OwnStampFrom;
use crate::html::charset::Charset;
use crate::html::selector::FastSelector;
use crate::outcome::Refusal;
use crate::site::base_url::BaseUrl;
use crate::site::path::PathTemplate;
use crate::value::date::{RentDate, SeoulTime};
use crate::value::place::{CentreCode, GroupCode, Place};
use crate::value::slot::{Purpose, SlotState, TimeOfDay};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dialect {
    pub(crate) schema: u32,
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) charset: Charset,
    pub(crate) time_zone: String,
    pub(crate) address: Address,
    pub(crate) paths: SitePaths,
    pub(crate) codes: Codes,
    pub(crate) login: Login,
    pub(crate) session_cookie: SessionCookie,
    pub(crate) day_post: DayPost,
    pub(crate) application: ApplicationPost,
    pub(crate) markers: Markers,
    #[serde(default)]
    pub(crate) waiting_room: WaitingRoomMarks,
    #[serde(default)]
    pub(crate) clock: ClockSource,
    #[serde(default)]
    pub(crate) habits: Habits,
    pub(crate) slot_states: BTreeMap<String, SlotState>,
    pub(crate) receipt: ReceiptRule,
    #[serde(default)]
    pub(crate) human_check: Vec<HumanCheckPlace>,
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) answers: Vec<AnswerRule>,
    #[serde(default)]
    pub(crate) limits: Limits,
    #[serde(default)]
    pub(crate) openings: Vec<OpeningRule>,
    #[serde(default)]
    pub(crate) places: Vec<NamedPlace>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Address {
    pub(crate) base: BaseUrl,
    pub(crate) prefix: String,
    #[serde(default)]
    pub(crate) secure_port: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SitePaths {
    pub(crate) home: PathTemplate,
    pub(crate) login_page: PathTemplate,
    pub(crate) login: PathTemplate,
    pub(crate) logout: PathTemplate,
    pub(crate) message: PathTemplate,
    pub(crate) schedule: PathTemplate,
    pub(crate) day: PathTemplate,
    pub(crate) form: PathTemplate,
    pub(crate) submit: PathTemplate,
    #[cfg_attr(not(feature = "harness"), allow(dead_code, reason = "only the stand-in answers there"))]
    pub(crate) human_check: PathTemplate,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Codes {
    pub(crate) view_calendar: String,
    pub(crate) view_day_list: String,
    pub(crate) is_list: String,
    pub(crate) sports: String,
    pub(crate) events: String,
}

impl Codes {
    pub(crate) fn purpose(&self, purpose: Purpose) -> &str {
        match purpose {
            Purpose::Sports => &self.sports,
            Purpose::Events => &self.events,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    pub(crate) page_first: bool,
    pub(crate) fields: Vec<ValueField>,
}

/// A field whose value is made from a template: `{account}`, `{date}` and so on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValueField {
    pub(crate) name: String,
    pub(crate) value: String,
    /// The page's own hidden field of that name wins over the template.
    #[serde(default)]
    pub(crate) page: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionCookie {
    pub(crate) names: Vec<String>,
    pub(crate) lines_at_login: u8,
    pub(crate) lifetime_seconds: u32,
    pub(crate) renewed_after_seconds: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DayPost {
    pub(crate) fields: Vec<ValueField>,
    pub(crate) slot_field: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplicationPost {
    pub(crate) fields: Vec<ApplicationField>,
    pub(crate) not_sent: Vec<String>,
    pub(crate) extra_fields: bool,
    pub(crate) check_time_list: bool,
    #[serde(default)]
    pub(crate) discounts: Vec<Discount>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplicationField {
    pub(crate) name: String,
    pub(crate) from: FieldSource,
    #[serde(default)]
    pub(crate) parts: Vec<String>,
    #[serde(default)]
    pub(crate) fallback: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FieldSource {
    /// The values of the page's controls of that name.
    Page,
    /// The chosen time numbers; what the page holds must agree.
    Slots,
    Discount,
    Payment,
    Applicant,
    Club,
    Telephone,
    Mobile,
    HeadCount,
    Men,
    Women,
    EventName,
    Purpose,
    /// `use_time_list`, which must speak of the chosen slots (protocol.md 6.1).
    TimeList,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Discount {
    pub(crate) code: String,
    pub(crate) percent: u8,
}

/// Where things are in a page: one selector each.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Markers {
    pub(crate) header_links: FastSelector,
    pub(crate) logged_in_text: String,
    pub(crate) logged_out_text: String,
    pub(crate) login_form: FastSelector,
    pub(crate) login_required_link: FastSelector,
    pub(crate) error: FastSelector,
    pub(crate) message: FastSelector,
    pub(crate) notice_button: FastSelector,
    pub(crate) human_check: FastSelector,
    pub(crate) facilities_link: FastSelector,
    pub(crate) centres: FastSelector,
    pub(crate) groups: FastSelector,
    pub(crate) courts: FastSelector,
    pub(crate) month_previous: FastSelector,
    pub(crate) month_next: FastSelector,
    pub(crate) apply_open: FastSelector,
    pub(crate) calendar: FastSelector,
    pub(crate) calendar_label: FastSelector,
    pub(crate) day_list_sports: FastSelector,
    pub(crate) day_list_events: FastSelector,
    pub(crate) day_form: FastSelector,
    pub(crate) slot_box_sports: FastSelector,
    pub(crate) slot_box_events: FastSelector,
    pub(crate) max_hours: FastSelector,
    pub(crate) min_hours: FastSelector,
    pub(crate) application: FastSelector,
    pub(crate) sale_amount: FastSelector,
}

/// What shows a waiting room, at any site: the marks of NetFUNNEL, unless a dialect names others.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WaitingRoomMarks {
    /// Parts of a script's address or text, or of the address that a page leads to, in small letters.
    pub(crate) words: Vec<String>,
    /// Names of attributes.
    pub(crate) attributes: Vec<String>,
}

impl Default for WaitingRoomMarks {
    fn default() -> Self {
        Self { words: vec!["netfunnel".to_owned()], attributes: vec!["data-nf-client-id".to_owned()] }
    }
}

impl WaitingRoomMarks {
    /// Whether a script, or an address, has one of the words.
    pub(crate) fn is_named_in(&self, text: &str) -> bool {
        let lower = text.to_ascii_lowercase();
        self.words.iter().any(|word| lower.contains(word.as_str()))
    }
}

/// Where the site's time can be read. Nothing of it is known of the real sites, so a run learns what is not given.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ClockSource {
    /// When the server stamps the `Date` of its pages.
    pub(crate) stamp: Stamp,
    /// The path of a file on the same host that no script answers, from the root of the host.
    pub(crate) file: Option<String>,
    /// A second stamp of the application itself.
    pub(crate) own_stamp: Option<OwnStampRule>,
}

/// A cookie that tells the application's own time.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnStampRule {
    /// Its name.
    pub(crate) cookie: String,
    pub(crate) from: OwnStampFrom,
    /// Its lifetime, for lines that give `expires` alone.
    #[serde(default)]
    pub(crate) lifetime_seconds: Option<u32>,
    /// When the application reads its clock for it.
    #[serde(default)]
    pub(crate) read: Stamp,
}

/// How a site behaves where a client copes with every behaviour. Nothing of it is known of the real sites; a capture tells
/// it, and the stand-in is dressed by it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(not(feature = "harness"), allow(dead_code, reason = "only the stand-in is dressed by them"))]
pub(crate) struct Habits {
    /// How a good login is answered.
    pub(crate) login_answer: Option<AnswerStyle>,
    /// How a good submission is answered.
    pub(crate) submit_answer: Option<AnswerStyle>,
    /// The path before the receipt number, after the prefix.
    pub(crate) landing: Option<String>,
    /// The applicant form is refused without the day's page before it.
    pub(crate) form_needs_day: Option<bool>,
    /// The label of the character set in the `Content-Type` of pages; empty if there is none.
    pub(crate) content_type: Option<String>,
    /// How long a silent connection is kept, as `Keep-Alive` says.
    pub(crate) keep_alive_seconds: Option<u32>,
}

/// How a site answers a form that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AnswerStyle {
    /// With a page.
    Page,
    /// With a redirect by status and `Location`.
    Redirect,
    /// With a `Refresh` header.
    Refresh,
    /// With a page that is nothing but a script.
    Script,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReceiptRule {
    pub(crate) digits_only: bool,
    pub(crate) longest: u8,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HumanCheckPlace {
    pub(crate) comcd: CentreCode,
    pub(crate) partcd: GroupCode,
}

/// One recognisable answer: all the conditions that are given must hold.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerRule {
    pub(crate) means: Refusal,
    #[serde(default)]
    pub(crate) at: Option<FastSelector>,
    #[serde(default)]
    pub(crate) text: Option<String>,
    #[serde(default)]
    pub(crate) whole: bool,
    #[serde(default)]
    pub(crate) content_length: Option<u64>,
    #[serde(default)]
    pub(crate) status: Option<u16>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    /// The most slots that one application may hold, where the site has such a rule.
    #[serde(default)]
    pub(crate) slots_per_application: Option<u8>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpeningRule {
    /// A centre, centre/group or centre/group/court; every place if left out.
    #[serde(default)]
    pub(crate) place: Option<String>,
    /// The day of the month before the month of use.
    #[serde(default)]
    pub(crate) day_of_month_before: Option<i8>,
    /// Days before the day of use.
    #[serde(default)]
    pub(crate) days_before: Option<u16>,
    pub(crate) time: TimeOfDay,
    pub(crate) confidence: String,
}

impl OpeningRule {
    pub(crate) fn applies_to(&self, place: &Place) -> bool {
        self.place.as_ref().is_none_or(|prefix| {
            let place = place.to_string();
            place == *prefix || place.starts_with(&format!("{prefix}/"))
        })
    }

    pub(crate) fn opens_at(&self, date: RentDate) -> Option<SeoulTime> {
        match (self.day_of_month_before, self.days_before) {
            (Some(day), _) => Some(date.first_of_month_before().with_day(day).at(self.time)),
            (None, Some(days)) => Some(date.plus_days(-i32::from(days)).at(self.time)),
            (None, None) => None,
        }
    }
}

/// A place whose codes are known, as a dialect lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NamedPlace {
    /// The codes.
    pub place: Place,
    /// The name on the site, as far as known.
    pub name: String,
    /// The confidence mark of protocol.md, for example `S1` or `I`.
    pub confidence: String,
}

impl Dialect {
    /// What a reader of single keys cannot see.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.schema != 1 {
            return Err(format!("`schema` is {}: this program reads schema 1", self.schema));
        }
        if self.time_zone != crate::value::date::TIME_ZONE {
            return Err(format!(
                "`time_zone` is `{}`: allowed is `{}`",
                self.time_zone,
                crate::value::date::TIME_ZONE
            ));
        }
        let prefix = &self.address.prefix;
        if !(prefix.is_empty() || prefix.starts_with('/') && !prefix.ends_with('/')) {
            return Err(format!("`address.prefix` is `{prefix}`: allowed are an empty text or `/word`"));
        }
        let needed = [
            ("paths.schedule", &self.paths.schedule, ["year", "month", "view", "comcd", "partcd"].as_slice()),
            ("paths.day", &self.paths.day, &["year", "month", "day", "comcd", "partcd", "placecd"]),
        ];
        for (key, path, places) in needed {
            if let Some(missing) = places.iter().find(|place| !path.has(place)) {
                return Err(format!("`{key}` lacks `{{{missing}}}`"));
            }
        }
        let templates: [(&str, &[ValueField], &[&str]); 2] = [
            ("login.fields", &self.login.fields, &["account", "password"]),
            (
                "day_post.fields",
                &self.day_post.fields,
                &[
                    "date",
                    "year",
                    "month",
                    "day",
                    "comcd",
                    "partcd",
                    "placecd",
                    "is_list",
                    "base",
                    "secure_base",
                    "group",
                ],
            ),
        ];
        for (key, fields, allowed) in templates {
            for field in fields {
                let inner = field.value.strip_prefix('{').and_then(|v| v.strip_suffix('}'));
                if let Some(word) = inner.filter(|word| !allowed.contains(word)) {
                    return Err(format!(
                        "`{key}` has `{{{word}}}` for `{}`: allowed are {allowed:?}",
                        field.name
                    ));
                }
            }
        }
        for rule in &self.answers {
            if rule.text.is_none() && rule.content_length.is_none() && rule.status.is_none() {
                return Err(
                    "a rule of `answers` has no condition: give `text`, `content_length` or `status`"
                        .to_owned(),
                );
            }
        }
        for word in self.waiting_room.words.iter().chain(&self.waiting_room.attributes) {
            if word.is_empty() || word.bytes().any(|b| b.is_ascii_uppercase()) {
                return Err(format!("`waiting_room` has `{word}`: its words are in small letters"));
            }
        }
        if let Some(file) = self.clock.file.as_ref().filter(|file| !file.starts_with('/')) {
            return Err(format!("`clock.file` is `{file}`: allowed is a path that begins with `/`"));
        }
        let landing = self.habits.landing.as_deref().unwrap_or_default();
        if !landing.is_empty() && (!landing.starts_with('/') || landing.ends_with('/')) {
            return Err(format!(
                "`habits.landing` is `{landing}`: allowed is a path that begins with `/` and does not end with one"
            ));
        }
        if let Some(rule) = &self.clock.own_stamp {
            if rule.cookie.is_empty() {
                return Err("`clock.own_stamp` has no name in `cookie`".to_owned());
            }
            if rule.from == OwnStampFrom::Milliseconds && rule.lifetime_seconds.is_some() {
                return Err("`clock.own_stamp` has `lifetime_seconds`: only `from = \"expires\"` needs one"
                    .to_owned());
            }
        }
        for source in [FieldSource::Slots, FieldSource::Club, FieldSource::HeadCount] {
            if !self.application.fields.iter().any(|field| field.from == source) {
                return Err(format!("`application.fields` has no field from `{source:?}`"));
            }
        }
        Ok(())
    }

    pub(crate) fn add_text(&mut self, text: &str, means: Refusal) {
        let text = Some(text.to_owned());
        self.answers.insert(
            0,
            AnswerRule { means, at: None, text, whole: false, content_length: None, status: None },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Site;

    fn error_of(from: &str, to: &str) -> String {
        let text = Site::builtin_toml("namyangju").unwrap();
        assert!(text.contains(from), "`{from}` is in the file");
        Site::from_toml(&text.replacen(from, to, 1)).unwrap_err().to_string()
    }

    #[test]
    fn every_builtin_dialect_is_read_and_named_as_its_file() {
        for name in Site::builtin_names() {
            assert_eq!(Site::builtin(name).unwrap().name(), name);
        }
        assert!(Site::builtin("busan").unwrap_err().to_string().contains("namyangju, cheonan"));
    }

    #[test]
    fn a_wrong_file_is_told_line_key_and_what_is_allowed() {
        let error = error_of("page_first", "page_frist");
        assert!(
            error.contains("line ") && error.contains("page_frist") && error.contains("`page_first`"),
            "{error}"
        );
        let error = error_of("error = \".error\"", "error = \".error >>\"");
        assert!(error.contains("line ") && error.contains("CSS selector"), "{error}");
        let error = error_of("charset = \"EUC-KR\"", "charset = \"EUC-XX\"");
        assert!(error.contains("line ") && error.contains("EUC-KR"), "{error}");
        let error = error_of("{comcd}/{partcd}/{placecd}", "{comcd}/{part}/{placecd}");
        assert!(error.contains("{part}") && error.contains("partcd"), "{error}");
        let error = error_of("from = \"club\"", "from = \"team\"");
        assert!(error.contains("line ") && error.contains("`club`"), "{error}");
        let error = error_of("value = \"{password}\"", "value = \"{passwort}\"");
        assert!(error.contains("passwort") && error.contains("password"), "{error}");
        let error = error_of("schema = 1", "schema = 2");
        assert!(error.contains("schema 1"), "{error}");
        let error = error_of("time_zone = \"Asia/Seoul\"", "time_zone = \"UTC\"");
        assert!(error.contains("Asia/Seoul"), "{error}");
    }

    #[test]
    fn where_the_time_is_read_is_data_and_may_be_left_out() {
        let text = Site::builtin_toml("namyangju").unwrap();
        let (before, after) = text.split_once("[clock]").unwrap();
        let (_, after) = after.split_once("\n[").unwrap();
        let with = |clock: &str| Site::from_toml(&format!("{before}{clock}\n[{after}"));
        // A dialect of before these keys is read as it was.
        let clock = with("").unwrap().dialect.clock.clone();
        assert_eq!((clock.stamp, clock.file), (Stamp::Unknown, None));
        assert!(clock.own_stamp.is_none());
        let given = r#"[clock]
            stamp = "departure"
            file = "/rent/css/common.css"
            own_stamp = { cookie = "ci_session", from = "expires", lifetime_seconds = 7200, read = "arrival" }"#;
        let clock = with(given).unwrap().dialect.clock.clone();
        assert_eq!((clock.stamp, clock.file.as_deref()), (Stamp::Departure, Some("/rent/css/common.css")));
        let rule = clock.own_stamp.unwrap();
        assert_eq!((rule.cookie.as_str(), rule.from), ("ci_session", OwnStampFrom::Expires));
        assert_eq!((rule.lifetime_seconds, rule.read), (Some(7200), Stamp::Arrival));
        for (wrong, told) in [
            ("stamp = \"before\"", "departure"),
            ("file = \"common.css\"", "clock.file"),
            ("own_stamp = { cookie = \"\", from = \"expires\" }", "clock.own_stamp"),
            (
                "own_stamp = { cookie = \"a\", from = \"milliseconds\", lifetime_seconds = 1 }",
                "lifetime_seconds",
            ),
            ("own_stamp = { cookie = \"a\", from = \"minutes\" }", "milliseconds"),
            ("timer = true", "timer"),
        ] {
            let error = with(&format!("[clock]\n{wrong}")).unwrap_err().to_string();
            assert!(error.contains(told), "{wrong}: {error}");
        }
    }

    #[test]
    fn habits_are_data_and_may_be_left_out() {
        let text = Site::builtin_toml("namyangju").unwrap();
        let with = |habits: &str| Site::from_toml(&format!("{text}\n[habits]\n{habits}"));
        assert!(with("").unwrap().dialect.habits.login_answer.is_none());
        let given = "login_answer = \"redirect\"\nlanding = \"/my/receipt\"\nform_needs_day = true";
        let habits = with(given).unwrap().dialect.habits.clone();
        assert_eq!((habits.login_answer, habits.form_needs_day), (Some(AnswerStyle::Redirect), Some(true)));
        for (wrong, told) in [
            ("login_answer = \"ajax\"", "redirect"),
            ("landing = \"receipt\"", "habits.landing"),
            ("landing = \"/receipt/\"", "habits.landing"),
            ("mood = true", "mood"),
        ] {
            let error = with(wrong).unwrap_err().to_string();
            assert!(error.contains(told), "{wrong}: {error}");
        }
    }

    #[test]
    fn base_addresses_have_no_path() {
        let site = || Site::builtin("namyangju").unwrap();
        for wrong in ["", "www.nyj.go.kr", "ftp://a", "http://a/b", "http://u:p@a", "http://a/?q"] {
            assert!(site().with_base_url(wrong).is_err(), "{wrong}");
        }
        assert!(site().with_base_url("http://127.0.0.1:1/").is_ok());
    }

    #[test]
    fn openings_follow_the_rules_of_the_file() {
        let site = Site::builtin("namyangju").unwrap();
        let opening = site.opening(&"NYJ06/07/103".parse().unwrap(), "2027-01-31".parse().unwrap()).unwrap();
        assert_eq!(opening.at, "2026-12-26 10:00:00".parse().unwrap());
        let site = Site::builtin("seongnam").unwrap();
        let opening = site.opening(&"SIMC01/07/26".parse().unwrap(), "2027-01-02".parse().unwrap()).unwrap();
        assert_eq!(opening.at, "2026-12-30 07:00:00".parse().unwrap());
        assert_eq!(site.opening(&"SIMC02/07/26".parse().unwrap(), "2027-01-02".parse().unwrap()), None);
    }
}
