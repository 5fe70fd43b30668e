//! The cluster-wide settings that container configurations depend on: datacenter.cfg's `mac_prefix`.

use std::sync::Arc;

use crate::config_cache::ConfigCache;
use crate::config_error::ConfigError;
use crate::paths::Paths;
use crate::read_file::CONFIG_LIMIT;

/// The prefix that the IEEE has assigned to Proxmox, and the reference's default.
const DEFAULT_MAC_PREFIX: &str = "BC:24:11";

const FILE_NAME: &str = "/etc/pve/datacenter.cfg";

/// What datacenter.cfg says about MAC addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MacPrefix {
    /// Start of every generated MAC address, as written in the file.
    pub prefix: String,
    /// What the reference warns about when it parses the file: lines that are no settings, and a `mac_prefix` that is
    /// none. Its warnings about other settings are not among them.
    pub warnings: Vec<Vec<u8>>,
}

/// The MAC prefix of the cluster at `paths` (`PVE::Cluster::cfs_read_file('datacenter.cfg')->{mac_prefix}`). The
/// warnings come each time that the file is parsed, not when `cache` remembers it.
///
/// # Errors
/// As [`crate::read_file::read_file`].
pub fn read_mac_prefix(
    paths: &Paths,
    cache: &mut ConfigCache<MacPrefix>,
) -> Result<(Arc<MacPrefix>, bool), ConfigError> {
    let misses = cache.counts().misses;
    let found = cache.get(&paths.datacenter(), CONFIG_LIMIT, |raw| {
        Ok::<_, ConfigError>(parse_mac_prefix(raw))
    })?;
    let parsed_now = cache.counts().misses != misses;
    Ok((found.unwrap_or_else(|| Arc::new(parse_mac_prefix(b""))), parsed_now))
}

/// Finds `mac_prefix` in the text of datacenter.cfg (`PVE::DataCenterConfig::parse_datacenter_config`): the last one
/// counts, and the default takes the place of one that is missing or no prefix.
#[must_use]
pub fn parse_mac_prefix(raw: &[u8]) -> MacPrefix {
    let mut warnings = Vec::new();
    let mut value = None;
    let lines = raw.split(|byte| *byte == b'\n').map(trim);
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with(b"#")) {
        match split_setting(line) {
            Some((b"mac_prefix", found)) => value = Some(found),
            Some(_) => {}
            None => warnings.push([b"ignore config line: ", line, b"\n"].concat()),
        }
    }
    let prefix = match value {
        None => DEFAULT_MAC_PREFIX.to_owned(),
        Some(value) => match std::str::from_utf8(value) {
            Ok(value) if is_mac_prefix(value) => value.to_owned(),
            _ => {
                warnings.push(
                    format!(
                        "parse error in '{FILE_NAME}' - 'mac_prefix': invalid format - value is not a valid unicast MAC \
                         address prefix\n\n"
                    )
                    .into_bytes(),
                );
                DEFAULT_MAC_PREFIX.to_owned()
            }
        },
    };
    MacPrefix { prefix, warnings }
}

/// `KEY: VALUE` with a key of at least one character, none of them white space, up to the first colon after that one.
fn split_setting(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = 1 + line.get(1..)?.iter().position(|byte| *byte == b':')?;
    let (key, value) = (&line[..colon], &line[colon + 1..]);
    (!key.iter().any(|byte| is_space(*byte))).then(|| (key, trim(value)))
}

/// One to three bytes of a unicast address in hexadecimal with colons, and perhaps a colon and one more digit
/// (`PVE::DataCenterConfig::pve_verify_mac_prefix`).
fn is_mac_prefix(value: &str) -> bool {
    let mut parts = value.split(':').peekable();
    let mut bytes = 0;
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        let digits = part.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !digits {
            return false;
        }
        match part.len() {
            2 if bytes < 3 => bytes += 1,
            0 | 1 => return is_last && bytes > 0 && is_unicast(value),
            _ => return false,
        }
    }
    is_unicast(value)
}

fn is_unicast(value: &str) -> bool {
    let digit = value.chars().nth(1).and_then(|digit| digit.to_digit(16));
    digit.is_some_and(|digit| digit % 2 == 0)
}

fn trim(mut text: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = text {
        if !is_space(*first) {
            break;
        }
        text = rest;
    }
    while let [rest @ .., last] = text {
        if !is_space(*last) {
            break;
        }
        text = rest;
    }
    text
}

/// Perl's `\s` for bytes.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_checked_as_the_reference_does() {
        for good in ["02", "bc:24:11", "02:", "02:00:0", "02:00:00:", "02:00:00:f", "AA:bb"] {
            assert!(is_mac_prefix(good), "{good}");
        }
        for bad in [
            "",
            "0",
            "03",
            "0:",
            "02:0:",
            "02::",
            "02:00:00:00",
            "02:00:00:0:",
            "02:gg",
            "02 ",
            ":02",
            "é2",
        ] {
            assert!(!is_mac_prefix(bad), "{bad}");
        }
    }

    #[test]
    fn the_file_is_read_as_the_reference_does() {
        const INVALID: &str = "parse error in '/etc/pve/datacenter.cfg' - 'mac_prefix': invalid format - value is not a \
                               valid unicast MAC address prefix\n\n";
        let default = DEFAULT_MAC_PREFIX;
        // Text, what the reference takes for the prefix, and what it warns about.
        let cases: [(&str, &str, &[&str]); 14] = [
            ("", default, &[]),
            ("mac_prefix: 02:aa\n", "02:aa", &[]),
            ("mac_prefix:02:AA\n\n", "02:AA", &[]),
            ("mac_prefix:\n", default, &[INVALID]),
            ("mac_prefix: 03:00:00\n", default, &[INVALID]),
            ("  mac_prefix:   02:bb  \r\n", "02:bb", &[]),
            ("mac_prefix: 02:01\nmac_prefix: 02:02\n", "02:02", &[]),
            (" # mac_prefix: 02:01\n", default, &[]),
            ("mac_prefix 02:01\n", default, &["ignore config line: mac_prefix 02:01\n"]),
            ("mac_prefix: 02:00\x0bx\n", default, &[INVALID]),
            ("\x0b\x0cmac_prefix: 02:00\n", "02:00", &[]),
            ("mac_prefix\t: 02:00", default, &["ignore config line: mac_prefix\t: 02:00\n"]),
            ("mac_prefix: 02:00 # x", default, &[INVALID]),
            ("mac_prefix:: 02:00\n", default, &[INVALID]),
        ];
        for (raw, prefix, warnings) in cases {
            let parsed = parse_mac_prefix(raw.as_bytes());
            assert_eq!(parsed.prefix, prefix, "{raw:?}");
            let wanted: Vec<&[u8]> = warnings.iter().map(|warning| warning.as_bytes()).collect();
            assert_eq!(parsed.warnings, wanted, "{raw:?}");
        }
    }
}
