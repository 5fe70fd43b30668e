//! A file of the journal of events.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pve_events::record::{Found, find, put};
use pve_types::Envelope;

const LAST: &[u8] = br#"{"version":1,"last":true}"#;

fn records(file: &[u8]) -> Vec<&[u8]> {
    let (mut at, mut records) = (0, Vec::new());
    loop {
        match find(file, at) {
            Found::Record { json, end } => {
                assert!(end > at);
                records.push(json);
                at = end;
            }
            Found::Damage { end } => {
                assert!(end > at);
                at = end;
            }
            Found::Rest => return records,
        }
    }
}

fuzz_target!(|raw: &[u8]| {
    for json in records(raw) {
        let _ = serde_json::from_slice::<Envelope>(json);
    }
    // As the JSON of a record: what is read can be written, and is the same then.
    if let Ok(event) = serde_json::from_slice::<Envelope>(raw) {
        let json = serde_json::to_vec(&event).expect("what was read can be written");
        let again: Envelope = serde_json::from_slice(&json).expect("what was written can be read");
        assert_eq!(again, event);
    }
    // Damage of any kind costs none of the records after it.
    let mut file = raw.to_vec();
    put(&mut file, LAST);
    assert_eq!(records(&file).last(), Some(&LAST));
    let mut file = Vec::new();
    put(&mut file, LAST);
    file.extend_from_slice(raw);
    assert_eq!(records(&file).first(), Some(&LAST));
});
