//! How a job begins and ends, by what the store and the stand-in hold then.

use namyangju_rent::report::Attempt;
use namyangju_rent::schedule::TimeNo;
use namyangju_rent::{GiveUp, Report};
use serde_json::{Value, json};

use super::away::Fault;
use super::*;
use crate::runner::job::{self, EndPatience, Signal, is_stopped};
use crate::store::Learned;

fn report(verdict: Verdict, attempts: usize) -> Report {
    let now = "2026-11-26T10:00:00+09:00";
    let mut value = json!({
        "wish": 0, "attempts": [], "requests": 3, "clock": null, "opening": {}, "began": now, "ended": now,
    });
    let Value::Object(verdict) = serde_json::to_value(verdict).unwrap() else { panic!() };
    value.as_object_mut().unwrap().extend(verdict);
    let mut report: Report = serde_json::from_value(value).unwrap();
    let attempt: Attempt = serde_json::from_value(json!({
        "number": 1, "wish": 0, "began": now, "route": "direct", "visits": [],
        "step": "submit", "name": "taken", "text": "taken",
    }))
    .unwrap();
    report.attempts = vec![attempt; attempts];
    report
}

#[test]
fn each_verdict_is_a_state_of_the_store() {
    let reason = || "a reason".to_owned();
    let gave_up = |why| Verdict::GaveUp { why, last: "not open yet".to_owned() };
    let table = [
        (Verdict::Reserved { receipt: None, shown: None }, 1, State::Succeeded, "reserved"),
        (Verdict::AlreadyBooked, 0, State::Succeeded, "already booked"),
        (Verdict::Lost, 1, State::Failed, "lost"),
        (Verdict::Refused { reason: reason() }, 1, State::Failed, "refused: a reason"),
        (Verdict::Blocked, 1, State::Blocked, "blocked"),
        (Verdict::NeedsPerson { reason: reason() }, 1, State::NeedsPerson, "a person is needed: a reason"),
        (Verdict::Unconfirmed, 1, State::Unconfirmed, "unconfirmed"),
        (Verdict::Unreachable { last: reason() }, 1, State::Failed, "the site could not be reached"),
        // Without an attempt nobody gave up: it was too late.
        (gave_up(GiveUp::Deadline), 0, State::Failed, "missed: not open yet"),
        (gave_up(GiveUp::Deadline), 1, State::Failed, "given up: the time is up"),
        (gave_up(GiveUp::Budget), 0, State::Failed, "given up: the requests are used up"),
    ];
    for (verdict, attempts, state, text) in table {
        let (found, said) = job::verdict(&report(verdict, attempts));
        assert!(found == state && said.starts_with(text), "{found:?} {said}");
    }
}

#[tokio::test]
async fn a_booking_is_missed_when_its_time_is_over_and_not_before() {
    let stage = Stage::new(|_| {}).await;
    let opens_at = SystemClock.now().plus(Duration::from_secs(3600));
    let id = stage.booking(OpeningSource::Given, opens_at, &["06:00-08:00"]).await;
    let mut booking = stage.store.booking(id).await.unwrap();
    let over = booking.opens_at.plus(booking.give_up_after);
    assert_eq!(job::missed(&booking, over), None);
    let told = job::missed(&booking, over.plus(Duration::from_micros(1))).unwrap();
    assert!(told.starts_with("missed by 1 s"), "{told}");
    assert!(job::missed(&booking, over.plus(Duration::from_secs(90))).unwrap().starts_with("missed by 90 s"));
    booking.opens = OpeningSource::Now;
    assert_eq!(job::missed(&booking, over.plus(Duration::from_secs(90))), None);
}

