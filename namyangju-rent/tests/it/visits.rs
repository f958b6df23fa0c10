use namyangju_rent::clock::Clock as _;
use namyangju_rent::form_fields::FormFields;
use namyangju_rent::harness::{Account, BlockKind, BlockRule, Settings, SiteStep, StandInServer};
use namyangju_rent::schedule::SlotState;
use namyangju_rent::{Application, Client, Credentials, Error, Outcome, Purpose, SavedSession, Verdict};

use crate::stage::{Stage, application};

#[tokio::test]
async fn the_schedule_is_read_without_a_login() {
    let stage = Stage::new("namyangju", Settings::default()).await;
    stage.take_slot();
    let (guest, wish) = (stage.client.guest().unwrap(), stage.wish());
    let list = guest.day_list(&wish.place, wish.date).await.unwrap();
    let sports = list.slots.iter().filter(|s| s.purpose == Purpose::Sports);
    assert_eq!(sports.count(), 31 * 8);
    let slot = list.within(wish.date, wish.range, Purpose::Sports).next().unwrap();
    assert_eq!((slot.state, slot.group_name.as_str()), (SlotState::Booked, "라마바클럽"));
    let calendar = guest.calendar(&wish.place, wish.date).await.unwrap();
    assert_eq!(calendar.days.iter().filter(|d| d.date.month() == 12).count(), 31);
    assert_eq!(calendar.next, "2027-01-01".parse().ok());
}

#[tokio::test]
async fn the_menus_lead_from_centres_to_courts() {
    for dialect in ["namyangju", "cheonan"] {
        let stage = Stage::new(dialect, Settings::default()).await;
        let guest = stage.client.guest().unwrap();
        let wanted = stage.wish().place;
        let menu = guest.menu(None).await.unwrap();
        let centre = menu.centres.iter().find(|e| e.centre == wanted.centre).unwrap();
        let menu = guest.menu(Some(centre)).await.unwrap();
        let group = menu.groups.iter().find(|e| e.group.as_ref() == Some(&wanted.group)).unwrap();
        let menu = guest.menu(Some(group)).await.unwrap();
        assert!(menu.courts.iter().any(|e| e.place().as_ref() == Some(&wanted)), "{dialect}: {menu:?}");
    }
}

#[tokio::test]
async fn several_rounds_go_in_one_application_and_in_order() {
    for dialect in ["namyangju", "cheonan"] {
        let stage = Stage::new(dialect, Settings::default()).await;
        let (session, wish) = (stage.session().await, stage.wish());
        let range = "14:00-18:00".parse().unwrap();
        let day = session.open_day(&wish.place, wish.date, Purpose::Sports).await.unwrap();
        let form = day.open_form(range).await.unwrap();
        let numbers: Vec<String> = form.slots().iter().map(|s| s.time_no.to_string()).collect();
        let submission = form.fill(&application()).unwrap();
        let fields = FormFields::decode(submission.body(), session.site().charset());
        assert_eq!(fields.all("receipt_time[]").collect::<Vec<_>>(), numbers);
        let outcome = submission.submit().await.unwrap().outcome;
        assert!(matches!(outcome, Outcome::Reserved(_)), "{dialect}: {outcome}");
        let booked = stage.server.with(|s| s.bookings()[0].clone());
        assert_eq!(booked.slots.len(), numbers.len());
        assert_eq!(booked.fields.first("club_name"), Some("가나다클럽"));
        assert_eq!(booked.fields.first("group_count"), Some("4"));
    }
}

#[tokio::test]
async fn an_account_and_fields_that_are_decomposed_arrive_composed() {
    let mut settings = Settings::default();
    settings.accounts[0].password = "비번-1".to_owned();
    let stage = Stage::new("namyangju", settings).await;
    let wish = stage.wish();
    let login = Credentials::new(&stage.account.id, "\u{1107}\u{1175}\u{1107}\u{1165}\u{11ab}-1");
    let session = stage.client.log_in(&login).await.unwrap();
    let day = session.open_day(&wish.place, wish.date, wish.purpose).await.unwrap();
    let mut application = application();
    application.club_name = "\u{1100}\u{1161}".to_owned();
    application.applicant_name = Some("\u{1102}\u{1161}".to_owned());
    let submission = day.open_form(wish.range).await.unwrap().fill(&application).unwrap();
    assert_eq!(submission.lacking_characters(), []);
    submission.submit().await.unwrap();
    let fields = stage.server.with(|s| s.bookings()[0].fields.clone());
    assert_eq!((fields.first("club_name"), fields.first("appli_name")), (Some("가"), Some("나")));
}

