//! The channels of messages: what each is told, and whether a test arrives. They are the owner's, and stand in the settings
//! file, or in the store if their tokens change: the page shows no address and no secret of them.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use namyangju_rent::clock::{Clock as _, SystemClock};

use crate::notify::{Channel, Kind, Notifier, WARN_BEFORE};
use crate::say::{self, retold, say};
use crate::web::action::{Action, audit};
use crate::web::answer::{NoPage, Page, html};
use crate::web::doors::session::SignedIn;
use crate::web::frame::{Frame, Reader};
use crate::web::state::Web;

/// A channel in the list.
struct ChannelCard {
    name: String,
    kind: &'static str,
    on: String,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "channels.html")]
struct ChannelsPage {
    frame: Frame,
    channels: Vec<ChannelCard>,
    wrong: Option<String>,
}

async fn page(
    web: &Web,
    signed_in: &SignedIn,
    reader: &Reader,
    said: Option<String>,
    wrong: Option<String>,
) -> Page {
    let channels = web.config.channels.iter().map(|channel| {
        let summary = channel.summary();
        let (name, kind, on) = (summary.name, summary.kind, summary.on.join(", "));
        ChannelCard { name, kind, on, error: channel.check().err() }
    });
    let kept = web.store.stored_channels().await?;
    let kept = kept.iter().map(|row| {
        let summary = Channel::from(row).summary();
        let (name, kind, on) = (summary.name, summary.kind, summary.on.join(", "));
        let ending = |until| say!("status-channel", name = row.name, until = say::day(until));
        let soon = SystemClock.now().plus(WARN_BEFORE) >= row.refresh_until;
        let error = row.problem.as_deref().map(retold);
        ChannelCard {
            name,
            kind,
            on,
            error: error.or_else(|| soon.then(|| ending(row.refresh_until.date()))),
        }
    });
    let channels = channels.chain(kept).collect();
    let status = if wrong.is_some() { StatusCode::BAD_GATEWAY } else { StatusCode::OK };
    let mut frame = reader.frame(reader.words.channels, Some(signed_in));
    "/channels".clone_into(&mut frame.path);
    frame.said = said;
    Ok((status, html(&ChannelsPage { frame, channels, wrong })).into_response())
}

fn owner_only(signed_in: &SignedIn, reader: &Reader) -> Result<(), NoPage> {
    match signed_in.user.is_owner {
        true => Ok(()),
        false => Err(NoPage::new(StatusCode::NOT_FOUND, reader.words.missing)),
    }
}

/// The list.
pub(in crate::web) async fn show(State(web): State<Arc<Web>>, signed_in: SignedIn, reader: Reader) -> Page {
    owner_only(&signed_in, &reader)?;
    page(&web, &signed_in, &reader, None, None).await
}

/// Sends a test message over one of them, counted from 1.
pub(in crate::web) async fn test(
    State(web): State<Arc<Web>>,
    Path(number): Path<usize>,
    Action { signed_in, reader, peer, .. }: Action,
) -> Page {
    owner_only(&signed_in, &reader)?;
    let notifier = Notifier::new(&web.config.messages())?;
    notifier.attach(&web.store, &web.vault).await;
    let channels = notifier.channels();
    let channel = number.checked_sub(1).and_then(|index| channels.get(index));
    let channel = channel.ok_or_else(|| NoPage::new(StatusCode::NOT_FOUND, reader.words.missing))?;
    audit(&web, &signed_in, &peer, &format!("sent a test message over channel {number}")).await?;
    match notifier.test(channel, Kind::Verdict, SystemClock.now()).await {
        Ok(()) => {
            let said = format!("{}: {}", channel.name, reader.words.channel_arrived);
            page(&web, &signed_in, &reader, Some(said), None).await
        }
        Err(why) => {
            let wrong = format!("{}: {} ({why})", channel.name, reader.words.channel_failed);
            page(&web, &signed_in, &reader, None, Some(wrong)).await
        }
    }
}
