//! Lists what is free at a court this month and next. No login is needed.
//!
//!     cargo run -p examples --bin list_free_slots -- NYJ06/07/103 http://127.0.0.1:8099
//!
//! Without an address it asks a stand-in that it starts by itself: the real site is only asked when
//! you name it.

use std::error::Error;

use examples::stand_in_or;
use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::schedule::{ListedSlot, Month, SlotState};
use namyangju_rent::{Client, Place, Purpose};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let place: Place = arguments.next().as_deref().unwrap_or("NYJ06/07/103").parse()?;
    let (site, _stand_in) = stand_in_or(arguments.next(), "namyangju").await?;

    let guest = Client::builder(site).build()?.guest()?;
    let month = Month::from(SystemClock.now().date());
    for month in [month, month.next()] {
        let list = guest.day_list(&place, month).await?;
        // The page lists each time twice: for sports and for events.
        let slots: Vec<&ListedSlot> = list.of(Purpose::Sports).collect();
        let free: Vec<_> = slots.iter().filter(|slot| slot.state == SlotState::Free).collect();
        println!("{month}: {} of {} slots are free", free.len(), slots.len());
        for slot in free.iter().take(5) {
            println!("  {} ({}) {}", slot.date, slot.date.weekday_korean(), slot.range);
        }
    }
    Ok(())
}
