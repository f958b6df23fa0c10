//! What an attack on the page found once: each finding is a test.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::postgres;
use crate::world::{OWNER, PASSWORD, World, later};

#[tokio::test]
async fn the_page_works_on_a_server_too() {
    let Some(database) = postgres::database() else { return };
    let world = World::on(Some(database), &["--listen", "127.0.0.1:0"]);
    let mut owner = world.furnished().await;
    let booking = owner.store("me", "club", "06:00-08:00").await;
    for path in
        ["/", "/me", "/status", "/club", "/accounts", "/applicants?name=club", "/bookings/new", &booking]
    {
        let answer = owner.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    }
    let mut member = world.member(&mut owner, "회원하나").await;
    assert_eq!(member.get(&booking).await.status, 404);
    assert!(member.get("/").await.text.contains("저장된 예약이 없습니다"));
    assert_eq!(owner.post(&format!("{booking}/cancel"), &[]).await.status, 303);
    assert_eq!(owner.post("/me/end-all", &[]).await.status, 303);
    assert_eq!(owner.get("/").await.location.as_deref(), Some("/sign-in"));
    let name_with_nul = owner.post("/sign-in", &[("name", "\0"), ("password", "invented")]).await;
    assert_eq!(name_with_nul.status, 401, "{}", name_with_nul.text);
}

#[tokio::test]
async fn a_right_password_pays_for_no_guesses_at_another() {
    let world = World::new();
    let mut owner = world.owner().await;
    drop(world.member(&mut owner, "회원하나").await);
    // From a browser that nobody knows: guesses at the owner, and between them a right sign-in of one's own.
    let mut answered = 0;
    for n in 0..40 {
        let mut visitor = world.visitor();
        let guess = format!("invented-guess-{n}");
        answered +=
            u32::from(visitor.post("/sign-in", &[("name", OWNER), ("password", &guess)]).await.status == 401);
        let own = [("name", "회원하나"), ("password", "invented-member-1")];
        visitor.post("/sign-in", &own).await;
    }
    assert!(answered <= 6, "{answered} guesses were answered");
}

#[tokio::test]
async fn a_good_link_is_held_up_by_nobodys_wrong_passwords() {
    let world = World::new();
    drop(world.owner().await);
    let mut attacker = world.visitor();
    for _ in 0..10 {
        attacker.post("/sign-in", &[("name", OWNER), ("password", "invented-guess")]).await;
    }
    let mut owner = world.visitor();
    let claimed = owner.post(&world.link(), &[("name", OWNER), ("password", PASSWORD)]).await;
    assert_eq!(claimed.status, 303, "{}", claimed.text);
}

#[tokio::test]
async fn no_sign_in_survives_the_change_of_its_password() {
    let world = World::new();
    let mut owner = world.owner().await;
    let sign_ins = (0..5).map(|_| {
        let mut visitor = world.visitor();
        tokio::spawn(async move {
            let fields = [("name", OWNER), ("password", PASSWORD)];
            visitor.post("/sign-in", &fields).await;
            visitor
        })
    });
    let sign_ins: Vec<_> = sign_ins.collect();
    let changed = owner.post("/me/password", &[("old", PASSWORD), ("new", "another-invented-3")]).await;
    assert_eq!(changed.status, 303, "{}", changed.text);
    for sign_in in sign_ins {
        let mut visitor = sign_in.await.unwrap();
        assert_eq!(visitor.get("/me").await.status, 303, "a session of the password before");
    }
}

#[tokio::test]
async fn of_several_owners_links_one_is_used_and_a_sign_in_ends_the_session_before() {
    let world = World::new();
    let (first, second) = (world.link(), world.link());
    let mut owner = world.visitor();
    assert_eq!(owner.post(&first, &[("name", OWNER), ("password", PASSWORD)]).await.status, 303);
    let other = world.visitor().post(&second, &[("name", "other"), ("password", PASSWORD)]).await;
    assert_eq!(other.status, 410, "{}", other.text);
    let mut before = owner.clone();
    assert_eq!(owner.post("/sign-in", &[("name", OWNER), ("password", PASSWORD)]).await.status, 303);
    assert_eq!(before.get("/me").await.status, 303);
    // Two sessions of one name: another server on this machine may have planted one.
    let pair = format!("planted; rent_session={}", owner.cookies["rent_session"]);
    owner.cookies.insert("rent_session".to_owned(), pair);
    assert_eq!(owner.get("/me").await.status, 303);
}

