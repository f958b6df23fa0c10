//! `places`: the courts of a city, from its menus or from its dialect.

use std::time::Duration;

use anyhow::Result;
use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::places::{CentreCode, GroupCode, Menu, MenuEntry};
use namyangju_rent::{Client, Guest, Next, Site};

use super::documents::{EmptyMenu, Listed, PlacesDocument};
use crate::bad_input::BadInput;
use crate::cli::Places;
use crate::config::Config;
use crate::words::counted;
use crate::{exit, request, terminal};

/// Between two requests: nobody is in a hurry for codes that change once a year.
const PAUSE: Duration = Duration::from_millis(500);

/// The most requests of one walk; the largest known city has 16 centres.
const MAX_REQUESTS: u32 = 200;

/// Pages that may fail before the walk ends.
const MAX_FAILURES: u32 = 3;

/// Lists what the dialect knows, or walks through the menus.
pub(crate) async fn run(arguments: &Places, config: &Config) -> Result<u8> {
    let site = request::site_of(config)?;
    if arguments.known {
        let places = known(&site, arguments.centre.as_ref());
        if let Some(centre) = arguments.centre.as_ref().filter(|_| places.is_empty()) {
            let known = site.known_places().iter().map(|known| &known.place.centre);
            return Err(no_centre(centre, &format!("the dialect of {}", site.name()), known));
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
    let found = Walk::new(&client, arguments.centre.clone())?.run().await?;
    if let Some(centre) = &arguments.centre
        && !found.centres.iter().any(|entry| entry.centre == *centre)
    {
        let menus = format!("the menus of {}", client.site().base_url());
        return Err(no_centre(centre, &menus, found.centres.iter().map(|entry| &entry.centre)));
    }
    let places = found.courts(client.site());
    let count = u32::try_from(places.len()).unwrap_or(u32::MAX);
    let empty = if arguments.all { found.empty() } else { Vec::new() };
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
            rows.push_str(&format!("\n{}  {}  (no court found)", empty.code, empty.name));
        }
        terminal::result(&rows)?;
    }
    terminal::note(&format!(
        "{} in {}{}",
        counted(count, "court"),
        counted(client.budget().used(), "request"),
        if found.complete { "" } else { "; not all pages could be read" }
    ));
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
    let known = if known.is_empty() { "no centre".to_owned() } else { known.join(", ") };
    BadInput(format!("there is no centre {centre}: {place} has {known}")).into()
}

fn known(site: &Site, centre: Option<&CentreCode>) -> Vec<Listed> {
    let wanted = site.known_places().iter().filter(|known| centre.is_none_or(|c| known.place.centre == *c));
    wanted
        .map(|known| Listed {
            place: known.place.clone(),
            names: vec![known.name.clone()],
            confidence: Some(known.confidence.clone()),
            human_check: site.has_human_check(&known.place),
        })
        .collect()
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

/// A walk through the menus: centres, groups, courts.
struct Walk<'c> {
    client: &'c Client,
    guest: Guest,
    only: Option<CentreCode>,
    found: Found,
    failures: u32,
}

/// What the menus showed so far.
#[derive(Default)]
struct Found {
    centres: Vec<MenuEntry>,
    groups: Vec<MenuEntry>,
    courts: Vec<MenuEntry>,
    complete: bool,
}

impl<'c> Walk<'c> {
    fn new(client: &'c Client, only: Option<CentreCode>) -> Result<Self> {
        let found = Found { complete: true, ..Found::default() };
        Ok(Self { client, guest: client.guest()?, only, found, failures: 0 })
    }

    async fn run(mut self) -> Result<Found> {
        let first = self.guest.menu(None).await?;
        self.absorb(first);
        let centres = self.found.centres.clone();
        for centre in centres.iter().filter(|entry| self.wants(&entry.centre)).cloned().collect::<Vec<_>>() {
            if !self.found.groups.iter().any(|group| group.centre == centre.centre)
                && !self.ask(&centre).await?
            {
                break;
            }
            let groups: Vec<MenuEntry> =
                self.found.groups.iter().filter(|group| group.centre == centre.centre).cloned().collect();
            for group in groups {
                if !self.found.has_courts(&group.centre, group.group.as_ref()) && !self.ask(&group).await? {
                    return Ok(self.found);
                }
            }
        }
        Ok(self.found)
    }

