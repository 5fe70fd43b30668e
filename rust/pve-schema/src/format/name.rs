//! Names: of hosts, guests' tags, configurations, storages, bridges, time zones, certificates.

use super::{Rule, is_interface_name, verdict, verdict_about};
use crate::class::{self, anchored, fold_to_ascii};
use crate::{Environment, PerlStr, PerlString};

/// `dns-name`: labels of letters, digits and inner hyphens between dots.
pub static DNS_NAME: Rule = Rule {
    name: "dns-name",
    check: |value, _| {
        verdict(anchored(value, is_dns_name), "value does not look like a valid DNS name\n")
    },
};

/// `pve-configid`: a letter, then letters, digits, `_` and `-`; two characters at least.
pub static CONFIG_ID: Rule = Rule {
    name: "pve-configid",
    check: |value, _| {
        verdict_about(anchored(value, is_config_id), "invalid configuration ID '", value, "'\n")
    },
};

/// `pve-storage-id`: two characters at least, a letter first, a letter or digit last, `-`, `_` and `.` between.
pub static STORAGE_ID: Rule = Rule {
    name: "pve-storage-id",
    check: |value, _| {
        if value.char_len() < 2 {
            return verdict_about(
                false,
                "storage ID '",
                value,
                "' cannot be shorter than 2 characters\n",
            );
        }
        let fine = anchored(value, |value| is_storage_id(&fold_to_ascii(value)));
        verdict_about(fine, "storage ID '", value, "' contains illegal characters\n")
    },
};

/// `pve-node`: the name of a node, letters, digits and inner hyphens.
pub static NODE_NAME: Rule = Rule {
    name: "pve-node",
    check: |value, _| {
        let fine = anchored(value, |value| is_label(value.as_bytes()));
        verdict(fine, "value does not look like a valid node name\n")
    },
};

/// `pve-bridge-id`: word characters, `-`, `_` and `.`.
pub static BRIDGE_ID: Rule = Rule {
    name: "pve-bridge-id",
    check: |value, _| {
        verdict_about(anchored(value, class::is_name), "invalid bridge ID '", value, "'\n")
    },
};

/// `pve-iface`: the name of an interface of the host.
pub static INTERFACE: Rule = Rule {
    name: "pve-iface",
    check: |value, _| {
        verdict_about(is_interface_name(value), "invalid network interface name '", value, "'\n")
    },
};

/// `pve-tag`: a letter, digit or `_`, then also `-`, `+` and `.`.
pub static TAG: Rule = Rule {
    name: "pve-tag",
    check: |value, _| verdict(anchored(value, is_tag), "invalid characters in tag\n"),
};

/// `timezone`: `UTC`, or a zone that the host knows.
pub static TIME_ZONE: Rule = Rule { name: "timezone", check: check_time_zone };

/// The check of [`TIME_ZONE`].
pub fn check_time_zone(
    value: PerlStr<'_>,
    environment: &Environment<'_>,
) -> Result<(), PerlString<'static>> {
    let name = value.as_bytes();
    verdict_about(
        name == b"UTC" || environment.has_time_zone(name),
        "invalid time zone '",
        value,
        "'\n",
    )
}

/// Whether it is the SHA-256 fingerprint of a certificate (`fingerprint-sha256`): 32 bytes in hexadecimal digits, between colons.
pub fn is_fingerprint(value: PerlStr<'_>) -> bool {
    let bytes = value.as_bytes();
    bytes.len() == 95
        && bytes
            .iter()
            .enumerate()
            .all(|(i, b)| if i % 3 == 2 { *b == b':' } else { b.is_ascii_hexdigit() })
}

fn is_dns_name(value: PerlStr<'_>) -> bool {
    value.split(b'.').all(|label| is_label(label.as_bytes()))
}

fn is_label(label: &[u8]) -> bool {
    match label {
        [] => false,
        [only] => only.is_ascii_alphanumeric(),
        [first, inner @ .., last] => {
            first.is_ascii_alphanumeric()
                && last.is_ascii_alphanumeric()
                && inner.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
        }
    }
}

fn is_config_id(value: PerlStr<'_>) -> bool {
    let value = fold_to_ascii(value);
    value.len() >= 2
        && value[0].is_ascii_alphabetic()
        && value.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

pub(super) fn is_storage_id(folded: &[u8]) -> bool {
    match folded {
        [first, inner @ .., last] => {
            first.is_ascii_alphabetic()
                && last.is_ascii_alphanumeric()
                && inner
                    .iter()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        }
        _ => false,
    }
}

fn is_tag(value: PerlStr<'_>) -> bool {
    let value = fold_to_ascii(value);
    match &value[..] {
        [] => false,
        [first, rest @ ..] => {
            (first.is_ascii_alphanumeric() || *first == b'_')
                && rest
                    .iter()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+' | b'.'))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(rule: &Rule, value: PerlStr<'_>) -> Option<String> {
        (rule.check)(value, &Environment::new(&|zone| zone == b"Europe/Vienna"))
            .err()
            .map(|e| e.to_string())
    }

    #[test]
    fn host_names() {
        for good in ["a", "a.b", "a-b.c--d", "0.1", "ct1\n"] {
            assert_eq!(error(&DNS_NAME, PerlStr::literal(good)), None, "{good}");
        }
        for bad in ["", ".", "a.", ".a", "a..b", "-a", "a-", "a_b", "a b"] {
            let expected = Some("value does not look like a valid DNS name\n".to_owned());
            assert_eq!(error(&DNS_NAME, PerlStr::literal(bad)), expected, "{bad}");
        }
    }

    #[test]
    fn names_of_configurations_and_tags() {
        assert_eq!(error(&CONFIG_ID, PerlStr::literal("a-")), None);
        assert_eq!(error(&CONFIG_ID, PerlStr::Text("\u{212a}a")), None);
        let expected = Some("invalid configuration ID 'a'\n".to_owned());
        assert_eq!(error(&CONFIG_ID, PerlStr::literal("a")), expected);
        assert_eq!(error(&TAG, PerlStr::literal("_a.b+c")), None);
        assert_eq!(
            error(&TAG, PerlStr::literal("+a")),
            Some("invalid characters in tag\n".to_owned())
        );
    }

    #[test]
    fn time_zones_are_asked_of_the_host() {
        assert_eq!(error(&TIME_ZONE, PerlStr::literal("UTC")), None);
        assert_eq!(error(&TIME_ZONE, PerlStr::literal("Europe/Vienna")), None);
        let expected = Some("invalid time zone 'Mars'\n".to_owned());
        assert_eq!(error(&TIME_ZONE, PerlStr::literal("Mars")), expected);
    }
}
