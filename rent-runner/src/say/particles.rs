//! Korean particles, which depend on the sound before them: 코트를 but 계정을, 1번으로 but 2호로 and 서울로.
//!
//! A message writes `{ EUL($name) }` and gets the word with its particle, or `{ EUL($name, mark: "'") }` where a
//! quotation mark closes the word before it. Digits are read as Korean reads them, Latin
//! letters as they are mostly pronounced; where that cannot be told, both forms are given: 을(를).

use fluent_bundle::{FluentArgs, FluentValue};

use super::Messages;

/// A particle: after a consonant, after a vowel.
#[derive(Clone, Copy, Debug)]
struct Particle {
    consonant: &'static str,
    vowel: &'static str,
    /// ㄹ counts as a vowel: 서울로.
    is_direction: bool,
    both: &'static str,
}

const fn particle(consonant: &'static str, vowel: &'static str, both: &'static str) -> Particle {
    Particle { consonant, vowel, is_direction: false, both }
}

const EUL: Particle = particle("을", "를", "을(를)");
const I: Particle = particle("이", "가", "이(가)");
const EUN: Particle = particle("은", "는", "은(는)");
const GWA: Particle = particle("과", "와", "과(와)");
const IRA: Particle = particle("이라는", "라는", "(이)라는");
const RO: Particle = Particle { is_direction: true, ..particle("으로", "로", "(으)로") };

/// How a word ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FinalSound {
    Vowel,
    Rieul,
    Consonant,
    Unknown,
}

/// Makes the particles known to messages.
pub(super) fn add_to(messages: &mut Messages) {
    // A closure that captured the particle would be a type of its own each time: the names are few.
    let added = [
        messages.add_function("EUL", |words, named| with(EUL, words, named)),
        messages.add_function("I", |words, named| with(I, words, named)),
        messages.add_function("EUN", |words, named| with(EUN, words, named)),
        messages.add_function("GWA", |words, named| with(GWA, words, named)),
        messages.add_function("IRA", |words, named| with(IRA, words, named)),
        messages.add_function("RO", |words, named| with(RO, words, named)),
    ];
    debug_assert!(added.iter().all(Result::is_ok));
}

fn with<'a>(particle: Particle, words: &[FluentValue<'a>], named: &FluentArgs<'_>) -> FluentValue<'a> {
    let word = match words.first() {
        Some(FluentValue::String(text)) => text.to_string(),
        Some(FluentValue::Number(number)) => number.as_string().into_owned(),
        _ => return FluentValue::Error,
    };
    let mark = match named.get("mark") {
        Some(FluentValue::String(mark)) => mark.as_ref(),
        _ => "",
    };
    FluentValue::from(joined(&word, mark, particle))
}

/// The word, the quotation mark that closes it, and its particle.
fn joined(word: &str, mark: &str, particle: Particle) -> String {
    let suffix = match ending(word) {
        FinalSound::Vowel => particle.vowel,
        FinalSound::Rieul if particle.is_direction => particle.vowel,
        FinalSound::Rieul | FinalSound::Consonant => particle.consonant,
        FinalSound::Unknown => particle.both,
    };
    format!("{word}{mark}{suffix}")
}

fn ending(word: &str) -> FinalSound {
    let mut word = word.trim_end_matches(|c: char| c.is_whitespace() || "\"'`”’」』.,*".contains(c));
    // What is in brackets is not read aloud: 테니스장 (NYJ06/07/103)을.
    if word.ends_with(')')
        && let Some((before, _)) = word.rsplit_once('(')
        && !before.trim().is_empty()
    {
        word = before.trim_end();
    }
    let word = word.trim_end_matches([')', ']', '/']);
    let Some(last) = word.chars().next_back() else { return FinalSound::Unknown };
    match last {
        '가'..='힣' => match (u32::from(last) - u32::from('가')) % 28 {
            0 => FinalSound::Vowel,
            8 => FinalSound::Rieul,
            _ => FinalSound::Consonant,
        },
        // 일, 칠, 팔; 이, 사, 오, 구; 영, 삼, 육, and the tens, hundreds and thousands that end with a zero.
        '1' | '7' | '8' => FinalSound::Rieul,
        '2' | '4' | '5' | '9' => FinalSound::Vowel,
        '0' | '3' | '6' => FinalSound::Consonant,
        c if c.is_ascii_alphabetic() => latin(word),
        '%' => FinalSound::Vowel,
        _ => FinalSound::Unknown,
    }
}

/// How a Latin word ends: read letter by letter if it is all upper case, else as a word.
fn latin(word: &str) -> FinalSound {
    let start = word.rfind(|c: char| !c.is_ascii_alphabetic()).map_or(0, |at| at + 1);
    let letters: Vec<char> = word.get(start..).unwrap_or_default().chars().collect();
    let upper = letters.iter().all(char::is_ascii_uppercase);
    match &letters[..] {
        // 엘, 알; 엠, 엔.
        [.., 'L' | 'R'] if upper => FinalSound::Rieul,
        [.., 'M' | 'N'] if upper => FinalSound::Consonant,
        _ if upper => FinalSound::Vowel,
        [.., last] if last.eq_ignore_ascii_case(&'l') => FinalSound::Rieul,
        [.., 'm' | 'n'] | [.., 'n', 'g'] => FinalSound::Consonant,
        // A short vowel and a stop close the syllable (북, 웹, 팩); after another consonant a vowel is added (리스트).
        [.., 'a' | 'e' | 'i' | 'o' | 'u', 'b' | 'c' | 'k' | 'p'] | [.., 'c', 'k'] => FinalSound::Consonant,
        _ => FinalSound::Vowel,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_particle_fits_the_sound_before_it() {
        for (particle, fitting) in [
            (
                EUL,
                "코트를 계정을 서울을 1을 2를 3을 9를 10을 100을 NYJ06을 store를 book을 email을 club을 serve를 list를",
            ),
            (I, "코트가 계정이 사이트가 7이 4가 TLS가 URL이 admin이 webhook이 key가"),
            (EUN, "예약은 접수번호는 6은 5는 demo는 PIN은"),
            (GWA, "회차와 대관과 8과 2와 json과 toml과"),
            (RO, "코트로 계정으로 서울로 1로 2로 3으로 7로 8로 0으로 channel로 URL로 PIN으로"),
        ] {
            for word in fitting.split(' ') {
                let forms = [particle.consonant, particle.vowel];
                let bare =
                    forms.iter().filter_map(|form| word.strip_suffix(form)).min_by_key(|bare| bare.len());
                assert_eq!(joined(bare.unwrap(), "", particle), word);
            }
        }
    }

    #[test]
    fn brackets_and_quotation_marks_are_not_read() {
        assert_eq!(
            joined("체육공원2호 테니스장 (NYJ06/07/103)", "", EUL),
            "체육공원2호 테니스장 (NYJ06/07/103)을"
        );
        assert_eq!(joined("`회원`", "", I), "`회원`이");
        assert_eq!(joined("초보", "`", IRA), "초보`라는");
        assert_eq!(joined("", "", EUL), "을(를)");
        assert_eq!(joined("東京", "", RO), "東京(으)로");
    }
}
