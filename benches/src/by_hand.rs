//! The floor: one booking's exchanges with no more reading than the next request needs, by searching bytes.
//!
//! It knows the stand-in's pages and would break on any other: it says what the exchanges alone cost, not how a
//! client should be written. [`Reader::Parser`] does the same with scraper and encoding_rs, as a careful Rust
//! program without the library would.

use std::fmt::Write as _;
use std::sync::LazyLock;

use encoding_rs::EUC_KR;
use scraper::{ElementRef, Html, Selector};

use crate::Failure;
use crate::plan::{Plan, Task, Texts};

/// What a connection has to be able to do.
pub trait Wire: Send {
    /// One request and its answer; redirects are not followed.
    fn exchange(&mut self, ask: Ask<'_>) -> impl Future<Output = Result<Answer, Failure>> + Send;
}

/// One request.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The path, or the whole address for a redirect.
    pub target: &'a str,
    /// A form's body; without one it is a GET.
    pub body: Option<&'a str>,
    /// What to send as `Cookie`.
    pub cookie: &'a str,
}

/// One answer.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The last `Set-Cookie`, as far as its first semicolon.
    pub cookie: Option<String>,
    /// `Location`.
    pub location: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// How pages are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// By searching for bytes.
    Search,
    /// By a real parser.
    Parser,
}

/// Logs in, opens the day and the form, submits, follows to the receipt, reads the day list back.
///
/// # Errors
/// If an answer is another one than expected.
pub async fn book(wire: &mut impl Wire, plan: &Plan, task: &Task, reader: Reader) -> Result<(), Failure> {
    let mut cookie = String::new();
    let login = format!("process_check=login&memid={}&mempw={}&ret_url=", task.account, task.password);
    let ask = Ask { target: "/rent/member/process", body: Some(&login), cookie: "" };
    let home = follow(wire, ask, &mut cookie).await?;
    if reader == Reader::Parser && !parsed_is_logged_in(&home.body) {
        return Err("login failed".into());
    }
    let day = follow(wire, Ask { target: &task.day_path(), body: None, cookie: "" }, &mut cookie).await?;
    let body = match reader {
        Reader::Search => form_body(&plan.base_url, task, time_no(&day.body, task).ok_or("no such slot")?),
        Reader::Parser => parsed_form_body(&plan.base_url, task, &day.body)?,
    };
    let ask = Ask { target: "/rent/rent/rentinput", body: Some(&body), cookie: "" };
    let form = follow(wire, ask, &mut cookie).await?;
    let body = match reader {
        Reader::Search => submission_body(&form.body, &plan.application).ok_or("no form")?,
        Reader::Parser => parsed_submission_body(&form.body, &plan.application),
    };
    let ask = Ask { target: "/rent/rent/process/rent", body: Some(&body), cookie: "" };
    let landed = follow(wire, ask, &mut cookie).await?.location.ok_or("refused")?;
    let path = landed.strip_prefix(plan.base_url.as_str()).unwrap_or(&landed);
    follow(wire, Ask { target: path, body: None, cookie: "" }, &mut cookie).await?;
    let ask = Ask { target: &task.day_list_path(), body: None, cookie: "" };
    let list = follow(wire, ask, &mut cookie).await?;
    let ours = match reader {
        Reader::Search => is_ours(&list.body, task, &plan.application),
        Reader::Parser => parsed_is_ours(&list.body, task, &plan.application),
    };
    if ours { Ok(()) } else { Err("the day list does not show the booking".into()) }
}

async fn follow(wire: &mut impl Wire, ask: Ask<'_>, cookie: &mut String) -> Result<Answer, Failure> {
    let mut answer = wire.exchange(Ask { cookie, ..ask }).await?;
    if let Some(renewed) = answer.cookie.take() {
        *cookie = renewed;
    }
    if answer.status >= 400 {
        return Err(format!("status {} for {}", answer.status, ask.target).into());
    }
    Ok(answer)
}

/// The number in the row of the task's time.
fn time_no<'p>(page: &'p [u8], task: &Task) -> Option<&'p str> {
    let row = find(page, format!(">{}<", task.shown_time()).as_bytes(), 0)?;
    let before = page.get(..row)?;
    let name = b"name=\"receipt_time[]\" value=\"";
    let at = before.windows(name.len()).rposition(|window| window == name)? + name.len();
    let value = until(before, at, b'"')?;
    // A taken row has no box, and the one found would be that of a row before.
    (find(before, b"<tr>", at).is_none()).then(|| std::str::from_utf8(value).ok())?
}