/// What a runner wrote that then died: an application was about to leave, and this came after it.
async fn left_by_another(stage: &Stage, after: Option<Value>) -> BookingId {
    let id = stage.booking(OpeningSource::Now, SystemClock.now(), &["06:00-08:00"]).await;
    let lease = stage.claimed_by_another().await;
    stage.store.permit(lease, "other", 0, &[], Duration::from_secs(60)).await.unwrap().unwrap();
    let events: Vec<TimedEvent> =
        after.map(|event| serde_json::from_value(event).unwrap()).into_iter().collect();
    assert!(stage.store.record(lease, "other", &events).await.unwrap());
    stage.store.cancel_booking(id).await.unwrap();
    stage.store.end_runner("other").await.unwrap();
    id
}

#[tokio::test]
async fn a_cancelled_booking_ends_at_once_if_no_application_is_in_doubt() {
    let stage = Stage::new(|_| {}).await;
    let answered = json!({
        "at": "2026-11-26T10:00:00+09:00", "monotonic_micros": 1,
        "event": "answered", "step": "submit", "name": "not-open-yet", "text": "not open yet",
    });
    let id = left_by_another(&stage, Some(answered)).await;
    let ended = stage.work().await;
    let cancelled = |end: &End| matches!(end, End::Over { state: State::Cancelled, code: 130, .. });
    assert!(matches!(&ended[..], [Done { end, .. }] if cancelled(end)), "{ended:?}");
    assert_eq!(stage.state(id).await.0, State::Cancelled);
    assert!(stage.server.arrivals().iter().all(|arrival| arrival.step != SiteStep::Login));

    // One that may have arrived is looked for first.
    let stage = Stage::new(|_| {}).await;
    left_by_another(&stage, None).await;
    stage.work().await;
    assert!(stage.count(SiteStep::Schedule) > 0);
    assert_eq!(stage.count(SiteStep::Submit), 0);
}

/// A stage whose wished day opens long after, and a booking that tries at once.
async fn too_early() -> (Stage, BookingId) {
    let far = SystemClock.now().plus(Duration::from_secs(86_400));
    let stage = Stage::new(|settings| settings.opening = Some(far)).await;
    let id = stage.booking(OpeningSource::Now, SystemClock.now(), &["06:00-08:00"]).await;
    (stage, id)
}

/// Runs the stage's booking while something happens after the first answer of an attempt.
async fn after_the_first_answer(stage: &Stage, act: impl AsyncFnOnce()) -> Vec<Done> {
    after_the_first(stage, |event| matches!(event, Event::Answered { .. }), act).await
}

/// Runs the stage's booking while something happens after the first event of a kind.
async fn after_the_first(
    stage: &Stage,
    is_awaited: impl Fn(&Event) -> bool + Send + Sync + 'static,
    act: impl AsyncFnOnce(),
) -> Vec<Done> {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let observer = move |_, happened: &TimedEvent| {
        if is_awaited(&happened.event) {
            let _ = tell.send(());
        }
    };
    let (_stop, stopped) = watch::channel(false);
    let mut runner = Runner::begin(stage.context(Some(Box::new(observer)))).await.unwrap();
    let mut ended = Vec::new();
    let soon = SystemClock.now().plus(Duration::from_secs(1));
    let working = runner.run(Scope::Before(soon), stopped, |done| ended.push(done.clone()));
    let acting = async {
        told.recv().await;
        act().await;
    };
    tokio::join!(working, acting).0.unwrap();
    ended
}

#[tokio::test]
async fn a_cancel_that_the_permit_finds_ends_the_booking() {
    let (stage, id) = too_early().await;
    let ended = after_the_first_answer(&stage, async || {
        stage.store.cancel_booking(id).await.unwrap();
    })
    .await;
    let cancelled = |end: &End| matches!(end, End::Over { state: State::Cancelled, code: 130, .. });
    assert!(matches!(&ended[..], [Done { end, .. }] if cancelled(end)), "{ended:?}");
    assert_eq!(stage.state(id).await.0, State::Cancelled);
}

