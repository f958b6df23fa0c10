//! Base64 (RFC 4648), as HAR files carry bytes.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The bytes as text, padded.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte));
        let group = group << (8 * (3 - chunk.len()));
        for index in 0..4 {
            let sextet = usize::try_from(group >> (18 - 6 * index) & 63).unwrap_or_default();
            let letter = ALPHABET.get(sextet).filter(|_| index <= chunk.len());
            out.push(letter.map_or('=', |letter| char::from(*letter)));
        }
    }
    out
}

/// The bytes of a text; line breaks and missing padding are no fault.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut group, mut bits) = (0_u32, 0_u32);
    let letters = text.bytes().filter(|b| !b.is_ascii_whitespace());
    let mut padding = 0;
    for letter in letters {
        if letter == b'=' {
            padding += 1;
            continue;
        }
        let sextet = ALPHABET.iter().position(|known| *known == letter).filter(|_| padding == 0)?;
        group = (group << 6 | u32::try_from(sextet).ok()?) & 0xFFFF;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from(group >> bits & 0xFF).ok()?);
        }
    }
    // Six bits left over are half a byte: a letter is missing.
    (padding <= 2 && bits != 6).then_some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_examples_of_the_standard() {
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
        {
            assert_eq!(encode(plain.as_bytes()), coded);
            assert_eq!(decode(coded).as_deref(), Some(plain.as_bytes()));
        }
        assert_eq!(decode("Zm9v\r\nYg").as_deref(), Some(b"foob".as_slice()));
        for wrong in ["Z", "Zg==Zg==", "Z===", "테니스", "Zm9-"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn bytes_come_back(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }
    }
}
