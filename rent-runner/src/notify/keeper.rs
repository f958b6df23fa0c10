//! The channels of the store: their tokens are renewed in time, by one runner at a time, and a person hears early if that
//! does not work.
//!
//! A renewal runs as a task of its own. What it brings replaces what the service may take no longer, so that nobody who
//! stops waiting for it may break it off.

use std::sync::Arc;
use std::time::Duration;

use namyangju_rent::SeoulTime;
use namyangju_rent::clock::Clock;
use secrecy::{ExposeSecret as _, SecretString};

use super::channel::Channel;
use super::http::{Failure, Http};
use super::kakao::{KakaoApp, KakaoGrant, Refusal, Renewed};
use super::message::{Facts, Kind, Note, Notice};
use super::text::Text;
use crate::say::{Language, in_language, say};
use crate::store::{ChannelTokens, SealPurpose, Store, StoreError, StoredChannel};
use crate::vault::Vault;

/// The word of the only kind of channel that the store keeps.
const KAKAO: &str = "kakao";

/// An access token is not used so close to its end.
const MARGIN: Duration = Duration::from_secs(5 * 60);

/// A channel that sends nothing is renewed as well, from so long before its end on: the service gives a new token for
/// renewals when the one before has less than a month (not checked against the live service).
const RENEW_BEFORE: Duration = Duration::from_secs(30 * DAY);

/// How long after the end of its access token that is tried again: once a day with the six hours that the token holds.
const RENEW_AGAIN: Duration = Duration::from_secs(18 * 3600);

/// A person is told so long before the end.
pub(crate) const WARN_BEFORE: Duration = Duration::from_secs(7 * DAY);

const DAY: u64 = 24 * 3600;

/// How long a claim lasts if its runner dies: longer than a try may take.
const HOLD: Duration = Duration::from_secs(60);

/// How often, and in which gap, another runner's renewal is waited for, or the store.
const LOOKS: u32 = 10;
const LOOK_GAP: Duration = Duration::from_millis(200);

/// How long a channel rests that needs a person.
const BROKEN_REST: Duration = Duration::from_secs(600);

/// The open store of channels.
pub(super) struct Keeper {
    pub(super) store: Store,
    pub(super) vault: Vault,
    pub(super) http: Arc<Http>,
    pub(super) clock: Arc<dyn Clock>,
}

/// What a person is to hear of a channel, once.
pub(super) struct Warned {
    /// What makes it the same warning.
    pub(super) what: String,
    pub(super) channel: String,
    pub(super) facts: Facts,
}

/// A channel with its tokens.
struct KeptGrant {
    row: StoredChannel,
    grant: KakaoGrant,
}

fn needs_person(why: String) -> Failure {
    Failure { after: Some(BROKEN_REST), ..Failure::from(why) }
}

fn english(error: &StoreError) -> Failure {
    Failure::from(error.to_string())
}

fn removed() -> Failure {
    Failure::never(in_language(Language::English, || say!("kakao-removed")))
}

fn renewing() -> Failure {
    Failure::later(in_language(Language::English, || say!("kakao-renewing")))
}

fn ended() -> String {
    in_language(Language::English, || say!("kakao-ended"))
}

impl Keeper {
    /// The channels that the store has now.
    pub(super) async fn channels(&self) -> Result<Vec<Channel>, StoreError> {
        let rows = self.store.stored_channels().await?;
        Ok(rows.iter().filter(|row| row.kind == KAKAO).map(Channel::from).collect())
    }

    /// Takes the code that a person was given, and keeps the channel.
    ///
    /// # Errors
    /// A sentence in English, without a secret.
    pub(super) async fn authorise(
        &self,
        name: &str,
        gets: &[Kind],
        app: KakaoApp,
        code: &SecretString,
    ) -> Result<SeoulTime, String> {
        let now = self.clock.now();
        let renewed = match app.exchange(&self.http, code.expose_secret(), now).await {
            Ok(renewed) => renewed,
            Err(Refusal::Failed(failure)) => return Err(failure.text),
            Err(Refusal::Person(why)) => return Err(why),
            Err(Refusal::Expired) => return Err(ended()),
        };
        let refresh_until = renewed.refresh_until.unwrap_or(renewed.access_until);
        let tokens = self.sealed(name, &renewed, refresh_until).map_err(|failure| failure.text)?;
        let gets: Vec<_> = gets.iter().map(|kind| kind.as_str()).collect();
        let put = self.store.put_channel((name, KAKAO), &gets, &tokens, now).await;
        put.map(|()| refresh_until).map_err(|error| error.to_string())
    }

    /// Sends one message, with a new access token if the old one has ended.
    pub(super) async fn send(self: &Arc<Self>, name: &str, note: &Note, text: &Text) -> Result<(), Failure> {
        let mut kept = self.read(name).await?;
        if let Some(problem) = &kept.row.problem {
            return Err(needs_person(problem.clone()));
        }
        let mut is_new = false;
        if kept.row.access_until <= self.clock.now().plus(MARGIN) {
            kept = self.renewed(kept).await?;
            is_new = true;
        }
        let mut sent = kept.grant.send(&self.http, note, text).await;
        if matches!(sent, Err(Refusal::Expired)) && !is_new {
            kept = self.renewed(kept).await?;
            sent = kept.grant.send(&self.http, note, text).await;
        }
        let why = match sent {
            Ok(()) => return Ok(()),
            Err(Refusal::Failed(failure)) => return Err(failure),
            Err(Refusal::Person(why)) => why,
            Err(Refusal::Expired) => ended(),
        };
        let broken = self.store.channel_broken(name, kept.row.fence, &why).await;
        broken.map_err(|error| english(&error))?;
        Err(needs_person(why))
    }

