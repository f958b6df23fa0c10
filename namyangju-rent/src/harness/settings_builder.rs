//! The builder of [`Settings`]: one setter for each field, so that a test names what it changes in one expression.
//!
//! The fields stay public, for code that turns one switch of settings it was given.

use std::time::Duration;

use super::account::Account;
use super::courts::Court;
use super::settings::{
    Anonymous, BlockRule, BusyWindow, ClockCookie, ContentType, CookieLife, Crowd, Delay, Framing, Gate,
    HumanCheck, ListedNames, LoginFailure, LoginSuccess, Missing, PrintedBase, RefusalStyle, Rival, Settings,
    SubmitSuccess, Taken, Trace, WaitingRoom,
};
use super::swamp::Swamp;
use super::texts::Texts;
use super::web_server::{DateStamp, HeadRequests, KeepAlive, ScriptClock, WebServer};
use super::wire::Fault;
use crate::value::date::{RentDate, SeoulTime};

/// Makes [`Settings`]; what is not set keeps its default. See the field of a setter's name for what it does.
///
/// ```
/// use namyangju_rent::harness::{Fault, FaultKind, LoginSuccess, Settings, SiteStep};
///
/// let settings = Settings::builder()
///     .opening("2026-11-26 10:00:00".parse()?)
///     .login_success(LoginSuccess::Redirect)
///     .faults([Fault { step: SiteStep::Submit, nth: 1, kind: FaultKind::LoseAnswer }])
///     .daily_limit(2)
///     .build();
/// assert_eq!(settings.daily_limit, Some(2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing until `build`"]
pub struct SettingsBuilder(Settings);

impl Settings {
    /// A builder that begins with the defaults.
    pub fn builder() -> SettingsBuilder {
        SettingsBuilder::default()
    }
}

impl From<Settings> for SettingsBuilder {
    /// A builder that begins with these settings.
    fn from(settings: Settings) -> Self {
        Self(settings)
    }
}

impl SettingsBuilder {
    /// The settings.
    #[must_use]
    pub fn build(self) -> Settings {
        self.0
    }
}

/// `plain` takes the field's value, `some` what is inside its `Option`, `text` a text for a `String`,
/// `some_text` one inside an `Option`, and `each` the members of a list or map.
macro_rules! setters {
    ($($kind:ident $field:ident: $type:ty,)*) => {
        impl SettingsBuilder {
            $(setters!(@ $kind $field: $type);)*
        }

        /// Without this a new field could have no setter.
        #[cfg(test)]
        fn every_field_has_a_setter(settings: Settings) {
            let Settings { $($field: _),* } = settings;
        }
    };
    (@ plain $field:ident: $type:ty) => {
        #[doc = concat!("Sets [`Settings::", stringify!($field), "`].")]
        pub fn $field(mut self, $field: $type) -> Self {
            self.0.$field = $field;
            self
        }
    };
    (@ some $field:ident: $type:ty) => {
        #[doc = concat!("Sets [`Settings::", stringify!($field), "`], which is `None` otherwise.")]
        pub fn $field(mut self, $field: $type) -> Self {
            self.0.$field = Some($field);
            self
        }
    };
    (@ text $field:ident: $type:ty) => {
        #[doc = concat!("Sets [`Settings::", stringify!($field), "`].")]
        pub fn $field(mut self, $field: impl Into<String>) -> Self {
            self.0.$field = $field.into();
            self
        }
    };
    (@ some_text $field:ident: $type:ty) => {
        #[doc = concat!("Sets [`Settings::", stringify!($field), "`], which is `None` otherwise.")]
        pub fn $field(mut self, $field: impl Into<String>) -> Self {
            self.0.$field = Some($field.into());
            self
        }
    };
    (@ each $field:ident: $type:ty) => {
        #[doc = concat!("Sets [`Settings::", stringify!($field), "`], in place of those that were there.")]
        pub fn $field(mut self, $field: impl IntoIterator<Item = $type>) -> Self {
            self.0.$field = $field.into_iter().collect();
            self
        }
    };
}

