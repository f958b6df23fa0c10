//! A new booking: typed, checked by the rules of `add`, shown once more, stored.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use namyangju_rent::clock::{Clock as _, SystemClock};
use namyangju_rent::{Purpose, RentDate, SeoulTime, TimeRange};

use super::{accounts, applicants};
use crate::bad_input::BadInput;
use crate::cli::{AskedPlace, Choice, OpensAt};
use crate::request::draft::{Checked, Draft, DraftChecker};
use crate::request::site_of_account;
use crate::say::day_and_time;
use crate::store::Owned;
use crate::web::action::{Action, audit};
use crate::web::answer::{NoPage, Page, html};
use crate::web::doors::session::SignedIn;
use crate::web::form::Fields;
use crate::web::frame::{Frame, Reader};
use crate::web::state::Web;

/// How many choices the form has.
const CHOICES: usize = 3;

/// A court that the city's dialect knows.
struct CourtOption {
    place: String,
    name: String,
}

/// The fields of one choice.
#[derive(Clone, Debug, Default)]
struct ChoiceFields {
    number: usize,
    place: String,
    date: String,
    time: String,
}

/// The fields of the form.
#[derive(Clone, Debug, Default)]
struct BookingForm {
    account: String,
    applicant: String,
    choices: Vec<ChoiceFields>,
    opening: String,
    opens_at: String,
    note: String,
}

impl BookingForm {
    fn empty() -> Self {
        let choices =
            (1..=CHOICES).map(|number| ChoiceFields { number, ..ChoiceFields::default() }).collect();
        Self { choices, opening: "rule".to_owned(), ..Self::default() }
    }

    fn of(fields: &Fields) -> Self {
        let text = |name: &str| fields.text(name).unwrap_or_default();
        let choice = |number| ChoiceFields {
            number,
            place: text(&format!("place{number}")),
            date: text(&format!("date{number}")),
            time: text(&format!("time{number}")),
        };
        Self {
            account: text("account"),
            applicant: text("applicant"),
            choices: (1..=CHOICES).map(choice).collect(),
            opening: text("opening"),
            opens_at: text("opens_at"),
            note: text("note"),
        }
    }

    /// The booking that was typed.
    fn draft(&self) -> Result<Draft, BadInput> {
        let mut choices = Vec::new();
        for ChoiceFields { number, place, date, time } in &self.choices {
            if *number > 1 && place.is_empty() && date.is_empty() && time.is_empty() {
                continue;
            }
            let wrong = |error: &dyn std::fmt::Display| BadInput(format!("{number}: {error}"));
            choices.push(Choice {
                place: place.parse::<AskedPlace>().map_err(|error| wrong(&error))?,
                date: date.parse::<RentDate>().map_err(|error| wrong(&error))?,
                range: time.parse::<TimeRange>().map_err(|error| wrong(&error))?,
            });
        }
        let opens_at = match self.opening.as_str() {
            "given" => {
                // What a browser's own field for an instant gives: `2026-11-26T10:00`.
                let text = self.opens_at.replace('T', " ");
                let text = if text.len() == "2026-11-26 10:00".len() { format!("{text}:00") } else { text };
                OpensAt::Instant(text.parse::<SeoulTime>().map_err(BadInput::from)?)
            }
            "now" => OpensAt::Now,
            _ => OpensAt::Auto,
        };
        Ok(Draft {
            account: Some(self.account.clone()),
            applicant: Some(self.applicant.clone()),
            choices,
            opens_at: Some(opens_at),
            note: Some(self.note.clone()),
            ..Draft::default()
        })
    }
}

#[derive(Template)]
#[template(path = "new_booking.html")]
struct FormPage {
    frame: Frame,
    form: BookingForm,
    accounts: Vec<String>,
    applicants: Vec<String>,
    courts: Vec<CourtOption>,
    rounds: Vec<String>,
    today: String,
    wrong: Option<String>,
}

#[derive(Template)]
#[template(path = "check_booking.html")]
struct CheckPage {
    frame: Frame,
    form: BookingForm,
    choices: Vec<String>,
    opens: String,
    opening: &'static str,
    advice: Vec<String>,
}

