//! What every step of planning a booking works with: who plans, for which account, at which site.

use axum::http::StatusCode;
use namyangju_rent::{Place, RentDate, SeoulTime, Site};

use super::{accounts, applicants};
use crate::cli::{AskedPlace, Choice};
use crate::request::courts::CourtBook;
use crate::request::site_of_account;
use crate::say::{day, day_and_time};
use crate::store::{Account, CourtNames};
use crate::web::answer::NoPage;
use crate::web::doors::session::SignedIn;
use crate::web::frame::{Frame, Reader};
use crate::web::plan::Plan;
use crate::web::state::Web;
use crate::web::words::Words;

/// Who plans a booking, and with what.
pub(super) struct Planning<'w> {
    pub(super) web: &'w Web,
    pub(super) signed_in: &'w SignedIn,
    pub(super) reader: &'w Reader,
    /// The accounts that may be booked with.
    pub(super) accounts: Vec<Account>,
    /// The names of the applicants' data that may be used.
    pub(super) applicants: Vec<String>,
    pub(super) account: Account,
    pub(super) site: Site,
    pub(super) courts: CourtBook,
}

impl<'w> Planning<'w> {
    /// Reads what the plan needs, and completes its account and applicant. `None` if there is no account, or no applicant's data,
    /// yet.
    ///
    /// # Errors
    /// Forbidden if the plan speaks of another user's account or data.
    pub(super) async fn of(
        web: &'w Web,
        signed_in: &'w SignedIn,
        reader: &'w Reader,
        plan: &mut Plan,
    ) -> Result<Option<Self>, NoPage> {
        let accounts = accounts::visible(web, signed_in).await?;
        let applicants: Vec<String> =
            applicants::visible(web, signed_in).await?.into_iter().map(|kept| kept.name).collect();
        let foreign = || NoPage::new(StatusCode::FORBIDDEN, "there is no such account or applicant");
        if let Some(id) = plan.edit {
            super::booking::visible(web, signed_in, id).await?;
            plan.account = web.store.booking(id).await?.account;
        }
        if plan.account.is_empty()
            && let Some(account) = accounts.first()
        {
            plan.account.clone_from(&account.name);
        }
        if plan.applicant.is_empty()
            && plan.edit.is_none()
            && let Some(applicant) = applicants.first()
        {
            plan.applicant.clone_from(applicant);
        }
        // As it is called in the store, or as its user calls it.
        let user = &signed_in.user;
        let called = |name: &String, typed: &str| name == typed || *name == user.own_name(typed);
        if let Some(name) = applicants.iter().find(|name| called(name, &plan.applicant)) {
            plan.applicant.clone_from(name);
        }
        if let Some(account) = accounts.iter().find(|account| called(&account.name, &plan.account)) {
            plan.account.clone_from(&account.name);
        }
        let account = match accounts.iter().find(|account| account.name == plan.account) {
            Some(account) => account.clone(),
            // A member's booking of an account that is the owner's now: it was given with the booking.
            None if plan.edit.is_some() => web.store.account(&plan.account).await?,
            None if accounts.is_empty() && plan.account.is_empty() => return Ok(None),
            None => return Err(foreign()),
        };
        if !plan.applicant.is_empty() && !applicants.contains(&plan.applicant) {
            return Err(foreign());
        }
        if applicants.is_empty() && plan.edit.is_none() {
            return Ok(None);
        }
        let site = site_of_account(&account)?;
        let courts = CourtBook::open(&site, Some(&web.store)).await;
        Ok(Some(Self { web, signed_in, reader, accounts, applicants, account, site, courts }))
    }

    pub(super) fn words(&self) -> &'static Words {
        self.reader.words
    }

    /// The base URL that the store files its knowledge under.
    pub(super) fn base(&self) -> &str {
        self.site.base_url().as_str()
    }

    /// The frame of a step.
    pub(super) fn frame(&self, plan: &Plan, title: impl Into<String>) -> Frame {
        let mut frame = self.reader.frame(title, Some(self.signed_in));
        crate::web::plan::PATH.clone_into(&mut frame.path);
        frame.here = plan.href();
        frame
    }

    /// What the page is called: a new booking, or the change of one.
    pub(super) fn title(&self, plan: &Plan) -> String {
        match plan.edit {
            Some(id) => format!("{} {id}: {}", self.words().booking, self.words().change),
            None => self.words().new_booking.to_owned(),
        }
    }

    /// What a court is called, and its code; or what was typed.
    pub(super) fn court_title(&self, names: &CourtNames, place: &AskedPlace) -> String {
        match place {
            AskedPlace::Court(place) => {
                names.get(place).map_or_else(|| place.to_string(), |name| format!("{name} ({place})"))
            }
            AskedPlace::Group(centre, group) => {
                let of_group = |court: &&crate::store::KeptCourt| {
                    (&court.place.centre, &court.place.group) == (centre, group)
                };
                let named = self.courts.all().find(of_group).and_then(|court| match &court.names[..] {
                    [.., group, _] => Some(group.clone()),
                    _ => None,
                });
                let group = named.unwrap_or_else(|| format!("{centre}/{group}"));
                format!("{group} · {}", self.words().plan_any_court)
            }
            AskedPlace::Name(name) => name.clone(),
            AskedPlace::NamedGroup(name) => format!("{name} · {}", self.words().plan_any_court),
        }
    }

    /// A choice as people read it.
    pub(super) fn choice_title(&self, names: &CourtNames, choice: &Choice) -> String {
        let court = self.court_title(names, &choice.place);
        format!("{court} · {}", day_and_time(choice.date, choice.range))
    }

    /// The courts that a typed one stands for, by what is known here; none if that is not enough.
    pub(super) fn places(&self, place: &str) -> Vec<Place> {
        let asked = place.parse::<AskedPlace>().ok();
        asked.and_then(|asked| self.courts.find(&asked).ok()).unwrap_or_default()
    }

    /// When a day opens by the rule: the instant in words, with how sure that is.
    pub(super) fn rule(&self, place: &Place, date: RentDate) -> Option<(SeoulTime, String)> {
        let opening = self.site.opening(place, date)?;
        let words = self.words();
        let sure = words.of_confidence(&opening.confidence);
        let text = format!("{} ({sure}, {} {})", opening.at, words.plan_confidence, opening.confidence);
        Some((opening.at, text))
    }

    /// Whose bookings somebody sees.
    pub(super) fn user(&self) -> i64 {
        self.signed_in.user.id
    }

    /// The limits of the account on a day, and how near they are.
    pub(super) async fn limit_of_day(&self, plan: &Plan, date: RentDate) -> Result<String, NoPage> {
        let many = self.web.store.booked_on(self.account.id, date, plan.edit).await?;
        let words = self.words();
        let most = namyangju_rent::limits::MAX_BOOKINGS_PER_DAY;
        Ok(words.plan_limit(&day(date), many, most))
    }
}
