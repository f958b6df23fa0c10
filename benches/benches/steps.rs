//! The steps of one booking against a stand-in on loopback, each beside its floor.
//!
//!     cargo bench -p benches --bench steps
//!
//! What is measured is the client's part and the stand-in's part together; the floors say how much
//! of it no client could save.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use namyangju_rent::clock::SystemClock;
use namyangju_rent::form_fields::Charset;
use namyangju_rent::harness::{Request, Settings, StandIn, StandInServer};
use namyangju_rent::schedule::Month;
use namyangju_rent::{Application, Client, Credentials, Purpose, Site};
use scraper::Html;

fn application() -> Application {
    Application::new("가나다클럽", 4_u16.try_into().expect("in range"), "테니스", "운동")
}

/// Reading a month's day list over loopback, beside html5ever's parse of the same bytes.
fn day_list(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let site = Site::builtin("namyangju").expect("compiled in");
    let server = StandInServer::spawn(StandIn::new(&site, Settings::default()), Arc::new(SystemClock))
        .expect("a free port");
    let client = Client::builder(server.site().expect("an address")).build().expect("a client");
    let guest = client.guest().expect("a guest");
    let place = "NYJ06/07/103".parse().expect("a place");
    let month: Month = "2026-12".parse().expect("a month");
    let bytes = server.with(|s| {
        s.answer(
            &Request::get("/rent/rent/application/index/2026/12/01/2/NYJ06/07/103"),
            SEEN.parse().expect("an instant"),
        )
        .body
    });
    let mut group = c.benchmark_group("day list of a month");
    group.sample_size(20);
    group.bench_function("decode and parse: html5ever alone", |b| {
        b.iter(|| Html::parse_document(&Charset::EUC_KR.decode(black_box(&bytes))).tree.nodes().count())
    });
    group.bench_function("ask, read", |b| {
        b.iter(|| runtime.block_on(guest.day_list(&place, month)).expect("a day list").slots.len())
    });
    group.finish();
}

/// When the stand-in's page is asked for.
const SEEN: &str = "2026-11-26 10:00:00";

/// Filling the applicant form of an open day.
fn form(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let site = Site::builtin("namyangju").expect("compiled in");
    let stand_in = StandIn::new(&site, Settings::default());
    let account = stand_in.accounts().first().cloned().expect("an account");
    let server = StandInServer::spawn(stand_in, Arc::new(SystemClock)).expect("a free port");
    let client = Client::builder(server.site().expect("an address")).build().expect("a client");
    let session =
        runtime.block_on(client.log_in(&Credentials::new(account.id, account.password))).expect("a session");
    let place = "NYJ06/07/103".parse().expect("a place");
    let date = namyangju_rent::clock::Clock::now(&SystemClock).date().plus_days(14);
    let day = runtime.block_on(session.open_day(&place, date, Purpose::Sports)).expect("a day");
    let range = "06:00-08:00".parse().expect("a time");
    let form = runtime.block_on(day.open_form(range)).expect("a form");
    let application = application();
    c.bench_function("fill the form", |b| {
        b.iter(|| form.fill(black_box(&application)).expect("a body").body().len())
    });
}

criterion_group!(benches, day_list, form);
criterion_main!(benches);
