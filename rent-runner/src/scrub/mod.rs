//! Takes private things out of a text that is handed to strangers.
//!
//! Two nets. What the store and the settings know (passwords, cookies, names, numbers, notes) is looked for in every way
//! in which a page, an address or a form may write it. What nobody told us is taken out by its shape: telephone
//! numbers, mail addresses, long tokens, names before 님, and what stands behind a label such as 성명. The second net takes
//! more than it must, because a report that says too little can be asked about, and one that says too much cannot be
//! taken back.

pub(crate) mod known;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use namyangju_rent::form_fields::{Charset, FormFields};
use namyangju_rent::nfc;

/// A shorter text that is known to be private is only taken out where it is a word of its own.
const SHORT: usize = 6;

/// From so many digits on, a run of digits is a telephone number or another number of a person.
const MANY_DIGITS: usize = 7;

/// From so many letters and digits on, a word is a token of a session.
const LONG_TOKEN: usize = 16;

/// What stands behind one of these on a page is of a person.
const LABELS: [&str; 17] = [
    "성명",
    "이름",
    "신청인",
    "신청자",
    "예약자",
    "회원명",
    "아이디",
    "연락처",
    "전화",
    "휴대",
    "이메일",
    "메일",
    "주소",
    "단체",
    "클럽",
    "생년",
    "비밀번호",
];

/// The text of a page as it came, whose charset is not known any more; `None` if it is neither UTF-8 nor EUC-KR.
pub(crate) fn text_of_page(body: &[u8]) -> Option<String> {
    match std::str::from_utf8(body) {
        Ok(page) => Some(page.to_owned()),
        Err(_) => Some("euc-kr".parse::<Charset>().ok()?.decode(body).into_owned()),
    }
}

/// Knows what is private, and takes it out.
#[derive(Debug, Default)]
pub(crate) struct Scrubber {
    /// Texts in lower case, the longest first, and what stands in their place.
    known: Vec<(String, String)>,
}

impl Scrubber {
    /// Takes a text out from here on; `label` says what it was.
    pub(crate) fn add(&mut self, private: &str, label: &str) {
        let private = nfc(private.trim());
        let letters = private.chars().filter(|letter| letter.is_alphanumeric()).count();
        // One letter, or a head count, is no secret, and taking it out would leave nothing to read.
        if letters < 2 || (letters < 4 && private.chars().all(|letter| letter.is_ascii_digit())) {
            return;
        }
        for written in ways(&private) {
            let written = written.to_ascii_lowercase();
            if !self.known.iter().any(|(known, _)| *known == written) {
                self.known.push((written, format!("[{label}]")));
            }
        }
        self.known.sort_by_key(|(known, _)| std::cmp::Reverse(known.len()));
    }

    /// The same for a place on this machine, which keeps a short name.
    pub(crate) fn add_place(&mut self, place: &str, shown: &str) {
        if place.len() > 1 {
            self.known.push((place.to_ascii_lowercase(), shown.to_owned()));
            self.known.sort_by_key(|(known, _)| std::cmp::Reverse(known.len()));
        }
    }

    /// A line of ours or of a site without what is private.
    pub(crate) fn text(&self, text: &str) -> String {
        shapes(&self.known_out(&nfc(&without_entities(text))))
    }

