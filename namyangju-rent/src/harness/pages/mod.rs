//! The pages of the stand-in, as text; the machine turns them into bytes.
//!
//! Where things stand follows protocol.md section 5; style sheet, scripts and furniture are our own.

mod applicant;
mod day;
mod frame;
mod letters;
mod notice;
mod schedule;
mod script;

pub(crate) use applicant::{FormPageParts, applicant_form, time_list};
pub(crate) use day::{DayPageParts, DaySlot, day_page};
pub(crate) use frame::{IMAGE_FILE, IMAGES_PATH, SCRIPT_PATH, STYLE_FILE, STYLE_PATH, View};
pub(crate) use letters::Challenge;
pub(crate) use notice::{
    GUARDED_HEAD, WAITING_PAGE, WAITING_SCRIPT, alert_page, bare, error_page, home_page, login_page,
    message_page, moved_page, receipt_page, taken_page,
};
pub(crate) use schedule::{MonthPageParts, SlotLine, calendar_page, day_list_page};
pub(crate) use script::page_script;

/// The text, safe inside HTML and its attributes.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// The text, safe between single quotes in a script inside a page.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '\n' | '\r' => out.push_str("\\n"),
            '<' => out.push_str("\\x3c"),
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

/// A hidden input with a name, and an id where the name can be one.
pub(crate) fn hidden(name: &str, value: &str) -> String {
    let id = if name.ends_with("[]") { String::new() } else { format!(" id=\"{}\"", escaped(name)) };
    format!("<input type=\"hidden\" name=\"{}\"{id} value=\"{}\" />\n", escaped(name), escaped(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_quotes() {
        assert_eq!(escaped("<a b='\"'>&"), "&lt;a b=&#39;&quot;&#39;&gt;&amp;");
        assert_eq!(quoted("a'</script>\\"), "'a\\'\\x3c/script>\\\\'");
    }
}
