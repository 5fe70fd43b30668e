//! Values as Perl code uses them.

use std::borrow::Cow;

use pve_schema::{PerlNumber, PerlStr, Scalar};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Perl's truth: false are what is missing, `undef`, `0`, the empty string, `"0"` and JSON's false.
#[must_use]
pub fn is_true(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Bool(value)) => *value,
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(Value::String(text)) => !matches!(text.as_str(), "" | "0"),
        Some(Value::Array(_) | Value::Object(_)) => true,
    }
}

/// Whether it is there and not `undef`.
#[must_use]
pub fn is_defined(value: Option<&Value>) -> bool {
    !matches!(value, None | Some(Value::Null))
}

/// The characters of a string, a byte being one.
pub(crate) fn characters(text: PerlStr<'_>) -> String {
    match text {
        PerlStr::Bytes(bytes) => bytes.iter().map(|byte| char::from(*byte)).collect(),
        PerlStr::Text(text) => text.to_owned(),
    }
}

/// A hash of a configuration as a tree of values.
pub(crate) fn object(map: &pve_schema::Map<'_>) -> Value {
    let entry = |(key, value)| (characters(key), tree(value));
    Value::Object(map.iter().map(entry).collect())
}

fn tree(value: &pve_schema::Value<'_>) -> Value {
    match value {
        pve_schema::Value::Map(map) => object(map),
        pve_schema::Value::List(list) => Value::Array(list.iter().map(tree).collect()),
        pve_schema::Value::Scalar(scalar) => match scalar {
            Scalar::Undef => Value::Null,
            Scalar::Int(number) => (*number).into(),
            Scalar::UInt(number) => (*number).into(),
            Scalar::Num(number) => (*number).into(),
            text => characters(text.to_perl().as_perl()).into(),
        },
    }
}

/// The value as a string: `undef` is empty, a reference has no useful text and is empty too.
#[must_use]
pub fn text(value: Option<&Value>) -> Cow<'_, str> {
    match value {
        Some(Value::String(text)) => Cow::Borrowed(text),
        Some(Value::Number(number)) => Cow::Owned(number_text(number)),
        Some(Value::Bool(value)) => Cow::Borrowed(if *value { "1" } else { "0" }),
        _ => Cow::Borrowed(""),
    }
}

/// The string of a value that is true in Perl's sense.
#[must_use]
pub fn true_text(value: Option<&Value>) -> Option<Cow<'_, str>> {
    is_true(value).then(|| text(value))
}

/// The number that a value stands for in numeric context.
#[must_use]
pub fn number(value: Option<&Value>) -> f64 {
    PerlNumber::from_prefix(text(value).as_bytes()).as_f64()
}

/// The number at the start of a text, as in numeric context; cut towards zero.
#[must_use]
pub fn integer(text: &str) -> i64 {
    match PerlNumber::from_prefix(text.as_bytes()).int() {
        PerlNumber::Int(value) => value,
        PerlNumber::UInt(_) => i64::MAX,
        PerlNumber::Num(value) => value as i64,
    }
}

fn number_text(number: &Number) -> String {
    let scalar = match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(value), _, _) => Scalar::Int(value),
        (_, Some(value), _) => Scalar::UInt(value),
        (_, _, value) => Scalar::Num(value.unwrap_or_default()),
    };
    scalar.to_perl().to_string()
}

/// Data that comes from Perl: byte strings are characters below 256, as Perl has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FromPerl(pub Value);

impl<'de> Deserialize<'de> for FromPerl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<FromPerl, D::Error> {
        deserializer.deserialize_any(Data).map(FromPerl)
    }
}

struct Data;

impl<'de> Visitor<'de> for Data {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a string, number, hash or array")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_bytes<E: Error>(self, value: &[u8]) -> Result<Value, E> {
        Ok(value.iter().map(|byte| char::from(*byte)).collect::<String>().into())
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Value, D::Error> {
        inner.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(FromPerl(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((FromPerl(key), FromPerl(value))) = entries.next_entry()? {
            map.insert(text(Some(&key)).into_owned(), value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn truth_is_that_of_perl() {
        for value in [json!(null), json!(0), json!(0.0), json!(""), json!("0"), json!(false)] {
            assert!(!is_true(Some(&value)), "{value}");
        }
        for value in [json!("00"), json!("0.0"), json!(1), json!([]), json!({}), json!(true)] {
            assert!(is_true(Some(&value)), "{value}");
        }
    }

    #[test]
    fn numbers_are_written_as_perl_writes_them() {
        assert_eq!(text(Some(&json!(24))), "24");
        assert_eq!(text(Some(&json!(1.5))), "1.5");
        assert_eq!(text(Some(&json!(1e20))), "1e+20");
        assert_eq!(integer("24abc"), 24);
        assert_eq!(integer(""), 0);
    }
}
