//! Every page is looked at by axe-core, in both languages, in the light and the dark theme, on a phone and on a screen: it knows
//! what keeps people out who read with their ears, see little contrast or have no mouse.
//!
//! `.ci/run` installs axe-core by the lock file in `.ci/axe`. The driver puts it into the page, so that the page's policy
//! stays as it is; what it did against the policy would be reported, and fails the test too.

use std::fs;
use std::path::Path;
use std::time::Duration;

use fantoccini::wd::TimeoutConfiguration;
use fantoccini::{Client, Locator};

use crate::browser::Driver;
use crate::tour::Tour;
use crate::world::{OWNER, PASSWORD};

/// How long a page may take to show what must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs in the page: what axe-core finds, a line each.
const LOOK: &str = "const done = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ['violations'] }).then(
        found => done(found.violations.map(one => one.id + ': ' + one.nodes.map(
            node => node.html.slice(0, 200) + ' ' + node.failureSummary).join('; ')).join('\\n')),
        error => done('axe-core ended: ' + error));";

/// The text of axe-core; `None` where nobody installed it, which with `CI=true` is a failure.
fn axe_core() -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.ci/axe/node_modules/axe-core/axe.min.js");
    let text = fs::read_to_string(path).ok();
    if text.is_none() {
        let hint = "axe-core is missing: npm ci --prefix .ci/axe";
        assert!(std::env::var("CI").is_err(), "{hint}");
        eprintln!("skipped: {hint}");
    }
    text
}

/// One reader: a browser, and what was found so far.
struct Reader<'a> {
    browser: Client,
    address: &'a str,
    axe: &'a str,
    /// Who reads, for the messages.
    name: String,
    looked: usize,
    found: Vec<String>,
}

impl Reader<'_> {
    async fn goto(&self, path: &str) {
        self.browser.goto(&format!("{}{path}", self.address)).await.unwrap();
    }

    /// Looks at the page that is open.
    async fn look(&mut self, what: &str) {
        self.browser.execute(self.axe, Vec::new()).await.unwrap();
        let found = self.browser.execute_async(LOOK, Vec::new()).await.unwrap();
        let found = found.as_str().unwrap();
        self.looked += 1;
        if !found.is_empty() {
            self.found.push(format!("{what} ({}): {found}", self.name));
        }
    }

    async fn fill(&self, css: &str, text: &str) {
        self.browser.find(Locator::Css(css)).await.unwrap().send_keys(text).await.unwrap();
    }

    /// Presses something, and waits for what only the next page has.
    async fn press(&self, css: &str, next: &str) {
        self.browser.find(Locator::Css(css)).await.unwrap().click().await.unwrap();
        let came = self.browser.wait().at_most(PATIENCE).for_element(Locator::Css(next)).await;
        if let Err(error) = came {
            panic!("{next} never came: {error}\n{}", self.browser.source().await.unwrap_or_default());
        }
    }

    /// Whether the page is told that its reader prefers dark pages.
    async fn prefers_dark(&self) -> bool {
        let script = "return matchMedia('(prefers-color-scheme: dark)').matches";
        self.browser.execute(script, Vec::new()).await.unwrap().as_bool().unwrap()
    }

    /// Past every page, and those that only a form shows.
    async fn walk(&mut self, tour: &Tour) {
        for path in &tour.open {
            self.goto(path).await;
            self.look(path).await;
        }
        self.goto("/sign-in").await;
        self.fill("#name", OWNER).await;
        self.fill("#password", "wrong").await;
        self.press("main button", ".wrong").await;
        self.look("a wrong password").await;
        self.goto("/sign-in").await;
        self.fill("#name", OWNER).await;
        self.fill("#password", PASSWORD).await;
        self.press("main button", "a.button[href='/bookings/new']").await;
        for path in &tour.own {
            self.goto(path).await;
            self.look(path).await;
        }
        let order = tour.own.iter().find(|path| path.starts_with("/bookings/new?c=")).unwrap();
        self.goto(order).await;
        self.press("p button[value='check']", "button[value='store']").await;
        self.look("a booking before it is stored").await;
        let repeat = tour.own.iter().find(|path| path.starts_with("/bookings/repeat")).unwrap();
        self.goto(&format!("{repeat}&weekday=6&fill=1")).await;
        self.look("days to repeat").await;
        self.press("button[value='preview']", "button[value='store']").await;
        self.look("repeated bookings before they are stored").await;
        self.goto("/me").await;
        self.fill("#token-name", &self.name).await;
        self.fill("#token-password", PASSWORD).await;
        self.press("form[action='/me/tokens'] button", "code").await;
        self.look("a new token").await;
        self.goto("/club").await;
        self.press("form[action='/club/invite'] button", "code").await;
        self.look("an invitation").await;
    }
}

#[tokio::test]
async fn no_page_keeps_anybody_out() {
    let Some(axe) = axe_core() else { return };
    let Some(driver) = Driver::start() else { return };
    let tour = Tour::new().await;
    let mut found = Vec::new();
    // Each language in both themes, and each theme in both widths.
    for (language, is_dark, width) in
        [("ko-KR", false, 360), ("ko-KR", true, 1280), ("en-US", false, 1280), ("en-US", true, 360)]
    {
        let browser = driver.themed(width, language, true, is_dark).await;
        let patience = Some(PATIENCE);
        browser.update_timeouts(TimeoutConfiguration::new(patience, patience, None)).await.unwrap();
        let name = format!("{language} {} {width}", if is_dark { "dark" } else { "light" });
        let address = tour.world.address();
        let mut reader = Reader { browser, address, axe: &axe, name, looked: 0, found: Vec::new() };
        reader.goto("/sign-in").await;
        assert_eq!(reader.prefers_dark().await, is_dark);
        let source = reader.browser.source().await.unwrap();
        assert!(source.contains(&format!("<html lang=\"{}\"", &language[..2])), "{source}");
        reader.walk(&tour).await;
        eprintln!("{}: {} pages looked at", reader.name, reader.looked);
        found.append(&mut reader.found);
        reader.browser.close().await.unwrap();
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
