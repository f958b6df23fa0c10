//! The first step of a booking: which court. The list is the site's own menu as far as it was read, grouped by centre; the
//! courts that a person marked or used last stand on top, and a name or a code can be typed.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use namyangju_rent::{Place, nfc};

use super::planning::Planning;
use crate::cli::AskedPlace;
use crate::store::KeptCourt;
use crate::web::answer::{Page, html};
use crate::web::frame::Frame;
use crate::web::plan::Plan;

/// Centres are open at once while all of them have no more courts than this.
const MAX_OPEN: usize = 12;

/// How many courts that were used last are shown.
const MAX_LAST: usize = 4;

/// A court to choose.
struct CourtLine {
    code: String,
    name: String,
    href: String,
    is_favourite: bool,
    has_human_check: bool,
}

/// The courts of one group.
struct CourtGroup {
    name: String,
    /// Chooses any court of it.
    any: Option<String>,
    courts: Vec<CourtLine>,
}

/// The groups of one centre.
struct CourtCentre {
    name: String,
    many: usize,
    is_open: bool,
    groups: Vec<CourtGroup>,
}

#[derive(Template)]
#[template(path = "court_step.html")]
struct CourtStepPage {
    frame: Frame,
    plan: Plan,
    accounts: Vec<String>,
    city: String,
    top: Vec<CourtLine>,
    centres: Vec<CourtCentre>,
    read_at: Option<String>,
    wrong: Option<String>,
}

/// The list of courts.
pub(super) async fn page(planning: &Planning<'_>, plan: Plan, wrong: Option<String>) -> Page {
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let store = &planning.web.store;
    let favourites = store.favourites(planning.user(), planning.base()).await?;
    let last = store.last_courts(planning.account.id).await?;
    let names = planning.courts.names();
    let line = |place: &Place, name: String| CourtLine {
        code: place.to_string(),
        name,
        href: plan.at_court(place).href(),
        is_favourite: favourites.contains(place),
        has_human_check: planning.site.has_human_check(place),
    };
    let title = |place: &Place| names.get(place).map_or_else(|| place.to_string(), str::to_owned);
    let mut top: Vec<CourtLine> = favourites.iter().map(|place| line(place, title(place))).collect();
    let used = last.iter().filter(|place| !favourites.contains(place)).take(MAX_LAST);
    top.extend(used.map(|place| line(place, title(place))));
    let found: Vec<&KeptCourt> = planning.courts.all().filter(|court| has(court, &plan.search)).collect();
    let is_open = found.len() <= MAX_OPEN || !plan.search.is_empty();
    let mut centres: Vec<CourtCentre> = Vec::new();
    for court in found {
        let (centre, group) = match &court.names[..] {
            [centre, group, _] => (centre.clone(), group.clone()),
            _ => (court.place.centre.to_string(), String::new()),
        };
        let name = court.names.last().cloned().unwrap_or_default();
        let court_line = line(&court.place, name);
        let at = centres.iter().position(|known| known.name == centre).unwrap_or(centres.len());
        if at == centres.len() {
            centres.push(CourtCentre { name: centre, many: 0, is_open, groups: Vec::new() });
        }
        let Some(centre) = centres.get_mut(at) else { continue };
        centre.many += 1;
        match centre.groups.iter_mut().find(|known| known.name == group) {
            Some(known) => known.courts.push(court_line),
            None => {
                let any = format!("{}/{}/*", court.place.centre, court.place.group);
                let any = Plan { place: any, date: None, ..plan.clone() }.href();
                let any = Some(any).filter(|_| !group.is_empty());
                centre.groups.push(CourtGroup { name: group, any, courts: vec![court_line] });
            }
        }
    }
    let page = CourtStepPage {
        frame: planning.frame(&plan, planning.title(&plan)),
        accounts: planning.accounts.iter().map(|account| account.name.clone()).collect(),
        city: planning.site.title().to_owned(),
        top,
        centres,
        read_at: planning.courts.menus_read_at().map(|at| at.date().to_string()),
        wrong,
        plan,
    };
    Ok((status, html(&page)).into_response())
}

/// Goes on with a court as it was typed.
pub(super) async fn typed(planning: &Planning<'_>, plan: Plan) -> Page {
    let asked = match plan.search.parse::<AskedPlace>() {
        Ok(asked) => asked,
        Err(why) => return page(planning, plan, Some(why)).await,
    };
    match planning.courts.find(&asked).as_deref() {
        // A name that means one court is that court.
        Ok([only]) if matches!(asked, AskedPlace::Name(_)) => {
            Ok(Redirect::to(&plan.at_court(only).href()).into_response())
        }
        Err(error) if matches!(asked, AskedPlace::Name(_) | AskedPlace::NamedGroup(_)) => {
            let why = format!("{error:#}");
            page(planning, plan, Some(why)).await
        }
        // A group by its codes may be one whose menus nobody has read yet.
        _ => {
            let next = Plan { place: asked.to_string(), date: None, ..plan };
            Ok(Redirect::to(&next.href()).into_response())
        }
    }
}

/// Whether each word that is searched for stands in the names or the code of a court.
fn has(court: &KeptCourt, search: &str) -> bool {
    let plain = |text: &str| nfc(text).to_lowercase();
    let whole = plain(&format!("{} {}", court.names.join(" "), court.place));
    search.split_whitespace().all(|word| whole.contains(&plain(word)))
}
