//! Value formats and patterns of containers' settings only.

use pve_schema::format::{check_time_zone, is_interface_name, is_ip};
use pve_schema::{Environment, PerlStr, PerlString, Rule};

/// `lxc-ip-with-ll-iface`: an IP address, or a link-local one with the interface that it is on (`fe80::1%eth0`).
pub static IP_WITH_INTERFACE: Rule = Rule {
    name: "lxc-ip-with-ll-iface",
    check: |value, _| {
        let zoned = value.as_bytes().iter().position(|b| *b == b'%').is_some_and(|at| {
            let (address, interface) = (value.slice(0, at), value.tail(at + 1));
            let interface = interface.strip_final_newline().unwrap_or(interface);
            address.as_bytes().starts_with(b"fe80:")
                && is_ip(address)
                && is_interface_name(interface)
        });
        if zoned || is_ip(value) {
            Ok(())
        } else {
            Err(PerlString::literal("value does not look like a valid IP address\n"))
        }
    },
};

/// `pve-lxc-mp-string`: a volume, device or path without `.` and `..` as parts of a path.
pub static MOUNT_POINT: Rule = Rule {
    name: "pve-lxc-mp-string",
    check: |value, _| {
        let bytes = value.as_bytes();
        if has_dot_part(bytes) || bytes.starts_with(b"../") {
            let text = PerlStr::literal(" contains illegal character sequences\n");
            return Err(PerlString::concat(&[value, text]));
        }
        Ok(())
    },
};

/// `pve-lxc-dev-string`: a path below `/dev`.
pub static DEVICE_PATH: Rule = Rule {
    name: "pve-lxc-dev-string",
    check: |value, _| {
        let bytes = value.as_bytes();
        if has_dot_part(bytes) || !bytes.starts_with(b"/dev/") {
            return Err(PerlString::concat(&[
                value,
                PerlStr::literal(" is not a valid device path\n"),
            ]));
        }
        Ok(())
    },
};

/// `pve-ct-timezone`: a time zone of the host, or `host` for the one that the host is in.
pub static TIME_ZONE: Rule = Rule {
    name: "pve-ct-timezone",
    check: |value, environment: &Environment<'_>| {
        if value.as_bytes() == b"host" { Ok(()) } else { check_time_zone(value, environment) }
    },
};

/// Whether a `/` is followed by `.` or `..` and then by another `/` or the end.
fn has_dot_part(path: &[u8]) -> bool {
    if memchr::memchr(b'.', path).is_none() {
        return false;
    }
    let path = path.strip_suffix(b"\n").unwrap_or(path);
    let mut parts = path.split(|b| *b == b'/');
    // What stands before the first `/` is not preceded by one.
    parts.next();
    parts.any(|part| part == b"." || part == b"..")
}

/// `[-_.\w\d]+`.
pub fn is_device_name(value: PerlStr<'_>) -> bool {
    pve_schema::format::is_name(value)
}

/// Digits between semicolons.
pub fn is_vlan_list(value: PerlStr<'_>) -> bool {
    value.split(b';').all(pve_schema::format::is_digits)
}

/// Mount options between semicolons.
pub fn is_mount_options(value: PerlStr<'_>) -> bool {
    value.split(b';').all(|option| {
        super::schema::MOUNT_OPTIONS.iter().any(|o| o.as_bytes() == option.as_bytes())
    })
}

/// `passthrough`, or `u:CONTAINER:DISK:COUNT` and `g:…` between semicolons.
pub fn is_id_map(value: PerlStr<'_>) -> bool {
    value.as_bytes() == b"passthrough"
        || value.split(b';').all(|entry| {
            let mut fields = entry.as_bytes().split(|b| *b == b':');
            let is_number = |field: Option<&[u8]>| {
                field.is_some_and(|f| !f.is_empty() && f.iter().all(u8::is_ascii_digit))
            };
            matches!(fields.next(), Some(b"u" | b"g"))
                && is_number(fields.next())
                && is_number(fields.next())
                && fields.next().is_some_and(|f| is_number(Some(f)) && f.first() != Some(&b'0'))
                && fields.next().is_none()
        })
}

