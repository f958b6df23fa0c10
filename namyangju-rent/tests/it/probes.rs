//! The clock of a site that refuses `HEAD` while `GET` and `POST` work.

use std::time::Duration;

use namyangju_rent::harness::{Fault, FaultKind, HeadRequests, Settings, SiteStep};
use namyangju_rent::{Event, Report, SeoulTime, Verdict};

use crate::stage::Stage;

fn opening() -> SeoulTime {
    "2026-11-26 10:00:00".parse().unwrap()
}

const REFUSALS: [HeadRequests; 5] = [
    HeadRequests::Status(405),
    HeadRequests::Status(404),
    HeadRequests::Status(403),
    HeadRequests::Status(501),
    HeadRequests::Closed,
];

/// A site that opens at ten, is 1.7 s ahead and refuses `HEAD`.
fn refusing(head: HeadRequests) -> Settings {
    let mut settings = Settings::default();
    settings.openings.insert("2026-12-05".parse().unwrap(), opening());
    settings.clock_skew_millis = 1_700;
    settings.web_server.head = head;
    settings
}

/// The site's files are not given either.
fn without_files() -> impl Iterator<Item = Fault> {
    (1..=30).map(|nth| Fault { step: SiteStep::File, nth, kind: FaultKind::Status(404) })
}

async fn run(stage: &Stage) -> (Report, Vec<String>) {
    let mut alarms = Vec::new();
    let booking = stage.booking().opens_at(opening());
    let report = booking
        .run(|happened| {
            if let Event::Alarm { text, .. } = &happened.event {
                alarms.push(text.clone());
            }
        })
        .await;
    (report, alarms)
}

#[tokio::test]
async fn a_site_that_refuses_head_is_measured_by_get_and_met_at_the_instant() {
    for head in REFUSALS {
        let stage = Stage::new("namyangju", refusing(head)).await;
        let (report, alarms) = run(&stage).await;
        assert!(matches!(report.verdict, Verdict::Reserved { .. }), "{head:?}: {report:?}");
        assert_eq!(alarms, Vec::<String>::new(), "{head:?}");
        let clock = report.clock.unwrap();
        let error = (clock.ahead_micros - 1_700_000).abs();
        assert!(error <= clock.error_micros + 1_000 && clock.error_micros <= 5_000, "{head:?}: {clock:?}");
        let arrivals = stage.server.arrivals();
        let heads = arrivals.iter().filter(|a| a.method == "HEAD").count();
        assert_eq!(heads, 1, "{head:?}: it is not tried each time");
        let shot = arrivals.iter().find(|a| a.step == SiteStep::Form && a.site_time >= opening()).unwrap();
        assert!(shot.site_time.since(opening()) <= Duration::from_millis(10), "{head:?}");
        assert_eq!(report.requests as usize, arrivals.len(), "{head:?}: each is counted");
        assert!(
            report.requests <= 25 && report.requests_after_opening.is_some_and(|sent| sent <= 4),
            "{head:?}: {report:?}"
        );
    }
}

#[tokio::test]
async fn the_clients_of_one_site_try_head_once() {
    let stage = Stage::new("namyangju", refusing(HeadRequests::Closed)).await;
    for _ in 0..3 {
        let probe = stage.client.for_account().guest().unwrap().probe_clock().await.unwrap();
        assert!(probe.is_some());
    }
    let methods: Vec<_> = stage.server.arrivals().iter().map(|a| a.method.clone()).collect();
    assert_eq!(methods, ["HEAD", "GET", "GET", "GET"]);
}

#[tokio::test]
async fn a_site_that_refuses_get_too_is_not_pressed_and_the_clock_stays_unknown() {
    for head in REFUSALS {
        let mut settings = refusing(head);
        settings.clock_skew_millis = 0;
        // The first day page tells the numbers of the slots; the others are asked for the sake of the clock.
        settings.faults =
            (2..=30).map(|nth| Fault { step: SiteStep::Day, nth, kind: FaultKind::Status(405) }).collect();
        settings.faults.extend(without_files());
        let stage = Stage::new("namyangju", settings).await;
        let (report, alarms) = run(&stage).await;
        assert!(matches!(report.verdict, Verdict::Reserved { .. }), "{head:?}: {report:?}");
        assert_eq!(report.clock, None, "{head:?}");
        assert!(alarms.iter().all(|text| text.contains("neither by HEAD nor by GET")), "{alarms:?}");
        assert!((1..=2).contains(&alarms.len()), "{alarms:?}");
        assert!(stage.count(SiteStep::Day) <= 4, "{head:?}: {:?}", stage.server.arrivals());
    }
}

#[tokio::test]
async fn a_get_that_is_blocked_ends_the_run_before_the_opening() {
    for head in REFUSALS {
        let mut settings = refusing(head);
        settings.faults =
            (2..=30).map(|nth| Fault { step: SiteStep::Day, nth, kind: FaultKind::Status(403) }).collect();
        settings.faults.extend(without_files());
        let stage = Stage::new("namyangju", settings).await;
        let (report, _) = run(&stage).await;
        assert_eq!(report.verdict, Verdict::Blocked, "{head:?}");
        assert!(report.ended < opening() && stage.count(SiteStep::Day) <= 3, "{head:?}: {report:?}");
    }
}