fn form_body(base: &str, task: &Task, number: &str) -> String {
    let mut parts = task.date.split('-');
    let mut part = || parts.next().unwrap_or_default();
    let (year, month, day) = (part(), part(), part());
    let base = base.replace(':', "%3A").replace('/', "%2F") + "%2Frent";
    format!(
        "category_index=reservation&receipt_date={}&year={year}&month={month}&rev_day={day}&comcd={}&partcd={}&\
         placecd={}&is_list=1&baseURL={base}&baseSSL={base}&select_day={day}&select_group=Y&receipt_time%5B%5D={number}",
        task.compact_date(),
        task.comcd,
        task.partcd,
        task.placecd,
    )
}

/// The form's own controls in the page's order, as a browser would send them. No text is decoded: what stands
/// in the page is sent back byte for byte.
fn submission_body(page: &[u8], texts: &Texts) -> Option<String> {
    let start = find(page, b"<form id=\"reservation_form\"", 0)?;
    let form = page.get(start..find(page, b"</form>", start)?)?;
    let mut body = String::with_capacity(1_500);
    let mut at = 0;
    while let Some(tag) = next_control(form, at) {
        let text = form.get(tag..)?;
        let head = until(text, 0, b'>')?;
        at = tag + head.len();
        let Some(name) = attribute(head, b" name=\"") else { continue };
        let value = if head.starts_with(b"<select") {
            attribute(until(text, find(text, b"<option", 0)?, b'>')?, b" value=\"").unwrap_or_default()
        } else if attribute(head, b" type=\"") == Some(b"checkbox") {
            continue;
        } else {
            attribute(head, b" value=\"").unwrap_or_default()
        };
        pair(&mut body, name, value, texts);
    }
    Some(body)
}

fn next_control(form: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += form.get(at..)?.iter().position(|b| *b == b'<')?;
        let rest = form.get(at..)?;
        if rest.starts_with(b"<input") || rest.starts_with(b"<select") {
            return Some(at);
        }
        at += 1;
    }
}

fn pair(body: &mut String, name: &[u8], value: &[u8], texts: &Texts) {
    if !body.is_empty() {
        body.push('&');
    }
    percent(body, name);
    body.push('=');
    match own_text(name, texts) {
        Some(text) => percent(body, &EUC_KR.encode(text).0),
        None => percent(body, value),
    }
}

fn own_text<'t>(name: &[u8], texts: &'t Texts) -> Option<&'t str> {
    match name {
        b"club_name" => Some(&texts.club_name),
        b"group_count" => Some(&texts.group_count),
        b"playname" => Some(&texts.playname),
        b"reason" => Some(&texts.reason),
        _ => None,
    }
}

fn percent(body: &mut String, bytes: &[u8]) {
    for byte in bytes {
        match byte {
            b' ' => body.push('+'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => {
                body.push(char::from(*byte))
            }
            byte => {
                let _ = write!(body, "%{byte:02X}");
            }
        }
    }
}

/// Whether the day list has the club in the row of the task's date and time.
fn is_ours(page: &[u8], task: &Task, texts: &Texts) -> bool {
    let row = || {
        let date = find(page, format!(">{}(", task.date).as_bytes(), 0)?;
        let time = find(page, format!(">{}<", task.shown_time()).as_bytes(), date)?;
        page.get(time..find(page, b"</tr>", time)?)
    };
    row().is_some_and(|row| find(row, &EUC_KR.encode(&texts.club_name).0, 0).is_some())
}

/// Where `wanted` begins, at `from` or later.
fn find(text: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    let (first, rest) = wanted.split_first()?;
    let mut at = from;
    loop {
        at += text.get(at..)?.iter().position(|byte| byte == first)?;
        if text.get(at + 1..)?.starts_with(rest) {
            return Some(at);
        }
        at += 1;
    }
}

fn until(text: &[u8], from: usize, end: u8) -> Option<&[u8]> {
    let rest = text.get(from..)?;
    rest.get(..rest.iter().position(|byte| *byte == end)?)
}

fn attribute<'t>(tag: &'t [u8], start: &[u8]) -> Option<&'t [u8]> {
    until(tag, find(tag, start, 0)? + start.len(), b'"')
}

