//! The walk through the menus of a site, from centre to group to court: few requests, one at a time.

use std::time::Duration;

use anyhow::Result;
use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::places::{CentreCode, GroupCode, Menu, MenuEntry};
use namyangju_rent::{Client, Guest, Next};

use crate::say::{retold, say};
use crate::store::KeptCourt;
use crate::terminal;
use crate::words::counted;

/// Between two requests: nobody is in a hurry for codes that change once a year.
const PAUSE: Duration = Duration::from_millis(500);

/// The most requests of one walk; the largest known city has 16 centres.
const MAX_REQUESTS: u32 = 200;

/// Pages that may fail before the walk ends.
const MAX_FAILURES: u32 = 3;

/// A walk through the menus: centres, groups, courts.
pub(crate) struct MenuWalk<'c> {
    client: &'c Client,
    guest: Guest,
    only: Option<CentreCode>,
    found: FoundMenus,
    failures: u32,
}

/// What the menus showed so far.
#[derive(Default)]
pub(crate) struct FoundMenus {
    pub(crate) centres: Vec<MenuEntry>,
    pub(crate) groups: Vec<MenuEntry>,
    courts: Vec<MenuEntry>,
    /// All pages that were wanted could be read.
    pub(crate) complete: bool,
}

impl<'c> MenuWalk<'c> {
    /// A walk through all centres, or through one.
    pub(crate) fn new(client: &'c Client, only: Option<CentreCode>) -> Result<Self> {
        let found = FoundMenus { complete: true, ..FoundMenus::default() };
        Ok(Self { client, guest: client.guest()?, only, found, failures: 0 })
    }

    pub(crate) async fn run(mut self) -> Result<FoundMenus> {
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
            terminal::note(&say!("menus-stopped", most = MAX_REQUESTS));
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
                terminal::note(&format!("{}: {}", entry.name, retold(&error.chain())));
                self.found.complete = false;
            }
        }
        terminal::note(&say!(
            "menus-so-far",
            name = entry.name,
            courts = counted(u32::try_from(self.found.courts.len()).unwrap_or(u32::MAX), "court")
        ));
        Ok(true)
    }

    fn absorb(&mut self, menu: Menu) {
        self.found.absorb(menu);
        if let Some(only) = &self.only {
            self.found.groups.retain(|entry| entry.centre == *only);
            self.found.courts.retain(|entry| entry.centre == *only);
        }
    }
}

impl FoundMenus {
    /// What the page of one group shows.
    pub(crate) fn of(menu: Menu) -> Self {
        let mut found = Self::default();
        found.absorb(menu);
        found
    }

    fn absorb(&mut self, menu: Menu) {
        let Self { centres, groups, courts, .. } = self;
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
    }

    /// Whether a court of the group was seen.
    pub(crate) fn has_courts(&self, centre: &CentreCode, group: Option<&GroupCode>) -> bool {
        self.courts.iter().any(|court| court.centre == *centre && court.group.as_ref() == group)
    }

    /// The courts, with the names of their centre and group.
    pub(crate) fn courts(&self) -> Vec<KeptCourt> {
        let kept = |court: &MenuEntry| {
            let place = court.place()?;
            let centre = self.centres.iter().find(|entry| entry.centre == court.centre);
            let group = self.groups.iter().find(|e| e.centre == court.centre && e.group == court.group);
            let names = [centre, group, Some(court)].into_iter().flatten().map(|entry| entry.name.clone());
            Some(KeptCourt { place, names: names.collect() })
        };
        self.courts.iter().filter_map(kept).collect()
    }
}
