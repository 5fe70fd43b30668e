//! Value formats: what a string must look like, and what is said when it does not.

mod address;
mod disk;
mod list;
mod name;

use crate::parse::{check_property_string, parse_property_string};
use crate::{Environment, Error, PerlStr, PerlString, Properties, Schema, class};

pub use crate::class::{anchored, fold_to_ascii, is_digits, is_name};
pub use address::{
    CIDR, CIDR_V4, CIDR_V6, IP, IPV4, IPV4_CONFIG, IPV6, IPV6_CONFIG, MAC_ADDR, is_interface_name,
    is_ip, is_ipv4_cidr, is_ipv6_cidr,
};
pub use disk::{DISK_SIZE, STARTUP_ORDER, VOLUME_ID, volume_storage};
pub use list::split as split_list;
pub use name::{
    BRIDGE_ID, CONFIG_ID, DNS_NAME, INTERFACE, NODE_NAME, STORAGE_ID, TAG, TIME_ZONE,
    check_time_zone, is_fingerprint,
};

/// The formats of single values, to be found by name.
pub static RULES: &[&Rule] = &[
    &BRIDGE_ID,
    &CIDR,
    &CIDR_V4,
    &CIDR_V6,
    &CONFIG_ID,
    &DISK_SIZE,
    &DNS_NAME,
    &INTERFACE,
    &IP,
    &IPV4,
    &IPV4_CONFIG,
    &IPV6,
    &IPV6_CONFIG,
    &MAC_ADDR,
    &NODE_NAME,
    &STARTUP_ORDER,
    &STORAGE_ID,
    &TAG,
    &TIME_ZONE,
    &VOLUME_ID,
];

/// A named check of one value.
pub struct Rule {
    /// The name that the reference registers it under, such as `mac-addr`.
    pub name: &'static str,
    /// Passes, or says what is wrong in the reference's words.
    pub check: fn(PerlStr<'_>, &Environment<'_>) -> Result<(), PerlString<'static>>,
}

/// What a property's value must look like.
#[derive(Clone, Copy)]
pub enum Format {
    /// One value.
    One(&'static Rule),
    /// A list of values (`-list`), see [`split_list`]; an empty list passes.
    List(&'static Rule),
    /// A value, or a false one (`-opt`).
    Optional(&'static Rule),
    /// A property string.
    Properties(&'static Schema),
    /// A property string with a check of the whole; a text that ends in a newline says what is wrong.
    Checked(&'static Schema, fn(&Properties<'_>) -> Result<(), &'static str>),
}

impl Format {
    /// The name that the reference gives the format, such as `dns-name-list`; of a property string, its schema's.
    pub fn name(&self) -> String {
        match self {
            Format::One(rule) => rule.name.to_owned(),
            Format::List(rule) => format!("{}-list", rule.name),
            Format::Optional(rule) => format!("{}-opt", rule.name),
            Format::Properties(schema) | Format::Checked(schema, _) => schema.name.to_owned(),
        }
    }

    /// Checks a value (`PVE::JSONSchema::check_format`). The error is a text, or a format error for a property string.
    pub fn check(&self, value: PerlStr<'_>, environment: &Environment<'_>) -> Result<(), Error> {
        let checked = match self {
            Format::One(rule) => (rule.check)(value, environment),
            Format::List(rule) => split_list(value, |item| (rule.check)(item, environment)),
            Format::Optional(rule) if value.is_true() => (rule.check)(value, environment),
            Format::Optional(_) => Ok(()),
            Format::Properties(schema) => {
                return check_property_string(schema, value, environment);
            }
            Format::Checked(schema, check) => {
                let properties = parse_property_string(schema, value, environment)?;
                check(&properties).map_err(PerlString::literal)
            }
        };
        checked.map_err(|text| Error::Died { text, at_caller: false })
    }
}

/// Reads `1`, `on`, `yes`, `true` and `0`, `off`, `no`, `false`, in any case (`PVE::JSONSchema::parse_boolean`).
pub fn parse_boolean(value: PerlStr<'_>) -> Option<bool> {
    match value.as_bytes() {
        b"1" => return Some(true),
        b"0" => return Some(false),
        _ => {}
    }
    let folded = class::fold_to_ascii(value);
    let word = folded.strip_suffix(b"\n").unwrap_or(&folded);
    // The ligature is two letters for `/i`.
    let off = value.is_wide()
        && word.len() == 4
        && word[..1].eq_ignore_ascii_case(b"o")
        && word[1..] == *"ﬀ".as_bytes();
    match word {
        b"1" => Some(true),
        b"0" => Some(false),
        _ if [&b"on"[..], b"yes", b"true"].iter().any(|w| word.eq_ignore_ascii_case(w)) => {
            Some(true)
        }
        _ if off || [&b"off"[..], b"no", b"false"].iter().any(|w| word.eq_ignore_ascii_case(w)) => {
            Some(false)
        }
        _ => None,
    }
}

/// A rule's outcome: fine, or this text.
fn verdict(fine: bool, text: &'static str) -> Result<(), PerlString<'static>> {
    if fine { Ok(()) } else { Err(PerlString::literal(text)) }
}

/// A rule's outcome with the value in the text.
fn verdict_about(
    fine: bool,
    before: &'static str,
    value: PerlStr<'_>,
    after: &'static str,
) -> Result<(), PerlString<'static>> {
    if fine {
        Ok(())
    } else {
        Err(PerlString::concat(&[PerlStr::literal(before), value, PerlStr::literal(after)]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans_are_read_in_any_case() {
        for word in ["1", "on", "YES", "True", "yes\n"] {
            assert_eq!(parse_boolean(PerlStr::literal(word)), Some(true), "{word}");
        }
        for word in ["0", "oFF", "no", "false", "0\n"] {
            assert_eq!(parse_boolean(PerlStr::literal(word)), Some(false), "{word}");
        }
        assert_eq!(parse_boolean(PerlStr::Text("oﬀ")), Some(false));
        assert_eq!(parse_boolean(PerlStr::Text("falſe")), Some(false));
        for word in ["", "2", "01", "on\n\n", " on", "y", "enabled"] {
            assert_eq!(parse_boolean(PerlStr::literal(word)), None, "{word}");
        }
    }
}