    /// A page without what is private: values that a form is filled with go too, and so does what follows a label.
    pub(crate) fn page(&self, page: &str) -> String {
        let page = nfc(&without_entities(page));
        let mut out = String::with_capacity(page.len());
        let (mut rest, mut behind_label) = (page.as_str(), false);
        while !rest.is_empty() {
            let end = if rest.starts_with('<') { tag_end(rest) } else { None };
            let end =
                end.or_else(|| rest.char_indices().skip(1).find(|(_, sign)| *sign == '<').map(|(at, _)| at));
            let (part, after) = end.and_then(|end| rest.split_at_checked(end)).unwrap_or((rest, ""));
            if part.starts_with('<') {
                out.push_str(&self.text(&without_value(part)));
            } else if part.trim().is_empty() {
                out.push_str(part);
            } else {
                match value_behind_label(part).and_then(|at| part.split_at_checked(at)) {
                    Some((label, value)) => {
                        let is_here = value.chars().any(char::is_alphanumeric);
                        out.push_str(&self.text(label));
                        out.push_str(if is_here { " [personal]" } else { value });
                        behind_label = !is_here;
                    }
                    None if std::mem::take(&mut behind_label) => out.push_str("[personal]"),
                    None => out.push_str(&self.text(part)),
                }
            }
            rest = after;
        }
        // What is spread over tags and attributes is found in the whole.
        self.known_out(&out)
    }

    /// Everything at once, so that what stands in the place of one is not taken for another.
    fn known_out(&self, text: &str) -> String {
        // Lower case of ASCII letters keeps every place where it is.
        let lower = text.to_ascii_lowercase();
        let mut found: Vec<(usize, usize, &str)> = Vec::new();
        for (known, shown) in &self.known {
            for (start, part) in lower.match_indices(known.as_str()) {
                let end = start + part.len();
                let is_free = found.iter().all(|(from, to, _)| end <= *from || start >= *to);
                if is_free && is_word(&lower, known, start, end) {
                    found.push((start, end, shown));
                }
            }
        }
        found.sort_unstable();
        let (mut out, mut at) = (String::with_capacity(text.len()), 0);
        for (start, end, shown) in found {
            out.push_str(text.get(at..start).unwrap_or_default());
            out.push_str(shown);
            at = end;
        }
        out.push_str(text.get(at..).unwrap_or_default());
        out
    }
}