setters! {
    plain seed: u64,
    each accounts: Account,
    each extra_courts: Court,
    some round_hours: u8,
    plain booked_share: f64,
    each rivals: Rival,
    each crowds: Crowd,
    plain clock_skew_millis: i64,
    some date_cached: Duration,
    some opening: SeoulTime,
    each openings: (RentDate, SeoulTime),
    plain gate: Gate,
    some_text not_open_text: String,
    plain content_type: ContentType,
    plain meta_charset: bool,
    plain framing: Framing,
    plain gzip: bool,
    plain calendar_suffixes: bool,
    plain listed_names: ListedNames,
    plain missing: Missing,
    plain printed_base: PrintedBase,
    plain login_success: LoginSuccess,
    plain login_failure: LoginFailure,
    some_text cookie_name: String,
    some login_cookie_lines: u8,
    plain cookie_life: CookieLife,
    some clock_cookie: ClockCookie,
    plain anonymous: Anonymous,
    each sessions_end: SeoulTime,
    plain one_session: bool,
    plain form_needs_day: bool,
    plain trace: Trace,
    plain trace_refusal: RefusalStyle,
    plain taken: Taken,
    plain submit_success: SubmitSuccess,
    text landing_path: String,
    plain check_amount: bool,
    plain check_time_list: bool,
    plain human_check: HumanCheck,
    some waiting_room: WaitingRoom,
    plain max_hours: u8,
    plain min_hours: u8,
    some daily_limit: u8,
    plain web_server: WebServer,
    each busy: BusyWindow,
    some swamp: Swamp,
    some block: BlockRule,
    plain there: Delay,
    plain back: Delay,
    plain handshake_round_trips: u8,
    some handshakes_from: SeoulTime,
    each faults: Fault,
    plain texts: Texts,
}

impl WebServer {
    /// The same server with this `Server` header.
    #[must_use]
    pub fn with_name(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// The same server whose `Date` header shows this instant.
    #[must_use]
    pub fn with_date(self, date: DateStamp) -> Self {
        Self { date, ..self }
    }

    /// The same server whose scripts take this time for a page.
    #[must_use]
    pub fn with_script_time(self, script_time: Duration) -> Self {
        Self { script_time, ..self }
    }

    /// The same server whose scripts read the clock then.
    #[must_use]
    pub fn with_script_clock(self, script_clock: ScriptClock) -> Self {
        Self { script_clock, ..self }
    }

    /// The same server with so many workers.
    #[must_use]
    pub fn with_workers(self, workers: u16) -> Self {
        Self { workers: Some(workers), ..self }
    }

    /// The same server that keeps connections as told.
    #[must_use]
    pub fn with_keep_alive(self, keep_alive: KeepAlive) -> Self {
        Self { keep_alive, ..self }
    }

    /// The same server that answers `HEAD` as told.
    #[must_use]
    pub fn with_head(self, head: HeadRequests) -> Self {
        Self { head, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_set_and_the_rest_is_as_by_default() {
        let opening: SeoulTime = "2026-11-26 10:00:00".parse().unwrap();
        let date: RentDate = "2026-12-05".parse().unwrap();
        let built = Settings::builder()
            .seed(7)
            .opening(opening)
            .openings([(date, opening)])
            .not_open_text("not yet")
            .landing_path("/landing")
            .sessions_end([opening])
            .gzip(true)
            .build();
        let mut set = Settings::default();
        (set.seed, set.opening, set.gzip) = (7, Some(opening), true);
        set.openings.insert(date, opening);
        set.not_open_text = Some("not yet".to_owned());
        set.landing_path = "/landing".to_owned();
        set.sessions_end = vec![opening];
        assert_eq!(format!("{built:?}"), format!("{set:?}"));
        // Settings that are there already are gone on with.
        let further = SettingsBuilder::from(built).seed(1).build();
        assert_eq!(format!("{further:?}"), format!("{:?}", Settings { seed: 1, ..set }));
        every_field_has_a_setter(further);
    }

    #[test]
    fn a_web_server_differs_in_what_is_named() {
        let built = WebServer::nginx()
            .with_name("openresty")
            .with_date(DateStamp::Arrival)
            .with_script_time(Duration::from_millis(120))
            .with_script_clock(ScriptClock::End)
            .with_workers(4)
            .with_keep_alive(KeepAlive::off())
            .with_head(HeadRequests::Closed);
        let set = WebServer {
            name: Some("openresty".to_owned()),
            date: DateStamp::Arrival,
            script_time: Duration::from_millis(120),
            script_clock: ScriptClock::End,
            workers: Some(4),
            keep_alive: KeepAlive::off(),
            head: HeadRequests::Closed,
        };
        assert_eq!(built, set);
        assert_eq!(WebServer::apache().with_workers(1).name, WebServer::apache().name);
    }
}
