//! What is applied with, typed once.

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use namyangju_rent::{Application, HeadCount};

use crate::cli::ApplicationArgs;
use crate::request::{self, checked_name};
use crate::store::Applicant;
use crate::web::action::{Action, audit};
use crate::web::answer::{NoPage, Page, html};
use crate::web::doors::session::SignedIn;
use crate::web::form::Fields;
use crate::web::frame::{Frame, Reader};
use crate::web::own;
use crate::web::state::Web;

/// The fields of the form.
#[derive(Clone, Debug, Default)]
struct ApplicantForm {
    name: String,
    club_name: String,
    head_count: String,
    event_name: String,
    purpose: String,
    applicant_name: String,
    telephone: String,
    mobile: String,
    discount: String,
    /// What it is called now, where one is changed.
    was: String,
}

/// What is kept under a name, in a line.
struct ApplicantLine {
    name: String,
    summary: String,
}

#[derive(Template)]
#[template(path = "applicants.html")]
struct ApplicantsPage {
    frame: Frame,
    kept: Vec<ApplicantLine>,
    form: ApplicantForm,
    wrong: Option<String>,
}

/// The applicants' data that somebody may use.
pub(super) async fn visible(web: &Web, signed_in: &SignedIn) -> Result<Vec<Applicant>, NoPage> {
    Ok(own::applicants(web, &signed_in.user).await?)
}

async fn page(
    web: &Web,
    signed_in: &SignedIn,
    reader: &Reader,
    form: ApplicantForm,
    wrong: Option<String>,
) -> Page {
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let line = |kept: Applicant| {
        // What cannot be unsealed has a name all the same.
        let summary = request::unseal(&web.vault, &kept.data).map(|application| {
            let count = application.head_count.to_string();
            [&application.club_name, &count, &application.event_name, &application.purpose]
                .map(String::as_str)
                .join(" · ")
        });
        ApplicantLine { name: kept.name, summary: summary.unwrap_or_default() }
    };
    let kept = visible(web, signed_in).await?.into_iter().map(line).collect();
    let mut frame = reader.frame(reader.words.applicants, Some(signed_in));
    "/applicants".clone_into(&mut frame.path);
    Ok((status, html(&ApplicantsPage { frame, kept, form, wrong })).into_response())
}

/// The names, and the form with the data of the one that is asked for.
pub(in crate::web) async fn show(
    State(web): State<Arc<Web>>,
    signed_in: SignedIn,
    reader: Reader,
    RawQuery(query): RawQuery,
) -> Page {
    let query = query.unwrap_or_default();
    let asked = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "name");
    let form = match asked {
        Some((_, name)) => {
            let kept = visible(&web, &signed_in).await?.into_iter().find(|kept| kept.name == name);
            match kept {
                Some(kept) => form_of(&kept.name, &request::unseal(&web.vault, &kept.data)?),
                None => ApplicantForm::default(),
            }
        }
        None => ApplicantForm::default(),
    };
    page(&web, &signed_in, &reader, form, None).await
}

fn form_of(name: &str, application: &Application) -> ApplicantForm {
    let text = |text: Option<String>| text.unwrap_or_default();
    ApplicantForm {
        name: name.to_owned(),
        club_name: application.club_name.clone(),
        head_count: application.head_count.to_string(),
        event_name: application.event_name.clone(),
        purpose: application.purpose.clone(),
        applicant_name: text(application.applicant_name.clone()),
        telephone: text(application.telephone.as_ref().map(|phone| phone.to_wire())),
        mobile: text(application.mobile.as_ref().map(|phone| phone.to_wire())),
        discount: text(application.discount.clone()),
        was: name.to_owned(),
    }
}

/// Adds or changes.
pub(in crate::web) async fn put(
    State(web): State<Arc<Web>>,
    Action { signed_in, reader, peer, fields }: Action,
) -> Page {
    let text = |name| fields.text(name).unwrap_or_default();
    let form = ApplicantForm {
        name: text("name"),
        club_name: text("club_name"),
        head_count: text("head_count"),
        event_name: text("event_name"),
        purpose: text("purpose"),
        applicant_name: text("applicant_name"),
        telephone: text("telephone"),
        mobile: text("mobile"),
        discount: text("discount"),
        was: text("was"),
    };
    let own = visible(&web, &signed_in).await?;
    let before = own.iter().find(|kept| kept.name == form.was);
    if before.is_none() && !form.was.is_empty() {
        return Err(NoPage::new(StatusCode::NOT_FOUND, "there is no such applicant's data"));
    }
    let kept = before.map(|kept| request::unseal(&web.vault, &kept.data)).transpose()?;
    let (name, application) = match read(&fields, kept.as_ref()) {
        Ok((name, application)) => (signed_in.user.own_name(&name), application),
        Err(error) => return page(&web, &signed_in, &reader, form, Some(format!("{error:#}"))).await,
    };
    // Another one of this name is not replaced unseen.
    if name != form.was && own.iter().any(|kept| kept.name == name) {
        return page(&web, &signed_in, &reader, form, Some(reader.words.name_taken.to_owned())).await;
    }
    let sealed = request::seal(&web.vault, &application)?;
    if !web.store.put_applicant_of(&name, &sealed, &signed_in.user).await? {
        return page(&web, &signed_in, &reader, form, Some(reader.words.name_taken.to_owned())).await;
    }
    if !form.was.is_empty() && form.was != name {
        web.store.remove_applicant(&form.was).await?;
    }
    audit(&web, &signed_in, &peer, "stored an applicant's data").await?;
    Ok(Redirect::to("/applicants").into_response())
}

/// What was typed; of what is kept stays what the form does not show.
fn read(fields: &Fields, kept: Option<&Application>) -> anyhow::Result<(String, Application)> {
    let head_count = fields.text("head_count").map(|count| count.parse::<HeadCount>()).transpose();
    let head_count = head_count.map_err(crate::bad_input::BadInput::from)?;
    let given = ApplicationArgs {
        club_name: fields.text("club_name"),
        head_count,
        event_name: fields.text("event_name"),
        purpose: fields.text("purpose"),
        applicant_name: fields.text("applicant_name"),
        tel: fields.text("telephone"),
        mobile: fields.text("mobile"),
        discount: fields.text("discount"),
    };
    let mut application = request::application(&given, None)?;
    if let Some(kept) = kept {
        (application.men, application.women) = (kept.men, kept.women);
    }
    Ok((checked_name(&fields.text("name").unwrap_or_else(|| application.club_name.clone()))?, application))
}

/// Removes.
pub(in crate::web) async fn remove(
    State(web): State<Arc<Web>>,
    Action { signed_in, peer, fields, .. }: Action,
) -> Page {
    let name = fields.text("name").unwrap_or_default();
    if visible(&web, &signed_in).await?.iter().any(|kept| kept.name == name) {
        web.store.remove_applicant(&name).await?;
        audit(&web, &signed_in, &peer, "removed an applicant's data").await?;
    }
    Ok(Redirect::to("/applicants").into_response())
}
