//! Courts by the names that people use: found, shown, and a whole group of them for "any court".
//!
//! Names come from the dialect and from the site's menus. The menus are read once, when a name or a group is asked for
//! that is not known, and kept in the store of bookings. A part of a name is enough where only one court has it, and
//! only the whole menus can tell that; so a part is never taken by what the dialect alone knows.

use std::collections::{HashMap, HashSet};

use anyhow::{Context as _, Result};
use namyangju_rent::places::{CentreCode, GroupCode, MenuEntry};
use namyangju_rent::{Client, Place, SeoulTime, Site, nfc};

use super::menus::{FoundMenus, MenuWalk};
use super::site_at;
use crate::bad_input::BadInput;
use crate::cli::{AskedPlace, Choice};
use crate::say::say;
use crate::store::{CourtNames, KeptCourt, Store, StoredBooking};
use crate::terminal;
use crate::words::{counted, many};

/// The most courts that an error lists.
const MAX_LISTED: usize = 8;

/// The courts of a site that are known by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct CourtBook {
    /// From the menus, in their order.
    courts: Vec<KeptCourt>,
    /// From the dialect.
    dialect: Vec<KeptCourt>,
    complete: bool,
    read_at: Option<SeoulTime>,
}

impl CourtBook {
    /// What the dialect knows.
    pub(crate) fn of_dialect(site: &Site) -> Self {
        let named = site.known_places().iter().filter(|known| !known.name.starts_with('('));
        let dialect = named.map(|known| {
            // The dialect has the whole name in one text; what stands behind the centre is what people say.
            let name = known.name.rsplit_once("센터 ").map_or(known.name.as_str(), |(_, name)| name);
            KeptCourt { place: known.place.clone(), names: vec![name.to_owned()] }
        });
        Self { dialect: dialect.collect(), ..Self::default() }
    }

    /// What the dialect and the store know. A store that does not answer is no reason to know less than the dialect.
    pub(crate) async fn open(site: &Site, store: Option<&Store>) -> Self {
        let mut book = Self::of_dialect(site);
        if let Some(store) = store
            && let Ok(Some(kept)) = store.courts(site.base_url().as_str()).await
        {
            (book.courts, book.complete, book.read_at) = (kept.courts, kept.complete, Some(kept.read_at));
        }
        book
    }

    /// Reads from the site's menus what these choices need and nobody knows yet: one page for a group, all menus for a
    /// name. What was read is kept in the store, if there is one.
    pub(crate) async fn complete(
        &mut self,
        choices: &[Choice],
        store: Option<&Store>,
        client: impl Fn() -> Result<Client>,
    ) -> Result<()> {
        for choice in choices {
            match &choice.place {
                AskedPlace::Court(_) => {}
                AskedPlace::Group(centre, group) => {
                    if self.of_group(centre, group).is_empty() && !self.complete {
                        let client = client()?;
                        let entry = MenuEntry::of_group(centre.clone(), group.clone());
                        let menu = client
                            .guest()?
                            .menu(Some(&entry))
                            .await
                            .with_context(|| say!("courts-unread", centre = centre, group = group))?;
                        self.keep(&FoundMenus::of(menu), false, store, &client).await;
                    }
                }
                AskedPlace::Name(name) | AskedPlace::NamedGroup(name) => {
                    let is_group = matches!(choice.place, AskedPlace::NamedGroup(_));
                    let is_known = if is_group { false } else { self.exact(name).is_some() };
                    if !is_known && !self.complete {
                        let client = client()?;
                        terminal::note(&match store {
                            Some(_) => say!("courts-read-once"),
                            None => say!("courts-read-not-kept"),
                        });
                        let found = MenuWalk::new(&client, None)?
                            .run()
                            .await
                            .with_context(|| say!("court-name-unread", name = name))?;
                        self.keep(&found, found.complete, store, &client).await;
                    }
                }
            }
        }
        Ok(())
    }

