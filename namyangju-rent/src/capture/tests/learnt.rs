//! `learn` on recordings of stand-ins that differ from every built-in dialect: each difference is named, and a booking with
//! the file that was written succeeds where the recording was made.

use std::sync::Arc;

use super::super::*;
use super::person::{Detours, day_of, visit};
use crate::booking::Booking;
use crate::booking::event::Wish;
use crate::booking::report::Verdict;
use crate::client::Client;
use crate::client::login::Credentials;
use crate::har::HarFile;
use crate::harness::{
    ContentType, LoginSuccess, ManualClock, RefusalStyle, Settings, StandIn, StandInServer, SubmitSuccess,
};
use crate::site::Site;
use crate::value::application::Application;
use crate::value::slot::Purpose;

const BASE: &str = "http://yeyak.example.org";

fn reread(file: &HarFile) -> HarFile {
    HarFile::read(file.to_json().as_bytes()).unwrap()
}

/// Namyangju's dialect with parts replaced, each of which must be there.
fn changed(changes: &[(&str, &str)]) -> Site {
    let mut text = Site::builtin_toml("namyangju").unwrap().to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    Site::from_toml(&text).unwrap_or_else(|error| panic!("{error}"))
}

/// Ten points, as a city could have them.
fn other_city() -> (Site, Settings) {
    let site = changed(&[
        ("prefix = \"/rent\"", "prefix = \"/yeyak\""),
        ("\"memid\"", "\"user_id\""),
        ("\"club_name\"", "\"team_title\""),
        ("{ name = \"receipt_date\", from", "{ name = \"use_date\", from"),
        ("{ name = \"rev_day\"", "{ name = \"the_day\""),
        ("logged_in_text = \"로그아웃\"", "logged_in_text = \"나가기\""),
        ("\"예약가능\" = \"free\"", "\"신청가능\" = \"free\""),
        (
            "    { name = \"playname\", from = \"event-name\" },                # S3\n    { name = \"reason\", from = \"purpose\" },                     # S3\n",
            "    { name = \"reason\", from = \"purpose\" },\n    { name = \"form_token\", from = \"page\", fallback = \"invented\" },\n    { name = \"playname\", from = \"event-name\" },\n",
        ),
    ]);
    let settings = Settings::builder()
        .cookie_name("YEYAKSID".to_owned())
        .landing_path("/mypage/receipt/view")
        .form_needs_day(true)
        .login_success(LoginSuccess::Redirect)
        .content_type(ContentType::Label("ks_c_5601-1987".to_owned()))
        .not_open_text("접수 시작 전입니다.".to_owned())
        .build();
    (site, settings)
}

const DETOURS: Detours = Detours {
    too_early: true,
    old_tab: true,
    mistyped: true,
    no_submission: false,
    rival: false,
    in_a_hurry: false,
};

/// The differences as `key: is`.
fn named(learnt: &LearntDialect) -> Vec<String> {
    learnt.differences().map(|f| format!("{}: {}", f.key, f.is)).collect()
}

/// Books at a stand-in with a dialect file, as a person would who knows only the file. Says how it ended.
async fn booked_with(file: &str, site: &Site, settings: Settings) -> Verdict {
    let opening = "2026-11-26 10:00:00".parse().unwrap();
    let clock = Arc::new(ManualClock::new("2026-11-26 09:59:00".parse().unwrap()));
    let settings = crate::harness::SettingsBuilder::from(settings).opening(opening).build();
    let stand_in = StandIn::new(site, settings);
    let (place, date) = day_of(&stand_in);
    let account = stand_in.accounts()[0].clone();
    let server = StandInServer::start(stand_in, clock.clone()).await.unwrap();
    let site = Site::from_toml(file).unwrap().with_base_url(&server.base_url()).unwrap();
    let client = Client::builder(site).clock(clock).build().unwrap();
    let range = server.with(|stand_in| stand_in.places()[0].rounds[3].1);
    let wish = Wish { place, date, range, purpose: Purpose::Sports };
    let application = Application::new("가나다클럽", "4".parse().unwrap(), "테니스", "운동");
    let booking = Booking::new(client, Credentials::new(account.id, account.password), wish, application);
    let report = booking.opens_at(opening).run(|_| {}).await;
    let bookings = server.with(|stand_in| stand_in.bookings().len());
    assert_eq!(bookings, usize::from(matches!(report.verdict, Verdict::Reserved { .. })), "{report:?}");
    report.verdict
}

