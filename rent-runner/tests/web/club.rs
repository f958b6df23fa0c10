//! Several users: each has own bookings, the owner sees all.

use crate::world::{PASSWORD, World};

#[tokio::test]
async fn two_members_cannot_see_each_other() {
    let world = World::new();
    let mut owner = world.furnished().await;
    let of_owner = owner.store("me", "club", "06:00-08:00").await;

    let link = world.invitation(&mut owner).await;
    let mut member = world.visitor();
    let taken = member.post(&link, &[("name", crate::world::OWNER), ("password", PASSWORD)]).await;
    assert_eq!(taken.status, 422, "the name is the owner's");
    let claimed = member.post(&link, &[("name", "회원하나"), ("password", "invented-member-1")]).await;
    assert_eq!(claimed.status, 303, "{}", claimed.text);
    assert_eq!(member.post(&link, &[("name", "회원둘"), ("password", PASSWORD)]).await.status, 410);

    // Not the owner's booking, by page, stream or form; nor the owner's account, data, members.
    assert!(!member.get("/").await.text.contains(&of_owner));
    assert_eq!(member.get(&of_owner).await.status, 404);
    let number = of_owner.strip_prefix("/bookings/").unwrap();
    assert_eq!(member.get(&format!("/live?booking={number}")).await.status, 404);
    assert_eq!(member.post(&format!("{of_owner}/cancel"), &[]).await.status, 404);
    assert_eq!(member.post(&format!("{of_owner}/retry"), &[]).await.status, 404);
    assert!(!member.get("/accounts").await.text.contains("tester1"));
    assert_eq!(member.post("/accounts/1/check", &[]).await.status, 404);
    assert_eq!(member.post("/accounts/1/password", &[("password", "invented")]).await.status, 404);
    assert_eq!(member.post("/accounts/1/remove", &[]).await.status, 404);
    assert!(!member.get("/applicants?name=club").await.text.contains("가나다클럽"));
    let foreign = [
        ("account", "me"),
        ("applicant", "club"),
        ("place1", "NYJ06/07/103"),
        ("date1", "2099-12-05"),
        ("time1", "10:00-12:00"),
        ("opening", "given"),
        ("opens_at", "2099-11-26T10:00:00"),
        ("step", "store"),
    ];
    assert_eq!(member.post("/bookings/new", &foreign).await.status, 403);
    for path in ["/club", "/club/invite", "/club/1/remove"] {
        let answer = if path == "/club" { member.get(path).await } else { member.post(path, &[]).await };
        assert_eq!(answer.status, 404, "{path}");
    }
    assert!(!member.get("/status").await.text.contains("key-file"), "the settings are the owner's");

    // Own ones, which the owner sees too.
    member.furnish("tester2", "club2", &world).await;
    let of_member = member.store("tester2", "club2", "08:00-10:00").await;
    assert_eq!(member.get(&of_member).await.status, 200);
    assert!(owner.get("/").await.text.contains(&of_member));
    assert_eq!(owner.get(&of_member).await.status, 200);

    // Removed, a member is out at once.
    assert_eq!(owner.post("/club/2/remove", &[]).await.status, 303);
    assert_eq!(member.get("/").await.location.as_deref(), Some("/sign-in"));
    assert!(owner.get("/club").await.text.contains("removed member 2"));
}

