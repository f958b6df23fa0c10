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
