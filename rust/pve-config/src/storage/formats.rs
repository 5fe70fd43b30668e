//! What the values of a storage look like (the formats that the modules of `PVE::Storage` register).

use pve_schema::format::{self, DNS_NAME, Rule, anchored, fold_to_ascii, is_ip};
use pve_schema::{
    Environment, Format, PerlNumber, PerlStr, PerlString, Properties, Property, Schema,
};

use super::content::is_content;

/// A format by the name that the reference gives it, those of single values and property strings.
pub fn rule(name: &str) -> Option<Format> {
    let rules = RULES.iter().chain(format::RULES);
    if let Some(rule) = rules.clone().find(|rule| rule.name == name) {
        return Some(Format::One(rule));
    }
    match name {
        "prune-backups" => return Some(PRUNE_BACKUPS),
        "bwlimit" => return Some(BWLIMIT),
        _ => {}
    }
    let (base, list) = match (name.strip_suffix("-list"), name.strip_suffix("-opt")) {
        (Some(base), _) => (base, true),
        (_, Some(base)) => (base, false),
        _ => return None,
    };
    let rule = rules.clone().find(|rule| rule.name == base)?;
    Some(if list { Format::List(rule) } else { Format::Optional(rule) })
}

static RULES: &[&Rule] = &[
    &PATH,
    &SERVER,
    &VGNAME,
    &PORTAL,
    &CONTENT,
    &IMAGE_FORMAT,
    &OPTIONS,
    &DIR_OVERRIDE,
    &BLOCK_SIZE,
];

type Checked = Result<(), PerlString<'static>>;

fn verdict(fine: bool, text: &'static str) -> Checked {
    if fine { Ok(()) } else { Err(PerlString::literal(text)) }
}

fn about(fine: bool, before: &'static str, value: PerlStr<'_>, after: &'static str) -> Checked {
    if fine {
        return Ok(());
    }
    Err(PerlString::concat(&[PerlStr::literal(before), value, PerlStr::literal(after)]))
}

/// `pve-storage-path`: an absolute path.
pub static PATH: Rule = Rule {
    name: "pve-storage-path",
    check: |value, _| {
        let fine = matches!(value.as_bytes(), [b'/', next, ..] if !b";()".contains(next));
        verdict(fine, "value does not look like a valid absolute path\n")
    },
};

/// `pve-storage-server`: an IP address or a host's name.
pub static SERVER: Rule = Rule {
    name: "pve-storage-server",
    check: |value, environment| {
        // The reference takes the name as the check's answer, and a server `0` for none.
        let is_name = value.is_true() && (DNS_NAME.check)(value, environment).is_ok();
        let fine = is_name || is_ip(value);
        verdict(fine, "value does not look like a valid server name or IP address\n")
    },
};

/// `pve-storage-vgname`: the name of a volume group or of a thin pool.
pub static VGNAME: Rule = Rule {
    name: "pve-storage-vgname",
    check: |value, _| {
        let fine = anchored(value, |value| {
            let name = fold_to_ascii(value);
            let inner = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
            matches!(&name[..], [first, inside @ .., last]
                if first.is_ascii_alphanumeric()
                    && last.is_ascii_alphanumeric()
                    && inside.iter().all(inner))
        });
        about(fine, "lvm name '", value, "' contains illegal characters\n")
    },
};

/// `pve-storage-portal-dns`: an address or a host's name, perhaps with a port (`PVE::Tools::parse_host_and_port`).
pub static PORTAL: Rule = Rule {
    name: "pve-storage-portal-dns",
    check: |value, _| {
        let fine = anchored(value, is_host_and_port);
        verdict(fine, "value does not look like a valid portal address\n")
    },
};

fn is_host(value: PerlStr<'_>) -> bool {
    let in_host = |c: char| match value {
        PerlStr::Text(_) => c.is_alphanumeric() || matches!(c, '-' | '.'),
        PerlStr::Bytes(_) => c.is_ascii_alphanumeric() || matches!(c, '-' | '.'),
    };
    !value.is_empty() && value.chars().all(in_host)
}