/// `[a-zA-Z0-9_; ]+`.
pub fn is_file_systems(value: PerlStr<'_>) -> bool {
    let bytes = value.as_bytes();
    !bytes.is_empty()
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b';' | b' '))
}

/// A zero and three octal digits.
pub fn is_mode(value: PerlStr<'_>) -> bool {
    matches!(value.as_bytes(), [b'0', b'0'..=b'7', b'0'..=b'7', b'0'..=b'7'])
}

/// Anything without control characters but tabs.
pub fn is_command(value: PerlStr<'_>) -> bool {
    let printable = |b: &u8| *b == b'\t' || !(*b < b' ' || *b == 0x7f);
    !value.is_empty() && value.as_bytes().iter().all(printable)
}

/// `NAME=VALUE` between NULs.
pub fn is_environment(value: PerlStr<'_>) -> bool {
    value.split(0).all(|variable| {
        let equals = variable.as_bytes().iter().position(|b| *b == b'=');
        equals.is_some_and(|at| {
            let (name, value) = (variable.slice(0, at), variable.tail(at + 1));
            pve_schema::format::is_name(name)
                && !name.as_bytes().iter().any(|b| matches!(b, b'-' | b'.'))
                && (value.is_empty() || is_command(value))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(rule: &Rule, text: &'static str) -> bool {
        (rule.check)(PerlStr::literal(text), &Environment::empty()).is_ok()
    }

    #[test]
    fn name_servers_may_name_an_interface() {
        for good in ["1.2.3.4", "fe80::1", "fe80::1%eth0", "fe80::1%vmbr0.5"] {
            assert!(passes(&IP_WITH_INTERFACE, good), "{good}");
        }
        for bad in ["fe80::1%", "2001:db8::1%eth0", "FE80::1%eth0", "fe80::1%e", "x"] {
            assert!(!passes(&IP_WITH_INTERFACE, bad), "{bad}");
        }
    }

    #[test]
    fn paths_without_dots() {
        for good in ["/mnt/a", "local:100/x", ".", "..", "a../b", "/a/...", "./a", "/a/.b"] {
            assert!(passes(&MOUNT_POINT, good), "{good}");
        }
        for bad in ["/a/../b", "/a/.", "/..", "../a", "/./a", "/a/.\n", "x/.."] {
            assert!(!passes(&MOUNT_POINT, bad), "{bad}");
        }
        assert!(passes(&DEVICE_PATH, "/dev/dri/card0"));
        for bad in ["/dev/../etc", "dev/x", "/dev", "/dev/."] {
            assert!(!passes(&DEVICE_PATH, bad), "{bad}");
        }
    }

    #[test]
    fn patterns() {
        assert!(is_id_map(PerlStr::literal("u:0:100000:65536;g:5:5:1")));
        assert!(is_id_map(PerlStr::literal("passthrough")));
        for bad in
            ["", "u:0:0:0", "u:0:0:01", "x:0:0:1", "u:0:0", "u:0:0:1;", "u:0:0:1:2", "u::0:1"]
        {
            assert!(!is_id_map(PerlStr::literal(bad)), "{bad}");
        }
        assert!(is_mount_options(PerlStr::literal("noatime;nodev")));
        assert!(!is_mount_options(PerlStr::literal("noatime;")));
        assert!(is_mode(PerlStr::literal("0666")) && !is_mode(PerlStr::literal("666")));
        assert!(
            is_vlan_list(PerlStr::literal("1;02;9999")) && !is_vlan_list(PerlStr::literal("1;;2"))
        );
        assert!(
            is_environment(PerlStr::Bytes(b"A=1\0B="))
                && !is_environment(PerlStr::literal("A-B=1"))
        );
    }
}
