//! A visit to a city that differs from Namyangju in ten points, recorded by Chromium: it is understood with the city's own
//! dialect, all ten are learnt, and a booking with the file that was learnt succeeds.

use std::sync::Arc;

use fantoccini::{Client as Browser, Locator};
use namyangju_rent::capture::{FindingKind, ProofStep, check, learn, prove};
use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::har::HarFile;
use namyangju_rent::harness::{ContentType, LoginSuccess, Settings, StandIn, StandInServer};
use namyangju_rent::{Application, Client, Credentials, Outcome, Purpose, RentDate, Site};

use crate::driver::Driver;
use crate::recorder::Recorder;

const PLACE: &str = "NYJ06/07/103";

/// Renamed fields, other words, an extra hidden field, another order, another prefix; the rest is the server's.
const CHANGES: [(&str, &str); 7] = [
    ("prefix = \"/rent\"", "prefix = \"/yeyak\""),
    ("\"memid\"", "\"user_id\""),
    ("\"club_name\"", "\"team_title\""),
    ("{ name = \"receipt_date\", from", "{ name = \"use_date\", from"),
    ("logged_in_text = \"로그아웃\"", "logged_in_text = \"나가기\""),
    ("\"예약가능\" = \"free\"", "\"신청가능\" = \"free\""),
    (
        "    { name = \"playname\", from = \"event-name\" },                # S3\n    { name = \"reason\", from = \"purpose\" },                     # S3\n",
        "    { name = \"reason\", from = \"purpose\" },\n    { name = \"form_token\", from = \"page\", fallback = \"invented\" },\n    { name = \"playname\", from = \"event-name\" },\n",
    ),
];

/// The ten points, each by what a finding says of it.
const POINTS: [(&str, &[&str]); 10] = [
    (
        "renamed fields",
        &["login.fields: user_id", "application.fields: team_title", "application.fields: use_date"],
    ),
    (
        "other texts",
        &["markers.logged_in_text: 나가기", "slot_states: 신청가능", "answers: 접수 시작 전입니다."],
    ),
    ("another cookie", &["session_cookie.names: YEYAKSID"]),
    ("landing path", &["habits.landing: /mypage/receipt/view"]),
    ("an extra hidden field", &["application.fields: form_token"]),
    ("another order", &["application.fields (order): "]),
    ("the day's page is demanded", &["habits.form_needs_day: true"]),
    ("login by 302", &["habits.login_answer: redirect"]),
    ("another prefix", &["address.prefix: /yeyak"]),
    ("another label of the character set", &["habits.content_type: ks_c_5601-1987"]),
];

fn city() -> (Site, Settings) {
    let mut text = Site::builtin_toml("namyangju").unwrap().to_owned();
    for (from, to) in CHANGES {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let settings = Settings::builder()
        .cookie_name("YEYAKSID".to_owned())
        .landing_path("/mypage/receipt/view")
        .form_needs_day(true)
        .login_success(LoginSuccess::Redirect)
        .content_type(ContentType::Label("ks_c_5601-1987".to_owned()))
        .not_open_text("접수 시작 전입니다.".to_owned())
        .build();
    (Site::from_toml(&text).unwrap(), settings)
}

/// The points of which something is not named.
fn unnamed(file: &HarFile) -> Vec<&'static str> {
    let learnt = learn(file, None).unwrap();
    let found: Vec<String> = learnt.differences().map(|f| format!("{}: {}", f.key, f.is)).collect();
    let is_named =
        |point: &str| found.iter().any(|f| f == point || point.ends_with(": ") && f.starts_with(point));
    POINTS.iter().filter(|(_, all)| !all.iter().all(|point| is_named(point))).map(|(what, _)| *what).collect()
}

#[tokio::test]
async fn ten_points_are_learnt_from_what_chromium_recorded() {
    let Some(driver) = Driver::start() else { return };
    let (site, settings) = city();
    let server = StandInServer::start(StandIn::new(&site, settings), Arc::new(SystemClock)).await.unwrap();
    let date = SystemClock.now().date().plus_days(20);
    let recorder = recorded(&driver, &server, date).await;
    assert_eq!(server.with(|stand_in| stand_in.bookings().len()), 1);

    let full = recorder.file(true);
    let report = check(&server.site().unwrap(), &full);
    assert!(report.has_cookies && report.is_understood(), "{report:#?}");
    assert!(report.exchanges.iter().all(|e| e.recorded_bytes.is_none() || e.recorded_bytes == e.made_bytes));
    assert_eq!(unnamed(&full), Vec::<&str>::new(), "{:#?}", learn(&full, None).unwrap());
    let learnt = learn(&full, None).unwrap();
    let proof = prove(&learnt.toml, &full).await.unwrap();
    assert!(proof.holds() && proof.reached == ProofStep::Receipt, "{proof:#?}");

    // As Chrome saves it by default.
    let sanitized = recorder.file(false);
    assert_eq!(unnamed(&sanitized), ["another cookie"]);
    let explained =
        learn(&sanitized, None).unwrap().findings.into_iter().find(|f| f.kind == FindingKind::NotSeen);
    assert!(explained.unwrap().text.contains("sensitive data"));

    let account = server.with(|stand_in| stand_in.accounts()[0].clone());
    let site = Site::from_toml(&learnt.toml).unwrap().with_base_url(&server.base_url()).unwrap();
    let session = Client::builder(site).build().unwrap();
    let session = session.log_in(&Credentials::new(account.id, account.password)).await.unwrap();
    let day = session.open_day(&PLACE.parse().unwrap(), date, Purpose::Sports).await.unwrap();
    let form = day.open_form("12:00-14:00".parse().unwrap()).await.unwrap();
    let application = Application::new("가나다클럽", "4".parse().unwrap(), "테니스", "운동");
    let outcome = form.fill(&application).unwrap().submit().await.unwrap().outcome;
    assert!(matches!(outcome, Outcome::Reserved(_)), "{outcome}");
    assert_eq!(server.with(|stand_in| stand_in.bookings().len()), 2);
    server.stop().await;
}

