//! The parser that the target is called after.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| assert!(copybench::parsers::attempt(env!("CARGO_BIN_NAME"), data)));