#[tokio::test]
async fn a_store_that_was_away_until_the_time_was_over_ends_the_booking_with_that() {
    let (stage, id) = too_early().await;
    let hasten = "UPDATE booking SET give_up_after = 1000000";
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&stage.config.database);
    let mut other = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query(hasten).execute(&mut other).await.unwrap();
    let ended = after_the_first_answer(&stage, async || {
        // The permit waits for as long as the booking may be tried, and three seconds.
        Fault::Held.during(&stage.config.database, SystemClock.sleep(Duration::from_secs(6))).await;
    })
    .await;
    let over = |end: &End| matches!(end, End::Over { state: State::Failed, code: 9, .. });
    assert!(matches!(&ended[..], [Done { end, .. }] if over(end)), "{ended:?}");
    let (state, reason) = stage.state(id).await;
    assert_eq!((state, reason.as_str()), (State::Failed, ledger::STORE_AWAY));
}

#[tokio::test]
async fn numbers_that_were_learned_earlier_are_used_where_no_day_tells_them() {
    let (stage, id) = too_early().await;
    stage.store.cancel_booking(id).await.unwrap();
    let wish = stage.wish("08:00-10:00");
    let account = stage.store.account("tester1").await.unwrap();
    let site = crate::request::site_of_account(&account).unwrap().base_url().to_string();
    let now = SystemClock.now();
    let learned = Learned { range: wish.range, time_no: TimeNo(1834), from: now.date(), at: now };
    stage.store.learn(&site, &wish.place, wish.purpose, &[learned]).await.unwrap();
    let opens_at = now.plus(Duration::from_secs(60));
    stage.booking(OpeningSource::Given, opens_at, &["08:00-10:00"]).await;
    let (stop, stopped) = watch::channel(false);
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let observer: super::super::Observer = Box::new(move |_, happened: &TimedEvent| {
        if matches!(happened.event, Event::Remembered | Event::ClockRead { .. }) {
            let _ = tell.send(happened.event.clone());
            let _ = stop.send(true);
        }
    });
    let mut runner = Runner::begin(stage.context(Some(observer))).await.unwrap();
    runner.run(Scope::Before(opens_at.plus(Duration::from_secs(1))), stopped, |_| {}).await.unwrap();
    assert_eq!(told.recv().await, Some(Event::Remembered));
}

#[tokio::test]
async fn a_refused_login_is_kept_when_the_store_is_back() {
    let stage = Stage::new(|settings| settings.accounts = vec![Account::invented(7)]).await;
    stage.at_once().await;
    let ended = after_the_first_answer(&stage, async || {
        Fault::Without("account")
            .during(&stage.config.database, SystemClock.sleep(Duration::from_secs(1)))
            .await;
    })
    .await;
    assert!(matches!(&ended[..], [Done { end: End::Over { code: 4, .. }, .. }]), "{ended:?}");
    assert!(stage.store.account("tester1").await.unwrap().refused_at.is_some());
}

#[test]
fn an_end_is_tried_as_long_as_the_store_may_come_back_or_a_stop_allows() {
    let (begin, second) = (Duration::from_secs(100), Duration::from_secs(1));
    // A store that is away is waited for, however long.
    let mut patience = EndPatience::default();
    assert!((0..10_000).all(|n| !patience.is_over_after(true, false, begin + second * n)));
    // A refusal that time does not mend is tried sixty times, however they lie between the others.
    let mut patience = EndPatience::default();
    let refusals: Vec<bool> = (0..120).map(|n| patience.is_over_after(n % 2 == 0, false, begin)).collect();
    assert_eq!(refusals.iter().position(|over| *over), Some(119));
    // A stop leaves twenty seconds from the first failure after it.
    let mut patience = EndPatience::default();
    assert!(!patience.is_over_after(true, false, begin));
    let micro = Duration::from_micros(1);
    for (now, over) in
        [(10 * second, false), (20 * second, false), (30 * second - micro, false), (30 * second, true)]
    {
        assert_eq!(patience.is_over_after(true, true, begin + now), over, "{now:?}");
    }
}

