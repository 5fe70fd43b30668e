//! What was read is written and read again.

use pve_config::lxc::container::{Container, Dialect, Options, parse_container_config};
use pve_config::lxc::{generate_container_config, parse_pct_config, write_pct_config};
use pve_schema::{Environment, PerlStr, PerlString};

use super::record::structure;

fn options(dialect: Dialect) -> Options<'static> {
    let environment = Environment::new(&|zone| zone == b"Europe/Vienna");
    Options { dialect, is_vnet: &|name| name == b"vnet1" || name == b"blue", environment }
}

/// A typed configuration comes back as it was.
pub fn typed(input: &[u8], name: &str) {
    let parsed = parse_container_config(100, input, &options(Dialect::Relaxed))
        .container
        .expect("a configuration");
    let text =
        generate_container_config(&parsed).unwrap_or_else(|error| unreachable!("{name}: {error}"));
    let again = parse_container_config(100, text.as_bytes(), &options(Dialect::Relaxed));
    let (before, after) =
        (normalized(parsed), normalized(again.container.expect("a configuration")));
    if before != after {
        let (before, after) = (format!("{before:#?}"), format!("{after:#?}"));
        let difference = before.lines().zip(after.lines()).find(|(before, after)| before != after);
        unreachable!("{name}: {difference:?}, by way of\n{text}");
    }
    // The reference reads it, without more warnings than there are settings that do not fit.
    let reference = parse_pct_config(
        PerlStr::literal("/lxc/100.conf"),
        text.as_bytes(),
        false,
        &options(Dialect::Strict).environment,
    );
    assert!(reference.config.is_ok(), "{name}");
}

/// Without the digest and the volumes that are in use again.
fn normalized(mut container: Container<'_>) -> Container<'_> {
    container.digest = None;
    let current = &mut container.current;
    let volumes =
        current.mp.values().chain(&current.rootfs).map(|mount_point| mount_point.volume.clone());
    let in_use: Vec<PerlString<'_>> = volumes.collect();
    current.unused.retain(|_, volume| !in_use.contains(volume));
    current
        .other
        .retain(|key, value| !key.0.as_bytes().starts_with(b"unused") || !in_use.contains(value));
    container
}

/// What the reference's functions write is what they write after they have read it.
pub fn reference(input: &[u8], name: &str) {
    let parse = |raw: &[u8]| {
        let parsed =
            parse_pct_config(PerlStr::literal("/lxc/100.conf"), raw, false, &Environment::empty());
        parsed.config.map(|config| structure(&config)).unwrap_or_default()
    };
    let Ok(first) = write_pct_config(&parse(input)).text else { return };
    // Pending changes of which nothing is written are none when they are read.
    let first = first.to_string();
    let first = match first.split_once("\n[pve:pending]\n") {
        Some((before, after)) if after.is_empty() || after.starts_with("\n[") => {
            [before, after].concat()
        }
        _ => first,
    };
    let Ok(second) = write_pct_config(&parse(first.as_bytes())).text else {
        unreachable!("{name}: what was written cannot be written again:\n{first}");
    };
    let second = second.to_string();
    assert!(first == second, "{name}: written\n{first}and then\n{second}");
}