fn selector(text: &str) -> Selector {
    // All of them are constants of this file, and used by the first booking already.
    Selector::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

static HEADER: LazyLock<Selector> = LazyLock::new(|| selector("#tnb li"));
static ROWS: LazyLock<Selector> =
    LazyLock::new(|| selector("form#reservation_form table.rent_time_table tbody tr"));
static CELLS: LazyLock<Selector> = LazyLock::new(|| selector("td"));
static BOX: LazyLock<Selector> = LazyLock::new(|| selector("input.select_check"));
static CONTROLS: LazyLock<Selector> =
    LazyLock::new(|| selector("form#reservation_form input[name], form#reservation_form select[name]"));
static OPTIONS: LazyLock<Selector> = LazyLock::new(|| selector("option"));
static LISTED: LazyLock<Selector> = LazyLock::new(|| selector("table.rent_daylist_table_sports tbody tr"));

fn parsed(page: &[u8]) -> Html {
    Html::parse_document(&EUC_KR.decode(page).0)
}

fn text_of(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().trim().to_owned()
}

fn parsed_is_logged_in(page: &[u8]) -> bool {
    parsed(page).select(&HEADER).any(|link| text_of(link) == "로그아웃")
}

fn parsed_form_body(base: &str, task: &Task, page: &[u8]) -> Result<String, Failure> {
    let document = parsed(page);
    let row = document
        .select(&ROWS)
        .find(|row| row.select(&CELLS).nth(2).is_some_and(|cell| text_of(cell) == task.shown_time()))
        .ok_or("no such slot")?;
    let number = row.select(&BOX).next().and_then(|input| input.attr("value")).ok_or("taken")?;
    Ok(form_body(base, task, number))
}

fn parsed_submission_body(page: &[u8], texts: &Texts) -> String {
    let mut body = String::new();
    for control in parsed(page).select(&CONTROLS) {
        let Some(name) = control.attr("name") else { continue };
        let value = match control.value().name() {
            "select" => control.select(&OPTIONS).next().and_then(|option| option.attr("value")),
            _ if matches!(control.attr("type"), Some("checkbox" | "button" | "image")) => continue,
            _ => control.attr("value"),
        };
        pair(&mut body, name.as_bytes(), &EUC_KR.encode(value.unwrap_or_default()).0, texts);
    }
    body
}

fn parsed_is_ours(page: &[u8], task: &Task, texts: &Texts) -> bool {
    let mut date = String::new();
    for row in parsed(page).select(&LISTED) {
        let mut cells: Vec<String> = row.select(&CELLS).map(text_of).collect();
        if cells.len() == 6 {
            date = cells.remove(0);
        }
        if date.starts_with(&task.date) && cells.get(1) == Some(&task.shown_time()) {
            return cells.get(3) == Some(&texts.club_name);
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_controls_of_a_form_are_found_in_order() {
        let page = b"<p><form id=\"reservation_form\" action=\"x\"><input type=\"hidden\" name=\"a[]\" value=\"1;2\" />\
            <select name=\"d\" class=\"c\"><option value=\"0\" title=\"0\">x</option><option value=\"10\">y</option></select>\
            <input type=\"text\" id=\"club_name\" name=\"club_name\" value=\"\" /><input type=\"checkbox\" id=\"agree_1\" /></form>";
        let body = submission_body(page, &Texts::default()).unwrap();
        assert_eq!(body, "a%5B%5D=1%3B2&d=0&club_name=%B0%A1%B3%AA%B4%D9%C5%AC%B7%B4");
        assert_eq!(parsed_submission_body(page, &Texts::default()), body);
    }

    #[test]
    fn a_row_without_a_box_has_no_number() {
        let task = Plan::of(1).unwrap().bookings.remove(0);
        let row =
            |select: &str, time: &str| format!("<tr><td>{select}</td><td>1</td><td>{time}<input></td></tr>");
        let number = "<input name=\"receipt_time[]\" value=\"1833\" />";
        let free = row(number, &task.shown_time());
        assert_eq!(time_no(free.as_bytes(), &task), Some("1833"));
        let taken = row(number, "04:00 ~ 06:00") + &row("", &task.shown_time());
        assert_eq!(time_no(taken.as_bytes(), &task), None);
    }
}
