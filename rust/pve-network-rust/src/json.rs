//! Perl data that is kept as JSON.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// A reference to a hash of plain data, as a JSON object: numbers stay numbers, strings strings; a string without
/// Perl's UTF-8 flag is the characters 0 to 255.
#[derive(Default)]
pub(crate) struct JsonObject(pub(crate) Map<String, Value>);

impl<'de> Deserialize<'de> for JsonObject {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = JsonObject;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a reference to a hash")
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<JsonObject, A::Error> {
                object(entries).map(JsonObject)
            }
        }
        from.deserialize_map(Object)
    }
}

fn object<'de, A: MapAccess<'de>>(mut entries: A) -> Result<Map<String, Value>, A::Error> {
    let mut object = Map::new();
    while let Some((key, Json(value))) = entries.next_entry::<String, Json>()? {
        object.insert(key, value);
    }
    Ok(object)
}

struct Json(Value);

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("plain data")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json, E> {
        let number = Number::from_f64(value);
        number.map(|number| Json(number.into())).ok_or_else(|| E::custom("no finite number"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json(text.into()))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Json, E> {
        Ok(Json(bytes.iter().copied().map(char::from).collect::<String>().into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Json, A::Error> {
        let mut array = Vec::new();
        while let Some(Json(value)) = elements.next_element()? {
            array.push(value);
        }
        Ok(Json(array.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Json, A::Error> {
        object(entries).map(|object| Json(object.into()))
    }
}