#[tokio::test]
async fn ten_differences_are_named_and_a_booking_with_the_file_succeeds() {
    let (site, settings) = other_city();
    let file = reread(&visit(&site, settings.clone(), BASE, DETOURS));
    let learnt = learn(&file, None).unwrap();
    assert_eq!(learnt.nearest, "namyangju");
    let found = named(&learnt);
    for point in [
        "address.prefix: /yeyak",
        "login.fields: user_id",
        "application.fields: team_title",
        "application.fields: use_date",
        "day_post.fields: the_day",
        "application.fields: form_token",
        "markers.logged_in_text: 나가기",
        "slot_states: 신청가능",
        "answers: 접수 시작 전입니다.",
        "session_cookie.names: YEYAKSID",
        "habits.landing: /mypage/receipt/view",
        "habits.form_needs_day: true",
        "habits.login_answer: redirect",
        "habits.content_type: ks_c_5601-1987",
    ] {
        assert!(found.iter().any(|f| f == point), "{point} is not among {found:#?}\n{}", learnt.toml);
    }
    assert!(found.iter().any(|f| f.starts_with("application.fields (order)")), "{found:#?}");
    // Nothing else is claimed but the address and the text of the visit that was missing.
    let others = [
        "address.base: http://yeyak.example.org",
        "answers: 신청서 화면을 거치지 않은 접수는 처리할 수 없습니다.",
    ];
    assert!(others.iter().all(|other| found.iter().any(|f| f == other)), "{found:#?}");
    assert_eq!(found.len(), 14 + 1 + others.len(), "{found:#?}");
    let verdict = booked_with(&learnt.toml, &site, settings).await;
    assert!(matches!(verdict, Verdict::Reserved { .. }), "{verdict:?}\n{}", learnt.toml);
    let proof = prove(&learnt.toml, &file).await.unwrap();
    assert!(proof.holds() && proof.reached == ProofStep::Receipt, "{proof:#?}");
    assert!(check(&Site::from_toml(&learnt.toml).unwrap(), &file).is_understood());
}

#[tokio::test]
async fn a_file_that_does_not_fit_is_not_proven() {
    let (site, settings) = other_city();
    let file = reread(&visit(&site, settings, BASE, DETOURS));
    let learnt = learn(&file, None).unwrap().toml;
    for (from, to, reached) in [
        // The stand-in that is made from the file takes each of them: only the recorded pages show what is wrong.
        ("name = \"user_id\"", "name = \"memid\"", ProofStep::Receipt),
        ("name = \"team_title\"", "name = \"club_name\"", ProofStep::Receipt),
        ("/rent/rentinput", "/rent/inputform", ProofStep::Day),
    ] {
        assert!(learnt.contains(from), "{learnt}");
        let wrong = learnt.replace(from, to);
        let proof = prove(&wrong, &file).await.unwrap();
        assert!(!proof.holds() && proof.stand_in, "{to}: {proof:#?}");
        assert_eq!(proof.reached, reached, "{to}: {proof:#?}");
    }
}

#[tokio::test]
async fn a_capture_that_stops_at_the_form_is_proven_as_far_as_it_goes() {
    let site = Site::builtin("cheonan").unwrap();
    let detours = Detours { no_submission: true, ..Detours::default() };
    let file = reread(&visit(&site, Settings::default(), BASE, detours));
    let learnt = learn(&file, Some("my-city")).unwrap();
    assert!(learnt.notes.iter().any(|note| note.contains("no application was sent")), "{:?}", learnt.notes);
    assert_eq!(Site::from_toml(&learnt.toml).unwrap().name(), "my-city");
    let proof = prove(&learnt.toml, &file).await.unwrap();
    assert!(proof.holds() && proof.reached == ProofStep::Form, "{proof:#?}");
}

#[tokio::test]
async fn without_cookies_nine_are_named_and_the_tenth_is_explained() {
    let (site, settings) = other_city();
    let file = reread(&visit(&site, settings.clone(), BASE, DETOURS).without_cookies());
    let learnt = learn(&file, None).unwrap();
    let full = learn(&visit(&site, settings.clone(), BASE, DETOURS), None).unwrap();
    let mut expected = named(&full);
    expected.retain(|point| !point.starts_with("session_cookie"));
    assert_eq!(named(&learnt), expected);
    let cookie = learnt.findings.iter().find(|f| f.key == "session_cookie.names").unwrap();
    assert_eq!(cookie.kind, FindingKind::NotSeen);
    assert!(cookie.text.contains("sensitive data"), "{}", cookie.text);
    assert!(matches!(booked_with(&learnt.toml, &site, settings).await, Verdict::Reserved { .. }));
}