    async fn keep(&mut self, found: &FoundMenus, complete: bool, store: Option<&Store>, client: &Client) {
        let read = found.courts();
        if let Some(store) = store {
            keep(store, client.site(), &read, complete).await;
        }
        let known: HashSet<&Place> = read.iter().map(|court| &court.place).collect();
        self.courts.retain(|court| !known.contains(&court.place));
        self.courts.extend(read);
        self.complete |= complete;
    }

    /// All that are known, those of the menus first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &KeptCourt> {
        let in_menus = |place: &Place| self.courts.iter().any(|court| court.place == *place);
        self.courts.iter().chain(self.dialect.iter().filter(move |court| !in_menus(&court.place)))
    }

    /// When the menus were read last, if they were read whole.
    pub(crate) fn menus_read_at(&self) -> Option<SeoulTime> {
        self.read_at.filter(|_| self.complete)
    }

    /// Reads all menus of the site and keeps what they show.
    ///
    /// # Errors
    /// If the menus cannot be read.
    pub(crate) async fn read_menus(&mut self, store: &Store, client: &Client) -> Result<()> {
        let found = MenuWalk::new(client, None)?.run().await?;
        self.keep(&found, found.complete, Some(store), client).await;
        Ok(())
    }

    /// What the courts are called.
    pub(crate) fn names(&self) -> CourtNames {
        self.all().map(|court| (court.place.clone(), court.short_name())).collect()
    }

    /// The courts of a group, in the order of the menus.
    fn of_group(&self, centre: &CentreCode, group: &GroupCode) -> Vec<Place> {
        let of_group = |place: &&Place| (&place.centre, &place.group) == (centre, group);
        self.courts.iter().map(|court| &court.place).filter(of_group).cloned().collect()
    }

    /// The court with just this name.
    fn exact(&self, name: &str) -> Option<&Place> {
        let wanted = plain(name);
        let is_called = |court: &&KeptCourt| {
            plain(&court.short_name()) == wanted
                || plain(&court.names.concat()) == wanted
                || court.names.last().is_some_and(|last| plain(last) == wanted)
        };
        let mut found = self.all().filter(is_called);
        let first = found.next()?;
        found.next().is_none().then_some(&first.place)
    }

    /// The courts a place stands for, the best first.
    ///
    /// # Errors
    /// [`BadInput`] with the candidates, or with the names that are nearest.
    pub(crate) fn find(&self, asked: &AskedPlace) -> Result<Vec<Place>> {
        match asked {
            AskedPlace::Court(place) => Ok(vec![place.clone()]),
            AskedPlace::Group(centre, group) => {
                let courts = self.of_group(centre, group);
                if courts.is_empty() {
                    let why = say!("courts-none", centre = centre, group = group);
                    return Err(BadInput(say!("courts-places", why = why)).into());
                }
                Ok(courts)
            }
            AskedPlace::Name(name) => {
                if let Some(place) = self.exact(name) {
                    return Ok(vec![place.clone()]);
                }
                match &self.with_part(name)[..] {
                    [] => Err(self.unknown(name)),
                    [only] => Ok(vec![only.place.clone()]),
                    several => {
                        let courts = counted(many(several.len()), "court");
                        let mut text = say!("court-ambiguous", name = name, courts = courts);
                        text.push_str(&format!("\n{}", listed(several)));
                        if one_group(several) {
                            text.push_str(&format!("\n{}", say!("court-write-more", name = name)));
                        }
                        Err(BadInput(text).into())
                    }
                }
            }
            AskedPlace::NamedGroup(name) => match &self.with_part(name)[..] {
                [] => Err(self.unknown(name)),
                several if one_group(several) => {
                    let Some(first) = several.first() else { return Err(self.unknown(name)) };
                    Ok(self.of_group(&first.place.centre, &first.place.group))
                }
                several => Err(BadInput(format!(
                    "{}\n{}\n{}",
                    say!("court-groups", name = name),
                    listed(several),
                    say!("court-write-more-of-group")
                ))
                .into()),
            },
        }
    }

    /// The courts whose names hold each word of this one.
    fn with_part(&self, name: &str) -> Vec<&KeptCourt> {
        let words: Vec<String> = name.split_whitespace().map(plain).collect();
        let whole = |court: &KeptCourt| plain(&court.names.concat());
        let has = |court: &&KeptCourt| words.iter().all(|word| whole(court).contains(word.as_str()));
        self.all().filter(has).collect()
    }

    fn unknown(&self, name: &str) -> anyhow::Error {
        let mut nearest: Vec<(usize, &KeptCourt)> = self
            .all()
            .map(|court| {
                let parts = court.names.iter().map(|part| likeness(name, part));
                (parts.chain([likeness(name, &court.short_name())]).max().unwrap_or_default(), court)
            })
            .filter(|(likeness, _)| *likeness > 0)
            .collect();
        nearest.sort_by_key(|(likeness, _)| std::cmp::Reverse(*likeness));
        let nearest: Vec<&KeptCourt> = nearest.into_iter().take(3).map(|(_, court)| court).collect();
        let mut text = if nearest.is_empty() {
            say!("court-unknown", name = name)
        } else {
            format!("{}\n{}", say!("court-unknown-nearest", name = name), listed(&nearest))
        };
        text.push_str(&match self.read_at {
            Some(at) => {
                format!("\n{}", say!("courts-read-at", date = at.date()))
            }
            None => format!("\n{}", say!("courts-see-places")),
        });
        BadInput(text).into()
    }

    /// A doubt about a court that is not among those of its group in the menus.
    pub(crate) fn doubt(&self, place: &Place) -> Option<String> {
        let group = self.of_group(&place.centre, &place.group);
        if group.is_empty() || group.contains(place) {
            return None;
        }
        let group: Vec<&KeptCourt> =
            self.courts.iter().filter(|court| group.contains(&court.place)).collect();
        Some(format!("{}\n{}", say!("court-not-in-menus", place = place), listed(&group)))
    }

    /// Whether the menus have a court.
    pub(crate) fn has(&self, place: &Place) -> bool {
        self.courts.iter().any(|court| court.place == *place)
    }
}

