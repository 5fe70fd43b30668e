//! Any Perl data, as it is: the distinctions that the boundary keeps.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// A value of any kind.
#[derive(Debug, Clone)]
pub enum Any {
    /// undef
    Undef,
    /// a boolean
    Bool(bool),
    /// an integer
    Int(i64),
    /// an integer above the signed range
    Uint(u64),
    /// a floating point number
    Num(f64),
    /// bytes
    Bytes(Vec<u8>),
    /// characters
    Text(String),
    /// an array
    Array(Vec<Any>),
    /// a hash
    Hash(Vec<(Any, Any)>),
}

impl Any {
    /// A description that tells all kinds apart; hashes sorted.
    pub fn describe(&self) -> String {
        match self {
            Any::Undef => "undef".into(),
            Any::Bool(value) => format!("bool {value}"),
            Any::Int(value) => format!("int {value}"),
            Any::Uint(value) => format!("uint {value}"),
            Any::Num(value) => format!("num {value:?}"),
            Any::Bytes(bytes) => format!("bytes {}", bytes.escape_ascii()),
            Any::Text(text) => format!("text {}", text.escape_default()),
            Any::Array(list) => {
                format!("[{}]", list.iter().map(Any::describe).collect::<Vec<_>>().join(", "))
            }
            Any::Hash(entries) => {
                let entry = |(key, value): &(Any, Any)| {
                    format!("{} => {}", key.describe(), value.describe())
                };
                let mut entries: Vec<String> = entries.iter().map(entry).collect();
                entries.sort();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }
}

struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = Any;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("plain data")
    }

    fn visit_unit<E>(self) -> Result<Any, E> {
        Ok(Any::Undef)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Any, E> {
        Ok(Any::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Any, E> {
        Ok(Any::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Any, E> {
        Ok(Any::Uint(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Any, E> {
        Ok(Any::Num(value))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Any, E> {
        Ok(Any::Bytes(bytes.to_vec()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Any, E> {
        Ok(Any::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Any, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = seq.next_element()? {
            list.push(value);
        }
        Ok(Any::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Any, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Any::Hash(entries))
    }
}

impl<'de> Deserialize<'de> for Any {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Any, D::Error> {
        deserializer.deserialize_any(Anything)
    }
}

impl Serialize for Any {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Any::Undef => serializer.serialize_none(),
            Any::Bool(value) => serializer.serialize_bool(*value),
            Any::Int(value) => serializer.serialize_i64(*value),
            Any::Uint(value) => serializer.serialize_u64(*value),
            Any::Num(value) => serializer.serialize_f64(*value),
            Any::Bytes(bytes) => serializer.serialize_bytes(bytes),
            Any::Text(text) => serializer.serialize_str(text),
            Any::Array(list) => list.serialize(serializer),
            Any::Hash(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}
