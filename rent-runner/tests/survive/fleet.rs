use std::time::Duration;

use namyangju_rent::harness::Delay;

use crate::postgres;
use crate::world::{World, number, sleep_until};

/// One runner dies this long before the opening, another this long after it.
const FIRST_DIES: Duration = Duration::from_secs(5);
const SECOND_DIES: Duration = Duration::from_millis(500);

#[test]
fn fleet() {
    let many = number("FLEET", 24);
    // Time to store the bookings and to get ready: both grow with their number.
    let ahead = Duration::from_secs(15) + Duration::from_millis(250) * u32::try_from(many).unwrap();
    let Some(database) = postgres::database() else { return };
    let delay = Delay { base: Duration::from_millis(20), jitter: Duration::from_millis(10) };
    let world = World::new(many, ahead, Some(database), delay);
    let [first, second, third] = ["first", "second", "third"].map(|name| world.daemon(name));
    sleep_until(world.opening.minus(FIRST_DIES));
    first.kill();
    sleep_until(world.opening.plus(SECOND_DIES));
    second.kill();
    world.wait_until_over();
    let mut outcome = world.compare(false);
    world.wait_until_told(&outcome);
    third.stop();
    world.compare_told(&mut outcome);
    assert!(outcome.wrong.is_empty(), "{:#?}\n{}", outcome.wrong, world.logs());
    println!(
        "{many} bookings, three runners, two killed: {:?}, none lost, none doubled, {} ends told",
        outcome.states, outcome.told
    );
}
