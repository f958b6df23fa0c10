//! The look ahead: ten minutes before the opening the wishes are held against what the site shows already.
//!
//! It asks for little: the day list of each court's month, which is read politely and once, and the applicant form,
//! which most sites refuse before the opening. Each thing that will stop a wish is an alarm with what could be had
//! instead. What follows is decided here:
//!
//! - A wish that the wished day itself contradicts (its rounds, its lists, the page's limits) is not tried. If no wish
//!   is left, the run ends at once: nothing that waiting mends, and a person has ten minutes for another.
//! - A wish whose slot is booked, closed or given by lot waits behind the others, and is tried if there is no other:
//!   it may become free until the opening.
//! - Everything else is told, and the run goes on as before.
//!
//! Where there is no time for it, or the site does not give a list, the rounds that earlier lists showed are told at once.

use std::time::Duration;

use super::Run;
use super::attempt::not_fetched;
use crate::answer_kind::AnswerKind;
use crate::booking::event::{Event, Foreseen, Obstacle, Wish};
use crate::booking::foreseen::{Finding, Weight, by_lists};
use crate::booking::listed::{OurNames, ReadBack};
use crate::booking::report::Verdict;
use crate::booking::watcher::Watcher;
use crate::client::session::DayVisit;
use crate::error::Error;
use crate::outcome::Next;
use crate::pages::schedule::{DayList, Menu, MenuEntry};
use crate::value::application::ApplicationError;
use crate::value::month::Month;
use crate::value::place::Place;

/// Less time than this before the shot is for the clock alone.
pub(super) const LOOK_AHEAD_BEFORE: Duration = Duration::from_secs(90);

/// The most day lists that are read for the wishes of a booking.
const MAX_LISTS: usize = 8;

/// How often another wish is prepared after one that turned out to be impossible.
const MAX_WISHES_PREPARED: usize = 4;

/// Why a preparation is not done.
pub(super) enum NotReady {
    /// A step failed.
    Failed(Error),
    /// The run is over.
    Over(Verdict),
}

impl From<Error> for NotReady {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// What the look ahead knows.
#[derive(Debug, Default)]
pub(super) struct LookAhead {
    lists: Vec<(Place, Month, DayList)>,
    /// The wishes that were held against the lists.
    looked: Vec<usize>,
    /// The wishes whose form was asked for.
    forms: Vec<usize>,
    findings: Vec<(usize, Finding)>,
}

impl LookAhead {
    /// The list of a court's month, if it was read.
    pub(super) fn list(&self, place: &Place, month: Month) -> Option<&DayList> {
        self.lists.iter().find(|(p, m, _)| (p, *m) == (place, month)).map(|(_, _, list)| list)
    }

    fn weight(&self, wish: usize) -> Option<Weight> {
        self.findings.iter().filter(|(index, _)| *index == wish).map(|(_, found)| found.weight).max()
    }

    /// The wish to try of those from `first` on: the best that nothing speaks against, else one that is unlikely.
    pub(super) fn best(&self, first: usize, many: usize) -> Option<usize> {
        let rank = |wish: usize| match self.weight(wish) {
            None | Some(Weight::Perhaps) => Some(0),
            Some(Weight::Unlikely) => Some(1),
            Some(Weight::Final) => None,
        };
        (first..many).filter_map(|wish| Some((rank(wish)?, wish))).min().map(|(_, wish)| wish)
    }
}

impl<W: Watcher> Run<'_, W> {
    /// Logs in, looks ahead if there is time for it, and reads the numbers of the slots.
    pub(super) async fn make_ready(&mut self, time_left: Duration) -> Result<(), NotReady> {
        let has_time = time_left > LOOK_AHEAD_BEFORE;
        if !has_time {
            (self.wish..self.booking.wishes.len()).for_each(|wish| self.recall_rounds(wish));
        }
        self.ensure_session().await?;
        if has_time {
            self.look_at_lists().await?;
        }
        for _ in 0..MAX_WISHES_PREPARED {
            self.choose_wish()?;
            self.learn().await?;
            if has_time {
                self.look_at_form().await?;
            }
            if self.look_ahead.weight(self.wish) != Some(Weight::Final) {
                break;
            }
        }
        Ok(())
    }

