//! Form bodies: what was encoded comes back, and nothing is too odd to decode.
#![no_main]

use libfuzzer_sys::fuzz_target;
use namyangju_rent::form_fields::{Charset, FormFields};

/// The text as a browser sends it and the set can hold it: the one loss that encoding may have.
fn as_sent(text: &str, charset: Charset) -> String {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n");
    charset.decode(&charset.encode(&lines)).into_owned()
}

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    for charset in [Charset::EUC_KR, Charset::UTF_8] {
        let decoded = FormFields::decode(&text, charset);
        let _ = (decoded.lacking(charset), format!("{decoded:?}"));
        let plain = text.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        for fields in [decoded.clone(), plain.collect()] {
            let body = fields.encode(charset);
            assert!(body.bytes().all(|b| b.is_ascii_alphanumeric() || b"*-._%+=&".contains(&b)));
            let expected: FormFields = fields
                .iter()
                .map(|(name, value)| (as_sent(name, charset), as_sent(value, charset)))
                .collect();
            let back = FormFields::decode(&body, charset);
            // A field without name and value is written as `=`, and so comes back.
            assert!(back == expected, "{:?}", body);
        }
    }
});