/// The letters that a page writes as numbers, but those that have a meaning in a page.
fn without_entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("&#") {
        out.push_str(before);
        let letter = after.split_once(';').and_then(|(number, rest)| {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            Some((char::from_u32(code).filter(|letter| !"<>&\"'".contains(*letter))?, rest))
        });
        match letter {
            Some((letter, after)) => {
                out.push(letter);
                rest = after;
            }
            None => {
                out.push_str("&#");
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// Where a tag ends that a text begins with: at the first `>` that is in no quotes, or else at the first.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, sign) in text.char_indices() {
        match (quote, sign) {
            (None, '"' | '\'') => quote = Some(sign),
            (Some(open), _) if open == sign => quote = None,
            (None, '>') => return Some(at + 1),
            _ => {}
        }
    }
    text.find('>').map(|at| at + 1)
}

/// Where the value begins in a text that begins with a label, or that has one with a colon.
fn value_behind_label(text: &str) -> Option<usize> {
    let begins = text.find(char::is_alphanumeric)?;
    LABELS.iter().find_map(|label| {
        let at = text.find(label)?;
        let end = at + label.len();
        let tail = text.get(end..)?;
        // A label goes on in one word: 연락처번호, 단체명.
        let word = tail.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(tail.len());
        let has_colon = tail.get(word..)?.trim_start().starts_with([':', '：']);
        (at == begins || has_colon).then_some(end + word)
    })
}

/// Whether a short text of ASCII letters stands alone; any other counts wherever it stands.
fn is_word(text: &str, known: &str, start: usize, end: usize) -> bool {
    if known.len() >= SHORT || !known.is_ascii() {
        return true;
    }
    let before = text.get(..start).and_then(|text| text.chars().next_back());
    let after = text.get(end..).and_then(|text| text.chars().next());
    ![before, after].into_iter().flatten().any(|letter| letter.is_ascii_alphanumeric())
}

/// Every way in which a text may be written.
fn ways(text: &str) -> Vec<String> {
    let encoded = |charset: Option<Charset>| {
        let mut fields = FormFields::new();
        fields.push("", text);
        let form = charset.map(|charset| fields.encode(charset)).unwrap_or_default();
        form.strip_prefix('=').unwrap_or(&form).to_owned()
    };
    let (utf8, euc_kr) = (encoded("utf-8".parse().ok()), encoded("euc-kr".parse().ok()));
    let percent = |bytes: &[u8]| bytes.iter().map(|byte| format!("%{byte:02x}")).collect::<String>();
    let euc_kr_bytes = "euc-kr".parse::<Charset>().map(|charset| charset.encode(text).into_owned());
    let euc_kr_bytes = euc_kr_bytes.unwrap_or_default();
    let escape = |letter: char| match letter.is_ascii() {
        true => letter.to_string(),
        false => format!("\\u{:04x}", u32::from(letter)),
    };
    let mut ways = vec![
        text.to_owned(),
        text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;"),
        text.replace('"', "\\\""),
        utf8.replace('+', "%20"),
        utf8.clone(),
        euc_kr.replace('+', "%20"),
        euc_kr.clone(),
        percent(text.as_bytes()),
        percent(&euc_kr_bytes),
        // Escaped twice, as an address within an address.
        utf8.replace('%', "%25"),
        euc_kr.replace('%', "%25"),
        text.chars().map(escape).collect(),
        BASE64.encode(text),
        BASE64.encode(&euc_kr_bytes),
    ];
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let is_number = text.chars().all(|letter| letter.is_ascii_digit() || "-. +()".contains(letter));
    if is_number && digits.len() >= MANY_DIGITS {
        ways.push(digits);
    }
    ways.retain(|way| way.len() > 1);
    ways
}

/// A tag without the value that a field is filled with.
fn without_value(tag: &str) -> String {
    let lower = tag.to_ascii_lowercase();
    if !lower.starts_with("<input") {
        return tag.to_owned();
    }
    let value = lower.match_indices("value").find_map(|(at, word)| {
        let rest = lower.get(at + word.len()..)?;
        let equals = rest.find(|letter: char| !letter.is_ascii_whitespace())?;
        rest.get(equals..)?.starts_with('=').then_some(at + word.len() + equals + 1)
    });
    let Some((before, after)) = value.and_then(|at| tag.split_at_checked(at)) else { return tag.to_owned() };
    let after = after.trim_start();
    let rest = match after.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            after.get(1..).and_then(|text| text.split_once(quote)).map(|(_, rest)| rest)
        }
        _ => after
            .find(|letter: char| letter.is_whitespace() || letter == '>')
            .and_then(|end| after.get(end..)),
    };
    format!("{before}\"[value]\"{}", rest.unwrap_or(">"))
}

/// Takes out what has the shape of something private, word by word.
fn shapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let previous = out.chars().next_back();
        let word_end = rest.find(|letter: char| !is_of_word(letter)).unwrap_or(rest.len());
        let digits_end = run_of_digits(rest, previous);
        if let Some((address, after)) = address(rest) {
            out.push_str(&address);
            rest = after;
        } else if let Some(end) = digits_end {
            out.push_str("[number]");
            rest = rest.get(end..).unwrap_or_default();
        } else if word_end > 0 {
            let (word, after) = rest.split_at_checked(word_end).unwrap_or((rest, ""));
            let (word, after) = match mail(word, after) {
                Some(after) => ("[mail]".to_owned(), after),
                None => (of_word(word, after), after),
            };
            out.push_str(&word);
            rest = after;
        } else {
            out.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    out
}

fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || "_*○●◯".contains(letter)
}

