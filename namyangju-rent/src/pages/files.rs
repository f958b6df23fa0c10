//! Files that a page names: the web server answers them without a script, so they show its clock best.

use scraper::{ElementRef, Selector};
use url::Url;

use super::reading::Reading;

/// Endings of files that no site of this platform makes by a script.
const ENDINGS: [&str; 7] = [".css", ".js", ".png", ".gif", ".jpg", ".jpeg", ".ico"];

/// The most elements of a page that are looked at.
const MAX_ELEMENTS: usize = 200;

/// The first style sheet, script or image of a page that lies on the site itself.
pub(crate) fn static_file(reading: &Reading<'_>) -> Option<Url> {
    let named = Selector::parse("link[href], script[src], img[src]").ok()?;
    let address = |element: ElementRef<'_>| {
        let value = element.value();
        let address = value.attr("href").or_else(|| value.attr("src"))?;
        let url = reading.page.url().join(address).ok()?;
        let path = url.path().to_ascii_lowercase();
        let same = url.origin() == reading.site.base_url().origin();
        (same && ENDINGS.iter().any(|ending| path.ends_with(ending))).then_some(url)
    };
    reading.document.select(&named).take(MAX_ELEMENTS).find_map(address)
}
