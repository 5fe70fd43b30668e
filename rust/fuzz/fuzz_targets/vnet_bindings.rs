//! The file of a node's VNet bindings.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pve_container::vnet_binding::binding::{from_text, to_text};

fuzz_target!(|raw: &[u8]| {
    let Ok(bindings) = from_text(raw) else { return };
    let text = to_text(&bindings).expect("what was read can be written");
    let again = from_text(text.as_bytes()).expect("what was written can be read");
    assert_eq!(to_text(&again).expect("again"), text);
    assert_eq!(again.len(), bindings.len());
});
