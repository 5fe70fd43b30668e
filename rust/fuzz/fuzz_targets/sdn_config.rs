//! A byte that chooses the file of SDN's configuration, and its content: read and written as the reference does.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pve_config::sdn::{File, parse_config, write_config};
use pve_schema::section::Config;
use pve_schema::{Map, PerlStr, PerlString, Scalar, Value};

const FILENAME: PerlStr<'static> = PerlStr::literal("sdn.cfg");

fuzz_target!(|data: (u8, &[u8])| {
    let (choice, raw) = data;
    let file = File::ALL[usize::from(choice) % File::ALL.len()];
    let read = |raw| parse_config(file, FILENAME, raw, false).expect("the tables are in order");
    let write = |config| {
        let written = write_config(file, &structure(config), false);
        written.expect("the tables are in order").text
    };
    let Ok(first) = write(read(raw).config) else { return };
    let again = read(first.as_bytes());
    assert!(again.warnings.is_empty(), "{:?}", again.warnings);
    let second = write(again.config);
    assert_eq!(first, second.expect("what was read can be written"));
});

fn structure(config: Config<'_>) -> Map<'_> {
    let (mut ids, mut order) = (Map::new(), Map::new());
    for section in config.sections {
        if let Some(place) = section.order {
            order.push(section.id.clone(), Scalar::Int(place as i64));
        }
        ids.push(section.id, section.settings.map_or(Value::UNDEF, Value::Map));
    }
    let mut map = Map::new();
    map.push(PerlString::literal("ids"), ids);
    map.push(PerlString::literal("order"), order);
    map
}
