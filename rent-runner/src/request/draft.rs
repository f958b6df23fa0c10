//! A booking as a person gives it, by flags or in a file, and what has to be right before it is stored.

use std::collections::HashMap;

use anyhow::{Context as _, Result, anyhow};
use namyangju_rent::{Application, Site, Wish, nfc};

use super::courts::CourtBook;
use super::{GIVE_UP_AFTER, PlannedOpening, seal, site_of_account, unseal};
use crate::bad_input::BadInput;
use crate::cli::{AimArgs, ApplicationArgs, Choice, OpensAt};
use crate::config::Config;
use crate::request;
use crate::say::say;
use crate::store::{self, Account, Applicant, CourtNames, NewBooking, Store};
use crate::vault::Vault;

/// The longest note, in characters.
const MAX_NOTE: usize = 1_000;

/// A booking that is not checked yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Draft {
    pub(crate) account: Option<String>,
    pub(crate) applicant: Option<String>,
    pub(crate) application: ApplicationArgs,
    pub(crate) choices: Vec<Choice>,
    pub(crate) events: bool,
    pub(crate) opens_at: Option<OpensAt>,
    pub(crate) aim: AimArgs,
    pub(crate) note: Option<String>,
}

/// A booking that can be stored.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) booking: NewBooking,
    /// What a person should know of it.
    pub(crate) advice: Vec<String>,
    site: Site,
    names: CourtNames,
}

impl Checked {
    /// Adds what an earlier look at the site speaks against it.
    pub(crate) async fn compare_to_earlier_looks(&mut self, store: &Store) {
        let doubts = request::earlier_looks(store, &self.site, &self.names, &self.booking.choices).await;
        self.advice.extend(doubts);
    }
}

/// What is wrong with a draft, and where.
#[derive(Debug)]
pub(crate) struct Wrong {
    /// The key of a file; empty if the message names it.
    pub(crate) key: &'static str,
    pub(crate) error: anyhow::Error,
}

impl From<Wrong> for anyhow::Error {
    fn from(wrong: Wrong) -> Self {
        wrong.error
    }
}

fn at(key: &'static str) -> impl Fn(anyhow::Error) -> Wrong {
    move |error| Wrong { key, error }
}

/// What drafts refer to, read once.
#[derive(Debug)]
pub(crate) struct DraftChecker {
    vault: Vault,
    accounts: Vec<Account>,
    applicants: Vec<Applicant>,
    sites: HashMap<i64, Site>,
    /// By base URL.
    courts: HashMap<String, CourtBook>,
    applications: HashMap<String, Application>,
}

impl DraftChecker {
    /// Reads what drafts refer to.
    pub(crate) async fn open(store: &Store, vault: Vault) -> Result<Self> {
        Ok(Self::over(vault, store.accounts().await?, store.applicants().await?))
    }

    /// The same over a part of what is stored: that of one user.
    pub(crate) fn over(vault: Vault, accounts: Vec<Account>, applicants: Vec<Applicant>) -> Self {
        Self {
            vault,
            accounts,
            applicants,
            sites: HashMap::new(),
            courts: HashMap::new(),
            applications: HashMap::new(),
        }
    }

