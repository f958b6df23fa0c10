//! Who is let in, and what nobody can do.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::world::{OWNER, PASSWORD, World, later};

#[tokio::test]
async fn without_the_link_nothing_can_be_claimed_and_a_link_works_once() {
    let world = World::new();
    let mut visitor = world.visitor();
    assert!(!world.log().contains("/link/"), "a log is no place for a link");
    let guessed = "/link/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert_eq!(visitor.post(guessed, &[("name", "x"), ("password", PASSWORD)]).await.status, 410);
    assert_eq!(visitor.get("/accounts").await.location.as_deref(), Some("/sign-in?next=%2Faccounts"));
    let signed_in = visitor.post("/sign-in", &[("name", OWNER), ("password", PASSWORD)]).await;
    assert_eq!(signed_in.status, 401);

    let link = world.link();
    // Mail programs and previews open a link too.
    assert_eq!(visitor.get(&link).await.status, 200);
    let short = visitor.post(&link, &[("name", OWNER), ("password", "short")]).await;
    assert_eq!(short.status, 422);
    let claimed = visitor.post(&link, &[("name", OWNER), ("password", PASSWORD)]).await;
    assert_eq!((claimed.status, claimed.location.as_deref()), (303, Some("/")));
    assert_eq!(visitor.get("/").await.status, 200);

    let mut second = world.visitor();
    let again = second.post(&link, &[("name", "other"), ("password", PASSWORD)]).await;
    assert_eq!(again.status, 410);
    assert_eq!(second.get(&link).await.status, 410);
    assert_eq!(second.get("/").await.location.as_deref(), Some("/sign-in"));
}

#[tokio::test]
async fn a_later_link_is_the_way_back_in_and_ends_the_sessions_before() {
    let world = World::new();
    let mut before = world.owner().await;
    let link = world.link();
    let mut after = world.visitor();
    let claimed = after.post(&link, &[("name", OWNER), ("password", "another-invented-1")]).await;
    assert_eq!(claimed.status, 303, "{}", claimed.text);
    assert_eq!(before.get("/").await.location.as_deref(), Some("/sign-in"));
    assert_eq!(after.get("/").await.status, 200);
    let old = before.post("/sign-in", &[("name", OWNER), ("password", PASSWORD)]).await;
    assert_eq!(old.status, 401);
}

#[tokio::test]
async fn a_session_is_new_at_each_sign_in_and_ends_with_sign_out_and_with_a_new_password() {
    let world = World::new();
    let mut owner = world.owner().await;
    // A session that somebody else has planted is not taken over.
    let mut planted = world.visitor();
    planted.cookies.insert("rent_session".to_owned(), "planted".to_owned());
    let signed_in = planted.post("/sign-in", &[("name", OWNER), ("password", PASSWORD)]).await;
    assert_eq!(signed_in.status, 303);
    assert_ne!(planted.cookies["rent_session"], "planted");
    let line = signed_in
        .headers
        .get_all("set-cookie")
        .iter()
        .find(|line| line.to_str().unwrap().starts_with("rent_session="));
    let line = line.unwrap().to_str().unwrap();
    assert!(line.contains("HttpOnly") && line.contains("SameSite=Strict"), "{line}");

    let before = owner.clone();
    assert_eq!(owner.post("/sign-out", &[]).await.status, 303);
    let mut copy = before.clone();
    let page = copy.get("/").await;
    assert_eq!(page.location.as_deref(), Some("/sign-in"), "the cookie of a session that ended");

    let changed = planted.post("/me/password", &[("old", PASSWORD), ("new", "another-invented-2")]).await;
    assert_eq!(changed.status, 303, "{}", changed.text);
    assert_eq!(planted.get("/").await.location.as_deref(), Some("/sign-in"));
    let wrong = planted.post("/sign-in", &[("name", OWNER), ("password", PASSWORD)]).await;
    assert_eq!(wrong.status, 401);
}