#[test]
fn a_visit_to_a_built_in_city_changes_nothing_of_its_dialect() {
    for name in ["namyangju", "cheonan", "gimpo"] {
        let site = Site::builtin(name).unwrap();
        let base = site.base_url().origin().ascii_serialization();
        let file = reread(&visit(&site, Settings::default(), &base, Detours::default()));
        let learnt = learn(&file, None).unwrap();
        assert_eq!(learnt.nearest, name, "{:#?}", named(&learnt));
        assert_eq!(named(&learnt), Vec::<String>::new(), "{name}\n{}", learnt.toml);
        assert!(learnt.toml.contains("# seen in capture") && learnt.toml.contains("# not seen in capture"));
        let again = Site::from_toml(&learnt.toml).unwrap();
        assert!(check(&again, &file).is_understood());
    }
}

#[test]
fn what_shows_no_booking_is_said_to() {
    let empty = HarFile::of("1.2", "x", Vec::new());
    assert_eq!(learn(&empty, None).unwrap_err(), LearnError::NoSite);
    let mut file = visit(&Site::builtin("namyangju").unwrap(), Settings::default(), BASE, Detours::default());
    file.entries.truncate(2);
    let error = learn(&file, None).unwrap_err();
    assert!(error.to_string().contains("Preserve log"), "{error}");
}

/// A draw without a state of its own that anybody would have to know: each seed is one dialect.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        // xorshift, as Marsaglia wrote it down in 2003.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most as u64) as usize
    }

    fn often(&mut self) -> bool {
        self.below(2) == 0
    }

    fn word(&mut self) -> String {
        let syllables = ["ka", "no", "mi", "to", "ri", "su", "he", "la", "pe", "du"];
        (0..3).map(|_| syllables[self.below(10)]).collect::<String>() + &self.below(100).to_string()
    }
}

