//! A walk past every page of a runner that has something to show on each of them.

use std::time::{Duration, Instant};

use namyangju_rent::clock::{Clock as _, SystemClock};
use namyangju_rent::harness::{Fault, FaultKind, SiteStep};

use crate::security::routes;
use crate::world::{Visitor, World};

/// How long a test waits for what must happen before it fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is read and is no page: streams, plain text, a file to save, and what pages are made of.
const NO_PAGES: [&str; 4] =
    ["/live", "/bookings/{id}/log", "/bookings/{id}/pages/{round}/{attempt}/copy", "/assets/{name}"];

/// A runner, its owner, and the paths of its pages.
pub(crate) struct Tour {
    pub(crate) world: World,
    pub(crate) owner: Visitor,
    /// What everybody sees.
    pub(crate) open: Vec<String>,
    /// What the owner sees.
    pub(crate) own: Vec<String>,
    _settings: tempfile::TempDir,
}

impl Tour {
    /// Makes bookings that wait, were won, were cancelled and ended with a page that nobody understood, a member, a channel
    /// and a practice.
    pub(crate) async fn new() -> Self {
        let settings = tempfile::tempdir().unwrap();
        let file = settings.path().join("settings.toml");
        let channel =
            "[[notify]]\nname = \"club room\"\nkind = \"webhook\"\nurl = \"http://127.0.0.1:9/x\"\n";
        std::fs::write(&file, channel).unwrap();
        let world = World::with(&["--listen", "127.0.0.1:0", "--config", file.to_str().unwrap()]);
        world.site.with(|site| {
            let strange = "<html>새 화면</html>".to_owned().into_bytes();
            let fault = Fault { step: SiteStep::Submit, nth: 1, kind: FaultKind::Body(strange) };
            site.settings_mut().faults.push(fault);
        });
        let mut owner = world.furnished().await;
        let day = SystemClock.now().date().plus_days(14);
        let date = day.to_string();
        let mut now = Vec::new();
        for (time, ends) in [("06:00-08:00", "/pages/"), ("10:00-12:00", "state-succeeded")] {
            let fields = [
                ("account", "me"),
                ("applicant", "club"),
                ("place1", "NYJ06/07/103"),
                ("date1", date.as_str()),
                ("time1", time),
                ("opening", "now"),
                ("step", "store"),
            ];
            let stored = owner.post("/bookings/new", &fields).await;
            let path = stored.location.unwrap_or_else(|| panic!("{}", stored.text));
            let page = until(&mut owner, &path, ends).await;
            now.push((path, page));
        }
        let kept = now[0].1.split(&format!("{}/pages/", now[0].0)).nth(1).unwrap();
        let kept = kept.split('"').next().unwrap().to_owned();
        let waiting = owner.store("me", "club", "08:00-10:00").await;
        let cancelled = owner.store("me", "club", "12:00-14:00").await;
        assert_eq!(owner.post(&format!("{cancelled}/cancel"), &[]).await.status, 303);
        world.member(&mut owner, "시험회원").await;
        let club = owner.get("/club").await.text;
        let leaving = club.split('"').find(|text| text.starts_with("/club/") && text.ends_with("/remove"));
        let leaving = leaving.unwrap_or_else(|| panic!("{club}")).to_owned();
        assert_eq!(owner.post("/try", &[]).await.status, 303);
        until(&mut owner, "/try", "state-succeeded").await;

        let choice = format!("c=NYJ06/07/103+{day}+14:00-16:00&c=NYJ06/07/104+{day}+14:00-16:00");
        let strange = &now[0].0;
        let own = [
            "/".to_owned(),
            "/bookings/new".to_owned(),
            "/bookings/new?place=NYJ06/07/103".to_owned(),
            format!("/bookings/new?place=NYJ06/07/103&date={day}"),
            format!("/bookings/new?{choice}"),
            format!("/bookings/repeat?{choice}"),
            format!("{waiting}/edit"),
            waiting,
            cancelled,
            now[1].0.clone(),
            strange.clone(),
            format!("{strange}/pages/{kept}"),
            "/accounts".to_owned(),
            "/applicants".to_owned(),
            "/applicants?name=club".to_owned(),
            "/status".to_owned(),
            "/channels".to_owned(),
            "/try".to_owned(),
            "/me".to_owned(),
            "/club".to_owned(),
            leaving,
            "/api/".to_owned(),
            "/nothing".to_owned(),
        ];
        let open = ["/sign-in".to_owned(), world.link(), "/nothing".to_owned()];
        let tour = Self { world, owner, open: open.into(), own: own.into(), _settings: settings };
        tour.assert_nothing_is_left_out();
        tour
    }

    /// Every route that gives a page is among the paths.
    fn assert_nothing_is_left_out(&self) {
        let visited: Vec<&str> =
            self.open.iter().chain(&self.own).map(|path| path.split('?').next().unwrap()).collect();
        let no_pages: Vec<String> = NO_PAGES.iter().map(|path| (*path).to_owned()).collect();
        for (path, methods) in routes() {
            if methods.contains(&"GET") && !no_pages.iter().any(|pattern| is_like(&path, pattern)) {
                assert!(visited.iter().any(|visited| is_like(visited, &path)), "{path} is left out");
            }
        }
    }
}

/// Whether a path is one of a route; `1` and `x` stand for what a path holds, as braces do.
fn is_like(path: &str, route: &str) -> bool {
    let (path, route): (Vec<_>, Vec<_>) = (path.split('/').collect(), route.split('/').collect());
    let holds = |part: &str| part.starts_with('{') || ["1", "x"].contains(&part);
    path.len() == route.len() && path.iter().zip(&route).all(|(part, of)| part == of || holds(of))
}

/// Looks at a page until it says something.
async fn until(visitor: &mut Visitor, path: &str, said: &str) -> String {
    let began = Instant::now();
    loop {
        let page = visitor.get(path).await;
        assert_eq!(page.status, 200, "{}", page.text);
        if page.text.contains(said) {
            return page.text;
        }
        assert!(began.elapsed() < PATIENCE, "{said} never came: {}", page.text);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
