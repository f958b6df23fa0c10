//! How things stand: the store and its runners, the settings, the channels, and the caller's own sign-in.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use namyangju_rent::clock::{Clock as _, SystemClock};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::accounts::NamePath;
use super::caller::{MayAdmin, MayRead};
use super::output::{Answer, DoneAnswer};
use super::problem::Problem;
use crate::config;
use crate::documents::{
    ChannelTest, ChannelTestDocument, ChannelsDocument, SettingsDocument, StatusDocument, StatusFacts,
    TokensDocument, stored,
};
use crate::notify::{Kind, Notifier};
use crate::store::{Filter, State as Standing};
use crate::web::own;
use crate::web::state::Web;

/// Who calls.
#[derive(Serialize, JsonSchema)]
pub(super) struct MeDocument<'c> {
    /// The user's name.
    name: &'c str,
    /// Whether it is the owner, who sees everybody's bookings.
    is_owner: bool,
    /// What this sign-in may be used for: `read`, `book`, `admin`.
    scopes: Vec<&'static str>,
}

/// The number of a token.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(super) struct TokenPath {
    /// The number of the token.
    id: i64,
}

/// Tells who calls.
pub(super) async fn me(MayRead(caller): MayRead) -> Result<Answer<MeDocument<'static>>, Problem> {
    let scopes = caller.scopes.iter().map(|scope| scope.as_str()).collect();
    Answer::json(&MeDocument { name: &caller.user.name, is_owner: caller.user.is_owner, scopes })
}

/// Lists the caller's own tokens, without their secrets.
pub(super) async fn tokens(
    State(web): State<Arc<Web>>,
    MayAdmin(caller): MayAdmin,
) -> Result<Answer<TokensDocument<'static>>, Problem> {
    let rows = web.store.tokens(Some(caller.user.id)).await?;
    Answer::json(&TokensDocument { tokens: rows.iter().map(stored::token).collect() })
}

/// Removes one of them. A new one is made on the page, or by `rent-runner web token add`: no token makes another.
pub(super) async fn remove_token(
    State(web): State<Arc<Web>>,
    MayAdmin(caller): MayAdmin,
    Path(TokenPath { id }): Path<TokenPath>,
) -> Result<DoneAnswer, Problem> {
    if !web.store.remove_token(id, Some(caller.user.id)).await? {
        return Err(Problem::missing("token"));
    }
    caller.audit(&web, &format!("removed token {id}")).await?;
    Ok(DoneAnswer)
}

/// Tells how the store and its runners stand; a member's own bookings and accounts only.
pub(super) async fn status(
    State(web): State<Arc<Web>>,
    MayRead(caller): MayRead,
) -> Result<Answer<StatusDocument<'static>>, Problem> {
    let mut facts = StatusFacts::read(&web.store).await?;
    if let Some(user) = caller.only() {
        let own = web.store.bookings_of(user).await?;
        facts.held.retain(|(id, _)| own.contains(id));
        let accounts = own::accounts(&web, &caller.user).await?;
        facts.refused.retain(|(name, _)| accounts.iter().any(|account| account.name == *name));
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for booking in web.store.bookings(&Filter { user: Some(user), ..Filter::default() }).await? {
            *counts.entry(booking.state.as_str()).or_default() += 1;
        }
        let of_state = |state: Standing| counts.get(state.as_str()).copied().unwrap_or_default();
        facts.counts = Standing::ALL.map(|state| (state, of_state(state))).to_vec();
        facts.openings.clear();
        (facts.failing, facts.messages_waiting, facts.next) = (Vec::new(), 0, None);
    }
    Answer::json(&facts.document(&web.store))
}

/// Tells the settings in force, with secrets masked.
pub(super) async fn settings(
    State(web): State<Arc<Web>>,
    MayAdmin(caller): MayAdmin,
) -> Result<Answer<SettingsDocument<'static>>, Problem> {
    caller.owner_only()?;
    Answer::json(&stored::settings(&web.config, &config::rows(&web.config)))
}

/// Lists the channels that messages go to.
pub(super) async fn channels(
    State(web): State<Arc<Web>>,
    MayAdmin(caller): MayAdmin,
) -> Result<Answer<ChannelsDocument>, Problem> {
    caller.owner_only()?;
    let kept = web.store.stored_channels().await?;
    Answer::json(&stored::channels(&web.config, &kept))
}

/// Sends a test message to one.
pub(super) async fn test_channel(
    State(web): State<Arc<Web>>,
    MayAdmin(caller): MayAdmin,
    Path(NamePath { name }): Path<NamePath>,
) -> Result<Answer<ChannelTestDocument>, Problem> {
    caller.owner_only()?;
    super::bookings::ask_site(&web, &caller)?;
    let notifier = Notifier::new(&web.config.messages())?;
    notifier.attach(&web.store, &web.vault).await;
    let channel = notifier.channels().into_iter().find(|channel| channel.name == name);
    let channel = channel.ok_or_else(|| Problem::missing("channel"))?;
    let error = notifier.test(&channel, Kind::Verdict, SystemClock.now()).await.err();
    let test = ChannelTest { name: channel.name.clone(), arrived: error.is_none(), error };
    Answer::json(&ChannelTestDocument { channels: vec![test] })
}
