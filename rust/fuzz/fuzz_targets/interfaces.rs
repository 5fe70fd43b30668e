//! A network configuration, read, checked and written: what was written is read and written the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pve_config::interfaces::{read, validate, write};
use pve_schema::text::Decoder;

fuzz_target!(|text: &[u8]| {
    let config = read(text, &[], &[], Decoder::new()).into_map();
    for finding in validate(&config, Some(text)) {
        assert!(finding.line.is_none_or(|line| line >= 1));
    }
    for ifupdown2 in [false, true] {
        let Ok(first) = write(&config, ifupdown2).text else { continue };
        let again = read(first.as_bytes(), &[], &[], Decoder::new()).into_map();
        let _ = write(&again, ifupdown2);
    }
});