/// A word, or what stands in its place.
fn of_word(word: &str, after: &str) -> String {
    let is_hangul = |letter: char| ('가'..='힣').contains(&letter);
    let masked = word.chars().any(|letter| "*○●◯".contains(letter)) && word.chars().any(is_hangul);
    if masked {
        return "[name]".to_owned();
    }
    for title in ["님", "씨", "귀하"] {
        let name = word
            .split_once(title)
            .map(|(name, _)| name)
            .filter(|name| (2..=5).contains(&name.chars().count()));
        let stands_before = after.trim_start().starts_with(title) && (2..=5).contains(&word.chars().count());
        if stands_before && word.chars().all(is_hangul) {
            return "[name]".to_owned();
        }
        if let Some(name) = name.filter(|name| name.chars().all(is_hangul)) {
            return format!("[name]{}", word.strip_prefix(name).unwrap_or_default());
        }
    }
    let token = word.len() >= LONG_TOKEN
        && word.is_ascii()
        && word.bytes().any(|byte| byte.is_ascii_digit())
        && word.bytes().any(|byte| byte.is_ascii_alphabetic());
    if token { "[token]".to_owned() } else { word.to_owned() }
}

/// What follows a mail address that begins with this word.
fn mail<'t>(word: &str, after: &'t str) -> Option<&'t str> {
    let of_name = |letter: char| letter.is_ascii_alphanumeric() || "._+-%".contains(letter);
    if !word.is_ascii() {
        return None;
    }
    let at = after.find(|letter: char| !of_name(letter))?;
    let host = after.get(at..)?.strip_prefix('@')?;
    let end = host.find(|letter: char| !of_name(letter)).unwrap_or(host.len());
    host.get(..end)?.contains('.').then(|| host.get(end..).unwrap_or_default())
}

/// Where a telephone number, or another long number, ends that a text begins with. Dates and times are none.
fn run_of_digits(text: &str, previous: Option<char>) -> Option<usize> {
    if !text.starts_with(|letter: char| letter.is_ascii_digit())
        || previous.is_some_and(|letter| letter.is_ascii_alphanumeric() || ":.".contains(letter))
    {
        return None;
    }
    let (mut groups, mut end) = (vec![0_usize], 0);
    for (at, letter) in text.char_indices() {
        match letter {
            '0'..='9' => {
                if let Some(last) = groups.last_mut() {
                    *last += 1;
                }
                end = at + 1;
            }
            '-' | '.' | ' ' | ')' if end == at && groups.len() < 4 => groups.push(0),
            _ => break,
        }
    }
    groups.retain(|group| *group > 0);
    let is_date = matches!(groups.get(..3), Some([4, 1..=2, 1..=2])) && text.starts_with("20");
    let is_clock = text.get(end..).is_some_and(|rest| rest.starts_with(':'));
    let is_long = groups.first().is_some_and(|group| *group >= MANY_DIGITS);
    let is_phone = text.starts_with('0') && groups.iter().sum::<usize>() >= 8;
    (!is_date && (is_long || is_phone && !is_clock)).then_some(end)
}

