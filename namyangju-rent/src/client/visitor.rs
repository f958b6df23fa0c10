//! A visitor of the site, logged in or not, and the pages that need no login.

use crate::error::{Error, Step, page_error, refused};
use crate::net::transport::Transport;
use crate::page::Page;
use crate::pages::files::static_file;
use crate::pages::reading::Reading;
use crate::pages::schedule::{Calendar, DayList, Menu, MenuEntry, read_calendar, read_day_list, read_menu};
use crate::site::Site;
use crate::value::month::Month;
use crate::value::place::Place;

/// What a guest and a session have in common: a line to the site, and what anybody may read over it.
pub(crate) struct Visitor {
    pub(super) transport: Transport,
}

impl Visitor {
    pub(crate) fn new(transport: Transport) -> Self {
        Self { transport }
    }

    pub(crate) fn site(&self) -> &Site {
        &self.transport.site
    }

    /// The month calendar of a place.
    pub(crate) async fn calendar(&self, place: &Place, month: Month) -> Result<Calendar, Error> {
        let site = self.site();
        let url = site.schedule_url(place, month.first_day(), &site.dialect.codes.view_calendar);
        let page = self.transport.get(Step::Schedule, url).await?;
        self.found(Step::Schedule, &page, |reading| read_calendar(site, &reading.document))
    }

    /// The day list of a place for a month.
    pub(crate) async fn day_list(&self, place: &Place, month: Month) -> Result<DayList, Error> {
        let site = self.site();
        let url = site.schedule_url(place, month.first_day(), &site.dialect.codes.view_day_list);
        let page = self.transport.get(Step::Schedule, url).await?;
        self.found(Step::Schedule, &page, |reading| read_day_list(&site.dialect, &reading.document))
    }

    /// The day list of a place for a month, with the menus of the same page.
    pub(crate) async fn day_list_and_menu(
        &self,
        place: &Place,
        month: Month,
    ) -> Result<(DayList, Menu), Error> {
        let site = self.site();
        let url = site.schedule_url(place, month.first_day(), &site.dialect.codes.view_day_list);
        let page = self.transport.get(Step::Schedule, url).await?;
        self.found(Step::Schedule, &page, |reading| {
            Some((read_day_list(&site.dialect, &reading.document)?, read_menu(site, &reading.document)))
        })
    }

    /// The menus of the page that an entry leads to, or of the first page with menus.
    pub(crate) async fn menu(&self, entry: Option<&MenuEntry>) -> Result<Menu, Error> {
        let site = self.site();
        let month = self.transport.clock.now().date();
        let Some(entry) = entry else { return self.first_menu().await };
        let url = site.url_with(&site.dialect.paths.schedule, |key| match key {
            "year" => Some(format!("{:04}", month.year())),
            "month" => Some(format!("{:02}", month.month())),
            "day" => Some("01".to_owned()),
            "view" => Some(site.dialect.codes.view_calendar.clone()),
            "comcd" => Some(entry.centre.to_string()),
            "partcd" => entry.group.as_ref().map(ToString::to_string),
            "placecd" => entry.court.as_ref().map(ToString::to_string),
            _ => None,
        });
        let page = self.transport.get(Step::Schedule, url).await?;
        self.found(Step::Schedule, &page, menu_of)
    }

    /// The home page, or the page its first menu entry leads to.
    async fn first_menu(&self) -> Result<Menu, Error> {
        let site = self.site();
        let page = self.transport.get(Step::Home, site.url(&site.dialect.paths.home)).await?;
        let onward = {
            let reading = Reading::new(site, &page);
            if let Some(menu) = menu_of(&reading) {
                return Ok(menu);
            }
            let link = site.dialect.markers.facilities_link.select(&reading.document).next();
            link.and_then(|link| site.at_own_base(&page.url().join(link.attr("href")?).ok()?))
        };
        let Some(url) = onward else {
            return Err(page_error(Step::Home, "it has no facility menu", page));
        };
        let page = self.transport.get(Step::Schedule, url).await?;
        self.found(Step::Schedule, &page, menu_of)
    }

    /// Reads what is wanted from a page; what the site says instead, if it is not there.
    fn found<T>(
        &self,
        step: Step,
        page: &Page,
        wanted: impl FnOnce(&Reading<'_>) -> Option<T>,
    ) -> Result<T, Error> {
        let reading = Reading::new(self.site(), page);
        self.transport.found_file(|| static_file(&reading));
        reading.open_to_all(wanted).map_err(|outcome| refused(step, outcome))
    }
}

/// The menus of a page; `None` if it has none.
pub(crate) fn menu_of(reading: &Reading<'_>) -> Option<Menu> {
    let menu = read_menu(reading.site, &reading.document);
    (!menu.centres.is_empty()).then_some(menu)
}
