//! The courts of a site by the names of its menus.

use std::collections::HashMap;
use std::sync::Arc;

use namyangju_rent::clock::{Clock as _, SystemClock};
use namyangju_rent::{Place, SeoulTime};
use serde::{Deserialize, Serialize};

use super::sql::values;
use super::{Result, Store};

/// One court as the menus name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptCourt {
    pub(crate) place: Place,
    /// From the widest: centre, group, court, as far as they are known.
    pub(crate) names: Vec<String>,
}

impl KeptCourt {
    /// What a person calls it: the group and the court.
    pub(crate) fn short_name(&self) -> String {
        match &self.names[..] {
            [.., group, court] if !court.contains(group.as_str()) => format!("{group} {court}"),
            [.., court] => court.clone(),
            [] => self.place.to_string(),
        }
    }
}

/// What is known of the menus of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeptMenus {
    /// In the order of the menus.
    pub(crate) courts: Vec<KeptCourt>,
    /// All centres and groups were read.
    pub(crate) complete: bool,
    pub(crate) read_at: SeoulTime,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct MenuData {
    courts: Vec<KeptCourt>,
    complete: bool,
}

/// What courts are called, for those who only show them.
#[derive(Clone, Debug, Default)]
pub(crate) struct CourtNames(Arc<HashMap<Place, String>>);

impl CourtNames {
    pub(crate) fn get(&self, place: &Place) -> Option<&str> {
        self.0.get(place).map(String::as_str)
    }
}

impl FromIterator<(Place, String)> for CourtNames {
    fn from_iter<I: IntoIterator<Item = (Place, String)>>(names: I) -> Self {
        Self(Arc::new(names.into_iter().collect()))
    }
}

impl Store {
    /// Keeps courts that were read from the menus of a site, by its base URL. A complete reading replaces all that was
    /// known; another one replaces the courts of the groups that it has.
    pub(crate) async fn keep_courts(&self, site: &str, courts: &[KeptCourt], complete: bool) -> Result<()> {
        let mut tx = self.write().await?;
        let mut data = MenuData { courts: courts.to_vec(), complete };
        if !complete
            && let Some(row) = tx.row("SELECT data FROM menus WHERE site = $1", values![site]).await?
        {
            let group = |place: &Place| (place.centre.clone(), place.group.clone());
            let read: Vec<_> = courts.iter().map(|court| group(&court.place)).collect();
            let known: MenuData = row.json("data").unwrap_or_default();
            let others = known.courts.into_iter().filter(|court| !read.contains(&group(&court.place)));
            data = MenuData { courts: others.chain(data.courts).collect(), complete: known.complete };
        }
        let sql = "INSERT INTO menus (site, data, read_at) VALUES ($1, $2, $3) \
             ON CONFLICT (site) DO UPDATE SET data = excluded.data, read_at = excluded.read_at";
        let data = serde_json::to_string(&data).unwrap_or_default();
        tx.run(sql, values![site, &data, SystemClock.now()]).await?;
        tx.commit().await
    }

    /// What is known of the menus of a site, by its base URL. A row that cannot be read counts as none: the menus can be
    /// read again.
    pub(crate) async fn courts(&self, site: &str) -> Result<Option<KeptMenus>> {
        let row = self.row("SELECT data, read_at FROM menus WHERE site = $1", values![site]).await?;
        let Some(row) = row else { return Ok(None) };
        let Ok(MenuData { courts, complete }) = row.json("data") else { return Ok(None) };
        Ok(Some(KeptMenus { courts, complete, read_at: row.time("read_at")? }))
    }
}