/// A person's visit, with what goes wrong on the way: a mistyped password, a day that is not open, a form from an old tab.
async fn recorded(driver: &Driver, server: &StandInServer, date: RentDate) -> Recorder {
    let mut capabilities = serde_json::Map::new();
    Recorder::capabilities(&mut capabilities);
    let (browser, _profile) = crate::open_browser(driver, capabilities).await;
    let mut recorder = Recorder::default();
    let account = server.with(|stand_in| stand_in.accounts()[0].clone());
    let root = format!("{}/yeyak", server.base_url());
    let find =
        async |browser: &Browser, css: &str| browser.wait().for_element(Locator::Css(css)).await.unwrap();

    browser.goto(&format!("{root}/")).await.unwrap();
    recorder.take(&browser).await;
    for (password, sign) in [("wrong-one", ".message"), (account.password.as_str(), "#notice")] {
        browser.goto(&format!("{root}/member/login")).await.unwrap();
        recorder.take(&browser).await;
        find(&browser, "#input_memid").await.send_keys(&account.id).await.unwrap();
        find(&browser, "#input_mempw").await.send_keys(password).await.unwrap();
        find(&browser, "input[type=image]").await.click().await.unwrap();
        find(&browser, sign).await;
        recorder.take(&browser).await;
    }
    let day = format!("{:04}/{:02}/{:02}", date.year(), date.month(), date.day());
    for view in ["1", "2"] {
        browser.goto(&format!("{root}/rent/application/index/{day}/{view}/{PLACE}")).await.unwrap();
        recorder.take(&browser).await;
    }
    let page = format!("{root}/rent/reservation/index/{day}/1/{PLACE}/Y");
    server.with(|stand_in| stand_in.set_opening(date, Some(date.at("00:00".parse().unwrap()))));
    browser.goto(&page).await.unwrap();
    find(&browser, ".error").await;
    recorder.take(&browser).await;
    server.with(|stand_in| stand_in.set_opening(date, None));

    let parts = day.split('/').collect::<Vec<_>>();
    let fields = [
        ("category_index", "reservation"),
        ("receipt_date", &date.compact()),
        ("year", parts[0]),
        ("month", parts[1]),
        ("rev_day", parts[2]),
        ("comcd", "NYJ06"),
        ("partcd", "07"),
        ("placecd", "103"),
        ("is_list", "1"),
        ("baseURL", &root),
        ("baseSSL", &root),
        ("select_day", parts[2]),
        ("select_group", "Y"),
        ("receipt_time[]", "1834"),
    ];
    let script = "var form = document.createElement('form'); form.method = 'post'; form.action = arguments[0];
        arguments[1].forEach(function (field) {
          var input = document.createElement('input'); input.name = field[0]; input.value = field[1]; form.appendChild(input);
        });
        document.body.appendChild(form); form.submit();";
    let arguments = vec![serde_json::json!(format!("{root}/rent/rentinput")), serde_json::json!(fields)];
    browser.execute(script, arguments).await.unwrap();
    find(&browser, ".error").await;
    recorder.take(&browser).await;

    browser.goto(&page).await.unwrap();
    recorder.take(&browser).await;
    find(&browser, "#select_2").await.click().await.unwrap();
    find(&browser, "#btn_reservation").await.click().await.unwrap();
    browser.accept_alert().await.unwrap();
    for (name, text) in
        [("team_title", "가나다클럽"), ("group_count", "4"), ("playname", "테니스"), ("reason", "운동")]
    {
        find(&browser, &format!("[name={name}]")).await.send_keys(text).await.unwrap();
    }
    recorder.take(&browser).await;
    find(&browser, "#agree_1").await.click().await.unwrap();
    find(&browser, "#btn_reservation").await.click().await.unwrap();
    find(&browser, ".receipt_table").await;
    recorder.take(&browser).await;
    browser.close().await.unwrap();
    recorder
}