    /// Renews what would end unused, and gives what a person is to hear.
    pub(super) async fn look_after(self: &Arc<Self>) -> Result<Vec<Warned>, StoreError> {
        let mut warned = Vec::new();
        for row in self.store.stored_channels().await? {
            let now = self.clock.now();
            let ends = now.plus(RENEW_BEFORE) >= row.refresh_until;
            let name = row.name.clone();
            if ends && row.problem.is_none() && row.access_until.plus(RENEW_AGAIN) <= now {
                let renewed = match self.read(&name).await {
                    Ok(kept) => self.renewed(kept).await.map(|_| ()),
                    Err(failure) => Err(failure),
                };
                if let Err(failure) = renewed {
                    tracing::warn!(channel = name, error = failure.text, "channel not renewed");
                }
            }
            let Some(row) = self.store.stored_channel(&name).await? else { continue };
            let authorised = row.authorised_at.unix_micros();
            let (what, notice) = match &row.problem {
                Some(_) => (format!("channel-broken/{name}/{authorised}"), Notice::ChannelBroken),
                None if now.plus(WARN_BEFORE) >= row.refresh_until => {
                    (format!("channel-ends/{name}/{}", row.refresh_until.unix_micros()), Notice::ChannelEnds)
                }
                None => continue,
            };
            let facts = Facts::of_channel(notice, &name, row.refresh_until, row.problem.as_deref());
            warned.push(Warned { what, channel: name, facts });
        }
        Ok(warned)
    }

    async fn read(&self, name: &str) -> Result<KeptGrant, Failure> {
        let row =
            self.store.stored_channel(name).await.map_err(|error| english(&error))?.ok_or_else(removed)?;
        let unusable =
            |why: String| Failure::from(in_language(Language::English, || say!("kakao-unusable", why = why)));
        let plain = self.vault.unseal(SealPurpose::Channel(name), &row.data);
        let plain = plain.map_err(|error| unusable(error.to_string()))?;
        let grant = serde_json::from_slice(plain.expose_secret())
            .map_err(|_| unusable(in_language(Language::English, || say!("kakao-other-version"))))?;
        Ok(KeptGrant { row, grant })
    }

    fn sealed(
        &self,
        name: &str,
        renewed: &Renewed,
        refresh_until: SeoulTime,
    ) -> Result<ChannelTokens, Failure> {
        let plain = secrecy::zeroize::Zeroizing::new(serde_json::to_vec(&renewed.grant).unwrap_or_default());
        let data = self.vault.seal(SealPurpose::Channel(name), &plain);
        let data = data.map_err(|error| Failure::from(error.to_string()))?;
        Ok(ChannelTokens { data, access_until: renewed.access_until, refresh_until })
    }

    /// The channel with a new access token, whoever of the runners gets it.
    async fn renewed(self: &Arc<Self>, kept: KeptGrant) -> Result<KeptGrant, Failure> {
        let keeper = Arc::clone(self);
        let renewal = tokio::spawn(async move { keeper.renew(kept).await });
        renewal.await.unwrap_or_else(|_| Err(renewing()))
    }

    async fn renew(&self, kept: KeptGrant) -> Result<KeptGrant, Failure> {
        let KeptGrant { row, grant } = kept;
        let name = row.name.as_str();
        let claimed =
            self.store.claim_channel(name, row.fence, HOLD).await.map_err(|error| english(&error))?;
        let Some(fence) = claimed else { return self.renewed_elsewhere(&row).await };
        let renewed = match grant.renew(&self.http, self.clock.now()).await {
            Ok(renewed) => renewed,
            Err(Refusal::Failed(failure)) => {
                // An answer that was lost may have brought a token: the next try takes the old one again.
                if let Err(error) = self.store.release_channel(name, fence).await {
                    tracing::warn!(channel = name, %error, "the claim on a channel ends later");
                }
                return Err(failure);
            }
            Err(Refusal::Person(why)) => {
                self.store.channel_broken(name, fence, &why).await.map_err(|error| english(&error))?;
                return Err(needs_person(why));
            }
            Err(Refusal::Expired) => return Err(needs_person(ended())),
        };
        let refresh_until = renewed.refresh_until.unwrap_or(row.refresh_until);
        let tokens = self.sealed(name, &renewed, refresh_until)?;
        let mut looks = LOOKS;
        loop {
            // What was given once is not given again.
            match self.store.renew_channel(name, fence, &tokens).await {
                Ok(true) => break,
                Ok(false) => return Err(renewing()),
                Err(error) if looks == 0 => return Err(english(&error)),
                Err(_) => looks -= 1,
            }
            tokio::time::sleep(LOOK_GAP).await;
        }
        tracing::info!(channel = name, until = %refresh_until, "channel renewed");
        self.read(name).await
    }

    /// Waits for the renewal of another runner.
    async fn renewed_elsewhere(&self, before: &StoredChannel) -> Result<KeptGrant, Failure> {
        for _ in 0..LOOKS {
            let kept = self.read(&before.name).await?;
            let changed = kept.row.fence != before.fence || kept.row.access_until != before.access_until;
            if changed && !kept.row.renewing {
                return match &kept.row.problem {
                    Some(problem) => Err(needs_person(problem.clone())),
                    None if kept.row.access_until <= self.clock.now().plus(MARGIN) => Err(renewing()),
                    None => Ok(kept),
                };
            }
            tokio::time::sleep(LOOK_GAP).await;
        }
        Err(renewing())
    }
}