#[tokio::test]
async fn other_sites_pages_change_nothing() {
    let world = World::new();
    let mut owner = world.furnished().await;
    let booking = owner.store("me", "club", "06:00-08:00").await;
    let cancel = format!("{booking}/cancel");
    let own_origin = world.address().to_owned();
    let refused: [&[(&str, &str)]; 5] = [
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        // A program without the token of the forms.
        &[],
    ];
    for lines in refused {
        let answer = owner.post_with(&cancel, &[("csrf", "guessed")], lines).await;
        assert_eq!(answer.status, 403, "{lines:?}");
    }
    assert!(world.command(&["list", "--json"]).contains("\"waiting\""), "nothing was cancelled");
    let page = owner.get(&booking).await.text;
    let token = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let accepted: [(&[(&str, &str)], &str); 2] = [(&[("origin", &own_origin)], ""), (&[], &token)];
    let second = owner.store("me", "club", "08:00-10:00").await;
    for ((lines, token), booking) in accepted.into_iter().zip([booking, second]) {
        let answer = owner.post_with(&format!("{booking}/cancel"), &[("csrf", token)], lines).await;
        assert_eq!(answer.status, 303, "{lines:?}: {}", answer.text);
    }
    // Reading never changes anything.
    assert_eq!(owner.get(&cancel).await.status, 405);
}

#[tokio::test]
async fn a_foreign_name_is_not_answered() {
    let world = World::with(&["--listen", "127.0.0.1:0", "--web-host", "rent.example.org"]);
    let mut owner = world.owner().await;
    for (host, status) in [
        ("evil.example", 421),
        ("rent.example.org", 200),
        ("localhost:1", 200),
        ("127.0.0.1.evil.example", 421),
    ] {
        let request = owner.client().get(format!("{}/", world.address())).header("host", host);
        assert_eq!(owner.send(request).await.status, status, "{host}");
    }
}

#[tokio::test]
async fn the_figures_answer_to_our_own_names_on_this_machine() {
    let world = World::with(&["--listen", "127.0.0.1:0", "--web-host", "rent.example.org"]);
    let reached = World::with(&["--listen", "0.0.0.0:0"]);
    let port = reached.address().rsplit(':').next().unwrap().to_owned();
    let mut visitor = world.visitor();
    for (host, status) in [("evil.example", 421), ("rent.example.org", 200), ("localhost:1", 200)] {
        for path in ["/metrics", "/healthz"] {
            let request = visitor.client().get(format!("{}{path}", world.address())).header("host", host);
            assert_eq!(visitor.send(request).await.status, status, "{host}{path}");
        }
    }
    // Where other machines reach it, a monitoring system calls it by names that nobody told us.
    let request =
        visitor.client().get(format!("http://127.0.0.1:{port}/metrics")).header("host", "rent-runner:9188");
    assert_eq!(visitor.send(request).await.status, 200);
}

#[tokio::test]
async fn wrong_passwords_are_slowed_down_and_the_owner_still_gets_in() {
    let world = World::new();
    let mut owner = world.owner().await;
    assert_eq!(owner.post("/sign-out", &[]).await.status, 303);
    let mut attacker = world.visitor();
    let mut statuses = std::collections::BTreeMap::<u16, u32>::new();
    for n in 0..10_000_u32 {
        let guess = format!("invented-guess-{n}");
        let status = attacker.post("/sign-in", &[("name", OWNER), ("password", &guess)]).await.status;
        *statuses.entry(status).or_default() += 1;
    }
    assert!(statuses[&401] < 50 && statuses[&429] > 9_900, "{statuses:?}");
    assert_eq!(statuses.values().sum::<u32>(), 10_000);
    // Her browser has been here before, so the attacker at the same address does not keep her out.
    let signed_in =
        owner.post("/sign-in", &[("name", OWNER), ("password", PASSWORD), ("next", "/status")]).await;
    assert_eq!((signed_in.status, signed_in.location.as_deref()), (303, Some("/status")));
    let log = world.log();
    assert!(log.contains("sign-in failed") && log.contains("127.0.0.1"), "{log}");
    assert!(!log.contains("invented-guess") && !log.contains(OWNER));
}

#[tokio::test]
async fn nobody_is_sent_to_another_site_after_the_sign_in() {
    let world = World::new();
    let mut owner = world.owner().await;
    for next in ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"] {
        let fields = [("name", OWNER), ("password", PASSWORD), ("next", next)];
        assert_eq!(owner.post("/sign-in", &fields).await.location.as_deref(), Some("/"), "{next}");
        let language = owner.post("/language", &[("language", "en"), ("next", next)]).await;
        assert_eq!(language.location.as_deref(), Some("/"), "{next}");
    }
}