async fn page(
    web: &Web,
    signed_in: &SignedIn,
    reader: &Reader,
    mut form: BookingForm,
    wrong: Option<String>,
) -> Page {
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let accounts = accounts::visible(web, signed_in).await?;
    let applicants: Vec<String> =
        applicants::visible(web, signed_in).await?.into_iter().map(|kept| kept.name).collect();
    if form.account.is_empty() {
        form.account = accounts.first().map(|account| account.name.clone()).unwrap_or_default();
    }
    let site =
        accounts.iter().find(|account| account.name == form.account).map(site_of_account).transpose()?;
    let mut courts = Vec::new();
    let mut rounds = Vec::new();
    if let Some(site) = &site {
        for known in site.known_places() {
            courts.push(CourtOption { place: known.place.to_string(), name: known.name.clone() });
            let learned = web.store.learned(site.base_url().as_str(), &known.place, Purpose::Sports).await?;
            rounds.extend(learned.into_iter().map(|slot| slot.range.to_string()));
        }
    }
    rounds.sort();
    rounds.dedup();
    let page = FormPage {
        frame: reader.frame(reader.words.new_booking, Some(signed_in)),
        form,
        accounts: accounts.into_iter().map(|account| account.name).collect(),
        applicants,
        courts,
        rounds,
        today: SystemClock.now().date().to_string(),
        wrong,
    };
    Ok((status, html(&page)).into_response())
}

/// The form.
pub(in crate::web) async fn show(State(web): State<Arc<Web>>, signed_in: SignedIn, reader: Reader) -> Page {
    page(&web, &signed_in, &reader, BookingForm::empty(), None).await
}

/// Checks what was typed and shows it; stores it when that was confirmed.
pub(in crate::web) async fn store(
    State(web): State<Arc<Web>>,
    Action { signed_in, reader, peer, fields }: Action,
) -> Page {
    let form = BookingForm::of(&fields);
    let checked = match check(&web, &signed_in, &form).await? {
        Ok(checked) => checked,
        Err(why) => return page(&web, &signed_in, &reader, form, Some(why)).await,
    };
    match fields.raw("step") {
        Some("change") => page(&web, &signed_in, &reader, form, None).await,
        Some("store") => {
            let ids = match web.store.add_bookings(std::slice::from_ref(&checked.booking)).await {
                Ok(ids) => ids,
                Err(error) => return page(&web, &signed_in, &reader, form, Some(error.to_string())).await,
            };
            let Some(id) = ids.first().copied() else { return Ok(Redirect::to("/").into_response()) };
            web.store.give(Owned::Booking(id), signed_in.user.id).await?;
            audit(&web, &signed_in, &peer, &format!("stored booking {id}")).await?;
            Ok(Redirect::to(&format!("/bookings/{id}")).into_response())
        }
        _ => {
            let words = reader.words;
            let choice = |wish: &namyangju_rent::Wish| {
                format!("{} · {}", wish.place, day_and_time(wish.date, wish.range))
            };
            let mut frame = reader.frame(words.please_check, Some(&signed_in));
            "/bookings/new".clone_into(&mut frame.path);
            Ok(html(&CheckPage {
                frame,
                choices: checked.booking.choices.iter().map(choice).collect(),
                opens: checked.booking.opens_at.to_string(),
                opening: words.of_opening(checked.booking.opens),
                advice: checked.advice,
                form,
            }))
        }
    }
}

/// The rules of `add`, over what this user may use.
async fn check(
    web: &Web,
    signed_in: &SignedIn,
    form: &BookingForm,
) -> Result<Result<Checked, String>, NoPage> {
    let accounts = accounts::visible(web, signed_in).await?;
    let applicants = applicants::visible(web, signed_in).await?;
    // As it is called in the store, or as its user calls it.
    let user = &signed_in.user;
    let is = |name: &str, typed: &str| name == typed || name == user.own_name(typed);
    let account = accounts.into_iter().map(|account| account.name).find(|name| is(name, &form.account));
    let applicant = applicants.into_iter().map(|kept| kept.name).find(|name| is(name, &form.applicant));
    let (Some(account), Some(applicant)) = (account, applicant) else {
        return Err(NoPage::new(StatusCode::FORBIDDEN, "there is no such account or applicant"));
    };
    let draft = match form.draft() {
        Ok(draft) => Draft { account: Some(account), applicant: Some(applicant), ..draft },
        Err(BadInput(why)) => return Ok(Err(why)),
    };
    let mut checker = DraftChecker::open(&web.store, web.vault.clone()).await?;
    if let Err(wrong) = checker.learn_courts(&web.store, &web.config, std::slice::from_ref(&draft)).await {
        return Ok(Err(format!("{:#}", wrong)));
    }
    let mut checked = match checker.check(&draft) {
        Ok(checked) => checked,
        Err(wrong) => return Ok(Err(format!("{:#}", wrong.error))),
    };
    checked.compare_to_earlier_looks(&web.store).await;
    Ok(Ok(checked))
}