/// A dialect with random differences, and a stand-in to match. The names of what was changed come with it.
fn random_city(nearest: &str, seed: u64) -> (Site, Settings, Vec<String>) {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    (0..8).for_each(|_| drop(dice.word()));
    let mut file: toml::Table = Site::builtin_toml(nearest).unwrap().parse().unwrap();
    let mut differs = Vec::new();
    let mut note = |what: String| differs.push(what);
    if dice.often() {
        let prefix = ["/yeyak", "/sports/rent", "/facility", "/w"][dice.below(4)];
        file["address"]["prefix"] = prefix.into();
        note(format!("address.prefix: {prefix}"));
    }
    for key in ["login_page", "login", "form", "submit", "message"] {
        if dice.below(4) == 0 {
            let path = format!("/{}/{}", dice.word(), dice.word());
            file["paths"][key] = path.clone().into();
            if key != "message" {
                note(format!("paths.{key}: {path}"));
            }
        }
    }
    for (key, word) in [("day", "reservation"), ("schedule", "application")] {
        if dice.below(4) == 0 {
            let path = file["paths"][key].as_str().unwrap().replace(word, &dice.word());
            file["paths"][key] = path.clone().into();
            note(format!("paths.{key}: {path}"));
        }
    }
    // Names: those by which the stand-in knows a field itself stay.
    let fixed = [
        "sale_amt",
        "item_cd_list[]",
        "item_idx_not_list[]",
        "facility_count[]",
        "time_select[]",
        "facility_amt[]",
        "facility_sale_amt[]",
        "formcheck",
        "team_seq",
        "use_item_list",
    ];
    let mut renamed = |fields: &mut toml::Value, key: &str, share: usize, dice: &mut Dice| {
        for field in fields.as_array_mut().unwrap() {
            let name = field["name"].as_str().unwrap().to_owned();
            if dice.below(share) == 0 && !fixed.contains(&name.as_str()) {
                let new = format!("{}{}", dice.word(), if name.ends_with("[]") { "[]" } else { "" });
                field["name"] = new.clone().into();
                note(format!("{key}: {new}"));
            }
        }
    };
    renamed(&mut file["login"]["fields"], "login.fields", 3, &mut dice);
    renamed(&mut file["day_post"]["fields"], "day_post.fields", 4, &mut dice);
    renamed(&mut file["application"]["fields"], "application.fields", 3, &mut dice);
    let applicant = file["application"]["fields"]
        .as_array()
        .unwrap()
        .iter()
        .find(|f| f["from"].as_str() == Some("applicant"));
    let applicant = format!("#{}", applicant.unwrap()["name"].as_str().unwrap());
    file["markers"]["application"] = applicant.into();
    let fields = file["application"]["fields"].as_array_mut().unwrap();
    for _ in 0..dice.below(3) {
        let name = dice.word();
        let extra: toml::Value = toml::Table::from_iter([
            ("name".to_owned(), name.clone().into()),
            ("from".to_owned(), "page".into()),
            ("fallback".to_owned(), dice.word().into()),
        ])
        .into();
        let at = dice.below(fields.len());
        fields.insert(at, extra);
        note(format!("application.fields: {name}"));
    }
    for _ in 0..dice.below(4) {
        let (a, b) = (dice.below(fields.len()), dice.below(fields.len()));
        fields.swap(a, b);
    }
    for (key, words) in
        [("logged_in_text", ["나가기", "종료"]), ("logged_out_text", ["들어가기", "회원접속"])]
    {
        if dice.often() {
            let word = words[dice.below(2)];
            file["markers"][key] = word.into();
            note(format!("markers.{key}: {word}"));
        }
    }
    if dice.often() {
        let free = ["신청가능", "접수중"][dice.below(2)];
        let states = file["slot_states"].as_table_mut().unwrap();
        states.remove("예약가능");
        states.insert(free.to_owned(), "free".into());
        note(format!("slot_states: {free}"));
    }
    let mut settings = Settings::builder().human_check(crate::harness::HumanCheck::Nowhere).build();
    if dice.often() {
        let name = dice.word();
        settings.cookie_name = Some(name.clone());
        note(format!("session_cookie.names: {name}"));
    }
    if dice.often() {
        settings.landing_path = format!("/{}/{}", dice.word(), dice.word());
        note(format!("habits.landing: {}", settings.landing_path));
    }
    if dice.often() {
        settings.not_open_text = Some(format!("접수 전입니다 {}.", dice.word()));
        note(format!("answers: {}", settings.not_open_text.as_ref().unwrap()));
    }
    settings.form_needs_day = dice.often();
    if settings.form_needs_day {
        note("habits.form_needs_day: true".to_owned());
    }
    let (login, word) = [
        (LoginSuccess::Page, ""),
        (LoginSuccess::Redirect, "redirect"),
        (LoginSuccess::Refresh, "refresh"),
        (LoginSuccess::Script, "script"),
    ][dice.below(4)];
    settings.login_success = login;
    if !word.is_empty() {
        note(format!("habits.login_answer: {word}"));
    }
    let (submit, word) = [
        (SubmitSuccess::Redirect, ""),
        (SubmitSuccess::Script, "script"),
        (SubmitSuccess::Refresh, "refresh"),
    ][dice.below(3)];
    settings.submit_success = submit;
    if !word.is_empty() {
        note(format!("habits.submit_answer: {word}"));
    }
    if dice.often() {
        let label = ["ks_c_5601-1987", "MS949", "euc-kr"][dice.below(3)];
        settings.content_type = ContentType::Label(label.to_owned());
        note(format!("habits.content_type: {label}"));
    }
    settings.trace_refusal = [RefusalStyle::Page, RefusalStyle::Redirect, RefusalStyle::Alert][dice.below(3)];
    let dialect: crate::site::dialect::Dialect = file.try_into().unwrap();
    dialect.check().unwrap();
    let mut site = Site::builtin(nearest).unwrap();
    site.dialect = Arc::new(dialect);
    (site, settings, differs)
}

/// How many dialects of each of three kinds are generated.
const GENERATED: u64 = 17;

async fn generated(nearest: &str) {
    let mut points = 0;
    for seed in 1..=GENERATED {
        let (site, settings, differs) = random_city(nearest, seed);
        let file = reread(&visit(&site, settings.clone(), BASE, DETOURS));
        let learnt = learn(&file, None).unwrap();
        let found = named(&learnt);
        for point in &differs {
            assert!(
                found.contains(point),
                "{nearest} {seed}: {point} is not among {found:#?}\n{}",
                learnt.toml
            );
        }
        points += differs.len();
        let verdict = booked_with(&learnt.toml, &site, settings).await;
        assert!(
            matches!(verdict, Verdict::Reserved { .. }),
            "{nearest} {seed}: {verdict:?}\n{differs:#?}\n{}",
            learnt.toml
        );
    }
    assert!(points > 10 * GENERATED as usize, "{points} differences are too few to prove anything");
}

#[tokio::test]
async fn every_dialect_like_namyangjus_is_learnt() {
    generated("namyangju").await;
}

#[tokio::test]
async fn every_dialect_like_cheonans_is_learnt() {
    generated("cheonan").await;
}

#[tokio::test]
async fn every_dialect_like_seongnams_is_learnt() {
    generated("seongnam").await;
}