/// What a server answers to bytes that no browser sends.
fn raw(address: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // The server may close before all is written.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.take(100_000).read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn no_path_leads_out_of_the_pages() {
    let world = World::new();
    let address = world.address().strip_prefix("http://").unwrap();
    for path in [
        "/../../etc/passwd",
        "/assets/../Cargo.toml",
        "/assets/%2e%2e%2fCargo.toml",
        "/assets/..%5c..%5cCargo.toml",
        "/assets//etc/passwd",
        "/bookings/99999999999999999999",
        "/link/..%2f..%2fetc%2fpasswd",
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        let answer = raw(address, request.as_bytes());
        let status = answer.split(' ').nth(1).unwrap_or_default().to_owned();
        assert!(["303", "400", "404", "410"].contains(&status.as_str()), "{path}: {answer}");
        assert!(!answer.contains("root:") && !answer.contains("[package]"));
    }
}

#[tokio::test]
async fn large_slow_and_malformed_requests_are_refused_and_the_next_is_answered() {
    let world = World::new();
    let mut owner = world.owner().await;
    let large = "x".repeat(200_000);
    assert_eq!(owner.post("/applicants", &[("club_name", &large)]).await.status, 413);
    let request = owner
        .client()
        .post(format!("{}/applicants", world.address()))
        .header("sec-fetch-site", "same-origin");
    let json = request.header("content-type", "application/json").body("{}");
    assert_eq!(owner.send(json).await.status, 415);

    let address = world.address().strip_prefix("http://").unwrap();
    let raw = |bytes: &[u8]| raw(address, bytes);
    let many = (0..500).map(|n| format!("x-{n}: y\r\n")).collect::<String>();
    let flood = raw(format!("GET / HTTP/1.1\r\nhost: localhost\r\n{many}\r\n").as_bytes());
    assert!(flood.starts_with("HTTP/1.1 431") || flood.starts_with("HTTP/1.1 400"), "{flood}");
    let long = raw(format!("GET /{} HTTP/1.1\r\nhost: localhost\r\n\r\n", "a".repeat(100_000)).as_bytes());
    assert!(long.starts_with("HTTP/1.1 414") || long.starts_with("HTTP/1.1 431"), "{long}");
    assert!(raw(b"\x16\x03\x01nonsense\r\n\r\n").starts_with("HTTP/1.1 400"));
    // A head that never ends holds up nobody.
    let mut slow = TcpStream::connect(address).unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nhost: local").unwrap();
    assert_eq!(owner.get("/").await.status, 200);
}

#[tokio::test]
async fn hostile_names_are_text_on_every_page() {
    let world = World::new();
    let mut owner = world.furnished().await;
    let hostile = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "\u{202e}evil\u{202c}",
        "'; DROP TABLE booking;--",
    ];
    for (n, name) in hostile.into_iter().enumerate() {
        let login = format!("login{n}");
        let base_url = world.base_url();
        let account = [
            ("site", "namyangju"),
            ("login", login.as_str()),
            ("password", "invented"),
            ("name", name),
            ("base_url", base_url.as_str()),
        ];
        assert_eq!(owner.post("/accounts", &account).await.status, 303, "{name}");
        let applicant = [
            ("name", name),
            ("club_name", name),
            ("head_count", "4"),
            ("event_name", name),
            ("purpose", name),
        ];
        assert_eq!(owner.post("/applicants", &applicant).await.status, 303, "{name}");
        let time = format!("{:02}:00-{:02}:00", 6 + 2 * n, 8 + 2 * n);
        let mut booking = later(name, name, &time);
        booking.push(("note", name));
        let stored = owner.post("/bookings/new", &booking).await;
        assert_eq!(stored.status, 303, "{}", stored.text);
    }
    let long = "x".repeat(10_000);
    assert_eq!(
        owner.post("/accounts", &[("login", "l"), ("password", "p"), ("name", &long)]).await.status,
        422
    );
    for path in crawl(&mut owner).await {
        let text = owner.get(&path).await.text;
        assert!(!text.contains("<script>alert") && !text.contains("<img"), "{path}");
    }
    assert!(owner.get("/").await.text.contains("DROP TABLE"), "it is shown as it was typed");
}

