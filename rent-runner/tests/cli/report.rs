//! `doctor --report`: what is planted is not in it, in no way of writing.

use std::fs;

use namyangju_rent::form_fields::{Charset, FormFields};
use namyangju_rent::harness::{Fault, FaultKind, SiteStep};

use super::shop::Shop;
use super::support::{Done, PASSWORD, runner, stand_in, start};

const NAME: &str = "뻐꾸기";
const CLUB: &str = "두루미 모임";
const PHONE: &str = "010-9876-5432";
const NOTE: &str = "ask aunt Magpie";

/// Values that nobody told the program of: they stand on the page alone.
const STRANGERS: [&str; 5] =
    ["까마귀", "031-555-4321", "a.stranger@example.com", "4f3e2d1c0b9a87654321", "참*새"];

/// A form field in a charset, without its name.
fn encoded(text: &str, charset: &str) -> String {
    let mut fields = FormFields::new();
    fields.push("", text);
    fields.encode(charset.parse().unwrap())[1..].to_owned()
}

/// Every way in which the test plants and looks for a text.
fn ways(text: &str) -> Vec<String> {
    let (utf8, euc_kr) = (encoded(text, "utf-8"), encoded(text, "euc-kr"));
    let entities = text.chars().map(|letter| format!("&#{};", u32::from(letter))).collect();
    let mut ways = vec![
        text.to_owned(),
        utf8.clone(),
        euc_kr.clone(),
        utf8.to_lowercase(),
        euc_kr.to_lowercase(),
        entities,
    ];
    ways.extend([utf8.replace('+', "%20"), euc_kr.replace('+', "%20")]);
    ways
}

/// A page that no dialect describes, in the site's charset, full of people.
fn page() -> Vec<u8> {
    let mut page = String::from("<html><head><title>안내</title></head><body class=\"strange\">");
    for secret in [NAME, CLUB, PHONE, PASSWORD, "tester1"] {
        for way in ways(secret) {
            page.push_str(&format!("<p>{way}</p><a href=\"/x?v={way}\" title='{way}'>x</a>"));
        }
    }
    page.push_str(&format!("<script>var who = '{NAME}'; go('{PHONE}')</script>"));
    page.push_str("<table><tr><th>성명</th><td>까마귀</td></tr></table><p>031-555-4321</p><p>참*새</p>");
    page.push_str("<input type=hidden name=mail value=\"a.stranger@example.com\">a.stranger@example.com");
    page.push_str("<p>JSESSIONID=4f3e2d1c0b9a87654321</p><p>점검 중입니다</p></body></html>");
    let charset: Charset = "euc-kr".parse().unwrap();
    charset.encode(&page).into_owned()
}

/// A club whose booking met that page, at a stand-in; settings with a secret in each place for one.
fn planted() -> (Shop, namyangju_rent::harness::StandInServer) {
    let kind = FaultKind::Body(page());
    let server = stand_in(|settings| {
        settings.faults = vec![Fault { step: SiteStep::Submit, nth: 1, kind }];
    });
    let shop = Shop::new().furnish(&server.base_url());
    let applicant = ["--club-name", CLUB, "--applicant-name", NAME, "--mobile", PHONE];
    shop.done(&[&["applicant", "set", "club"][..], &applicant].concat());
    shop.add(&["--opens-at", "now", "--note", NOTE]);
    let _ = shop.run(&["run-due"]);
    let settings = shop.folder.path().join("settings.toml");
    let text = "routes = ['socks5://proxyuser:proxy-secret@127.0.0.1:9']\nuser-agent = 'Magpie/1.0'\n\
         [[notify]]\nname = 'aunts-phone'\nkind = 'ntfy'\ntopic = 'hidden-topic-1'\n";
    fs::write(settings, text).unwrap();
    (shop, server)
}

fn report(shop: &Shop, more: &[&str]) -> (Done, String) {
    let path = shop.folder.path().join("report.md");
    let settings = shop.folder.path().join("settings.toml");
    let words =
        ["--config", settings.to_str().unwrap(), "doctor", "--offline", "--report", path.to_str().unwrap()];
    let mut command = runner(&shop.arguments(&[&words[..], more].concat()));
    command.env("RENT_RUNNER", "magpie-nest").env("USER", "magpieuser");
    let done = super::support::finish(start(command, ""));
    let text = fs::read_to_string(path).unwrap_or_default();
    (done, text)
}

#[test]
fn a_report_tells_the_story_and_nothing_private() {
    let (shop, server) = planted();
    let (done, text) = report(&shop, &["--booking", "1"]);
    assert!(done.err.contains("report.md: read it before you hand it on"), "{done:?}");
    for said in [
        "## Versions",
        concat!("rent-runner ", env!("CARGO_PKG_VERSION")),
        "## Checks",
        "## Settings",
        "notify        1 set (settings file, line 3)",
        "user-agent    set (settings file",
        "## Store",
        "SQLite 3.",
        "accounts 1",
        "## Booking 1",
        "submission: sending the application",
        "### The page of attempt 1",
        "점검 중입니다",
        "class=\"strange\"",
        "<th>성명</th>",
        "\"site\": \"namyangju\"",
        "\"account\": \"[left out]\"",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    let session = server.arrivals().iter().find_map(|arrival| arrival.session.clone()).unwrap();
    let planted = [NAME, CLUB, PHONE, PASSWORD, "tester1", NOTE, "홍길동", session.as_str()];
    let of_settings =
        ["proxyuser", "proxy-secret", "hidden-topic", "aunts-phone", "Magpie", "magpie", "invented"];
    let folder = shop.folder.path().to_str().unwrap().to_owned();
    let lower = text.to_lowercase();
    for secret in planted.into_iter().chain(STRANGERS).chain(of_settings).chain([folder.as_str()]) {
        for way in ways(secret) {
            assert!(!lower.contains(&way.to_lowercase()), "{secret} as {way}\n{text}");
        }
    }
    // The digits alone would do for a call.
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    assert!(!digits.contains("01098765432"), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(shop.folder.path().join("report.md")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn without_the_key_free_text_is_left_out() {
    let (shop, _server) = planted();
    fs::remove_file(shop.key()).unwrap();
    let (done, text) = report(&shop, &["--booking", "1"]);
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(text.contains("left out: the key does not open") && !text.contains("점검"), "{text}");
    assert!(!text.contains(NOTE) && !text.contains(NAME), "{text}");
    assert!(!shop.key().exists(), "no key is made by looking");
}

#[test]
fn a_report_is_made_where_nothing_works_yet() {
    let shop = Shop::new();
    let (done, text) = report(&shop, &[]);
    assert!(done.code == Some(1) && text.contains("## Checks"), "no settings file: {done:?} {text}");
    assert!(!fs::exists(&shop.database).unwrap());
    fs::write(shop.folder.path().join("settings.toml"), "").unwrap();
    let (done, text) = report(&shop, &[]);
    assert!(done.code == Some(0) && text.contains("is not there yet"), "{done:?} {text}");
    assert!(!fs::exists(&shop.database).unwrap());
    let (done, _) = report(&shop, &["--booking", "7"]);
    assert_eq!(done.code, Some(2), "{done:?}");
}