/// The value before `separator` and a port at its end.
fn without_port(value: PerlStr<'_>, separator: u8) -> Option<PerlStr<'_>> {
    let at = memchr::memrchr(separator, value.as_bytes())?;
    format::is_digits(value.tail(at + 1)).then(|| value.slice(0, at))
}

fn is_host_and_port(value: PerlStr<'_>) -> bool {
    let in_brackets = |value: PerlStr<'_>| {
        let inside = value.as_bytes().strip_prefix(b"[").and_then(|v| v.strip_suffix(b"]"));
        let inside = inside.map(|inside| value.slice(1, inside.len() + 1));
        inside.is_some_and(|host| is_host(host) || is_exactly_ip(host))
    };
    let is_either = |value| is_host(value) || in_brackets(value);
    is_either(value)
        || without_port(value, b':').is_some_and(is_either)
        || is_exactly_ip(value)
        || without_port(value, b'.').is_some_and(is_exactly_ip)
}

fn is_exactly_ip(value: PerlStr<'_>) -> bool {
    value.strip_final_newline().is_none() && is_ip(value)
}

/// `pve-storage-content`: a type of content.
pub static CONTENT: Rule = Rule {
    name: "pve-storage-content",
    check: |value, _| about(is_content(value.as_bytes()), "invalid content type '", value, "'\n"),
};

/// `pve-storage-format`: a format of images.
pub static IMAGE_FORMAT: Rule = Rule {
    name: "pve-storage-format",
    check: |value, _| {
        let known =
            |v: PerlStr<'_>| matches!(v.as_bytes(), b"raw" | b"qcow2" | b"vmdk" | b"subvol");
        about(anchored(value, known), "invalid format '", value, "'\n")
    },
};

/// `pve-storage-options`: mount options, in one word (fstab(5)).
pub static OPTIONS: Rule = Rule {
    name: "pve-storage-options",
    check: |value, _| {
        let is_space = |c: char| match value {
            PerlStr::Text(_) => c.is_whitespace(),
            PerlStr::Bytes(_) => matches!(c, ' ' | '\t'..='\r'),
        };
        let word = |v: PerlStr<'_>| !v.is_empty() && !v.chars().any(is_space);
        about(anchored(value, word), "invalid options '", value, "'\n")
    },
};

/// `pve-dir-override`: a type of content and the folder that it is in, below the storage's path.
pub static DIR_OVERRIDE: Rule = Rule { name: "pve-dir-override", check: check_dir_override };

fn check_dir_override(value: PerlStr<'_>, environment: &Environment<'_>) -> Checked {
    let misfit = || about(false, "invalid override '", value, "'\n");
    let Some(equals) = memchr::memchr(b'=', value.as_bytes()) else { return misfit() };
    let (content, path) = (value.slice(0, equals), value.tail(equals + 1));
    let is_word = !content.is_empty() && content.as_bytes().iter().all(u8::is_ascii_lowercase);
    let bytes = path.as_bytes();
    let has_dots = memchr::memmem::find(bytes, b"..").is_some() || bytes.ends_with(b".");
    if !is_word || path.is_empty() || has_dots {
        return misfit();
    }
    (CONTENT.check)(content, environment)?;
    if path.char_len() < 1023 && path.split(b'/').all(|part| part.char_len() < 255) {
        Ok(())
    } else {
        misfit()
    }
}

/// `pve-storage-zfs-blocksize`: a power of 2 from 512 bytes to 16 MiB, perhaps with `k` or `m`.
pub static BLOCK_SIZE: Rule =
    Rule { name: "pve-storage-zfs-blocksize", check: |value, _| check_block_size(value) };

fn check_block_size(value: PerlStr<'_>) -> Checked {
    if value.is_empty() {
        return Ok(());
    }
    let text = value.strip_final_newline().unwrap_or(value);
    let folded = fold_to_ascii(text);
    let (digits, unit) = match &folded[..] {
        [digits @ .., b'k' | b'K'] => (digits, 1024.0),
        [digits @ .., b'm' | b'M'] => (digits, 1024.0 * 1024.0),
        digits => (digits, 1.0),
    };
    let fine = matches!(digits, [b'1'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit));
    if !fine {
        return about(
            false,
            "invalid ZFS blocksize format '",
            value,
            "'. Use a positive number (no leading zeros) with an optional 'k' or 'm' suffix.\n",
        );
    }
    let size = PerlNumber::from_prefix(digits).as_f64() * unit;
    let in_range = (512.0..=16.0 * 1024.0 * 1024.0).contains(&size);
    about(
        in_range && (size as u64).is_power_of_two(),
        "value '",
        value,
        "' is not a valid ZFS blocksize. Must be a power of 2 between 512B and 16MiB (e.g., 4k, 8k, 16k, 64k, 1m).\n",
    )
}