    fn wants(&self, centre: &CentreCode) -> bool {
        self.only.as_ref().is_none_or(|only| only == centre)
    }

    /// Reads the page that an entry leads to; `false` if the walk has to end.
    async fn ask(&mut self, entry: &MenuEntry) -> Result<bool> {
        if self.client.budget().used() >= MAX_REQUESTS {
            terminal::note(&format!("stopped after {MAX_REQUESTS} requests: use --centre for the rest"));
            self.found.complete = false;
            return Ok(false);
        }
        SystemClock.sleep(PAUSE).await;
        match self.guest.menu(Some(entry)).await {
            Ok(menu) => self.absorb(menu),
            Err(error) => {
                self.failures += 1;
                let may_go_on = matches!(error.next(), Next::Again { after: None });
                if !may_go_on || self.failures >= MAX_FAILURES {
                    return Err(error.into());
                }
                terminal::note(&format!("{}: {}", entry.name, error.chain()));
                self.found.complete = false;
            }
        }
        terminal::note(&format!(
            "{}: {} so far",
            entry.name,
            counted(u32::try_from(self.found.courts.len()).unwrap_or(u32::MAX), "court")
        ));
        Ok(true)
    }

    fn absorb(&mut self, menu: Menu) {
        let Found { centres, groups, courts, .. } = &mut self.found;
        for entry in menu.centres {
            if !centres.iter().any(|known| known.centre == entry.centre) {
                centres.push(entry);
            }
        }
        for entry in menu.groups.into_iter().filter(|entry| entry.group.is_some()) {
            if !groups.iter().any(|known| (&known.centre, &known.group) == (&entry.centre, &entry.group)) {
                groups.push(entry);
            }
        }
        for entry in menu.courts.into_iter().filter(|entry| entry.court.is_some()) {
            if !courts.iter().any(|known| known.place() == entry.place()) {
                courts.push(entry);
            }
        }
        if let Some(only) = &self.only {
            groups.retain(|entry| entry.centre == *only);
            courts.retain(|entry| entry.centre == *only);
        }
    }
}

impl Found {
    fn has_courts(&self, centre: &CentreCode, group: Option<&GroupCode>) -> bool {
        self.courts.iter().any(|court| court.centre == *centre && court.group.as_ref() == group)
    }

    /// The courts, with the names of their centre and group.
    fn courts(&self, site: &Site) -> Vec<Listed> {
        let listed = |court: &MenuEntry| {
            let place = court.place()?;
            let centre = self.centres.iter().find(|entry| entry.centre == court.centre);
            let group = self.groups.iter().find(|e| e.centre == court.centre && e.group == court.group);
            let names = [centre, group, Some(court)].into_iter().flatten().map(|entry| entry.name.clone());
            let human_check = site.has_human_check(&place);
            Some(Listed { place, names: names.collect(), confidence: None, human_check })
        };
        self.courts.iter().filter_map(listed).collect()
    }

    /// Centres and groups in which no court was found.
    fn empty(&self) -> Vec<EmptyMenu> {
        let centres =
            self.centres.iter().filter(|centre| !self.courts.iter().any(|c| c.centre == centre.centre));
        let centres =
            centres.map(|centre| EmptyMenu { code: centre.centre.to_string(), name: centre.name.clone() });
        let groups = self.groups.iter().filter(|group| !self.has_courts(&group.centre, group.group.as_ref()));
        let groups = groups.filter_map(|group| {
            let code = format!("{}/{}", group.centre, group.group.as_ref()?);
            Some(EmptyMenu { code, name: group.name.clone() })
        });
        centres.chain(groups).collect()
    }
}
