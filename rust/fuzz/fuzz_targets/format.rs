//! A value and its format: bytes and the same ASCII characters are judged alike.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pve_config::lxc::schema::CONTAINER;
use pve_schema::{Environment, PerlStr, Scalar, check_value, parse_boolean, size, startup};

fuzz_target!(|data: (u8, &[u8])| {
    let (choice, value) = data;
    let property = &CONTAINER.properties[usize::from(choice) % CONTAINER.properties.len()];
    let environment = Environment::new(&|zone| zone.len() % 2 == 0);
    let text = String::from_utf8_lossy(value);
    let as_text = check_value(property, Some(&Scalar::Text(text.as_ref().into())), &environment);
    let as_bytes = check_value(property, Some(&Scalar::bytes(value)), &environment);
    if value.is_ascii() {
        assert_eq!(as_text, as_bytes);
    }
    if let Some(number) = size::parse(PerlStr::Bytes(value)) {
        let again = size::parse(PerlStr::Bytes(size::format(number).as_bytes()));
        assert!(again.is_some() || number.as_f64() >= 1e15);
    }
    let _ = startup::parse(PerlStr::Bytes(value));
    let _ = parse_boolean(PerlStr::Text(&text));
});
