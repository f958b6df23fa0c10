//! A machine whose clock is wrong: the site of the stand-in has another time than this machine.

use super::*;

const MINUTE: i64 = 60_000;

/// A runner on a machine whose clock is so many milliseconds ahead of the site's, and a booking that opens soon.
async fn ahead_of_the_site(millis: i64) {
    let mut stage = Stage::new(|settings| settings.clock_skew_millis = -millis).await;
    stage.config.channels =
        vec![crate::testing::channel("name = 'phone'\nkind = 'ntfy'\ntopic = 'invented'").unwrap()];
    let site_now = SystemClock.now().unix_micros() - millis * 1_000;
    let opens_at = SeoulTime::from_unix_micros(site_now).plus(Duration::from_secs(6));
    stage.server.with(|stand_in| stand_in.settings_mut().opening = Some(opens_at));
    let id = stage.booking(OpeningSource::Given, opens_at, &["06:00-08:00", "08:00-10:00"]).await;
    let (stop, stopped) = watch::channel(false);
    let mut runner = Runner::begin(stage.context(None)).await.unwrap();
    runner
        .run(Scope::Daemon, stopped, |_| {
            let _ = stop.send(true);
        })
        .await
        .unwrap();
    let (state, reason) = stage.state(id).await;
    assert_eq!(state, State::Succeeded, "{millis}: {reason}");
    assert_eq!((stage.booked(), stage.count(SiteStep::Submit)), (1, 1), "{millis}");
    let messages = stage.store.take_messages(10, Duration::ZERO).await.unwrap();
    let told =
        messages.iter().filter(|message| message.body.to_string().contains("the clock of this machine"));
    assert_eq!(told.count(), usize::from(millis.abs() > MINUTE), "{millis}: {messages:?}");
}

/// The store takes no message when the clocks are compared, and does later.
#[tokio::test]
async fn a_wrong_clock_is_told_when_the_store_is_back() {
    let mut stage = Stage::new(|settings| settings.clock_skew_millis = 60 * MINUTE).await;
    stage.config.channels =
        vec![crate::testing::channel("name = 'phone'\nkind = 'ntfy'\ntopic = 'invented'").unwrap()];
    let opens_at = SystemClock.now().plus(Duration::from_secs(86_400));
    stage.booking(OpeningSource::Given, opens_at, &["06:00-08:00"]).await;
    let (stop, stopped) = watch::channel(false);
    let mut runner = Runner::begin(stage.context(None)).await.unwrap();
    let working = runner.run(Scope::Daemon, stopped, |_| {});
    let acting = async {
        let compared = async {
            while stage.looks_at_clock() == 0 {
                SystemClock.sleep(Duration::from_millis(20)).await;
            }
            // The first try to queue it fails meanwhile.
            SystemClock.sleep(Duration::from_millis(300)).await;
        };
        away::Fault::Without("message").during(&stage.config.database, compared).await;
        while stage.store.messages_waiting().await.unwrap() == 0 {
            SystemClock.sleep(Duration::from_millis(20)).await;
        }
        let _ = stop.send(true);
    };
    tokio::join!(working, acting).0.unwrap();
}

#[tokio::test]
async fn a_wrong_clock_loses_no_booking() {
    let all = [8 * MINUTE, 60 * MINUTE, 24 * 60 * MINUTE, -60 * MINUTE, -24 * 60 * MINUTE, 2_000];
    away::all(all.into_iter().map(ahead_of_the_site)).await;
}