/// Keeps courts that were read. What cannot be kept is read again next time.
pub(crate) async fn keep(store: &Store, site: &Site, courts: &[KeptCourt], complete: bool) {
    if let Err(error) = store.keep_courts(site.base_url().as_str(), courts, complete).await {
        terminal::warning(&say!("courts-not-kept", error = error));
    }
}

/// Gives stored bookings the names of their courts.
pub(crate) async fn give_names<'b>(store: &Store, bookings: impl IntoIterator<Item = &'b mut StoredBooking>) {
    let mut known: HashMap<(String, Option<String>), CourtNames> = HashMap::new();
    for booking in bookings {
        let key = (booking.site.clone(), booking.base_url.clone());
        if !known.contains_key(&key) {
            // A dialect that is gone is no reason to show nothing: the codes are shown instead.
            let names = match site_at(&booking.site, booking.base_url.as_deref()) {
                Ok(site) => CourtBook::open(&site, Some(store)).await.names(),
                Err(_) => CourtNames::default(),
            };
            known.insert(key.clone(), names);
        }
        booking.names = known.get(&key).cloned().unwrap_or_default();
    }
}

/// Whether all are courts of one group.
fn one_group(courts: &[&KeptCourt]) -> bool {
    let group = |court: &KeptCourt| (court.place.centre.clone(), court.place.group.clone());
    courts.windows(2).all(|pair| matches!(pair, [a, b] if group(a) == group(b)))
}

fn listed(courts: &[&KeptCourt]) -> String {
    let mut lines: Vec<String> = courts
        .iter()
        .take(MAX_LISTED)
        .map(|court| format!("  {}  {}", court.place, court.short_name()))
        .collect();
    if courts.len() > MAX_LISTED {
        lines.push(format!("  {}", say!("courts-more", more = courts.len() - MAX_LISTED)));
    }
    lines.join("\n")
}

