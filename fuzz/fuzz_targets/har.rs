//! Any bytes as a HAR file, and as one entry of a good one.
#![no_main]

use std::ops::ControlFlow;

use libfuzzer_sys::fuzz_target;
use namyangju_rent::har::{HarEntry, HarFile, HarPiece, pieces};

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
    // What was read and written again is read as the same.
    if let Ok(file) = HarFile::read(data) {
        let again = HarFile::read(file.to_json().as_bytes()).expect("it was written by the library");
        assert_eq!(again.entries.len(), file.entries.len());
    }
    let inside = [br#"{"log":{"version":"1.2","entries":[{"request":"#, data, b"}]}}"].concat();
    let _ = HarFile::read(inside.as_slice());
});
