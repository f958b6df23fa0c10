//! Accounts and applicants' data: added, changed, checked, removed.

use crate::world::{LOGIN, SITE_PASSWORD, World};

#[tokio::test]
async fn an_account_is_changed_and_keeps_what_is_left_empty() {
    let world = World::new();
    let mut owner = world.furnished().await;
    let stored = owner.store("me", "club", "06:00-08:00").await;
    assert!(owner.post("/accounts/1/check", &[]).await.text.contains("로그인이 됩니다"));
    // Another name: the password is sealed anew and works still, and the booking stays with it.
    let renamed = owner.post("/accounts/1/password", &[("name", "코트"), ("password", "")]).await;
    assert_eq!(renamed.status, 303, "{}", renamed.text);
    assert!(owner.get(&stored).await.text.contains("코트"));
    let checked = owner.post("/accounts/1/check", &[]).await;
    assert!(checked.text.contains("코트: 로그인이 됩니다"), "{}", checked.text);
    // Another password, which is wrong, and the right one again.
    assert_eq!(owner.post("/accounts/1/password", &[("password", "invented-wrong")]).await.status, 303);
    let refused = owner.post("/accounts/1/check", &[]).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    let right = [("login", LOGIN), ("password", SITE_PASSWORD)];
    assert_eq!(owner.post("/accounts/1/password", &right).await.status, 303);
    assert!(owner.post("/accounts/1/check", &[]).await.text.contains("로그인이 됩니다"));
    // Two accounts have neither one name nor one login.
    owner.furnish("tester2", "club2", &world).await;
    for taken in [("name", "코트"), ("login", LOGIN)] {
        let answer = owner.post("/accounts/2/password", &[taken]).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
    }
    for wrong in ["x".repeat(65), "a\nb".to_owned()] {
        assert_eq!(owner.post("/accounts/2/password", &[("name", &wrong)]).await.status, 422);
    }
    let page = owner.get("/accounts").await.text;
    assert!(page.contains("tester2") && !page.contains(SITE_PASSWORD));
    assert_eq!(owner.post("/accounts/2/remove", &[]).await.status, 303);
    assert_eq!(owner.post("/accounts/2/password", &[("name", "weg")]).await.status, 404);
}

#[tokio::test]
async fn an_applicants_data_is_changed_renamed_and_not_replaced_unseen() {
    let world = World::new();
    let mut owner = world.furnished().await;
    let form = owner.get("/applicants?name=club").await.text;
    assert!(form.contains("name=\"was\" value=\"club\"") && form.contains("0000"), "{form}");
    let changed = |name: &'static str, was: &'static str| {
        vec![
            ("name", name),
            ("was", was),
            ("club_name", "가나다클럽"),
            ("head_count", "6"),
            ("event_name", "테니스"),
            ("purpose", "운동"),
            ("mobile", ""),
            ("discount", "1"),
        ]
    };
    // A number that is taken out is gone.
    assert_eq!(owner.post("/applicants", &changed("토요반", "club")).await.status, 303);
    let page = owner.get("/applicants").await.text;
    assert!(
        page.contains("토요반")
            && page.contains("가나다클럽 · 6 · 테니스 · 운동")
            && !page.contains(">club<"),
        "{page}"
    );
    let form = owner.get("/applicants?name=%ED%86%A0%EC%9A%94%EB%B0%98").await.text;
    assert!(!form.contains("0000"), "{form}");
    assert!(form.contains("name=\"discount\" value=\"1\""), "{form}");
    // The same name without saying that it is changed: nothing is replaced.
    assert_eq!(owner.post("/applicants", &changed("토요반", "")).await.status, 422);
    assert_eq!(owner.post("/applicants", &changed("일요반", "")).await.status, 303);
    assert_eq!(owner.post("/applicants", &changed("토요반", "일요반")).await.status, 422);
    assert_eq!(owner.post("/applicants", &changed("토요반", "없음")).await.status, 404);
    assert_eq!(owner.post("/applicants/remove", &[("name", "토요반")]).await.status, 303);
    let page = owner.get("/applicants").await.text;
    assert!(!page.contains("토요반") && page.contains("일요반"), "{page}");
}
