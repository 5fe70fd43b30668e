//! Perl data as the recorded cases write it: a byte as the character of the same number.

use std::fmt;

use pve_schema::PERL_UTF8;
use serde::ser::{
    self, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple,
    Serializer,
};
use serde_json::{Map, Value};

/// Serializes as the Perl boundary would, to JSON.
pub fn to_json(value: &(impl Serialize + ?Sized)) -> Value {
    value.serialize(Json).expect("Perl data")
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|b| char::from(*b)).collect()
}

#[derive(Debug)]
pub struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl ser::Error for Refused {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Refused(message.to_string())
    }
}

struct Json;

macro_rules! refuse {
    ($($name:ident: $type:ty),*) => {
        $(fn $name(self, _: $type) -> Result<Value, Refused> {
            Err(Refused(concat!("not Perl data: ", stringify!($name)).into()))
        })*
    };
}

impl Serializer for Json {
    type Ok = Value;
    type Error = Refused;
    type SerializeSeq = List;
    type SerializeTuple = List;
    type SerializeTupleStruct = Impossible<Value, Refused>;
    type SerializeTupleVariant = Impossible<Value, Refused>;
    type SerializeMap = Object;
    type SerializeStruct = Object;
    type SerializeStructVariant = Impossible<Value, Refused>;

    refuse!(serialize_i8: i8, serialize_i16: i16, serialize_i32: i32,  serialize_f32: f32, serialize_char: char, serialize_unit_struct: &'static str);

    fn serialize_bool(self, value: bool) -> Result<Value, Refused> {
        Ok(value.into())
    }

    fn serialize_u8(self, value: u8) -> Result<Value, Refused> {
        Ok(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<Value, Refused> {
        Ok(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<Value, Refused> {
        Ok(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<Value, Refused> {
        Ok(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<Value, Refused> {
        Ok(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result<Value, Refused> {
        Ok(value.into())
    }

    fn serialize_str(self, text: &str) -> Result<Value, Refused> {
        Ok(text.into())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<Value, Refused> {
        Ok(latin1(bytes).into())
    }

    fn serialize_none(self) -> Result<Value, Refused> {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, Refused> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Value, Refused> {
        Ok(Value::Null)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
    ) -> Result<Value, Refused> {
        Err(Refused("not Perl data: a variant".into()))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<Value, Refused> {
        let value = value.serialize(self)?;
        if name != PERL_UTF8 {
            return Ok(value);
        }
        Ok(Value::String(format!("{name}:{}", value.as_str().unwrap_or_default())))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Value, Refused> {
        Err(Refused("not Perl data: a variant".into()))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List, Refused> {
        Ok(List(Vec::new()))
    }

    fn serialize_tuple(self, _: usize) -> Result<List, Refused> {
        Ok(List(Vec::new()))
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Refused> {
        Err(Refused("not Perl data: a struct".into()))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Refused> {
        Err(Refused("not Perl data: a variant".into()))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Object, Refused> {
        Ok(Object { map: Map::new(), key: String::new(), announced: length })
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Object, Refused> {
        self.serialize_map(Some(length))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Refused> {
        Err(Refused("not Perl data: a variant".into()))
    }
}

struct List(Vec<Value>);

impl SerializeSeq for List {
    type Ok = Value;
    type Error = Refused;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
        self.0.push(value.serialize(Json)?);
        Ok(())
    }

    fn end(self) -> Result<Value, Refused> {
        Ok(Value::Array(self.0))
    }
}

impl SerializeTuple for List {
    type Ok = Value;
    type Error = Refused;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Result<Value, Refused> {
        SerializeSeq::end(self)
    }
}

struct Object {
    map: Map<String, Value>,
    key: String,
    announced: Option<usize>,
}

impl SerializeMap for Object {
    type Ok = Value;
    type Error = Refused;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Refused> {
        let key = key.serialize(Json)?;
        self.key =
            key.as_str().ok_or_else(|| Refused("a key that is no string".into()))?.to_owned();
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
        match self.map.insert(std::mem::take(&mut self.key), value.serialize(Json)?) {
            None => Ok(()),
            Some(_) => Err(Refused("a key that is there twice".into())),
        }
    }

    fn end(self) -> Result<Value, Refused> {
        if self.announced.is_some_and(|length| length < self.map.len()) {
            return Err(Refused("more entries than announced".into()));
        }
        Ok(Value::Object(self.map))
    }
}

impl SerializeStruct for Object {
    type Ok = Value;
    type Error = Refused;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Refused> {
        self.serialize_entry(key, value)
    }

    fn end(self) -> Result<Value, Refused> {
        SerializeMap::end(self)
    }
}
