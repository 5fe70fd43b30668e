//! A line of a description: what is encoded is decoded as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pve_schema::Scalar;
use pve_schema::text::{Decoder, decoded, encode_into};

fuzz_target!(|line: &[u8]| {
    [36, 40].into_iter().for_each(|version| round_trip(line, Decoder::of_perl(version)));
});

fn round_trip(line: &[u8], decoder: Decoder) {
    let mut text = Vec::new();
    decoder.decode_into(line, &mut text);
    let scalar = decoded(text.clone());
    assert!(!matches!(scalar, Scalar::Bytes(_)));
    let mut encoded = Vec::new();
    encode_into(&scalar, &mut encoded);
    assert!(encoded.iter().all(|b| matches!(b, b' '..=b'~') && *b != b':'));
    let mut again = Vec::new();
    decoder.decode_into(&encoded, &mut again);
    assert_eq!(text, again);
}
