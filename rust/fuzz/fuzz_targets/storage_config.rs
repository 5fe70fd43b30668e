//! storage.cfg, read and written as the reference does.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use pve_config::storage::{Storages, parse_config, write_config};
use pve_schema::section::Config;
use pve_schema::{Map, PerlStr, PerlString, Scalar, Value};

const FILENAME: PerlStr<'static> = PerlStr::literal("storage.cfg");

static STORAGES: LazyLock<Storages> =
    LazyLock::new(|| Storages::new(&[]).expect("the tables are in order"));

/// A path such as `/.` is taken, and what it is shortened to is not. A zero byte makes a list one whose items may have
/// commas, which they cannot when it is written. So it is in the reference.
fn comes_back(raw: &[u8], written: &[u8]) -> bool {
    const ROOT: &[u8] = b"\tpath /\n";
    !raw.contains(&0) && !written.windows(ROOT.len()).any(|line| line == ROOT)
}

fuzz_target!(|raw: &[u8]| {
    let storages = &*STORAGES;
    let parsed = parse_config(storages, FILENAME, raw).config;
    let Ok(first) = write_config(storages, &structure(parsed), false).text else { return };
    let again = parse_config(storages, FILENAME, first.as_bytes());
    if !comes_back(raw, first.as_bytes()) {
        return;
    }
    assert!(again.warnings.is_empty(), "{:?}", again.warnings);
    let second = write_config(storages, &structure(again.config), false).text;
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
