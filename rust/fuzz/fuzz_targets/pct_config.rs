//! A configuration file, read and written as the reference does.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pve_config::lxc::{Config, Section, parse_pct_config, write_pct_config};
use pve_schema::{Environment, Map, PerlStr, PerlString, Scalar, Value};

const FILENAME: PerlStr<'static> = PerlStr::literal("/etc/pve/lxc/100.conf");

fuzz_target!(|raw: &[u8]| {
    let environment = Environment::new(&|zone| zone == b"Europe/Vienna");
    let strict = parse_pct_config(FILENAME, raw, true, &environment);
    let parsed = parse_pct_config(FILENAME, raw, false, &environment);
    // Reading strictly succeeds where there is nothing to warn of, but for keys of old, which are no error.
    assert!(strict.config.is_ok() || parsed.config.is_err() || !parsed.warnings.is_empty());
    let Ok(config) = parsed.config else { return };
    let Ok(first) = write_pct_config(&structure(&config)).text else { return };
    let again = parse_pct_config(FILENAME, first.as_bytes(), false, &environment);
    let again = again.config.expect("what was written can be read");
    let second = write_pct_config(&structure(&again)).text.expect("what was read can be written");
    // Pending changes of which nothing is written are none when they are read.
    assert!(second.as_bytes().len() <= first.as_bytes().len());
});

fn structure<'a>(config: &Config<'a>) -> Map<'a> {
    let mut map = section(config.current());
    let mut snapshots = Map::new();
    for (name, snapshot) in config.snapshots() {
        snapshots.push(PerlStr::Bytes(name), section(snapshot));
    }
    map.insert(PerlString::literal("snapshots"), snapshots);
    map.insert(PerlString::literal("pending"), section(config.pending()));
    map
}

fn section<'a>(section: Section<'_, 'a>) -> Map<'a> {
    let mut map = Map::new();
    for (key, value) in section.iter() {
        let value: Scalar<'a> = value.clone();
        map.insert(PerlStr::Bytes(key), value);
    }
    let pair = |(key, value): &(&'a [u8], &'a [u8])| {
        Value::List(vec![PerlStr::Bytes(key).into(), PerlStr::Bytes(value).into()])
    };
    if !section.lxc().is_empty() {
        let lines: Vec<Value<'a>> = section.lxc().iter().map(pair).collect();
        map.insert(PerlString::literal("lxc"), lines);
    }
    map
}
