//! The page as it is reached from outside: through a proxy, below a path, by TLS.

use std::fs;

use crate::world::{OWNER, PASSWORD, Visitor, World, later, tls_file};

/// A visitor whom a proxy on this machine hands on.
fn proxied(world: &World, lines: &[(&'static str, &str)]) -> Visitor {
    let mut visitor = world.visitor();
    visitor.proxy = lines.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    visitor
}

/// The lines of an answer that set cookies.
fn set_cookies(answer: &crate::world::Answer) -> Vec<String> {
    let lines = answer.headers.get_all("set-cookie");
    lines.iter().map(|line| line.to_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_base_path_stands_before_every_address() {
    let world = World::with(&["--listen", "127.0.0.1:0", "--base-path", "/rent"]);
    let mut visitor = world.visitor();
    assert_eq!(visitor.get("/rent").await.location.as_deref(), Some("/rent/"));
    for outside in ["/", "/sign-in", "/rental/sign-in", &world.link()] {
        let answer = visitor.get(outside).await;
        assert_eq!(answer.status, 404, "{outside}");
    }
    let sent_on = visitor.get("/rent/accounts").await;
    assert_eq!(sent_on.location.as_deref(), Some("/rent/sign-in?next=%2Faccounts"));
    let link = format!("/rent{}", world.link());
    let mut owner = world.visitor();
    let claimed = owner.post(&link, &[("name", OWNER), ("password", PASSWORD)]).await;
    assert_eq!((claimed.status, claimed.location.as_deref()), (303, Some("/rent/")), "{}", claimed.text);
    for line in set_cookies(&claimed) {
        assert!(
            line.contains("; Path=/rent;") && line.starts_with("rent_") && !line.contains("Secure"),
            "{line}"
        );
    }
    let account = [("site", "namyangju"), ("login", "tester1"), ("password", "invented-1"), ("name", "me")];
    assert_eq!(owner.post("/rent/accounts", &account).await.location.as_deref(), Some("/rent/accounts"));
    let applicant = [
        ("name", "club"),
        ("club_name", "가나다클럽"),
        ("head_count", "4"),
        ("event_name", "e"),
        ("purpose", "p"),
    ];
    assert_eq!(owner.post("/rent/applicants", &applicant).await.status, 303);
    let booking =
        owner.post("/rent/bookings/new", &later("me", "club", "06:00-08:00")).await.location.unwrap();
    assert_eq!(booking, "/rent/bookings/1");

    // No address of any page leads out of the path.
    let mut found = vec!["/rent/".to_owned()];
    let mut at = 0;
    while at < found.len() {
        let answer = owner.get(&found[at].clone()).await;
        let leads_on = answer.location.as_deref().is_some_and(|path| path.starts_with("/rent/"));
        assert!(answer.status == 200 || answer.status == 303 && leads_on, "{}", found[at]);
        for name in ["href", "src", "action", "data-live"] {
            for part in answer.text.split(&format!(" {name}=\"/")).skip(1) {
                let path = format!("/{}", part.split('"').next().unwrap().split('#').next().unwrap());
                assert!(path.starts_with("/rent/"), "{}: {name}=\"{path}\"", found[at]);
                if name != "action" && name != "data-live" && !found.contains(&path) {
                    found.push(path);
                }
            }
        }
        if let Some(policy) = answer.headers.get("content-security-policy") {
            assert!(policy.to_str().unwrap().contains("report-uri /rent/csp"), "{}", found[at]);
        }
        at += 1;
    }
    assert!(found.contains(&booking) && found.len() > 9, "{found:?}");
    let live = owner.client().get(format!("{}/rent/live", world.address()));
    let cookies: Vec<String> = owner.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(live.header("cookie", cookies.join("; ")).send().await.unwrap().status(), 200);
    // The figures stay where a monitoring system has them, and out of what a proxy hands on.
    assert_eq!(owner.get("/metrics").await.status, 200);
    assert_eq!(owner.get("/rent/metrics").await.status, 404);
    let signed_out = owner.post("/rent/sign-out", &[]).await;
    assert_eq!(signed_out.location.as_deref(), Some("/rent/sign-in"));
    assert!(owner.cookies.keys().all(|name| !name.contains("session")), "{:?}", owner.cookies);
}

#[tokio::test]
async fn a_trusted_proxy_says_who_asks_and_by_what_name_and_path() {
    let world = World::with(&[
        "--listen",
        "127.0.0.1:0",
        "--trusted-proxy",
        "127.0.0.1",
        "--web-host",
        "rent.example.org",
    ]);
    let lines = [
        ("x-forwarded-for", "203.0.113.9"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "rent.example.org"),
        ("x-forwarded-prefix", "/club"),
    ];
    let mut owner = proxied(&world, &lines);
    let link = world.link();
    let claimed = owner.post(&link, &[("name", OWNER), ("password", PASSWORD)]).await;
    assert_eq!((claimed.status, claimed.location.as_deref()), (303, Some("/club/")), "{}", claimed.text);
    for line in set_cookies(&claimed) {
        assert!(line.starts_with("__Secure-rent_") && line.contains("; Path=/club;"), "{line}");
        assert!(line.ends_with("; Secure") && line.contains("HttpOnly"), "{line}");
    }
    let me = owner.get("/me").await.text;
    assert!(me.contains("203.0.113.9") && !me.contains("127.0.0.1"), "{me}");
    assert!(me.contains("action=\"/club/sign-out\""));
    // Its own page of the same origin, and another's.
    let own = owner.post_with("/sign-out", &[], &[("origin", "https://rent.example.org")]).await;
    assert_eq!(own.status, 303, "{}", own.text);
    let wrong = owner.post("/sign-in", &[("name", OWNER), ("password", "invented-wrong")]).await;
    assert_eq!(wrong.status, 401);
    let log = world.log();
    // As packaging/fail2ban/ reads it.
    assert!(
        log.lines().any(|line| line.ends_with(" WARN rent_runner::web: sign-in failed address=203.0.113.9")),
        "{log}"
    );
    // A name that is not ours is not answered either way, and the figures are for nobody whom the proxy hands on.
    let mut rebound = proxied(&world, &[("x-forwarded-host", "evil.example")]);
    assert_eq!(rebound.get("/sign-in").await.status, 421);
    assert_eq!(owner.get("/metrics").await.status, 404);
    assert_eq!(world.visitor().get("/metrics").await.status, 200);
}

#[tokio::test]
async fn what_is_forwarded_by_nobody_trusted_changes_nothing() {
    let world = World::with(&["--listen", "127.0.0.1:0", "--trusted-proxy", "192.0.2.1"]);
    let lines = [
        ("x-forwarded-for", "203.0.113.9"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-prefix", "/club"),
    ];
    let mut owner = proxied(&world, &lines);
    let claimed = owner.post(&world.link(), &[("name", OWNER), ("password", PASSWORD)]).await;
    assert_eq!((claimed.status, claimed.location.as_deref()), (303, Some("/")), "{}", claimed.text);
    assert!(set_cookies(&claimed).iter().all(|line| line.starts_with("rent_") && !line.contains("Secure")));
    let me = owner.get("/me").await.text;
    assert!(me.contains("127.0.0.1") && !me.contains("203.0.113.9"), "{me}");
    // A new address for each guess does not make a new visitor.
    let mut statuses = Vec::new();
    for n in 0..10 {
        let mut guesser = proxied(&world, &[]);
        guesser.proxy = vec![("x-forwarded-for", format!("203.0.113.{n}"))];
        let guess = [("name", OWNER), ("password", "invented-guess")];
        statuses.push(guesser.post("/sign-in", &guess).await.status);
    }
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 5, "{statuses:?}");
    assert!(!world.log().contains("203.0.113."));
}

#[tokio::test]
async fn an_account_is_guarded_against_guesses_from_many_addresses() {
    let world = World::with(&["--listen", "127.0.0.1:0", "--trusted-proxy", "127.0.0.1"]);
    let mut owner = world.owner().await;
    assert_eq!(owner.post("/sign-out", &[]).await.status, 303);
    let mut statuses = Vec::new();
    for n in 0..40 {
        let mut guesser = proxied(&world, &[]);
        guesser.proxy = vec![("x-forwarded-for", format!("203.0.113.{n}"))];
        let guess = [("name", OWNER), ("password", "invented-guess")];
        statuses.push(guesser.post("/sign-in", &guess).await.status);
    }
    let tried = statuses.iter().filter(|status| **status == 401).count();
    // Twenty, and one more for each twenty seconds that this took.
    assert!((20..24).contains(&tried), "{statuses:?}");
    assert_eq!(statuses.last(), Some(&429));
    // The owner's own browser is no stranger.
    assert_eq!(owner.post("/sign-in", &[("name", OWNER), ("password", PASSWORD)]).await.status, 303);
}

#[tokio::test]
async fn by_tls_the_cookies_are_this_hosts_alone() {
    // A key that only its owner can read, which a checkout does not promise.
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("site.key");
    fs::copy(tls_file("site.key"), &key).unwrap();
    #[cfg(unix)]
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let (cert, key) = (tls_file("site.pem").display().to_string(), key.display().to_string());
    let world = World::with(&["--listen", "127.0.0.1:0", "--tls-cert", &cert, "--tls-key", &key]);
    assert!(world.address().starts_with("https://127.0.0.1:"), "{}", world.address());
    let mut owner = world.visitor();
    owner.cookies.insert("rent_session".to_owned(), "planted".to_owned());
    let claimed = owner.post(&world.link(), &[("name", OWNER), ("password", PASSWORD)]).await;
    assert_eq!(claimed.status, 303, "{}", claimed.text);
    for line in set_cookies(&claimed) {
        assert!(line.starts_with("__Host-rent_") && line.contains("; Path=/;"), "{line}");
        assert!(line.ends_with("; Secure") && !line.contains("Domain"), "{line}");
    }
    assert_eq!(owner.get("/me").await.status, 200);
    // What a neighbour without TLS could set does not count.
    let session = owner.cookies["__Host-rent_session"].clone();
    owner.cookies.remove("__Host-rent_session");
    owner.cookies.insert("rent_session".to_owned(), session);
    assert_eq!(owner.get("/me").await.status, 303);
    assert_eq!(owner.get("/metrics").await.status, 200);
}