#[test]
fn a_job_stops_for_an_order_and_where_nobody_gives_orders() {
    let (orders, signals) = watch::channel(Signal::Go);
    assert!(!is_stopped(&signals));
    for (signal, stopped) in
        [(Signal::Cancel, false), (Signal::HandBack, true), (Signal::Drop, true), (Signal::Go, false)]
    {
        orders.send(signal).unwrap();
        assert_eq!(is_stopped(&signals), stopped, "{signal:?}");
    }
    drop(orders);
    assert!(is_stopped(&signals));
}

/// The end cannot be written at first, and the row is changed before it can be: as a try does whose answer is lost, or as
/// somebody else does.
async fn end_after(change: &'static str) -> (Stage, Vec<Done>) {
    let stage = Stage::new(|_| {}).await;
    stage.at_once().await;
    let acting = async || {
        let meanwhile = async {
            SystemClock.sleep(Duration::from_millis(300)).await;
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&stage.config.database);
            let mut other = SqliteConnection::connect_with(&options).await.unwrap();
            sqlx::query(change).execute(&mut other).await.unwrap();
        };
        Fault::Without("report").during(&stage.config.database, meanwhile).await;
    };
    let ended = after_the_first(&stage, |event| matches!(event, Event::ReadBack { .. }), acting).await;
    (stage, ended)
}

#[tokio::test]
async fn an_end_whose_try_was_written_after_all_is_an_end_and_another_is_not() {
    let (_stage, ended) =
        end_after("UPDATE booking SET state = 'succeeded', owner = NULL, lease_until = NULL").await;
    let won = |end: &End| matches!(end, End::Over { state: State::Succeeded, code: 0, .. });
    assert!(matches!(&ended[..], [Done { end, .. }] if won(end)), "{ended:?}");
    let (stage, ended) =
        end_after("UPDATE booking SET state = 'cancelled', owner = NULL, lease_until = NULL").await;
    assert!(matches!(&ended[..], [Done { end: End::Lost, .. }]), "{ended:?}");
    assert_eq!(stage.booked(), 1);
}

#[tokio::test]
async fn a_verdict_tells_the_choice_that_was_booked_with_its_receipt() {
    let mut stage = Stage::new(|_| {}).await;
    stage.config.channels =
        vec![crate::testing::channel("name = 'phone'\nkind = 'ntfy'\ntopic = 'invented'").unwrap()];
    let id = stage.at_once().await;
    stage.server.with(|stand_in| {
        let wish = stage.wish("06:00-08:00");
        stand_in.take(&wish.place, wish.date, wish.range, "빠른클럽");
    });
    stage.work().await;
    let messages = stage.store.take_messages(10, Duration::ZERO).await.unwrap();
    let told = messages.iter().find(|message| message.kind == "verdict").unwrap().body.to_string();
    let receipt = stage.server.with(|stand_in| stand_in.bookings().last().unwrap().receipt.clone());
    assert!(told.contains(&receipt) && told.contains("08:00-10:00"), "{told}");

    // The same again, as from a store that forgot it: what is booked in our name is no loss, and is shown as booked.
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&stage.config.database);
    let mut other = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query("UPDATE booking SET state = 'failed', shown = NULL").execute(&mut other).await.unwrap();
    sqlx::query("DELETE FROM choice WHERE position = 0").execute(&mut other).await.unwrap();
    sqlx::query("UPDATE choice SET position = 0").execute(&mut other).await.unwrap();
    sqlx::query("UPDATE booking SET wish = 0").execute(&mut other).await.unwrap();
    stage.store.retry_booking(id, (OpeningSource::Now, SystemClock.now())).await.unwrap();
    stage.work().await;
    let booking = stage.store.booking(id).await.unwrap();
    let reason = booking.reason.unwrap_or_default();
    assert!(booking.state == State::Succeeded && reason.starts_with("already booked"), "{reason}");
    assert_eq!(booking.shown, Some(namyangju_rent::schedule::SlotState::Booked));
    assert_eq!(stage.booked(), 1);
}
