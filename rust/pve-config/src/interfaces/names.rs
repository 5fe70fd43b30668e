//! What the name of an interface says about it.

use std::borrow::Cow;

use pve_schema::PerlStr;
use pve_schema::format::is_digits;

use super::space::has_space;

/// A name as bytes, the same for bytes and for characters of the same numbers.
pub(super) fn key_of(name: PerlStr<'_>) -> Cow<'_, [u8]> {
    match name {
        PerlStr::Bytes(bytes) if !bytes.is_ascii() => {
            Cow::Owned(name.chars().collect::<String>().into_bytes())
        }
        _ => Cow::Borrowed(name.as_bytes()),
    }
}

/// The part before, and the number after, the last `separator`: `/^(\S+)SEPARATOR(\d+)$/`.
fn numbered(name: PerlStr<'_>, separator: u8) -> Option<(PerlStr<'_>, PerlStr<'_>)> {
    let name = name.strip_final_newline().unwrap_or(name);
    let at = memchr::memrchr(separator, name.as_bytes())?;
    let (before, number) = (name.slice(0, at), name.tail(at + 1));
    (!before.is_empty() && is_digits(number) && !has_space(before)).then_some((before, number))
}

/// The interface that an alias such as `eth0:1` belongs to.
pub(super) fn alias(name: PerlStr<'_>) -> Option<PerlStr<'_>> {
    numbered(name, b':').map(|(parent, _)| parent)
}

/// Parent and VLAN of a name such as `eth0.5`.
pub(super) fn vlan(name: PerlStr<'_>) -> Option<(PerlStr<'_>, PerlStr<'_>)> {
    numbered(name, b'.')
}

/// What follows a word, if it is all digits.
fn number_after<'a>(name: PerlStr<'a>, word: &str) -> Option<PerlStr<'a>> {
    let name = name.strip_final_newline().unwrap_or(name);
    name.as_bytes()
        .starts_with(word.as_bytes())
        .then(|| name.tail(word.len()))
        .filter(|number| is_digits(*number))
}

/// The VLAN of a name such as `vlan5`.
pub(super) fn vlan_number(name: PerlStr<'_>) -> Option<PerlStr<'_>> {
    number_after(name, "vlan")
}

/// Whether it is one of the names that bonds have, such as `bond0`.
pub(super) fn is_bond(name: PerlStr<'_>) -> bool {
    number_after(name, "bond").is_some()
}

/// Whether it is one of the names that network cards have (the reference's `$PHYSICAL_NIC_RE`).
pub(super) fn is_physical(name: PerlStr<'_>) -> bool {
    let bytes = name.as_bytes();
    let rest = bytes.strip_prefix(b"en").or_else(|| bytes.strip_prefix(b"ib"));
    if let Some(rest) = rest {
        // A newline is a character of the name, except as the only one that is left.
        return !rest.is_empty() && !rest.iter().any(|byte| matches!(byte, b':' | b'.'));
    }
    ["eth", "nic", "if"].iter().any(|word| number_after(name, word).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_at_their_last_separator() {
        let name = PerlStr::literal("eth0.5.7");
        assert_eq!(vlan(name), Some((PerlStr::literal("eth0.5"), PerlStr::literal("7"))));
        for other in ["eth0", "eth0.", ".5", "eth0.5x", "eth0.5:1"] {
            assert_eq!(vlan(PerlStr::literal(other)), None, "{other}");
        }
        assert_eq!(alias(PerlStr::literal("eth0.5:1")), Some(PerlStr::literal("eth0.5")));
    }

    #[test]
    fn cards_are_known_by_their_names() {
        for (name, physical) in [
            ("eth0", true),
            ("eth", false),
            ("enp3s0", true),
            ("en", false),
            ("enp3s0.5", false),
            ("ibx", true),
            ("nic1", true),
            ("if2", true),
            ("wlan0", false),
        ] {
            assert_eq!(is_physical(PerlStr::literal(name)), physical, "{name}");
        }
    }
}
