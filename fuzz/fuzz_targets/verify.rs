//! Whatever a folder holds, verifying it answers: no panic, and no edited bundle is verified.
//!
//! `cargo +nightly fuzz run verify`, or without nightly and sanitizer `RUSTC_BOOTSTRAP=1 cargo fuzz run -s none verify`.
//! The input spells edits of a golden bundle, so that most reach behind the first look at the bytes.
#![no_main]

#[path = "../../tests/verify/mutants.rs"]
mod mutants;

use std::cell::OnceCell;

use holdpoint::engine::seal::verify::{Mark, Verdict};
use libfuzzer_sys::fuzz_target;
use mutants::Mutants;

thread_local! {
    static BUNDLE: OnceCell<Mutants> = const { OnceCell::new() };
}

fuzz_target!(|bytes: &[u8]| {
    let report = BUNDLE.with(|bundle| {
        let scratch = std::env::temp_dir().join(format!("holdpoint-fuzz-{}", std::process::id()));
        bundle.get_or_init(|| Mutants::new(&scratch)).verified_as(bytes)
    });
    if let Some(report) = report {
        let undone = report.lines.iter().any(|l| l.name == "bytes" && l.mark == Mark::Warn);
        assert!(report.verdict != Verdict::Verified || undone, "{}", report.text());
    }
});
