//! What is applied with. Names and numbers of people are masked, but for the scope `admin`.

use std::sync::Arc;

use axum::extract::{Path, State};
use namyangju_rent::nfc;
use schemars::JsonSchema;

use super::accounts::NamePath;
use super::bookings::{ApplicationFields, before};
use super::caller::{Caller, MayAdmin, MayRead};
use super::input::{ApiBody, GivenKey, Seen};
use super::output::{Answer, DoneAnswer, Made, tag};
use super::problem::{Problem, ProblemKind};
use crate::documents::{ApplicantDocument, ApplicantsDocument, stored};
use crate::request::{self, checked_name, file, seal, unseal};
use crate::store::Applicant;
use crate::web::own;
use crate::web::state::Web;

/// An applicant's data to be added. The site requires `club_name`, `head_count`, `event_name` and `purpose`.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code, reason = "it describes the body, which `request::file` reads")]
pub(super) struct NewApplicantFields {
    /// A short name for the data; the club's if it is left out.
    name: Option<String>,
    #[schemars(flatten)]
    application: ApplicationFields,
}

/// What is to be changed of an applicant's data; what is left out stays.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code, reason = "it describes the body, which `request::file` reads")]
pub(super) struct ApplicantChange {
    #[schemars(flatten)]
    application: ApplicationFields,
}

async fn one(web: &Web, caller: &Caller, name: &str) -> Result<Applicant, Problem> {
    let name = caller.user.own_name(&nfc(name));
    let found = own::applicants(web, &caller.user).await?.into_iter().find(|kept| kept.name == name);
    found.ok_or_else(|| Problem::missing("applicant's data"))
}

fn tag_of(kept: &Applicant) -> String {
    tag(&format!("{} {}", kept.name, kept.changed_at.unix_micros()))
}

/// The data in full.
fn in_full<const N: u16>(
    web: &Web,
    kept: &Applicant,
) -> Result<Answer<ApplicantDocument<'static>, N>, Problem> {
    let application = unseal(&web.vault, &kept.data)?;
    let document = ApplicantDocument { name: &kept.name, application: &application };
    Ok(Answer::json(&document)?.tagged(&tag_of(kept)))
}

/// Lists them, masked.
pub(super) async fn list(
    State(web): State<Arc<Web>>,
    MayRead(caller): MayRead,
) -> Result<Answer<ApplicantsDocument>, Problem> {
    let mut applicants = Vec::new();
    for kept in own::applicants(&web, &caller.user).await? {
        let application = unseal(&web.vault, &kept.data)?;
        applicants.push(stored::masked(kept.name, kept.changed_at, &application));
    }
    Answer::json(&ApplicantsDocument { applicants })
}

/// Shows one in full.
pub(super) async fn show(
    State(web): State<Arc<Web>>,
    MayAdmin(caller): MayAdmin,
    Path(NamePath { name }): Path<NamePath>,
) -> Result<Answer<ApplicantDocument<'static>>, Problem> {
    in_full(&web, &one(&web, &caller, &name).await?)
}

/// Adds one. Its answer is personal, so it is not kept: the same request gets it from the store again.
pub(super) async fn add(
    State(web): State<Arc<Web>>,
    MayAdmin(caller): MayAdmin,
    key: GivenKey,
    body: ApiBody<NewApplicantFields>,
) -> Result<Made<ApplicantDocument<'static>>, Problem> {
    let creation = key.creation(caller.user.id, &body);
    let is_again = before(&web, &creation).await?.is_some();
    let (name, given) = file::read_application(body.into_keys())?;
    let application = request::application(&given, None).map_err(|error| Problem::at("", error))?;
    let name = checked_name(&name.unwrap_or_else(|| application.club_name.clone()));
    let name = caller.user.own_name(&name.map_err(|error| Problem::at("name", error))?);
    if is_again {
        return Ok(in_full(&web, &one(&web, &caller, &name).await?)?.replayed());
    }
    if !web.store.add_applicant(&name, &seal(&web.vault, &application)?, &creation).await? {
        return Err(Problem::new(ProblemKind::Conflict, "the name is taken"));
    }
    caller.audit(&web, "stored an applicant's data").await?;
    in_full(&web, &one(&web, &caller, &name).await?)
}

/// Changes one. Bookings keep their copy.
pub(super) async fn change(
    State(web): State<Arc<Web>>,
    MayAdmin(caller): MayAdmin,
    Path(NamePath { name }): Path<NamePath>,
    seen: Seen,
    body: ApiBody<ApplicantChange>,
) -> Result<Answer<ApplicantDocument<'static>>, Problem> {
    let kept = one(&web, &caller, &name).await?;
    let was_changed = || Problem::new(ProblemKind::Changed, "look at it again, and change what is there now");
    let (other_name, given) = file::read_application(body.into_keys())?;
    if other_name.is_some() {
        return Err(Problem::field("name", "a name stays: add the data anew under another"));
    }
    if !seen.is(&tag_of(&kept)) {
        return Err(was_changed());
    }
    let before = unseal(&web.vault, &kept.data)?;
    let application = request::application(&given, Some(before)).map_err(|error| Problem::at("", error))?;
    if !web.store.replace_applicant(&kept, &seal(&web.vault, &application)?).await? {
        return Err(was_changed());
    }
    caller.audit(&web, "changed an applicant's data").await?;
    in_full(&web, &one(&web, &caller, &kept.name).await?)
}

/// Removes one. Bookings keep their copy.
pub(super) async fn remove(
    State(web): State<Arc<Web>>,
    MayAdmin(caller): MayAdmin,
    Path(NamePath { name }): Path<NamePath>,
) -> Result<DoneAnswer, Problem> {
    let kept = one(&web, &caller, &name).await?;
    web.store.remove_applicant(&kept.name).await?;
    caller.audit(&web, "removed an applicant's data").await?;
    Ok(DoneAnswer)
}