    /// Learns the courts that these drafts speak of: from the store, and from the site's menus where a name or a group is
    /// not known yet. A draft whose account is not there is left to the check.
    pub(crate) async fn learn_courts(
        &mut self,
        store: &Store,
        config: &Config,
        drafts: &[Draft],
    ) -> Result<()> {
        for draft in drafts {
            let Ok(account) = self.account(draft.account.as_deref()) else { continue };
            let Ok(site) = self.site(&account) else { continue };
            let base = site.base_url().to_string();
            let mut courts = match self.courts.remove(&base) {
                Some(courts) => courts,
                None => CourtBook::open(&site, Some(store)).await,
            };
            courts.complete(&draft.choices, Some(store), || request::client(site.clone(), config)).await?;
            self.courts.insert(base, courts);
        }
        Ok(())
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Checks a draft and completes it.
    pub(crate) fn check(&mut self, draft: &Draft) -> std::result::Result<Checked, Wrong> {
        let account = self.account(draft.account.as_deref()).map_err(at("account"))?;
        let site = self.site(&account).map_err(at("account"))?;
        let courts = self.courts.get(site.base_url().as_str()).cloned();
        let courts = courts.unwrap_or_else(|| CourtBook::of_dialect(&site));
        let wishes =
            request::wishes(&draft.choices, draft.events, &courts).map_err(at("place, date, time, or"))?;
        let first = wishes.first().context("there is no wish").map_err(at("place"))?;
        let give_up_after = draft.aim.give_up_after.unwrap_or(GIVE_UP_AFTER);
        if give_up_after.is_zero() {
            let why = say!("time-to-try-zero");
            return Err(Wrong { key: "give-up-after", error: BadInput(why).into() });
        }
        let (opens, said) = opening(draft.opens_at.unwrap_or(OpensAt::Auto), &site, first)
            .and_then(|(opens, said)| {
                request::check_opening(&opens, give_up_after, &wishes)?;
                Ok((opens, said))
            })
            .map_err(at("opens-at"))?;
        let kept = self.application(draft.applicant.as_deref()).map_err(at("applicant"))?;
        let application = request::application(&draft.application, kept).map_err(at(""))?;
        let mut advice = request::advice(&site, &wishes, Some(&opens));
        advice.extend(said);
        advice.extend(doubts(&site, &wishes, &opens, &courts));
        advice.extend(request::too_few_requests(&draft.aim));
        advice.extend(request::lacking(&application, site.charset()));
        let booking = NewBooking {
            account: account.name,
            choices: wishes,
            application: seal(&self.vault, &application).map_err(at(""))?,
            opens: opens.how,
            opens_at: opens.at,
            give_up_after,
            lead: draft.aim.lead.unwrap_or_default(),
            clock_offset_micros: draft.aim.clock_offset,
            pace: draft.aim.policy.unwrap_or_default().into(),
            most_requests: draft.aim.most_requests,
            note: note(draft.note.as_deref()).map_err(at("note"))?,
        };
        Ok(Checked { booking, advice, site, names: courts.names() })
    }

    fn account(&self, name: Option<&str>) -> Result<Account> {
        let known = || names(self.accounts.iter().map(|account| account.name.as_str()));
        let name = name.map(nfc);
        match (name, &self.accounts[..]) {
            (_, []) => Err(BadInput(say!("no-account")).into()),
            (None, [only]) => Ok(only.clone()),
            (None, _) => Err(BadInput(say!("which-account", known = known())).into()),
            (Some(name), accounts) => accounts
                .iter()
                .find(|account| nfc(&account.name) == name)
                .cloned()
                .ok_or_else(|| BadInput(say!("unknown-account", name = name, known = known())).into()),
        }
    }

    fn site(&mut self, account: &Account) -> Result<Site> {
        if let Some(site) = self.sites.get(&account.id) {
            return Ok(site.clone());
        }
        let site =
            site_of_account(account).with_context(|| say!("site-of-account", account = account.name))?;
        self.sites.insert(account.id, site.clone());
        Ok(site)
    }

    /// The applicant's data that is kept under a name, or the only one; `None` if none or several are kept.
    fn application(&mut self, name: Option<&str>) -> Result<Option<Application>> {
        let name = name.map(nfc);
        let kept = match (name, &self.applicants[..]) {
            (None, [only]) => only,
            (None, _) => return Ok(None),
            (Some(name), kept) => kept.iter().find(|kept| nfc(&kept.name) == name).ok_or_else(|| {
                let known = names(self.applicants.iter().map(|kept| kept.name.as_str()));
                BadInput(match known.is_empty() {
                    true => say!("unknown-applicant", name = name),
                    false => say!("unknown-applicant-others", name = name, known = known),
                })
            })?,
        };
        if let Some(application) = self.applications.get(&kept.name) {
            return Ok(Some(application.clone()));
        }
        let application = unseal(&self.vault, &kept.data)?;
        self.applications.insert(kept.name.clone(), application.clone());
        Ok(Some(application))
    }

    /// The name under which just this data is kept.
    pub(crate) fn name_of(&mut self, application: &Application) -> Result<Option<String>> {
        for kept in self.applicants.clone() {
            if self.application(Some(&kept.name))?.as_ref() == Some(application) {
                return Ok(Some(kept.name));
            }
        }
        Ok(None)
    }
}

/// The opening that was asked for. By the rule and over already, it is one that begins at once.
pub(crate) fn opening(asked: OpensAt, site: &Site, first: &Wish) -> Result<(PlannedOpening, Option<String>)> {
    let opens = request::opening(asked, site, first)?;
    let now = request::opening(OpensAt::Now, site, first)?;
    if opens.how == store::OpeningSource::Rule && opens.at <= now.at {
        let said = say!("opened-by-rule", at = opens.at);
        return Ok((now, Some(said)));
    }
    Ok((opens, None))
}

/// What may be a mistake.
pub(crate) fn doubts(
    site: &Site,
    wishes: &[Wish],
    opens: &PlannedOpening,
    courts: &CourtBook,
) -> Vec<String> {
    let mut lines = Vec::new();
    let known = site.known_places();
    let mut places: Vec<_> = wishes.iter().map(|wish| &wish.place).collect();
    places.dedup();
    for place in places {
        if let Some(doubt) = courts.doubt(place) {
            lines.push(doubt);
        } else if !courts.has(place) && !known.is_empty() && !known.iter().any(|known| known.place == *place)
        {
            lines.push(say!("unknown-court", site = site.name(), place = place));
        }
    }
    for (index, wish) in wishes.iter().enumerate().skip(1) {
        if opens.how == store::OpeningSource::Rule
            && let Some(other) = site.opening(&wish.place, wish.date)
            && other.at > opens.at
        {
            let (choice, at) = (index + 1, other.at);
            lines.push(say!("choice-opens-later", choice = choice, at = at));
        }
    }
    lines
}

/// A person's own words; none if there are none.
pub(crate) fn note(text: Option<&str>) -> Result<Option<String>> {
    let Some(text) = text.map(|text| nfc(text.trim())).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if text.chars().any(char::is_control) || text.chars().count() > MAX_NOTE {
        return Err(anyhow!(BadInput(say!("note-one-line", most = MAX_NOTE))));
    }
    Ok(Some(text))
}

/// The names of what there is, for an error.
fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