    /// Holds each wish against the day list of its month.
    async fn look_at_lists(&mut self) -> Result<(), NotReady> {
        let today = self.clock().now().date();
        let most_slots = self.booking.client.site().dialect.limits.slots_per_application;
        for (index, wish) in self.booking.wishes.iter().enumerate().skip(self.wish) {
            if self.look_ahead.looked.contains(&index) {
                continue;
            }
            let month = Month::from(wish.date);
            if self.look_ahead.list(&wish.place, month).is_none() {
                if self.look_ahead.lists.len() >= MAX_LISTS {
                    break;
                }
                if !self.read_list(index, wish, month).await? {
                    self.look_ahead.looked.push(index);
                    self.recall_rounds(index);
                    continue;
                }
            }
            self.look_ahead.looked.push(index);
            let Some(list) = self.look_ahead.list(&wish.place, month) else { continue };
            let others: Vec<&DayList> = self.look_ahead.list(&wish.place, today.into()).into_iter().collect();
            let found = by_lists(wish, list, &others, most_slots, today);
            let ours = self.our_names();
            if ReadBack::of(list, wish, ours) == ReadBack::Ours && !self.standing.is_doubtful() {
                self.wish = index;
                return Err(NotReady::Over(Verdict::AlreadyBooked));
            }
            if let Some(found) = found {
                self.foresee(index, found);
            }
        }
        Ok(())
    }

    /// Tells what lists that were read before this run speak against a wish whose own list was not read.
    fn recall_rounds(&mut self, index: usize) {
        let Some(wish) = self.booking.wishes.get(index) else { return };
        if self.look_ahead.list(&wish.place, wish.date.into()).is_some() {
            return;
        }
        let Some(doubt) = wish.doubted_by(&self.booking.rounds) else { return };
        let text = format!("by a day list that was read at {}: {}", doubt.read_at, doubt.text);
        let found = Finding::new(doubt.obstacle, Weight::Perhaps, text);
        self.foresee(index, Finding { choices: doubt.choices, ..found });
    }

    /// Reads the list of a wish's month; `false` if the site does not give it.
    async fn read_list(&mut self, index: usize, wish: &Wish, month: Month) -> Result<bool, Error> {
        let Some(session) = &self.session else { return Ok(false) };
        match session.day_list_and_menu(&wish.place, month).await {
            Ok((list, menu)) => {
                self.watcher.day_list_read(&wish.place, &list);
                self.look_ahead.lists.push((wish.place.clone(), month, list));
                // The page of a code that is not there may be that of the first court.
                if let Some(found) = missing_court(&menu, &wish.place) {
                    self.foresee(index, Finding { weight: Weight::Perhaps, ..found });
                }
                Ok(true)
            }
            Err(error) if matches!(error.next(), Next::Stop | Next::AskPerson) => Err(error),
            Err(error) if error.kind() == AnswerKind::Unknown => {
                if let Some(found) = self.look_for_court(&wish.place).await {
                    self.foresee(index, found);
                }
                Ok(false)
            }
            // Of the wish at hand, it is tried again in a minute, as a failed login is.
            Err(error) if index == self.wish && !matches!(error, Error::Page { .. }) => Err(error),
            Err(_) => Ok(false),
        }
    }

    /// Whether the menus have a court whose page the site does not give.
    async fn look_for_court(&self, place: &Place) -> Option<Finding> {
        let session = self.session.as_ref()?;
        let group = MenuEntry::of_group(place.centre.clone(), place.group.clone());
        if let Ok(menu) = session.menu(Some(&group)).await {
            return missing_court(&menu, place);
        }
        let menu = session.menu(None).await.ok()?;
        if menu.centres.iter().any(|entry| entry.centre == place.centre) {
            return None;
        }
        let mut codes: Vec<String> = menu.centres.iter().map(|entry| entry.centre.to_string()).collect();
        codes.dedup();
        let text = format!("the site has no centre {}: it has {}", place.centre, codes.join(", "));
        Some(Finding { choices: codes, ..Finding::new(Obstacle::Court, Weight::Final, text) })
    }

    /// Asks for the applicant form of the wish at hand. A site that gives it early shows what an application would
    /// lack.
    async fn look_at_form(&mut self) -> Result<(), Error> {
        let (Some(wish), Some(session), Some(day)) = (self.wish(), &self.session, &self.learned) else {
            return Ok(());
        };
        let index = self.wish;
        // A session that several bookings use remembers one form.
        if self.look_ahead.forms.contains(&index) || self.booking.shared_login.is_one_session() {
            return Ok(());
        }
        self.look_ahead.forms.push(index);
        let visit = DayVisit::known(session, day.clone(), not_fetched(self.clock().now()));
        let found = match visit.open_form(wish.range).await {
            Ok(form) => {
                self.member = form.member().map(str::to_owned);
                match form.fill(&self.booking.application) {
                    Ok(submission) if submission.lacks_mobile() => Some(Finding::new(
                        Obstacle::Form,
                        Weight::Perhaps,
                        "the account has no mobile number, and the application gives none: the site may refuse it",
                    )),
                    Ok(_) => None,
                    Err(error) => {
                        let offered: Vec<String> =
                            form.discounts().into_iter().map(|group| group.code).collect();
                        Some(of_form(&error, &offered))
                    }
                }
            }
            Err(error) if error.kind() == AnswerKind::LimitReached => {
                Some(Finding::new(Obstacle::Limit, Weight::Perhaps, error.to_string()))
            }
            Err(error) if matches!(error.next(), Next::LogIn | Next::AskPerson) => return Err(error),
            Err(error) if error.kind() == AnswerKind::Blocked => return Err(error),
            Err(_) => None,
        };
        if let Some(found) = found {
            self.foresee(index, found);
        }
        Ok(())
    }

