//! Booleans.

use std::fmt;

use pve_schema::{PerlStr, parse_boolean};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A boolean, which may be given as one, as 1 or 0, or as one of the words that a configuration file has for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flag(pub bool);

impl Serialize for Flag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(self.0)
    }
}

struct FlagVisitor;

impl Visitor<'_> for FlagVisitor {
    type Value = Flag;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a boolean: 1, 0, true, false, yes, no, on, off")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Flag, E> {
        Ok(Flag(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Flag, E> {
        match value {
            0 => Ok(Flag(false)),
            1 => Ok(Flag(true)),
            _ => Err(E::invalid_value(de::Unexpected::Signed(value), &self)),
        }
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Flag, E> {
        self.visit_i64(i64::try_from(value).unwrap_or(i64::MAX))
    }

    fn visit_bytes<E: de::Error>(self, word: &[u8]) -> Result<Flag, E> {
        // Perl's own false value is the empty string.
        let value = if word.is_empty() { Some(false) } else { parse_boolean(PerlStr::Bytes(word)) };
        value.map(Flag).ok_or_else(|| E::invalid_value(de::Unexpected::Bytes(word), &self))
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Flag, E> {
        self.visit_bytes(word.as_bytes())
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FlagVisitor)
    }
}
