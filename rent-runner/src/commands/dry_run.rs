//! `book --dry-run`: as far as the form, and what would be sent.

use anyhow::Result;
use namyangju_rent::form_fields::LackingCharacter;
use namyangju_rent::schedule::SlotState;
use namyangju_rent::{Application, ApplicationError, Client, Credentials, Error, Verdict, Wish};

use crate::documents::{DiscountEntry, DryRunLine, SentField};
use crate::exit::CodedFailure;
use crate::say::say;
use crate::store::CourtNames;
use crate::words::verdict_sentence;
use crate::{exit, terminal};

/// Logs in, visits the pages before the submission, and shows the filled form. Nothing is applied for.
pub(crate) async fn run(
    client: &Client,
    credentials: &Credentials,
    wish: &Wish,
    application: &Application,
    names: &CourtNames,
    as_json: bool,
) -> Result<u8> {
    let session = client.log_in(credentials).await?;
    let day = session.open_day(&wish.place, wish.date, wish.purpose).await?;
    if let Err(error) = day.check(wish.range) {
        if let ApplicationError::NotFree(_) = error {
            // The day page does not tell why a time cannot be chosen; the day list does.
            let list = session.day_list(&wish.place, wish.date).await?;
            let mut slots = list.within(wish.date, wish.range, wish.purpose);
            if slots.any(|slot| slot.state == SlotState::Booked) {
                let ours = wish.is_booked_for(application, &list);
                let verdict = if ours { Verdict::AlreadyBooked } else { Verdict::Lost };
                let code = exit::exit_code(&verdict);
                return Err(CodedFailure::new(code, verdict_sentence(&verdict)).into());
            }
        }
        return Err(Error::from(error).into());
    }
    let form = day.open_form(wish.range).await?;
    let submission = form.fill(application).map_err(Error::from)?;
    let payment = form.payment(application).map_err(Error::from)?;
    let (fields, lacking) = (submission.masked(), submission.lacking_characters());
    if as_json {
        let fields = fields.into_iter().map(|field| SentField { name: field.name, value: field.value });
        let discounts = form.discounts().into_iter();
        let discounts = discounts.map(|group| DiscountEntry { code: group.code, label: group.label });
        let line = DryRunLine {
            event: "dry-run",
            place: &wish.place,
            place_name: names.get(&wish.place),
            date: wish.date,
            slots: form.slots(),
            fields: fields.collect(),
            bytes: submission.body().len(),
            payment,
            discounts: discounts.collect(),
            fields_with_lacking_characters: lacking.iter().map(|lacking| lacking.field.clone()).collect(),
        };
        terminal::result(&serde_json::to_string(&line)?)?;
        return Ok(exit::DONE);
    }
    let rows = fields.into_iter().map(|field| vec![field.name, field.value]).collect();
    terminal::result(&terminal::table(&["field", "value"], rows))?;
    let slots: Vec<String> = form
        .slots()
        .iter()
        .map(|slot| say!("dry-run-slot", time = slot.range, number = slot.time_no))
        .collect();
    terminal::note(&terminal::beside("slots", &slots.join(", ")));
    let payment =
        payment.map_or(say!("dry-run-no-payment"), |won| say!("dry-run-payment", won = won.with_comma()));
    terminal::note(&terminal::beside("payment", &payment));
    for group in form.discounts() {
        terminal::note(&terminal::beside("discount", &format!("{} {}", group.code, group.label)));
    }
    for LackingCharacter { field, character, .. } in lacking {
        terminal::warning(&say!(
            "dry-run-lacking",
            field = field,
            character = character,
            code = u32::from(character)
        ));
    }
    let body =
        say!("dry-run-body", bytes = submission.body().len(), charset = client.site().charset().name());
    terminal::note(&terminal::beside("body", &body));
    Ok(exit::DONE)
}