#[tokio::test]
async fn two_members_who_add_one_name_at_once_do_not_read_each_other() {
    let world = World::new();
    let mut owner = world.owner().await;
    let (mut one, mut two) =
        (world.member(&mut owner, "회원하나").await, world.member(&mut owner, "회원둘").await);
    for n in 0..10 {
        let name = format!("name {n}");
        let fields = |club: &'static str| {
            [
                ("name", name.as_str()),
                ("club_name", club),
                ("head_count", "4"),
                ("event_name", "e"),
                ("purpose", "p"),
            ]
        };
        let (ours, theirs) = (fields("club-of-one"), fields("club-of-two"));
        let (first, second) = tokio::join!(one.post("/applicants", &ours), two.post("/applicants", &theirs));
        // A name is each member's own: neither learns that the other has it.
        assert_eq!([first.status, second.status], [303, 303]);
        let path = |member: &str| format!("/applicants?name={member}/name+{n}");
        let (of_one, of_two) = (path("회원하나"), path("회원둘"));
        assert!(one.get(&of_one).await.text.contains("club-of-one"));
        assert!(two.get(&of_two).await.text.contains("club-of-two"));
        let shown = (one.get(&of_two).await.text, two.get(&of_one).await.text);
        assert!(!shown.0.contains("club-of-two") && !shown.1.contains("club-of-one"));
    }
}

#[tokio::test]
async fn a_member_says_not_where_the_runner_connects_to_and_tries_no_list_of_passwords() {
    let world = World::new();
    let mut owner = world.owner().await;
    let mut member = world.member(&mut owner, "회원하나").await;
    let account = [
        ("site", "namyangju"),
        ("login", "tester9"),
        ("password", "invented"),
        ("base_url", "http://127.0.0.1:1"),
    ];
    assert_eq!(member.post("/accounts", &account).await.status, 303);
    assert!(!member.get("/accounts").await.text.contains("127.0.0.1:1)"));
    let mut refused = 0;
    for _ in 0..8 {
        refused += u32::from(member.post("/accounts/1/check", &[]).await.text.contains("너무 많았습니다"));
    }
    assert_eq!(refused, 3);
    assert_eq!(world.site.arrivals().iter().filter(|arrival| arrival.method == "POST").count(), 5);
}

#[tokio::test]
async fn a_member_sees_own_bookings_behind_any_number_of_others() {
    let world = World::new();
    let mut owner = world.furnished().await;
    let mut member = world.member(&mut owner, "회원하나").await;
    member.furnish("tester2", "club2", &world).await;
    for day in 1..=28 {
        for (time, month) in [("06:00-08:00", 1), ("08:00-10:00", 2), ("10:00-12:00", 3), ("12:00-14:00", 4)]
        {
            let date = format!("2099-{month:02}-{day:02}");
            let mut fields = later("me", "club", time);
            fields.retain(|(name, _)| !["date1", "opens_at"].contains(name));
            fields.extend([("date1", date.as_str()), ("opens_at", "2098-11-26T10:00:00")]);
            assert_eq!(owner.post("/bookings/new", &fields).await.status, 303);
        }
    }
    let own = member.store("tester2", "club2", "20:00-22:00").await;
    assert!(member.get("/").await.text.contains(&format!("href=\"{own}\"")));
}

#[tokio::test]
async fn no_path_to_go_on_to_breaks_the_answer() {
    let world = World::new();
    let mut owner = world.owner().await;
    for next in ["/\u{1}", "/\0", "/\u{b}", "/\u{7f}", "/가"] {
        let language = owner.post("/language", &[("language", "en"), ("next", next)]).await;
        assert_eq!((language.status, language.location.as_deref()), (303, Some("/")), "{next:?}");
        let fields = [("name", OWNER), ("password", PASSWORD), ("next", next)];
        assert_eq!(owner.post("/sign-in", &fields).await.location.as_deref(), Some("/"), "{next:?}");
    }
    for name in ["owner\u{200b}", "\u{202e}owner", "\u{3164}", ""] {
        let named = owner.post(&world.link(), &[("name", name), ("password", PASSWORD)]).await;
        assert_eq!(named.status, 422, "{name:?}");
    }
}

#[tokio::test]
async fn silent_and_greedy_clients_leave_room() {
    let mut world = World::new();
    world.expects_reports = true;
    let mut owner = world.owner().await;
    let address = world.address().strip_prefix("http://").unwrap();
    // More than one address has, each with a report that never comes: the report is not waited for.
    let begun = b"POST /csp HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2000000\r\n\r\n";
    let silent: Vec<TcpStream> = (0..300)
        .map(|_| {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            // One that is turned away may be closed before it has written.
            let _ = stream.write_all(begun);
            stream
        })
        .collect();
    let answered = silent.into_iter().filter_map(|mut stream| {
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        answer.starts_with(b"HTTP/1.1 204").then_some(())
    });
    assert!(answered.count() >= 150);
    assert_eq!(owner.get("/").await.status, 200);
}
