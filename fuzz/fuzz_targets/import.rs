//! Any bytes are imported or refused: no panic, no hang, never a runbook that is read back differently.
#![no_main]

use holdpoint::domain::import::{Options, import};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(refused) = import(bytes, "fuzz.md", Options::default()) {
        assert!(!refused.to_string().contains("read back"), "{refused}");
    }
});