/// A name without what two spellings of it differ in.
fn plain(name: &str) -> String {
    nfc(name).chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// How many pairs of adjacent letters two names share, in thousandths of all they have.
fn likeness(one: &str, other: &str) -> usize {
    let pairs = |name: &str| -> Vec<(char, char)> {
        let letters: Vec<char> = plain(name).chars().collect();
        letters.windows(2).filter_map(|pair| Some((*pair.first()?, *pair.last()?))).collect()
    };
    let (one, mut other) = (pairs(one), pairs(other));
    let all = one.len() + other.len();
    let mut shared: usize = 0;
    for pair in one {
        if let Some(at) = other.iter().position(|known| *known == pair) {
            other.swap_remove(at);
            shared += 2;
        }
    }
    (shared * 1_000).checked_div(all).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn court(place: &str, names: [&str; 3]) -> KeptCourt {
        KeptCourt { place: place.parse().unwrap(), names: names.map(str::to_owned).to_vec() }
    }

    fn book() -> CourtBook {
        let park = ["다산 행정복지센터", "체육공원2호"];
        CourtBook {
            courts: vec![
                court("NYJ06/07/103", [park[0], park[1], "1코트"]),
                court("NYJ06/07/104", [park[0], park[1], "11코트"]),
                court("NYJ06/03/90", [park[0], "지금배수지", "1번 코트"]),
            ],
            complete: true,
            ..CourtBook::default()
        }
    }

    fn find(name: &str) -> Result<Vec<String>, String> {
        let asked: AskedPlace = name.parse().unwrap();
        let found = book().find(&asked).map_err(|error| error.to_string())?;
        Ok(found.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_part_that_one_court_has_is_enough() {
        for name in ["지금배수지", "배수지 1번", "지금 배수지1번코트", "다산 지금"] {
            assert_eq!(find(name), Ok(vec!["NYJ06/03/90".to_owned()]), "{name}");
        }
        // A whole name goes before one that holds it.
        for name in ["체육공원2호 1코트", "체육공원2호1코트", "1코트"] {
            assert_eq!(find(name), Ok(vec!["NYJ06/07/103".to_owned()]), "{name}");
        }
        assert_eq!(find("\u{110c}\u{1175}금배수지"), Ok(vec!["NYJ06/03/90".to_owned()]));
    }

    #[test]
    fn what_may_be_several_or_nothing_is_said_with_names() {
        let several = find("체육공원2호").unwrap_err();
        assert!(
            several.contains("may be each of 2 courts:\n  NYJ06/07/103  체육공원2호 1코트\n"),
            "{several}"
        );
        assert!(several.contains("`체육공원2호/*` for any of them"), "{several}");
        let nothing = find("채육공원2호").unwrap_err();
        assert!(
            nothing.contains("no court is called `채육공원2호`; the nearest names:\n  NYJ06/07/103  체육"),
            "{nothing}"
        );
    }

    #[test]
    fn a_group_is_its_courts_in_their_order() {
        let both = Ok(vec!["NYJ06/07/103".to_owned(), "NYJ06/07/104".to_owned()]);
        assert_eq!(find("NYJ06/07/*"), both);
        assert_eq!(find("체육공원2호/*"), both);
        assert!(find("NYJ06/09/*").unwrap_err().contains("no court of NYJ06/09"));
        assert!(find("다산/*").unwrap_err().contains("is no one group of courts"));
    }

    #[test]
    fn a_court_that_its_group_lacks_is_doubted() {
        let doubt = |place: &str| book().doubt(&place.parse().unwrap());
        assert!(doubt("NYJ06/07/999").unwrap().contains("  NYJ06/07/103  체육공원2호 1코트"));
        assert_eq!(doubt("NYJ06/07/103"), None);
        assert_eq!(doubt("NYJ01/01/1"), None);
    }
}
