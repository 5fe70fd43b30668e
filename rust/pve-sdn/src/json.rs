//! JSON files as the reference reads and writes them.
//!
//! `from_json` and `to_json` (the running configuration, the IPAM's state) work on characters while the files are read
//! and written as bytes, so a byte is a character there; `decode_json` and `encode_json` (the MAC cache) use UTF-8. Where
//! the reference leaves the order of keys to Perl's hashes, keys are sorted here.

use std::borrow::Cow;

use serde_json::Value;

use crate::Error;

/// What `from_json` makes of a file's bytes.
///
/// # Errors
/// [`Error::Json`].
pub fn from_bytes_as_characters(file: &str, raw: &[u8]) -> Result<Value, Error> {
    if raw.is_ascii() {
        return parse(file, raw);
    }
    let text: String = raw.iter().map(|byte| char::from(*byte)).collect();
    parse(file, text.as_bytes())
}

/// What `decode_json` makes of a file's bytes.
///
/// # Errors
/// [`Error::Json`].
pub fn from_utf8(file: &str, raw: &[u8]) -> Result<Value, Error> {
    parse(file, raw)
}

fn parse(file: &str, text: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(text)
        .map_err(|error| Error::Json { file: file.to_owned(), why: error.to_string() })
}

/// What is written to a file for a text of characters, and whether one of them was too wide to be a byte, of which Perl
/// warns: then all of them are written as UTF-8.
#[must_use]
pub fn to_bytes(text: &str) -> (Cow<'_, [u8]>, bool) {
    if text.is_ascii() {
        return (Cow::Borrowed(text.as_bytes()), false);
    }
    match text.chars().map(|char| u8::try_from(u32::from(char)).ok()).collect() {
        Some(bytes) => (Cow::Owned(bytes), false),
        None => (Cow::Borrowed(text.as_bytes()), true),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_byte_is_a_character() {
        let value = from_bytes_as_characters("f", b"{\"a\":\"\xc3\xbc\"}").unwrap();
        assert_eq!(value, json!({ "a": "\u{c3}\u{bc}" }));
        assert_eq!(from_utf8("f", b"{\"a\":\"\xc3\xbc\"}").unwrap(), json!({ "a": "\u{fc}" }));
        assert_eq!(to_bytes(&value.to_string()), (b"{\"a\":\"\xc3\xbc\"}".into(), false));
    }

    #[test]
    fn a_wide_character_makes_it_utf8() {
        assert_eq!(to_bytes("\u{fc}\u{263a}"), ("\u{fc}\u{263a}".as_bytes().into(), true));
    }

    #[test]
    fn a_damaged_file_is_named() {
        let error = from_utf8("sdn/mac-cache.json", b"{").unwrap_err().to_string();
        assert!(error.contains("/etc/pve/sdn/mac-cache.json"), "{error}");
    }
}