/// An address of the network without what leads to a person: its query, its login, and the host unless it is known.
fn address(text: &str) -> Option<(String, &str)> {
    let scheme = ["https://", "http://", "postgres://", "socks5://"]
        .into_iter()
        .find(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))?;
    let end =
        text.find(|letter: char| letter.is_whitespace() || "\"'<>)]}".contains(letter)).unwrap_or(text.len());
    let (address, after) = text.split_at_checked(end)?;
    let rest = address.get(scheme.len()..)?;
    let (rest, query) = rest.split_once(['?', '#']).map_or((rest, ""), |(rest, _)| (rest, "?[query]"));
    let (host, path) =
        rest.split_once('/').map_or((rest, String::new()), |(host, path)| (host, format!("/{path}")));
    let is_public = host.ends_with(".go.kr") || host.ends_with(".or.kr");
    let host = match host.rsplit_once('@') {
        None if is_public || host.starts_with("127.0.0.1") || host.starts_with("localhost") => host,
        _ => "[host]",
    };
    let path: Vec<String> = path.split('/').map(|part| of_word(part, "")).collect();
    Some((format!("{scheme}{host}{}{query}", path.join("/")), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrubber() -> Scrubber {
        let mut scrubber = Scrubber::default();
        for (private, label) in [
            ("홍길동", "name"),
            ("invented-1", "password"),
            ("010-9876-5432", "phone"),
            ("me", "account"),
            ("가나다 클럽", "club"),
            ("a1b2", "cookie"),
        ] {
            scrubber.add(private, label);
        }
        scrubber
    }

    #[test]
    fn what_is_known_is_found_however_it_is_written() {
        let scrubber = scrubber();
        for private in ["홍길동", "가나다 클럽", "invented-1", "010-9876-5432"] {
            for written in ways(private) {
                for text in [written.clone(), written.to_ascii_uppercase(), format!("x=1&name={written}&y=2")]
                {
                    let left = scrubber.known_out(&text);
                    assert!(left.contains('[') && !left.contains(&written), "{private}: {text} gives {left}");
                }
            }
        }
        assert_eq!(scrubber.text("for me, not for meters"), "for [account], not for meters");
        assert_eq!(scrubber.text("name%3D%C8%AB%B1%E6%B5%BF"), "name%3D[name]");
    }

    #[test]
    fn what_is_not_known_is_found_by_its_shape() {
        let scrubber = Scrubber::default();
        for (text, left) in [
            ("김철수님 환영합니다", "[name]님 환영합니다"),
            ("김철수 님", "[name] 님"),
            ("김*수 예약완료", "[name] 예약완료"),
            ("전화 010-1234-5678 로", "전화 [number] 로"),
            ("tel 02-123-4567", "tel [number]"),
            ("01012345678", "[number]"),
            ("mail a.person@example.com now", "mail [mail] now"),
            ("JSESSIONID=9f8a7b6c5d4e3f2a1b0c", "JSESSIONID=[token]"),
            ("http://a.person.example/x?login=1", "http://[host]/x?[query]"),
            ("https://rent.nyj.go.kr/rent/1234567890123456", "https://rent.nyj.go.kr/rent/1234567890123456"),
            ("postgres://u:p@db.example/rent", "postgres://[host]/rent"),
        ] {
            assert_eq!(scrubber.text(text), left);
        }
        let kept =
            "2026-11-26 10:00:00.042123 (Asia/Seoul) NYJ06/07/103 06:00-08:00 attempt 2, 350.7 ms, 409 bytes";
        assert_eq!(scrubber.text(kept), kept);
    }

    #[test]
    fn a_page_keeps_its_form_and_loses_its_people() {
        let page = "<html><!-- 010-1111-2222 --><body onload=\"go('김철수님')\">\
             <table><tr><th>성명</th><td> 이순신 </td></tr><tr><td>연락처: 공일공</td></tr></table>\
             <input type='hidden' name=\"token\" value='a b>c'><INPUT name=x value=plain>\
             <p>가나다 클럽의 예약이 이미 있습니다 &#54861;&#xae38;&#46041; &#48;10-9876-5432</p><a href='/x?id=me'>x</a><";
        let left = scrubber().page(page);
        for private in
            ["1111", "김철수", "이순신", "공일공", "a b", "plain", "가나다", "54861", "홍길동", "9876"]
        {
            assert!(!left.contains(private), "{private}: {left}");
        }
        for kept in ["<th>성명</th>", "name=\"token\"", "예약이 이미 있습니다", "연락처", "<a href='/x?id="]
        {
            assert!(left.contains(kept), "{kept}: {left}");
        }
    }

    #[test]
    fn nothing_breaks_on_odd_text() {
        let scrubber = scrubber();
        for text in [
            "",
            "<",
            "<>",
            "<<>>",
            "<input",
            "<input value",
            "<input value=>",
            "<input value='",
            "님",
            "0",
            "@",
            "http://",
            "성명",
            "%",
            "&#",
        ] {
            let _ = (scrubber.text(text), scrubber.page(text));
        }
    }
}
