//! Texts that a person types and the site receives.

use icu_normalizer::ComposingNormalizerBorrowed;
use serde::{Deserialize, Deserializer};

/// The text in Unicode's composed form (NFC).
///
/// macOS writes file names, and what is pasted from them, as letters of a syllable (`ᄀ` `ᅡ`). EUC-KR has only whole
/// syllables, so the site would receive `&#4352;&#4449;`. The composed form (`가`) means the same text, and is what a
/// Korean keyboard types.
///
/// ```
/// assert_eq!(namyangju_rent::nfc("\u{1100}\u{1161}나"), "가나");
/// ```
pub fn nfc(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc().normalize(text).into_owned()
}

/// Reads a text in composed form.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    String::deserialize(deserializer).map(|text| nfc(&text))
}

/// Reads a text that may be absent, in composed form.
pub(crate) fn deserialize_option<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(|text| nfc(&text)))
}