const fn limit(name: &'static str, description: &'static str) -> Property {
    Property::number(name, description).optional().minimum(0).placeholder("LIMIT")
}

/// `bwlimit`: limits of bandwidth, in KiB/s.
pub static BWLIMIT_SCHEMA: Schema = Schema::new(
    "bwlimit",
    &[
        limit("default", "The limit where no other holds, in KiB/s."),
        limit("restore", "The limit of restoring guests, in KiB/s."),
        limit("migration", "The limit of migrating guests and their disks, in KiB/s."),
        limit("clone", "The limit of cloning disks, in KiB/s."),
        limit("move", "The limit of moving disks, in KiB/s."),
    ],
);

/// See [`BWLIMIT_SCHEMA`].
pub const BWLIMIT: Format = Format::Properties(&BWLIMIT_SCHEMA);

const fn keep(name: &'static str, description: &'static str) -> Property {
    Property::integer(name, description).optional().minimum(0).placeholder("N")
}

/// `prune-backups`: which backups are kept when others are removed.
pub static PRUNE_BACKUPS_SCHEMA: Schema = Schema::new(
    "prune-backups",
    &[
        Property::boolean("keep-all", "All backups are kept; no other option may be above 0 then.")
            .optional(),
        keep("keep-last", "How many of the last backups are kept."),
        keep("keep-hourly", "For how many hours the last backup of each is kept."),
        keep("keep-daily", "For how many days the last backup of each is kept."),
        keep("keep-weekly", "For how many weeks the last backup of each is kept."),
        keep("keep-monthly", "For how many months the last backup of each is kept."),
        keep("keep-yearly", "For how many years the last backup of each is kept."),
    ],
);

/// See [`PRUNE_BACKUPS_SCHEMA`].
pub const PRUNE_BACKUPS: Format = Format::Checked(&PRUNE_BACKUPS_SCHEMA, check_prune_backups);

/// `PVE::Storage::Plugin::validate_prune_backups`.
fn check_prune_backups(properties: &Properties<'_>) -> Result<(), &'static str> {
    let keeps_all = properties.get("keep-all").is_some_and(|all| all.is_true());
    let keeps_some = properties
        .iter()
        .any(|(name, value)| name != "keep-all" && value.to_number().as_f64() > 0.0);
    if keeps_all && keeps_some {
        Err("keep-all cannot be set together with other options.\n")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(rule: &Rule, value: &'static str) -> Option<String> {
        (rule.check)(PerlStr::literal(value), &Environment::empty()).err().map(|e| e.to_string())
    }

    #[test]
    fn portals() {
        for good in [
            "10.0.0.1",
            "10.0.0.1:3260",
            "[fd00::1]:3260",
            "[host]",
            "fd00::1",
            "fd00::1.3260",
            "::ffff:1.2.3.4.80",
            "host.example",
            "a..b",
            "-",
        ] {
            assert_eq!(error(&PORTAL, good), None, "{good}");
        }
        for bad in ["", "a:b", "a:", "[fd00::1", "fd00::1:x", "a b", "[]:1", "[fd00::1].1"] {
            assert!(error(&PORTAL, bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn overrides() {
        for good in ["iso=a", "iso=.a", "iso=a.b/c", "iso=a=b", "import=x"] {
            assert_eq!(error(&DIR_OVERRIDE, good), None, "{good}");
        }
        for bad in ["iso=", "iso=a..b", "iso=a.", "ISO=a", "=a", "iso"] {
            let expected = Some(format!("invalid override '{bad}'\n"));
            assert_eq!(error(&DIR_OVERRIDE, bad), expected, "{bad}");
        }
        assert_eq!(error(&DIR_OVERRIDE, "foo=a"), Some("invalid content type 'foo'\n".into()));
    }

    #[test]
    fn block_sizes() {
        for good in ["", "512", "4k", "8K", "16m", "1M"] {
            assert_eq!(error(&BLOCK_SIZE, good), None, "{good}");
        }
        for bad in ["511", "32m", "3k", "0512", "1g", "99999999999999999999k"] {
            assert!(error(&BLOCK_SIZE, bad).is_some(), "{bad}");
        }
    }
}
