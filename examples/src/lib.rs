//! What the examples share: small programs that use the library the way another project would, one
//! file each in `bin/`.

use std::sync::Arc;

use namyangju_rent::Site;
use namyangju_rent::clock::SystemClock;
use namyangju_rent::harness::{Settings, StandIn, StandInServer};

/// The dialect at the address given, or at a stand-in that is started for the program's own use.
///
/// # Errors
/// What is wrong with the name or the address, or what the system says of the socket.
pub async fn stand_in_or(
    address: Option<String>,
    dialect: &str,
) -> Result<(Site, Option<StandInServer>), Box<dyn std::error::Error>> {
    let site = Site::builtin(dialect)?;
    if let Some(address) = address {
        return Ok((site.with_base_url(&address)?, None));
    }
    let mut settings = Settings::default();
    settings.booked_share = 0.6;
    let server = StandInServer::start(StandIn::new(&site, settings), Arc::new(SystemClock)).await?;
    Ok((server.site()?, Some(server)))
}
