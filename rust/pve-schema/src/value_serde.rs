//! How Perl data crosses a boundary: bytes as bytes, characters as str, numbers as numbers, `undef` as unit.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde::{Deserialize, Deserializer};

use crate::{Map, PerlNumber, PerlStr, PerlString, Scalar, Value};

/// The name of the newtype struct around bytes that are Perl's extended UTF-8 ([`Scalar::Extended`]). A serializer that
/// builds Perl data makes a string with the `UTF8` flag of them; any other one writes the bytes.
pub const PERL_UTF8: &str = "$perl::utf8";

struct Bytes<'a>(&'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl Serialize for PerlStr<'_> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            PerlStr::Bytes(bytes) => serializer.serialize_bytes(bytes),
            PerlStr::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl Serialize for PerlString<'_> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_perl().serialize(serializer)
    }
}

impl Serialize for Scalar<'_> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Scalar::Undef => serializer.serialize_none(),
            Scalar::Int(value) => serializer.serialize_i64(*value),
            Scalar::UInt(value) => serializer.serialize_u64(*value),
            Scalar::Num(value) => serializer.serialize_f64(*value),
            Scalar::Bytes(bytes) => serializer.serialize_bytes(bytes),
            Scalar::Text(text) => serializer.serialize_str(text),
            Scalar::Extended(bytes) => {
                serializer.serialize_newtype_struct(PERL_UTF8, &Bytes(bytes))
            }
        }
    }
}

impl Serialize for Value<'_> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Scalar(scalar) => scalar.serialize(serializer),
            Value::List(list) => list.serialize(serializer),
            Value::Map(map) => map.serialize(serializer),
        }
    }
}

impl Serialize for Map<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (key, value) in self.iter() {
            map.serialize_entry(&key, value)?;
        }
        map.end()
    }
}

struct StringVisitor;

impl<'de> Visitor<'de> for StringVisitor {
    type Value = PerlString<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(number(PerlNumber::Int(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(number(PerlNumber::UInt(value)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(number(PerlNumber::Num(value)))
    }

    fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
        Ok(PerlString::Bytes(Cow::Borrowed(bytes)))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(PerlString::Text(Cow::Borrowed(text)))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        Ok(PerlString::Bytes(Cow::Owned(bytes.to_vec())))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(PerlString::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Self::Value, E> {
        Ok(PerlString::Bytes(Cow::Owned(bytes)))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(PerlString::Text(Cow::Owned(text)))
    }
}

fn number(number: PerlNumber) -> PerlString<'static> {
    PerlString::Bytes(Cow::Owned(number.to_text().into_owned().into_bytes()))
}

impl<'de: 'a, 'a> Deserialize<'de> for PerlString<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StringVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scalar, an array or a hash")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Value::Scalar(Scalar::Int(i64::from(value))))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Value::Scalar(Scalar::Int(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Value::Scalar(i64::try_from(value).map_or(Scalar::UInt(value), Scalar::Int)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Value::Scalar(Scalar::Num(value)))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::UNDEF)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(Value::UNDEF)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_borrowed_bytes<E: de::Error>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
        StringVisitor.visit_borrowed_bytes(bytes).map(Value::from)
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        StringVisitor.visit_borrowed_str(text).map(Value::from)
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        StringVisitor.visit_bytes(bytes).map(Value::from)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        StringVisitor.visit_str(text).map(Value::from)
    }

    fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Self::Value, E> {
        StringVisitor.visit_byte_buf(bytes).map(Value::from)
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Self::Value, E> {
        StringVisitor.visit_string(text).map(Value::from)
    }

    /// [`PERL_UTF8`].
    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Self::Value, D::Error> {
        let string = PerlString::deserialize(deserializer)?;
        Ok(Value::Scalar(Scalar::Extended(string.as_bytes().to_vec())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::with_capacity(seq.size_hint().unwrap_or(0).min(1024));
        while let Some(item) = seq.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        MapVisitor.visit_map(map).map(Value::Map)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Value<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Scalar(scalar) => Ok(scalar),
            reference => Err(de::Error::custom(format_args!(
                "a reference ({}) where a plain value is wanted",
                reference.reference_kind()
            ))),
        }
    }
}

struct MapVisitor;

impl<'de> Visitor<'de> for MapVisitor {
    type Value = Map<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a hash")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut map = Map::with_capacity(access.size_hint().unwrap_or(0).min(1024));
        while let Some((key, value)) = access.next_entry::<PerlString<'de>, Value<'de>>()? {
            // The keys of a hash differ from one another.
            map.push(key, value);
        }
        Ok(map)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Map<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MapVisitor)
    }
}

#[cfg(test)]
mod tests {
    use serde::de::value::{
        BorrowedBytesDeserializer, BorrowedStrDeserializer, Error, MapDeserializer,
        SeqDeserializer, U64Deserializer, UnitDeserializer,
    };

    use super::*;

    #[test]
    fn bytes_and_characters_stay_apart_and_borrow() {
        let bytes = BorrowedBytesDeserializer::<Error>::new(b"\xff");
        let value = Value::deserialize(bytes);
        assert!(matches!(value, Ok(Value::Scalar(Scalar::Bytes(Cow::Borrowed(b"\xff"))))));
        let text = BorrowedStrDeserializer::<Error>::new("ü");
        assert!(matches!(
            Value::deserialize(text),
            Ok(Value::Scalar(Scalar::Text(Cow::Borrowed("ü"))))
        ));
    }

    #[test]
    fn numbers_stay_numbers() {
        let read = |number| Value::deserialize(U64Deserializer::<Error>::new(number));
        assert_eq!(read(5), Ok(Scalar::Int(5).into()));
        assert_eq!(read(u64::MAX), Ok(Scalar::UInt(u64::MAX).into()));
        assert_eq!(Value::deserialize(UnitDeserializer::<Error>::new()), Ok(Value::UNDEF));
        // As a key, a number is a string.
        let key = PerlString::deserialize(U64Deserializer::<Error>::new(5));
        assert_eq!(key, Ok(PerlString::literal("5")));
    }

    #[test]
    fn hashes_and_arrays_are_read_whole() {
        let map = MapDeserializer::<_, Error>::new([("a", 1u64), ("b", 2)].into_iter());
        let mut expected = Map::new();
        expected.push("a", Scalar::Int(1));
        expected.push("b", Scalar::Int(2));
        assert_eq!(Map::deserialize(map), Ok(expected));
        let list = SeqDeserializer::<_, Error>::new([1u64, 2].into_iter());
        let expected = vec![Scalar::Int(1).into(), Scalar::Int(2).into()];
        assert_eq!(Value::deserialize(list), Ok(Value::List(expected)));
        let list = SeqDeserializer::<_, Error>::new([1u64].into_iter());
        assert!(Scalar::deserialize(list).is_err());
    }
}
