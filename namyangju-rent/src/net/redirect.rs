//! Where an answer sends the visitor on: a `Location`, a `Refresh`, a page that is nothing but a script. Only addresses of
//! the same site are followed.

use percent_encoding::{AsciiSet, CONTROLS, percent_encode};
use reqwest::header::{HeaderMap, LOCATION, REFRESH};
use url::Url;

use crate::error::{NetworkError, NetworkErrorKind};
use crate::html::charset::Charset;
use crate::html::script::{MAX_SCRIPT_PAGE_BYTES, refresh_target, script_page};
use crate::page::HopKind;
use crate::site::Site;

/// Bytes of a `Location` that are not part of an address: raw EUC-KR and blanks.
const RAW: &AsciiSet = &RAW_IN_REFRESH.add(b' ').add(b'"');

/// The same for a `Refresh` header, which has blanks and quotes of its own: `0; url="/"`.
const RAW_IN_REFRESH: &AsciiSet = &CONTROLS.add(b'<').add(b'>');

/// Where an answer sends the visitor on.
pub(crate) struct Onward {
    pub(crate) kind: HopKind,
    pub(crate) target: Result<Url, NetworkError>,
}

/// Where the answer sends us on, if it does.
pub(crate) fn onward(
    site: &Site,
    url: &Url,
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
    charset: Charset,
    alerts: &mut Vec<String>,
) -> Option<Onward> {
    if matches!(status, 301 | 302 | 303 | 307 | 308) {
        let location = headers.get(LOCATION)?;
        let target = resolve(site, url, &percent_encode(location.as_bytes(), RAW).to_string());
        return Some(Onward { kind: HopKind::Location, target });
    }
    if status != 200 {
        return None;
    }
    let refresh = headers.get(REFRESH).map(|v| percent_encode(v.as_bytes(), RAW_IN_REFRESH).to_string());
    if let Some(target) = refresh.as_deref().and_then(refresh_target) {
        return Some(Onward { kind: HopKind::Refresh, target: resolve(site, url, &target) });
    }
    let script = script_page(&charset.decode_within(body, MAX_SCRIPT_PAGE_BYTES)?)?;
    alerts.extend(script.alerts);
    let kind = if script.meta { HopKind::Refresh } else { HopKind::Script };
    Some(Onward { kind, target: resolve(site, url, &script.target?) })
}

/// The address, if it lies on the same site.
fn resolve(site: &Site, from: &Url, target: &str) -> Result<Url, NetworkError> {
    let url = from
        .join(target)
        .map_err(|error| NetworkError::new(NetworkErrorKind::BadRedirect, error.to_string()))?;
    if url.origin() == site.base_url().origin() {
        Ok(url)
    } else {
        let detail = url.host_str().unwrap_or("no host").to_owned();
        Err(NetworkError::new(NetworkErrorKind::ForeignRedirect, detail))
    }
}