    /// Tells that an application does not fit the form, or a time the day page, that came shortly before the shot.
    pub(super) fn foresee_error(&mut self, error: &ApplicationError) {
        // A slot that is not free yet is what an opening is for.
        if !matches!(error, ApplicationError::NotFree(_)) {
            let found = Finding { weight: Weight::Perhaps, ..of_form(error, &[]) };
            self.foresee(self.wish, found);
        }
    }

    /// Notes that a time is longer or shorter than the page of another day allows.
    pub(super) fn foresee_length(&mut self, error: &ApplicationError) {
        if matches!(error, ApplicationError::TooLong { .. } | ApplicationError::TooShort { .. }) {
            self.foresee(self.wish, Finding::new(Obstacle::Length, Weight::Final, error.to_string()));
        }
    }

    /// Tells what will stop a wish, and keeps it.
    fn foresee(&mut self, wish: usize, found: Finding) {
        let is_known = |(of, known): &(usize, Finding)| *of == wish && known.obstacle == found.obstacle;
        if self.look_ahead.findings.iter().any(is_known) {
            return;
        }
        let is_final = found.weight == Weight::Final;
        let several = self.booking.wishes.len() > 1;
        let follows = match found.weight {
            Weight::Perhaps => "it is tried all the same",
            Weight::Unlikely if several => "it waits behind the other choices",
            Weight::Unlikely => "it is tried all the same, for it may change",
            Weight::Final => "nothing will be sent for it",
        };
        let text = match self.booking.wishes.get(wish).filter(|_| several) {
            Some(Wish { place, date, range, .. }) => {
                format!("choice {} ({place} {date} {range}): {}: {follows}", wish + 1, found.text)
            }
            None => format!("{}: {follows}", found.text),
        };
        let foreseen = Foreseen { wish, obstacle: found.obstacle, choices: found.choices.clone(), is_final };
        self.look_ahead.findings.push((wish, found));
        self.tell(Event::Alarm { text, foreseen: Some(Box::new(foreseen)) });
    }

    /// Goes to the best wish that can still be had; the end of the run, if there is none.
    fn choose_wish(&mut self) -> Result<(), NotReady> {
        let Some(best) = self.look_ahead.best(self.wish, self.booking.wishes.len()) else {
            let reasons = self.look_ahead.findings.iter().filter(|(_, found)| found.weight == Weight::Final);
            let mut reasons: Vec<&str> = reasons.map(|(_, found)| found.text.as_str()).collect();
            reasons.dedup();
            let reason = format!("{}; nothing was sent for it", reasons.join("; "));
            return Err(NotReady::Over(Verdict::Refused { reason }));
        };
        if best != self.wish {
            self.wish = best;
            self.learned = None;
        }
        Ok(())
    }

    fn our_names(&self) -> OurNames<'_> {
        OurNames::new(&self.booking.application, self.booking.credentials.account(), self.member.as_deref())
    }
}

/// What is wrong with an application, by a form that the site gave early.
fn of_form(error: &ApplicationError, discounts: &[String]) -> Finding {
    match error {
        // Neither the form's offers nor the application change by themselves.
        ApplicationError::NoSuchDiscount { .. } | ApplicationError::UnknownDiscount(_) => Finding {
            choices: discounts.to_vec(),
            ..Finding::new(Obstacle::Form, Weight::Final, error.to_string())
        },
        // What the site fills in from the account can be completed there until the opening.
        _ => Finding::new(Obstacle::Form, Weight::Perhaps, format!("the applicant form: {error}")),
    }
}

/// A court that is not among those of its group in the menus; `None` if it is, or they do not tell.
fn missing_court(menu: &Menu, place: &Place) -> Option<Finding> {
    let of_group: Vec<(Place, &str)> = menu
        .courts
        .iter()
        .filter_map(|entry| Some((entry.place()?, entry.name.as_str())))
        .filter(|(court, _)| (&court.centre, &court.group) == (&place.centre, &place.group))
        .collect();
    if of_group.is_empty() || of_group.iter().any(|(court, _)| court == place) {
        return None;
    }
    let named: Vec<String> = of_group.iter().map(|(court, name)| format!("{court} ({name})")).collect();
    let text = format!("the site has no court {place}: its group has {}", named.join(", "));
    let choices = of_group.iter().map(|(court, _)| court.to_string()).collect();
    Some(Finding { choices, ..Finding::new(Obstacle::Court, Weight::Final, text) })
}
