//! Pages that show nothing and only run a script: their alerts, and where they send the visitor.

use scraper::ElementRef;

use crate::html::controls::controls;
use crate::html::text::text_of;
use crate::html::{attr, bounds, parse};

/// A page longer than this is no mere script.
pub(crate) const MAX_SCRIPT_PAGE_BYTES: usize = 16 * 1024;

/// What a page that shows nothing and only runs a script does.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ScriptPage {
    /// The texts of its alerts.
    pub(crate) alerts: Vec<String>,
    /// Where it sends the visitor: as written, relative or absolute.
    pub(crate) target: Option<String>,
    /// Whether that was a `<meta http-equiv="refresh">`.
    pub(crate) meta: bool,
}

/// Reads a page that consists of a script, or of a meta refresh; `None` for every page that shows
/// something.
pub(crate) fn script_page(text: &str) -> Option<ScriptPage> {
    if text.len() > MAX_SCRIPT_PAGE_BYTES {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let script = lower.contains("<script") && (lower.contains("location") || lower.contains("alert"));
    let meta = lower.contains("http-equiv") && lower.contains("refresh");
    // Most short pages show something at once; they are not parsed twice.
    if !script && !meta || bounds::surely_show_text(text) {
        return None;
    }
    let document = parse(text)?;
    if !text_of(document.root_element()).is_empty() || !controls(document.root_element()).is_empty() {
        return None;
    }
    let mut page = ScriptPage::default();
    for node in document.tree.nodes() {
        let Some(element) = ElementRef::wrap(node) else { continue };
        match element.value().name() {
            "script" => {
                let code: String = element.text().collect();
                page.alerts.extend(calls(&code, "alert"));
                page.target = page.target.take().or_else(|| location(&code));
            }
            "meta" if attr(element, "http-equiv").is_some_and(|v| v.eq_ignore_ascii_case("refresh")) => {
                let target = attr(element, "content").and_then(refresh_target);
                if page.target.is_none() && target.is_some() {
                    (page.target, page.meta) = (target, true);
                }
            }
            _ => {}
        }
    }
    Some(page)
}

/// The address in the value of a `Refresh` header or its meta twin: `0;url=/rent/message`.
pub(crate) fn refresh_target(value: &str) -> Option<String> {
    let at = value.to_ascii_lowercase().find("url")?;
    let rest = value.get(at + 3..)?.trim_start().strip_prefix('=')?.trim();
    let target = rest.trim_matches(['"', '\'']).trim();
    (!target.is_empty()).then(|| target.to_owned())
}

/// The first texts given to calls of `function`.
fn calls(code: &str, function: &str) -> Vec<String> {
    code.match_indices(function)
        .filter_map(|(at, _)| {
            let rest = code.get(at + function.len()..)?.trim_start().strip_prefix('(')?;
            quoted(rest.trim_start())
        })
        .collect()
}

/// The address a script assigns to `location`.
fn location(code: &str) -> Option<String> {
    code.match_indices("location").find_map(|(at, word)| {
        let rest = code.get(at + word.len()..)?.trim_start();
        let rest = match rest.strip_prefix('.') {
            Some(member) => {
                let member = member.trim_start();
                match ["replace", "assign"].iter().find_map(|call| member.strip_prefix(call)) {
                    Some(call) => return quoted(call.trim_start().strip_prefix('(')?.trim_start()),
                    None => member.strip_prefix("href")?.trim_start(),
                }
            }
            None => rest,
        };
        quoted(rest.strip_prefix('=')?.trim_start())
    })
}

/// The text of a JavaScript string literal at the beginning of `code`.
fn quoted(code: &str) -> Option<String> {
    let mut chars = code.chars();
    let quote = chars.next().filter(|c| matches!(c, '\'' | '"' | '`'))?;
    let mut out = String::new();
    loop {
        match chars.next()? {
            c if c == quote => return Some(out),
            '\\' => match chars.next()? {
                'n' | 'r' | 't' => out.push(' '),
                'u' => {
                    let digits: String = chars.by_ref().take(4).collect();
                    out.push(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32)?);
                }
                c => out.push(c),
            },
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_are_only_a_script_are_read() {
        let page = script_page("<html><head><script>alert('로그인 하세요');\nlocation.replace(\"/rent/member/login\");</script></head></html>").unwrap();
        assert_eq!(page.alerts, ["로그인 하세요"]);
        assert_eq!(page.target.as_deref(), Some("/rent/member/login"));
        for code in [
            "window.location.href = '/a'",
            "top.location='/a'",
            "document.location.assign( `/a` )",
            "location.href=\"\\/a\"",
        ] {
            let page = script_page(&format!("<script>{code};</script>")).unwrap();
            assert_eq!(page.target.as_deref(), Some("/a"), "{code}");
        }
        let back = script_page("<script>alert('no');history.back();</script>").unwrap();
        assert_eq!((back.alerts, back.target), (vec!["no".to_owned()], None));
        let meta = script_page("<meta http-equiv=Refresh content=\"0; URL='/a'\">").unwrap();
        assert_eq!((meta.target.as_deref(), meta.meta), (Some("/a"), true));
    }

    #[test]
    fn pages_that_show_something_are_no_script_pages() {
        assert_eq!(script_page("<script>function f(){location.href='/a'}</script><p>Hello</p>"), None);
        assert_eq!(script_page("<form><input name=a></form><script>location.replace('/a')</script>"), None);
        assert_eq!(script_page(""), None);
        assert_eq!(script_page(&format!("<script>location='/a'//{}</script>", "x".repeat(20_000))), None);
    }
}
