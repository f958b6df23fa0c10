//! The human check of protocol.md 5.4, drawn as the Real Person plugin draws it.
//!
//! It exists so that a client's recognition of it can be tested, and so that a person can pass it in a
//! browser. Nothing in this crate reads the drawing.

use std::fmt::Write as _;

use super::escaped;
use crate::harness::cookie::md5_hex;
use crate::harness::seeded::Seeded;

/// Letters of one challenge, and rows and columns of a letter (protocol.md 5.4, S1).
const LETTERS: usize = 7;
const WIDTH: usize = 7;
const GAP: usize = 2;

/// A five by seven face, one row a byte, A to Z.
const FACE: [[u8; 7]; 26] = [
    [0x0E, 0x11, 0x11, 0x1F, 0x11, 0x11, 0x11],
    [0x1E, 0x11, 0x11, 0x1E, 0x11, 0x11, 0x1E],
    [0x0E, 0x11, 0x10, 0x10, 0x10, 0x11, 0x0E],
    [0x1E, 0x11, 0x11, 0x11, 0x11, 0x11, 0x1E],
    [0x1F, 0x10, 0x10, 0x1E, 0x10, 0x10, 0x1F],
    [0x1F, 0x10, 0x10, 0x1E, 0x10, 0x10, 0x10],
    [0x0E, 0x11, 0x10, 0x17, 0x11, 0x11, 0x0E],
    [0x11, 0x11, 0x11, 0x1F, 0x11, 0x11, 0x11],
    [0x0E, 0x04, 0x04, 0x04, 0x04, 0x04, 0x0E],
    [0x07, 0x02, 0x02, 0x02, 0x02, 0x12, 0x0C],
    [0x11, 0x12, 0x14, 0x18, 0x14, 0x12, 0x11],
    [0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x1F],
    [0x11, 0x1B, 0x15, 0x15, 0x11, 0x11, 0x11],
    [0x11, 0x11, 0x19, 0x15, 0x13, 0x11, 0x11],
    [0x0E, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0E],
    [0x1E, 0x11, 0x11, 0x1E, 0x10, 0x10, 0x10],
    [0x0E, 0x11, 0x11, 0x11, 0x15, 0x12, 0x0D],
    [0x1E, 0x11, 0x11, 0x1E, 0x14, 0x12, 0x11],
    [0x0F, 0x10, 0x10, 0x0E, 0x01, 0x01, 0x1E],
    [0x1F, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04],
    [0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0E],
    [0x11, 0x11, 0x11, 0x11, 0x11, 0x0A, 0x04],
    [0x11, 0x11, 0x11, 0x15, 0x15, 0x1B, 0x11],
    [0x11, 0x11, 0x0A, 0x04, 0x0A, 0x11, 0x11],
    [0x11, 0x11, 0x0A, 0x04, 0x04, 0x04, 0x04],
    [0x1F, 0x01, 0x02, 0x04, 0x08, 0x10, 0x1F],
];

/// One challenge: its letters.
pub(crate) struct Challenge {
    letters: String,
}

impl Challenge {
    pub(crate) fn new(seeded: &mut Seeded) -> Self {
        let letter = |n: u64| char::from(b'A' + u8::try_from(n).unwrap_or_default());
        Self { letters: (0..LETTERS).map(|_| letter(seeded.below(26))).collect() }
    }

    /// The form in which the page holds the letters: it tells nothing without the key.
    pub(crate) fn hash(typed: &str, key: &str) -> String {
        md5_hex(&[typed.trim().to_ascii_uppercase().as_bytes(), b"|real-person|", key.as_bytes()])
    }

    /// The mark-up, as at Seongnam: the drawing stands in the innermost `div`.
    pub(crate) fn html(&self, key: &str) -> String {
        let mut html = String::from(
            "<div class=\"realperson-box\"><div class=\"realperson-challenge\"><div class=\"realperson-text\">",
        );
        for row in 0..7 {
            for (index, letter) in self.letters.bytes().enumerate() {
                let bits = FACE
                    .get(usize::from(letter.saturating_sub(b'A')))
                    .and_then(|face| face.get(row))
                    .copied()
                    .unwrap_or_default();
                for column in 0..WIDTH {
                    let ink = (1..=5).contains(&column) && bits & (0x20 >> column) != 0;
                    html.push_str(if ink { "*" } else { "&nbsp;" });
                }
                if index + 1 < LETTERS {
                    html.push_str(&"&nbsp;".repeat(GAP));
                }
            }
            html.push_str("<br />");
        }
        let _ = write!(
            html,
            "</div><a class=\"realperson-regen\" href=\"\">변경</a></div>\n\
             <input type=\"hidden\" class=\"realperson-hash\" id=\"defaultRealHash\" value=\"{}\" />\n\
             <input type=\"text\" id=\"defaultReal\" class=\"is-realperson\" maxlength=\"7\" autocomplete=\"off\" /> \
             <button type=\"button\" id=\"btn_realperson\" class=\"button\">확인</button></div>\n",
            escaped(&Self::hash(&self.letters, key)),
        );
        html
    }

    #[cfg(test)]
    pub(crate) fn letters(&self) -> &str {
        &self.letters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seven_lines_of_seven_letters() {
        let challenge = Challenge::new(&mut Seeded::new(3));
        assert!(
            challenge.letters().bytes().all(|b| b.is_ascii_uppercase()) && challenge.letters().len() == 7
        );
        let html = challenge.html("key");
        assert!(!html.contains(challenge.letters()));
        let text = html.split("realperson-text\">").nth(1).and_then(|t| t.split("</div>").next()).unwrap();
        let lines: Vec<String> =
            text.split("<br />").map(|l| l.replace("&nbsp;", " ")).filter(|l| !l.is_empty()).collect();
        assert_eq!(lines.len(), 7);
        assert!(lines.iter().all(|line| line.len() == 7 * 7 + 6 * 2));
    }
}
