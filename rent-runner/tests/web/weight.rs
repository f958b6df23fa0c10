//! How much a page weighs: what a browser on a slow line fetches for it, uncompressed.

use std::collections::BTreeMap;

use crate::tour::Tour;
use crate::world::{Visitor, World};

/// The most bytes of a page, with all that it is made of.
const PAGE_BUDGET: usize = 60_000;

/// The most bytes of the first page that somebody sees.
const FIRST_PAGE_BUDGET: usize = 30_000;

/// What a visitor has fetched of styles and scripts, by name.
type Parts = BTreeMap<String, usize>;

/// The bytes of a page, and of it with its style and scripts.
async fn weigh(visitor: &mut Visitor, path: &str, parts: &mut Parts) -> (usize, usize) {
    let page = visitor.get(path).await;
    assert!([200, 404].contains(&page.status), "{path}: {}", page.status);
    let mut whole = page.text.len();
    let is_part = |text: &&str| text.starts_with("/assets/");
    let mut named: Vec<&str> = page.text.split('"').filter(is_part).collect();
    named.sort_unstable();
    named.dedup();
    assert!(named.iter().any(|name| name.ends_with(".css")), "{path} has a style: {}", page.text);
    for name in named {
        if !parts.contains_key(name) {
            let part = visitor.get(name).await;
            assert_eq!(part.status, 200, "{name}");
            parts.insert(name.to_owned(), part.text.len());
        }
        whole += parts[name];
    }
    (page.text.len(), whole)
}

#[tokio::test]
async fn no_page_weighs_more_than_its_budget() {
    let mut tour = Tour::new().await;
    let mut parts = Parts::new();
    let mut heavy = Vec::new();
    let mut stranger = tour.world.visitor();
    let open = tour.open.iter().map(|path| (path, true));
    for (path, is_open) in open.chain(tour.own.iter().map(|path| (path, false))) {
        let visitor = if is_open { &mut stranger } else { &mut tour.owner };
        let (page, whole) = weigh(visitor, path, &mut parts).await;
        // The link is as secret as a password.
        let path = path.split("/link/").next().filter(|path| !path.is_empty()).unwrap_or("/link/…");
        eprintln!("{whole:6} bytes, {page:6} of them the page: {path}");
        if whole >= PAGE_BUDGET {
            heavy.push(format!("{path}: {whole}"));
        }
    }
    eprintln!("styles and scripts: {parts:?}");
    assert!(heavy.is_empty(), "more than {PAGE_BUDGET} bytes: {heavy:?}");
}

#[tokio::test]
async fn the_first_pages_weigh_no_more_than_their_budget() {
    let world = World::new();
    let link = world.link();
    let mut parts = Parts::new();
    let mut stranger = world.visitor();
    let (_, sign_in) = weigh(&mut stranger, "/sign-in", &mut parts).await;
    let (_, link) = weigh(&mut stranger, &link, &mut parts).await;
    let (_, empty) = weigh(&mut world.owner().await, "/", &mut parts).await;
    eprintln!("bytes in all: the link {link}, the sign-in {sign_in}, the page after it {empty}");
    for whole in [sign_in, link, empty] {
        assert!(whole < FIRST_PAGE_BUDGET, "{whole}");
    }
}

/// What only the runner has in memory, in KiB: without the pages of its program, of which a debug build has many more.
#[cfg(target_os = "linux")]
fn own_memory(world: &World) -> u64 {
    let rollup = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", world.process())).unwrap();
    let line = rollup.lines().find(|line| line.starts_with("Anonymous:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_sign_in_leaves_no_memory_behind() {
    use crate::world::{OWNER, PASSWORD};

    let world = World::new();
    world.owner().await;
    for _ in 0..4 {
        let signed_in = world.visitor().post("/sign-in", &[("name", OWNER), ("password", PASSWORD)]).await;
        assert_eq!(signed_in.status, 303, "{}", signed_in.text);
    }
    // Each of them took 19 MiB for a moment.
    let kept = own_memory(&world);
    eprintln!("after five sign-ins: {kept} KiB");
    assert!(kept < 15 * 1024, "{kept} KiB");
}
