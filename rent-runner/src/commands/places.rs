//! `places`: the courts of a city, from its menus or from its dialect.

use anyhow::Result;
use namyangju_rent::Site;
use namyangju_rent::places::CentreCode;

use crate::bad_input::BadInput;
use crate::cli::Places;
use crate::config::Config;
use crate::documents::{EmptyMenu, Listed, PlacesDocument, stored};
use crate::request::courts;
use crate::request::menus::{FoundMenus, MenuWalk};
use crate::say::say;
use crate::store::KeptCourt;
use crate::words::counted;
use crate::{exit, request, terminal};

/// Lists what the dialect knows, or walks through the menus.
pub(crate) async fn run(arguments: &Places, config: &Config) -> Result<u8> {
    let site = request::site_of(config)?;
    if arguments.known {
        let places = known(&site, arguments.centre.as_ref());
        if let Some(centre) = arguments.centre.as_ref().filter(|_| places.is_empty()) {
            let known = site.known_places().iter().map(|known| &known.place.centre);
            return Err(no_centre(centre, &say!("places-dialect", site = site.name()), known));
        }
        if arguments.json {
            let (complete, requests, without_courts) = (None, None, None);
            let (site, source) = (site.name(), "dialect");
            terminal::json(&PlacesDocument { site, source, complete, requests, places, without_courts })?;
        } else {
            terminal::result(&table(&places, true))?;
        }
        return Ok(exit::DONE);
    }
    let client = request::client(site, config)?;
    let found = MenuWalk::new(&client, arguments.centre.clone())?.run().await?;
    if let Some(centre) = &arguments.centre
        && !found.centres.iter().any(|entry| entry.centre == *centre)
    {
        let menus = say!("places-menus", site = client.site().base_url());
        return Err(no_centre(centre, &menus, found.centres.iter().map(|entry| &entry.centre)));
    }
    let courts = found.courts();
    let places = stored::courts(&courts, client.site());
    let count = u32::try_from(places.len()).unwrap_or(u32::MAX);
    let empty = if arguments.all { empty(&found, &courts) } else { Vec::new() };
    let store = super::open_if_there(config).await;
    if let Some(store) = &store {
        let complete = found.complete && arguments.centre.is_none();
        courts::keep(store, client.site(), &courts, complete).await;
    }
    if arguments.json {
        terminal::json(&PlacesDocument {
            site: client.site().name(),
            source: "menus",
            complete: Some(found.complete),
            requests: Some(client.budget().used()),
            places,
            without_courts: Some(empty),
        })?;
    } else {
        let mut rows = table(&places, false);
        for empty in &empty {
            rows.push_str(&format!("\n{}", say!("places-empty", code = empty.code, name = empty.name)));
        }
        terminal::result(&rows)?;
    }
    let more = if found.complete { String::new() } else { say!("places-incomplete") };
    let (courts, requests) = (counted(count, "court"), counted(client.budget().used(), "request"));
    terminal::note(&say!("places-summary", courts = courts, requests = requests, more = more));
    match store {
        Some(store) => {
            terminal::note(&say!("places-kept", store = store.address()));
            store.close().await;
        }
        None => terminal::note(&say!("places-not-kept")),
    }
    Ok(exit::DONE)
}

/// The error for a centre that is not there, with those that are.
fn no_centre<'c>(
    centre: &CentreCode,
    place: &str,
    known: impl Iterator<Item = &'c CentreCode>,
) -> anyhow::Error {
    let mut known: Vec<String> = known.map(ToString::to_string).collect();
    known.sort_unstable();
    known.dedup();
    let known = if known.is_empty() { say!("places-no-centre") } else { known.join(", ") };
    BadInput(say!("places-unknown-centre", centre = centre, place = place, known = known)).into()
}

fn known(site: &Site, centre: Option<&CentreCode>) -> Vec<Listed> {
    let mut known = stored::known_places(site);
    known.retain(|known| centre.is_none_or(|centre| known.place.centre == *centre));
    known
}

fn table(places: &[Listed], with_confidence: bool) -> String {
    let mut header = vec!["place", "name", "human check"];
    if with_confidence {
        header.push("confidence");
    }
    let row = |listed: &Listed| {
        let check = if listed.human_check { "yes" } else { "" };
        let mut row = vec![listed.place.to_string(), listed.names.join(" › "), check.to_owned()];
        row.extend(listed.confidence.clone());
        row
    };
    terminal::table(&header, places.iter().map(row).collect())
}

/// Centres and groups in which no court was found.
fn empty(found: &FoundMenus, courts: &[KeptCourt]) -> Vec<EmptyMenu> {
    let has_none = |centre: &CentreCode| !courts.iter().any(|court| court.place.centre == *centre);
    let centres = found.centres.iter().filter(|entry| has_none(&entry.centre));
    let centres = centres.map(|entry| EmptyMenu { code: entry.centre.to_string(), name: entry.name.clone() });
    let groups = found.groups.iter().filter(|group| !found.has_courts(&group.centre, group.group.as_ref()));
    let groups = groups.filter_map(|group| {
        let code = format!("{}/{}", group.centre, group.group.as_ref()?);
        Some(EmptyMenu { code, name: group.name.clone() })
    });
    centres.chain(groups).collect()
}