#[tokio::test]
async fn slots_can_be_chosen_by_their_numbers() {
    let stage = Stage::new("namyangju", Settings::default()).await;
    let (session, wish) = (stage.session().await, stage.wish());
    let day = session.open_day(&wish.place, wish.date, Purpose::Sports).await.unwrap();
    let number = day.page().free[2].time_no;
    assert_eq!(day.open_form_for(&[number]).await.unwrap().slots()[0].time_no, number);
    let error = day.open_form_for(&[namyangju_rent::schedule::TimeNo(1)]).await.unwrap_err();
    assert!(matches!(error, Error::Application(_)), "{error}");
}

#[tokio::test]
async fn what_a_person_gives_reaches_the_site_and_the_rest_is_the_pages() {
    let stage = Stage::new("namyangju", Settings::default()).await;
    let (session, wish) = (stage.session().await, stage.wish());
    let day = session.open_day(&wish.place, wish.date, Purpose::Sports).await.unwrap();
    let form = day.open_form(wish.range).await.unwrap();
    let mut application =
        Application::new("똠방각하 클럽", 8_u16.try_into().unwrap(), "친선 & 경기", "여러 줄\n운동");
    application.telephone = Some("02-000-0000".parse().unwrap());
    application.men = Some(5);
    application.discount = Some("10".into());
    let full = form.payment(&self::application()).unwrap().unwrap();
    assert_eq!(form.payment(&application).unwrap().unwrap().0 * 2, full.0);
    assert!(form.discounts().iter().any(|group| group.code == "10"));
    let submission = form.fill(&application).unwrap();
    let masked = submission.masked();
    let shown = |name: &str| masked.iter().find(|field| field.name == name).map(|field| field.value.clone());
    for private in ["appli_name", "club_name", "tel", "hp"] {
        assert_eq!(shown(private).as_deref(), Some("***"), "{private}");
    }
    assert_eq!(shown("receipt_date").as_deref(), Some("20261205"));
    let outcome = submission.submit().await.unwrap().outcome;
    assert!(matches!(outcome, Outcome::Reserved(_)), "{outcome}");
    let fields = stage.server.with(|s| s.bookings()[0].fields.clone());
    for (name, value) in [
        ("club_name", "똠방각하 클럽"),
        ("playname", "친선 & 경기"),
        ("reason", "여러 줄\r\n운동"),
        ("tel", "02-000-0000"),
        ("group_count_man", "5"),
        ("group_count_woman", ""),
        ("discount[]", "10"),
        ("appli_name", stage.account.name.as_str()),
        ("hp", stage.account.mobile.as_str()),
    ] {
        assert_eq!(fields.first(name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn a_form_can_be_sent_again_and_each_submission_once() {
    let mut settings = Settings::default();
    settings.gate = namyangju_rent::harness::Gate::Submit;
    settings.opening = Some("2026-11-26 10:00:00".parse().unwrap());
    let stage = Stage::new("namyangju", settings).await;
    let (session, wish) = (stage.session().await, stage.wish());
    let day = session.open_day(&wish.place, wish.date, Purpose::Sports).await.unwrap();
    let form = day.open_form(wish.range).await.unwrap();
    let early = form.fill(&application()).unwrap().submit().await.unwrap();
    assert!(matches!(early.outcome, Outcome::NotOpenYet), "{}", early.outcome);
    stage.clock.advance(std::time::Duration::from_secs(600));
    let late = form.fill(&application()).unwrap().submit().await.unwrap();
    assert!(matches!(late.outcome, Outcome::Reserved(_)), "{}", late.outcome);
    assert_eq!((stage.count(SiteStep::Form), stage.count(SiteStep::Submit)), (1, 2));
}

#[tokio::test]
async fn a_saved_session_goes_on_where_it_was() {
    let stage = Stage::new("namyangju", Settings::default()).await;
    let session = stage.session().await;
    assert!(session.check().await.unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.json");
    session.save().unwrap().write(&path).unwrap();
    drop(session);
    let session = stage.client.restore(&SavedSession::read(&path).unwrap()).unwrap();
    assert!(session.check().await.unwrap());
    assert_eq!(stage.count(SiteStep::Login), 1);
    let wish = stage.wish();
    assert!(session.open_day(&wish.place, wish.date, Purpose::Sports).await.is_ok());
    session.log_out().await.unwrap();
    let session = stage.client.restore(&SavedSession::read(&path).unwrap()).unwrap();
    stage.server.with(|s| s.end_sessions());
    assert!(!session.check().await.unwrap());
}

#[tokio::test]
async fn another_user_agent_cannot_use_a_saved_session() {
    let stage = Stage::new("namyangju", Settings::default()).await;
    let saved = stage.session().await.save().unwrap();
    let other = Client::builder(stage.client.site().clone()).user_agent("other/1").build().unwrap();
    assert!(matches!(other.restore(&saved), Err(Error::SavedSession(_))));
}

#[tokio::test]
async fn a_session_survives_its_cookies_renewal() {
    let stage = Stage::new("namyangju", Settings::default()).await;
    let (session, wish) = (stage.session().await, stage.wish());
    for _ in 0..6 {
        stage.clock.advance(std::time::Duration::from_secs(20 * 60));
        session.open_day(&wish.place, wish.date, Purpose::Sports).await.unwrap();
    }
    stage.clock.advance(std::time::Duration::from_secs(3 * 3600));
    let error = session.open_day(&wish.place, wish.date, Purpose::Sports).await.unwrap_err();
    assert!(matches!(error.outcome(), Some(Outcome::LoggedOut)), "{error}");
}

#[tokio::test]
async fn two_accounts_keep_their_own_cookies() {
    let stage = Stage::new("namyangju", Settings::default()).await;
    let accounts: Vec<Account> = stage.server.with(|s| s.accounts().to_vec());
    let mut sessions = Vec::new();
    for account in &accounts[..2] {
        let credentials = namyangju_rent::Credentials::new(&account.id, &account.password);
        sessions.push(stage.client.log_in(&credentials).await.unwrap());
    }
    let wish = stage.wish();
    for session in &sessions {
        session.open_day(&wish.place, wish.date, Purpose::Sports).await.unwrap();
    }
    let visitors = |server: &StandInServer| -> Vec<_> {
        server
            .arrivals()
            .into_iter()
            .filter(|a| a.step == SiteStep::Day)
            .map(|a| a.account.unwrap())
            .collect()
    };
    assert_eq!(visitors(&stage.server), [accounts[0].id.clone(), accounts[1].id.clone()]);
}

#[tokio::test]
async fn another_account_has_a_pace_of_its_own_and_the_same_routes() {
    let stage = Stage::new("namyangju", Settings::default()).await;
    let other = stage.client.for_account();
    let begin = stage.clock.monotonic();
    let asked = async |client: &Client| {
        client.guest().unwrap().probe_clock().await.unwrap();
        stage.clock.monotonic() - begin
    };
    for client in [&stage.client, &other] {
        for _ in 0..namyangju_rent::limits::MAX_REQUESTS_PER_SECOND {
            assert!(asked(client).await.is_zero());
        }
    }
    assert!(!asked(&stage.client).await.is_zero());

    stage.client.reset_routes();
    stage.server.with(|s| {
        let lasts = std::time::Duration::from_secs(3600);
        let within = std::time::Duration::from_secs(60);
        s.settings_mut().block = Some(BlockRule { requests: 0, within, kind: BlockKind::Forbidden, lasts });
    });
    let report = stage.booking().run(|_| {}).await;
    assert_eq!(report.verdict, Verdict::Blocked);
    let before = stage.server.arrivals().len();
    let error = other.guest().unwrap().probe_clock().await.unwrap_err();
    assert!(matches!(error.outcome(), Some(Outcome::Blocked)), "{error}");
    assert_eq!(stage.server.arrivals().len(), before, "nothing is sent over a route that is blocked");
}
