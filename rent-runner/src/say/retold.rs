//! English sentences said again in Korean: those that the store keeps, and those that the library gives.
//!
//! What a runner records (a reason, an alarm) is kept in English, because logs, documents for programs and older
//! versions read it; the library's errors are English for developers, and those of the store, the key, the settings and
//! the channels, because they are logged as well. All are wanted in Korean by the person who reads them later. Their
//! sentences are in `reasons.ftl`, `library.ftl` and `errors.ftl`, so that the English text of a message serves as
//! the pattern that recognises it, and its Korean text as what is said instead. What no pattern fits stays as it is:
//! it is better read in English than not at all.

use std::sync::OnceLock;

use super::{FILES, Language, current, sentence_in};

/// The files whose English sentences are recognised.
const RECOGNISED: [&str; 3] = ["reasons", "library", "errors"];

/// The variables that hold another sentence. What a person has given a name (an account, a court, a path) is never
/// told again, whatever it is called.
const SENTENCES: [&str; 24] = [
    "advice", "answer", "error", "finding", "findings", "held", "kind", "last", "long", "most", "other",
    "problem", "reason", "rest", "source", "state", "status", "step", "store", "there", "told", "wanted",
    "what", "why",
];

/// Sentences within sentences: `login: no connection: …` is three.
const MAX_DEPTH: u8 = 6;

/// A sentence, as far as it is the same each time.
struct Pattern {
    key: &'static str,
    pieces: Vec<Piece>,
    /// How much of it is its own: the more, the surer.
    weight: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    Text(&'static str),
    Variable(&'static str),
}

/// An English sentence in the language in effect.
pub(crate) fn retold(english: &str) -> String {
    match current() {
        Language::English => english.to_owned(),
        language => {
            let told =
                |line: &str| in_other_words(language, line, MAX_DEPTH).unwrap_or_else(|| line.to_owned());
            english.split('\n').map(told).collect::<Vec<_>>().join("\n")
        }
    }
}

fn in_other_words(language: Language, english: &str, depth: u8) -> Option<String> {
    let further = depth.checked_sub(1)?;
    for pattern in patterns() {
        let mut found = Vec::new();
        if fits(&pattern.pieces, english, &mut found) {
            let said = |(name, text): (&'static str, &str)| {
                let words = Some(text).filter(|_| SENTENCES.contains(&name));
                let words = words.and_then(|text| in_other_words(language, text, further));
                (name, words.unwrap_or_else(|| text.to_owned()))
            };
            let arguments: Vec<_> = found.into_iter().map(said).collect();
            return Some(sentence_in(language, pattern.key, &arguments));
        }
    }
    // A chain of causes, or several findings: each by itself.
    [": ", "; "].into_iter().find_map(|between| {
        let (first, rest) = english.split_once(between)?;
        let said = [first, rest].map(|part| in_other_words(language, part, further));
        if said.iter().all(Option::is_none) {
            return None;
        }
        let [one, two] = said;
        Some(format!(
            "{}{between}{}",
            one.unwrap_or_else(|| first.to_owned()),
            two.unwrap_or_else(|| rest.to_owned())
        ))
    })
}

/// Whether a text is this sentence, and what its variables are then. A variable ends where what follows it is found
/// first: if any other end fits, this one does too, so a long text takes no longer than its length.
fn fits<'t>(pieces: &[Piece], mut text: &'t str, found: &mut Vec<(&'static str, &'t str)>) -> bool {
    let mut pieces = pieces.iter().peekable();
    while let Some(piece) = pieces.next() {
        let name = match piece {
            Piece::Text(own) => match text.strip_prefix(own) {
                Some(rest) => {
                    text = rest;
                    continue;
                }
                None => return false,
            },
            Piece::Variable(name) => name,
        };
        let Some(Piece::Text(own)) = pieces.next() else {
            found.push((name, text));
            return !text.is_empty();
        };
        let is_last = pieces.peek().is_none();
        let end = if is_last {
            text.strip_suffix(own).map(str::len)
        } else {
            text.match_indices(own).map(|(at, _)| at).find(|at| *at > 0)
        };
        let Some((value, rest)) = end.filter(|at| *at > 0).and_then(|at| text.split_at_checked(at)) else {
            return false;
        };
        found.push((name, value));
        text = rest.strip_prefix(own).unwrap_or_default();
    }
    text.is_empty()
}

/// The sentences that are recognised, those with the most words of their own first.
fn patterns() -> &'static [Pattern] {
    static PATTERNS: OnceLock<Vec<Pattern>> = OnceLock::new();
    PATTERNS.get_or_init(|| {
        let files = FILES.iter().filter(|(name, ..)| RECOGNISED.contains(name));
        let mut patterns: Vec<Pattern> =
            files.flat_map(|(_, _, english)| english.lines()).filter_map(pattern).collect();
        patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.weight));
        patterns
    })
}

/// The pattern of a line of a message file, `key = a text with { $variables }`; `None` for any other line.
fn pattern(line: &'static str) -> Option<Pattern> {
    let (key, mut text) = line.split_once(" = ").filter(|_| !line.starts_with(['#', ' ']))?;
    let mut pieces = Vec::new();
    while let Some((before, (name, after))) =
        text.split_once("{ $").and_then(|(before, rest)| Some((before, rest.split_once(" }")?)))
    {
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        pieces.push(Piece::Variable(name));
        text = after;
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    let own = |piece: &Piece| match piece {
        Piece::Text(text) => text.len(),
        Piece::Variable(_) => 0,
    };
    let weight = pieces.iter().map(own).sum();
    (weight > 0).then_some(Pattern { key, pieces, weight })
}

#[cfg(test)]
mod tests {
    use super::super::in_language;
    use super::*;

    fn korean(english: &str) -> String {
        in_language(Language::Korean, || retold(english))
    }

    #[test]
    fn a_recorded_reason_is_told_in_korean_with_its_parts() {
        for (english, expected) in [
            (
                "reserved, receipt 48213907; the day list shows it booked",
                "예약되었습니다. 접수번호: 48213907. 목록에도 예약완료로 나옵니다",
            ),
            ("lost: somebody else has the time", "다른 사람이 먼저 예약했습니다"),
            (
                "login: the site did not accept the account or its password",
                "로그인: 아이디나 비밀번호를 받아 주지 않습니다",
            ),
            (
                "refused: submission: the site did not take `hp`: 휴대전화를 확인하세요",
                "사이트가 받아 주지 않았습니다: 신청: `hp` 항목을 받아 주지 않습니다: 휴대전화를 확인하세요",
            ),
            (
                "the site could not be reached: login: the site was not reached: no connection: Connection refused (os error 111)",
                "사이트에 접속할 수 없었습니다: 로그인: 사이트에 닿지 못했습니다: 연결되지 않습니다: 상대가 연결을 거절했습니다 (OS 오류 111)",
            ),
        ] {
            assert_eq!(korean(english), expected);
        }
    }

    #[test]
    fn what_is_not_known_stays_as_it_is_and_english_is_left_alone() {
        for text in ["", "예약 마감", "a sentence of another version", "x: y"] {
            assert_eq!(korean(text), text);
        }
        let english = "lost: somebody else has the time";
        assert_eq!(in_language(Language::English, || retold(english)), english);
    }

    #[test]
    fn a_hostile_text_is_read_in_bounded_time() {
        let long = "login: ".repeat(3_000);
        assert!(korean(&long).starts_with("로그인: "));
    }
}
