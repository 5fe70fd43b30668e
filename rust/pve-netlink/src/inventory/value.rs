//! One value of a link as iproute2's JSON has it: a number, a string, true, false or null.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

/// The name of a newtype around a truth value that is JSON's `true` or `false` rather than a number.
pub const JSON_BOOLEAN: &str = "$json::boolean";

/// JSON's `true` and `false`.
pub(super) struct Boolean(pub bool);

impl Serialize for Boolean {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(JSON_BOOLEAN, &self.0)
    }
}

/// A string of the kernel's: characters where it is UTF-8, which JSON is, else bytes.
pub(super) struct Text<'a>(pub &'a [u8]);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => serializer.serialize_bytes(self.0),
        }
    }
}

/// A list of strings.
pub(super) struct List<'a>(pub Vec<Cow<'a, str>>);

impl Serialize for List<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        self.0.iter().try_for_each(|word| list.serialize_element(word))?;
        list.end()
    }
}

/// A list of objects with two numbers each.
pub(super) struct Pairs(pub [&'static str; 2], pub Vec<[u32; 2]>);

impl Serialize for Pairs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.1.len()))?;
        for pair in &self.1 {
            list.serialize_element(&Pair(self.0, *pair))?;
        }
        list.end()
    }
}

/// An object with two numbers.
pub(super) struct Pair(pub [&'static str; 2], pub [u32; 2]);

impl Serialize for Pair {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        for (key, value) in self.0.iter().zip(self.1) {
            map.serialize_entry(key, &value)?;
        }
        map.end()
    }
}

/// A number as C's `%#x` writes it, which writes zero without `0x`.
pub(super) fn hex(number: u64) -> String {
    if number == 0 { "0".into() } else { format!("{number:#x}") }
}

/// Bytes as pairs of digits: of a hardware address with `:` between them.
pub(super) fn digits(bytes: &[u8], between: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 3);
    for (index, byte) in bytes.iter().enumerate() {
        if index > 0 {
            text.push_str(between);
        }
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

pub(super) fn mac(bytes: &[u8]) -> String {
    digits(bytes, ":")
}

/// The bridge's or root's id of spanning tree: priority and address, in which leading zeros are left out.
pub(super) fn bridge_id(bytes: &[u8]) -> String {
    let (priority, address) = bytes.split_at(bytes.len().min(2));
    let address: Vec<_> = address.iter().map(|byte| format!("{byte:x}")).collect();
    format!("{}.{}", digits(priority, ""), address.join(":"))
}

/// The kernel's timers count hundredths of a second (`USER_HZ`).
pub(super) fn seconds(hundredths: u64) -> f64 {
    hundredths as f64 / 100.0
}

pub(super) fn ipv4(bytes: &[u8]) -> Option<Ipv4Addr> {
    bytes.first_chunk().map(|bytes: &[u8; 4]| Ipv4Addr::from(*bytes))
}

pub(super) fn ipv6(bytes: &[u8]) -> Option<Ipv6Addr> {
    bytes.first_chunk().map(|bytes: &[u8; 16]| Ipv6Addr::from(*bytes))
}

/// The words of the flags that are set, in the order of the list; the rest as hexadecimal digits.
pub(super) fn flags(mut flags: u32, words: &'static [(u32, &str)]) -> Vec<Cow<'static, str>> {
    let mut list = Vec::with_capacity(6);
    for (flag, word) in words {
        if flags & flag != 0 {
            flags &= !flag;
            list.push(Cow::Borrowed(*word));
        }
    }
    if flags != 0 {
        list.push(Cow::Owned(format!("{flags:x}")));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_addresses_are_written_as_c_does() {
        assert_eq!((hex(0), hex(0x8001)), ("0".into(), "0x8001".into()));
        assert_eq!(mac(&[0, 0x1a, 0xff]), "00:1a:ff");
        assert_eq!(bridge_id(&[0x80, 0, 2, 0, 0x1a, 0, 0, 1]), "8000.2:0:1a:0:0:1");
        assert_eq!(flags(0x41, &[(1, "ONE"), (2, "TWO")]), ["ONE", "40"]);
    }
}