/// Every page that links lead to, from the first on.
async fn crawl(visitor: &mut crate::world::Visitor) -> Vec<String> {
    let mut found = vec!["/".to_owned()];
    let mut at = 0;
    while at < found.len() && found.len() < 200 {
        let text = visitor.get(&found[at].clone()).await.text;
        for part in text.split("href=\"").skip(1) {
            let path = part.split('"').next().unwrap().split('#').next().unwrap().replace("&amp;", "&");
            if path.starts_with('/') && !found.contains(&path) {
                found.push(path);
            }
        }
        at += 1;
    }
    found
}

#[tokio::test]
async fn no_secret_stands_in_any_answer_and_no_page_is_kept() {
    let world = World::new();
    let mut owner = world.furnished().await;
    owner.store("me", "club", "06:00-08:00").await;
    assert_eq!(owner.post("/accounts/1/check", &[]).await.status, 200);
    let mut member = world.member(&mut owner, "회원하나").await;
    member.furnish("tester2", "club2", &world).await;
    member.store("tester2", "club2", "08:00-10:00").await;
    let mut pages = crawl(&mut owner).await;
    assert!(pages.len() >= 8, "{pages:?}");
    pages.extend(crawl(&mut member).await.into_iter().map(|path| format!("member {path}")));
    for path in &pages {
        let (visitor, path) = match path.strip_prefix("member ") {
            Some(path) => (&mut member, path),
            None => (&mut owner, path.as_str()),
        };
        let answer = visitor.get(path).await;
        // The link to the form of an edit leads on to the form with what is stored.
        assert!(answer.status == 200 || answer.status == 303 && path.ends_with("/edit"), "{path}");
        for secret in [
            PASSWORD,
            crate::world::SITE_PASSWORD,
            "invented-member-1",
            &owner.cookies["rent_session"],
            &owner.cookies["rent_browser"],
            &member.cookies["rent_session"],
            "$argon2",
        ] {
            assert!(!answer.text.contains(secret), "{path} has a secret");
        }
        // Only the form in which it is changed shows an applicant's number; the API's document has an invented one as
        // the example of its form.
        let has_number = path.starts_with("/applicants?name=") || path == "/api/v1/openapi.json";
        assert!(!answer.text.contains("010-0000-0000") || has_number, "{path}");
        let header = |name: &str| {
            answer.headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
        };
        let kept = header("cache-control");
        assert!(
            if path.starts_with("/assets/") { kept.contains("immutable") } else { kept == "no-store" },
            "{path}: {kept}"
        );
        assert!(header("content-security-policy").starts_with("default-src 'none'"), "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
    }
    let log = world.log();
    for secret in [PASSWORD, crate::world::SITE_PASSWORD, &owner.cookies["rent_session"], "010-0000-0000"] {
        assert!(!log.contains(secret), "the log has a secret");
    }
}

#[tokio::test]
async fn a_page_without_an_owner_is_closed_to_other_machines() {
    let world = World::with(&["--listen", "0.0.0.0:0"]);
    let mut visitor = world.visitor();
    for path in ["/", "/sign-in", &world.link()] {
        assert_eq!(visitor.get(path).await.status, 403, "{path}");
    }
    assert_eq!(visitor.get("/healthz").await.status, 200);
    assert_eq!(visitor.get("/metrics").await.status, 200);
}

#[tokio::test]
async fn a_runner_without_a_page_has_figures_only() {
    let world = World::with(&["--listen", "127.0.0.1:0", "--no-web"]);
    let mut visitor = world.visitor();
    assert_eq!(visitor.get("/metrics").await.status, 200);
    assert_eq!(visitor.get("/").await.status, 404);
    assert_eq!(visitor.get("/sign-in").await.status, 404);
}

#[tokio::test]
async fn many_open_streams_leave_the_pages_answering() {
    let world = World::new();
    let mut owner = world.owner().await;
    let mut streams = Vec::new();
    let mut refused = 0;
    for _ in 0..500 {
        let cookie = format!("rent_session={}", owner.cookies["rent_session"]);
        let request = owner.client().get(format!("{}/live", world.address())).header("cookie", cookie);
        let answer = request.send().await.unwrap();
        match answer.status().as_u16() {
            200 => streams.push(answer),
            429 => refused += 1,
            other => panic!("{other}"),
        }
    }
    assert_eq!((streams.len(), refused), (12, 488));
    // A seventh tab, and any after it, still loads.
    assert_eq!(owner.get("/").await.status, 200);
    drop(streams);
}