#[tokio::test]
async fn invitations_are_listed_and_can_be_revoked() {
    let world = World::new();
    let mut owner = world.owner().await;
    let (first, second) = (world.invitation(&mut owner).await, world.invitation(&mut owner).await);
    let page = owner.get("/club").await.text;
    let marks: Vec<&str> = page
        .split("name=\"invitation\" value=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert_eq!(marks.len(), 2);
    assert!(!page.contains(&first) && !page.contains(&second), "an invitation is shown once");
    // The newest stands first.
    let revoked = owner.post("/club/revoke", &[("invitation", marks[0])]).await;
    assert_eq!(revoked.location.as_deref(), Some("/club"));
    let fields = [("name", "회원하나"), ("password", PASSWORD)];
    assert_eq!(world.visitor().get(&second).await.status, 410);
    assert_eq!(world.visitor().post(&second, &fields).await.status, 410);
    let mut member = world.visitor();
    assert_eq!(member.post(&first, &fields).await.status, 303);
    let page = owner.get("/club").await.text;
    assert!(!page.contains("name=\"invitation\"") && page.contains("revoked an invitation"), "{page}");
    assert_eq!(member.post("/club/revoke", &[("invitation", marks[0])]).await.status, 404);
}

#[tokio::test]
async fn who_removes_a_member_says_what_becomes_of_the_bookings_and_accounts() {
    let world = World::new();
    let mut owner = world.owner().await;
    let mut one = world.member(&mut owner, "회원하나").await;
    one.furnish("tester2", "club2", &world).await;
    let handed_over = one.store("tester2", "club2", "06:00-08:00").await;
    let mut two = world.member(&mut owner, "회원둘").await;
    two.furnish("tester3", "club3", &world).await;
    let cancelled = two.store("tester3", "club3", "08:00-10:00").await;
    assert_eq!(one.get("/club/3/remove").await.status, 404);
    assert_eq!(owner.get("/club/1/remove").await.status, 404, "the owner stays");

    let asked = owner.get("/club/2/remove").await;
    assert_eq!(asked.status, 200);
    assert!(asked.text.contains("끝나지 않은 예약: 1") && asked.text.contains("계정: 1"), "{}", asked.text);
    let fields = [("bookings", "hand-over"), ("data", "hand-over")];
    assert_eq!(owner.post("/club/2/remove", &fields).await.status, 303);
    let kept = owner.get(&handed_over).await.text;
    assert!(kept.contains("state-waiting"), "{kept}");
    assert!(owner.get("/accounts").await.text.contains("tester2"));

    let fields = [("bookings", "cancel"), ("data", "remove")];
    assert_eq!(owner.post("/club/3/remove", &fields).await.status, 303);
    assert_eq!(owner.get(&cancelled).await.status, 404, "the story goes with its account");
    assert!(!owner.get("/accounts").await.text.contains("tester3"));
    assert!(!owner.get("/applicants").await.text.contains("club3"));
    let done = owner.get("/club").await.text;
    assert!(done.contains("removed member 3") && done.contains("cancelled booking 2"), "{done}");

    // An account whose bookings go on cannot be removed: it is handed over, and that is said.
    let mut three = world.member(&mut owner, "회원셋").await;
    three.furnish("tester4", "club4", &world).await;
    three.store("tester4", "club4", "10:00-12:00").await;
    let said = owner.post("/club/4/remove", &[("bookings", "hand-over"), ("data", "remove")]).await;
    assert_eq!(said.status, 200);
    assert!(said.text.contains("넘겨받은 계정:") && said.text.contains("tester4"), "{}", said.text);
    assert!(owner.get("/accounts").await.text.contains("tester4"));
}

#[tokio::test]
async fn nobody_learns_from_a_refusal_what_another_has() {
    let world = World::new();
    let mut owner = world.furnished().await;
    let mut one = world.member(&mut owner, "회원하나").await;
    let mut two = world.member(&mut owner, "회원둘").await;
    one.furnish("tester2", "club", &world).await;
    // The names of the owner and of another member are free for a member.
    let account = |login: &'static str, name: &'static str| {
        [("site", "namyangju"), ("login", login), ("password", "invented"), ("name", name)]
    };
    for name in ["me", "tester2"] {
        let added =
            two.post("/accounts", &account(if name == "me" { "login1" } else { "login2" }, name)).await;
        assert_eq!(added.status, 303, "{name}: {}", added.text);
    }
    assert!(two.get("/accounts").await.text.contains("회원둘/me"));
    // The login of another is refused with a sentence that names nobody and nothing.
    let base_url = world.base_url();
    for login in ["tester1", "tester2"] {
        let fields = [
            ("site", "namyangju"),
            ("login", login),
            ("password", "x"),
            ("name", "new"),
            ("base_url", &base_url),
        ];
        let refused = two.post("/accounts", &fields).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
        assert!(refused.text.contains("이 계정은 등록할 수 없습니다"), "{}", refused.text);
        let others = refused.text.replace("회원둘/tester2", "").replace(&format!("value=\"{login}\""), "");
        assert!(!others.contains("회원하나") && !others.contains("tester2"), "{others}");
    }
    // Nor can a name be given twice.
    let again = two.post("/accounts", &account("login3", "me")).await;
    assert_eq!(again.status, 422);
    // Who tries many is slowed down.
    let mut statuses = Vec::new();
    for _ in 0..8 {
        statuses
            .push(two.post("/accounts", &account("tester1", "new")).await.text.contains("너무 많았습니다"));
    }
    assert!(statuses.contains(&true), "{statuses:?}");
}
