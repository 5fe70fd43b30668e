//! The value of a key, as bytes and as characters: what is printed is read as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pve_config::lxc;
use pve_schema::{Map, PerlStr, PerlString, Value};

fuzz_target!(|data: (u8, &[u8])| {
    let (choice, value) = data;
    let text = String::from_utf8_lossy(value);
    for value in [PerlStr::Bytes(value), PerlStr::Text(&text)] {
        let key = PerlStr::literal(["rootfs", "mp0", "unused0"][usize::from(choice % 3)]);
        match choice % 6 {
            0..=2 => {
                if let Ok(volume) = lxc::parse_volume(key, value) {
                    let text = lxc::print_volume(key, &mut volume.clone());
                    same(volume, text, value, |text| {
                        lxc::parse_volume(key, text).map(Map::into_owned).ok()
                    });
                }
            }
            3 => {
                let address = || PerlString::literal("BC:24:11:00:00:01");
                if let Ok(network) = lxc::parse_lxc_network(value, address) {
                    if !network.is_empty() {
                        let text = lxc::print_lxc_network(&mut network.clone());
                        same(network, text, value, |text| {
                            lxc::parse_lxc_network(text, || PerlString::literal(""))
                                .map(Map::into_owned)
                                .ok()
                        });
                    }
                }
            }
            4 => {
                if let Ok(device) = lxc::parse_device(value) {
                    let text = lxc::print_device(&mut device.clone());
                    same(device, text, value, |text| {
                        lxc::parse_device(text).map(Map::into_owned).ok()
                    });
                }
            }
            _ => drop(lxc::parse_features(value)),
        }
    }
});

/// Some values cannot be printed so that they come back: the reference prints the first one without its key, and an
/// empty string is nothing; and a newline at the end of a part is lost.
fn same(
    map: Map<'_>,
    text: Result<PerlString<'static>, pve_schema::Error>,
    value: PerlStr<'_>,
    parse: impl Fn(PerlStr<'_>) -> Option<Map<'static>>,
) {
    let Ok(text) = text else { return };
    let odd = value.as_bytes().windows(7).any(|w| w == b"volume=")
        || value.as_bytes().windows(5).any(|w| w == b"path=")
        || value.as_bytes().contains(&b'\n');
    if odd || text.as_perl().is_empty() {
        return;
    }
    let again = parse(text.as_perl()).expect("what was printed can be read");
    assert_eq!(map.len(), again.len());
    for (key, value) in map.iter() {
        let (_, other) = again.iter().find(|(k, _)| *k == key).expect("the same keys");
        // A number of bytes that a double holds is not exact.
        assert!(equal(value, other) || key.as_bytes() == b"size", "{key}: {value:?}, {other:?}");
    }
}

/// Whether two values are the same, a byte being the character of the same number.
fn equal(a: &Value<'_>, b: &Value<'_>) -> bool {
    match (a, b) {
        (Value::Scalar(a), Value::Scalar(b)) => a.to_perl() == b.to_perl(),
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        _ => false,
    }
}
