//! An opening that is later than announced: how soon it is met, and how often the site is asked until then.

use std::time::Duration;

use namyangju_rent::harness::{Arrival, Delay, Settings, WebServer};
use namyangju_rent::{SeoulTime, Verdict};

use crate::stage::Stage;

const MINUTE: Duration = Duration::from_secs(60);

fn announced() -> SeoulTime {
    "2026-11-26 10:00:00".parse().unwrap()
}

/// The most requests that some minute has.
fn most_in_a_minute(arrivals: &[&Arrival]) -> usize {
    let within = |from: SeoulTime| {
        arrivals.iter().filter(|a| a.site_time >= from && a.site_time < from.plus(MINUTE)).count()
    };
    arrivals.iter().map(|a| within(a.site_time)).max().unwrap_or_default()
}

#[tokio::test]
async fn no_minute_has_more_than_thirty_requests_while_the_site_says_that_it_is_not_open() {
    for late in [1_500, 9_000, 40_000, 59_900, 119_000, 240_000] {
        for kept in [false, true] {
            let case = format!("{late} {kept}");
            let opened = announced().plus(Duration::from_millis(late));
            let mut settings = Settings::default();
            settings.openings.insert("2026-12-05".parse().unwrap(), opened);
            let way = Delay { base: Duration::from_millis(20), jitter: Duration::ZERO };
            (settings.there, settings.back) = (way, way);
            settings.web_server = WebServer::nginx();
            settings.clock_skew_millis = -300;
            let stage =
                if kept { Stage::kept(settings).await } else { Stage::new("namyangju", settings).await };
            let report = stage.booking().opens_at(announced()).run(|_| {}).await;
            assert!(
                matches!(report.verdict, Verdict::Reserved { .. }) && stage.booked() == 1,
                "{case} {report:?}"
            );
            let arrivals = stage.server.arrivals();
            let near = announced().minus(Duration::from_secs(1));
            let all: Vec<&Arrival> = arrivals.iter().filter(|a| a.site_time >= near).collect();
            let closed: Vec<&Arrival> = all.iter().filter(|a| a.site_time < opened).copied().collect();
            assert!(most_in_a_minute(&closed) <= 30, "{case} {}", most_in_a_minute(&closed));
            // The form that is given, the submission, the page that it leads to, the day list.
            assert_eq!(all.len() - closed.len(), 4, "{case}");
            assert!(most_in_a_minute(&all) <= 30 + 3, "{case} {}", most_in_a_minute(&all));
            let met = all[closed.len()].site_time.since(opened);
            assert!(met <= Duration::from_millis(2_160), "{case} {met:?}");
        }
    }
}
