//! Any bytes as a HAR file, and as one entry of a good one.
#![no_main]

use std::ops::ControlFlow;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use namyangju_rent::Site;
use namyangju_rent::capture::{LearnError, check, learn};
use namyangju_rent::har::{HarEntry, HarFile, HarPiece, pieces};

static SITE: LazyLock<Site> = LazyLock::new(|| Site::builtin("namyangju").expect("compiled in"));

fuzz_target!(|data: &[u8]| {
    let mut entries = 0;
    pieces(data, |piece| {
        if let HarPiece::Entry { nth, json, .. } = piece {
            entries += 1;
            assert_eq!(nth, entries);
            let _ = HarEntry::from_json(nth, &json);
        }
        ControlFlow::Continue(())
    });
    // What was read is checked and learnt from without a panic; what was learnt is a dialect.
    if let Ok(file) = HarFile::read(data) {
        let _ = check(&SITE, &file);
        if let Err(error) = learn(&file, None) {
            assert!(!matches!(error, LearnError::Written(_)), "{error}");
        }
    }
    // What was read and written again is read as the same.
    if let Ok(file) = HarFile::read(data) {
        let again = HarFile::read(file.to_json().as_bytes()).expect("it was written by the library");
        assert_eq!(again.entries.len(), file.entries.len());
    }
    let inside = [br#"{"log":{"version":"1.2","entries":[{"request":"#, data, b"}]}}"].concat();
    let _ = HarFile::read(inside.as_slice());
});
