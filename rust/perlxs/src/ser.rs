//! Rust data to Perl, through serde, with nothing in between.
//!
//! `serialize_str` gives characters, `serialize_bytes` bytes, also for hash keys. A boolean is 1 or 0, as PVE's code
//! writes it; None and unit are a fresh undef that the caller may assign to.

use std::cell::Cell;
use std::ffi::c_void;
use std::fmt::Display;
use std::ptr;

use perlxs_sys as sys;
use serde::ser::{self, Serialize};

use crate::error::Error;
use crate::interpreter::{Perl, Sv};
use crate::text::is_ascii;

/// The name of a newtype around bytes that are a scalar's characters in Perl's own encoding, which goes beyond Unicode's:
/// the way through serde for what no `str` can hold. Only a [`PerlData`](crate::PerlData) parameter gives one.
pub const PERL_UTF8: &str = "$perl::utf8";

/// The name of a newtype around a `bool` that is JSON's `true` or `false` in Perl: an object of JSON::PP::Boolean, as
/// JSON::XS gives, instead of 1 or 0.
pub const JSON_BOOLEAN: &str = "$json::boolean";

/// Perl keeps a hash key's length in 32 bits.
const MAX_KEY: usize = i32::MAX as usize;

/// Makes Perl data of a value.
pub fn to_perl<T: Serialize + ?Sized>(perl: Perl, value: &T) -> Result<Sv, Error> {
    let json = Cell::new([ptr::null_mut(); 2]);
    value
        .serialize(Ser { perl, json: &json })
        .map_err(|e| Error::die(format!("internal error: {}\n", e.0)))
}

/// Why a value has no form in Perl.
#[derive(Debug)]
pub struct EncodeError(String);

impl Display for EncodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EncodeError {}

impl ser::Error for EncodeError {
    fn custom<T: Display>(reason: T) -> EncodeError {
        EncodeError(reason.to_string())
    }
}

type Result<T, E = EncodeError> = std::result::Result<T, E>;

#[derive(Clone, Copy)]
struct Ser<'c> {
    perl: Perl,
    /// JSON's false and true, once they were looked up.
    json: &'c Cell<[*mut sys::SV; 2]>,
}

#[inline]
fn owned(perl: Perl, raw: *mut c_void) -> Result<Sv> {
    // SAFETY: every caller passes what a pxs_new_* function has just made.
    unsafe { Sv::from_owned(perl, raw.cast()) }
        .ok_or_else(|| EncodeError("Perl made no value".into()))
}

impl<'c> Ser<'c> {
    #[inline]
    fn string(self, bytes: &[u8], text: bool) -> Result<Sv> {
        // SAFETY: ptr and length are of one slice; with `text` set it is UTF-8.
        let raw = unsafe {
            let len = bytes.len();
            sys::pxs_new_string(self.perl.raw(), bytes.as_ptr().cast(), len, text.into())
        };
        owned(self.perl, raw.cast())
    }

    fn array(self, capacity: Option<usize>) -> Result<Array<'c>> {
        // SAFETY: makes a new array; the capacity is a hint that is bounded here.
        let raw =
            unsafe { sys::pxs_new_array(self.perl.raw(), capacity.unwrap_or(0).min(1 << 20)) };
        Ok(Array { ser: self, av: owned(self.perl, raw.cast())?, variant: None })
    }

    fn hash(self, capacity: Option<usize>) -> Result<Hash<'c>> {
        // SAFETY: makes a new hash; the capacity is a hint that is bounded here.
        let raw = unsafe { sys::pxs_new_hash(self.perl.raw(), capacity.unwrap_or(0).min(1 << 20)) };
        let hv = owned(self.perl, raw.cast())?;
        Ok(Hash { ser: self, hv, key: None, variant: None })
    }
}

impl<'c> ser::Serializer for Ser<'c> {
    type Ok = Sv;
    type Error = EncodeError;
    type SerializeSeq = Array<'c>;
    type SerializeTuple = Array<'c>;
    type SerializeTupleStruct = Array<'c>;
    type SerializeTupleVariant = Array<'c>;
    type SerializeMap = Hash<'c>;
    type SerializeStruct = Hash<'c>;
    type SerializeStructVariant = Hash<'c>;

    fn serialize_bool(self, v: bool) -> Result<Sv> {
        self.serialize_i64(v.into())
    }

    fn serialize_i8(self, v: i8) -> Result<Sv> {
        self.serialize_i64(v.into())
    }

    fn serialize_i16(self, v: i16) -> Result<Sv> {
        self.serialize_i64(v.into())
    }

    fn serialize_i32(self, v: i32) -> Result<Sv> {
        self.serialize_i64(v.into())
    }

    fn serialize_i64(self, v: i64) -> Result<Sv> {
        // SAFETY: makes a new value.
        owned(self.perl, unsafe { sys::pxs_new_int(self.perl.raw(), v) }.cast())
    }

    fn serialize_u8(self, v: u8) -> Result<Sv> {
        self.serialize_i64(v.into())
    }

    fn serialize_u16(self, v: u16) -> Result<Sv> {
        self.serialize_i64(v.into())
    }

    fn serialize_u32(self, v: u32) -> Result<Sv> {
        self.serialize_i64(v.into())
    }

    fn serialize_u64(self, v: u64) -> Result<Sv> {
        // SAFETY: makes a new value.
        owned(self.perl, unsafe { sys::pxs_new_uint(self.perl.raw(), v) }.cast())
    }

    fn serialize_f32(self, v: f32) -> Result<Sv> {
        self.serialize_f64(v.into())
    }

    fn serialize_f64(self, v: f64) -> Result<Sv> {
        // SAFETY: makes a new value.
        owned(self.perl, unsafe { sys::pxs_new_num(self.perl.raw(), v) }.cast())
    }

    fn serialize_char(self, v: char) -> Result<Sv> {
        self.serialize_str(v.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, v: &str) -> Result<Sv> {
        self.string(v.as_bytes(), !is_ascii(v.as_bytes()))
    }

    fn serialize_bytes(self, v: &[u8]) -> Result<Sv> {
        self.string(v, false)
    }

    fn serialize_none(self) -> Result<Sv> {
        // SAFETY: makes a new value.
        owned(self.perl, unsafe { sys::pxs_new_undef(self.perl.raw()) }.cast())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Sv> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Sv> {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Sv> {
        self.serialize_none()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Sv> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<Sv> {
        if name == JSON_BOOLEAN {
            return value.serialize(JsonBoolean(self));
        }
        let sv = value.serialize(self)?;
        if name == PERL_UTF8 {
            // SAFETY: a scalar of ours; the type's contract is that its bytes are Perl's encoding.
            unsafe { sys::pxs_utf8_on(self.perl.raw(), sv.as_raw()) }
        }
        Ok(sv)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Sv> {
        let mut hash = self.hash(Some(1))?;
        ser::SerializeStruct::serialize_field(&mut hash, variant, value)?;
        ser::SerializeStruct::end(hash)
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Array<'c>> {
        self.array(len)
    }

    fn serialize_tuple(self, len: usize) -> Result<Array<'c>> {
        self.array(Some(len))
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Array<'c>> {
        self.array(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Array<'c>> {
        Ok(Array { variant: Some(variant), ..self.array(Some(len))? })
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Hash<'c>> {
        self.hash(len)
    }

    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Hash<'c>> {
        self.hash(Some(len))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Hash<'c>> {
        Ok(Hash { variant: Some(variant), ..self.hash(Some(len))? })
    }
}

/// Makes a `bool` JSON's own.
struct JsonBoolean<'c>(Ser<'c>);

fn no_boolean<T>() -> Result<T> {
    Err(EncodeError("a JSON boolean made of something else".into()))
}

macro_rules! no_booleans {
    ($($method:ident($($type:ty),*) $result:ty;)*) => {$(
        fn $method(self, $(_: $type),*) -> Result<$result> {
            no_boolean()
        }
    )*};
}

impl ser::Serializer for JsonBoolean<'_> {
    type Ok = Sv;
    type Error = EncodeError;
    type SerializeSeq = ser::Impossible<Sv, EncodeError>;
    type SerializeTuple = ser::Impossible<Sv, EncodeError>;
    type SerializeTupleStruct = ser::Impossible<Sv, EncodeError>;
    type SerializeTupleVariant = ser::Impossible<Sv, EncodeError>;
    type SerializeMap = ser::Impossible<Sv, EncodeError>;
    type SerializeStruct = ser::Impossible<Sv, EncodeError>;
    type SerializeStructVariant = ser::Impossible<Sv, EncodeError>;

    fn serialize_bool(self, v: bool) -> Result<Sv> {
        let Ser { perl, json } = self.0;
        let mut known = json.get();
        let Some(cache) = known.get_mut(usize::from(v)) else { return no_boolean() };
        // SAFETY: the cache is of this interpreter and lives for one conversion, during which no Perl code runs that
        // could free what it points to.
        let raw = unsafe { sys::pxs_new_json_boolean(perl.raw(), v.into(), cache) };
        json.set(known);
        owned(perl, raw.cast())
    }

    no_booleans! {
        serialize_i8(i8) Sv; serialize_i16(i16) Sv; serialize_i32(i32) Sv; serialize_i64(i64) Sv;
        serialize_u8(u8) Sv; serialize_u16(u16) Sv; serialize_u32(u32) Sv; serialize_u64(u64) Sv;
        serialize_f32(f32) Sv; serialize_f64(f64) Sv; serialize_char(char) Sv; serialize_str(&str) Sv;
        serialize_bytes(&[u8]) Sv; serialize_none() Sv; serialize_unit() Sv;
        serialize_unit_struct(&'static str) Sv;
        serialize_unit_variant(&'static str, u32, &'static str) Sv;
        serialize_seq(Option<usize>) Self::SerializeSeq;
        serialize_tuple(usize) Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) Self::SerializeTupleVariant;
        serialize_map(Option<usize>) Self::SerializeMap;
        serialize_struct(&'static str, usize) Self::SerializeStruct;
        serialize_struct_variant(&'static str, u32, &'static str, usize) Self::SerializeStructVariant;
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Sv> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, _: &T) -> Result<Sv> {
        no_boolean()
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Sv> {
        no_boolean()
    }
}

/// A reference to a finished container, inside `{ variant => … }` for an enum's variant.
fn finish(ser: Ser<'_>, container: Sv, variant: Option<&'static str>) -> Result<Sv> {
    let perl = ser.perl;
    // SAFETY: the reference takes over the count that into_raw gives up.
    let reference = unsafe { sys::pxs_new_ref(perl.raw(), container.into_raw().cast()) };
    let reference = owned(perl, reference.cast())?;
    match variant {
        None => Ok(reference),
        Some(name) => {
            let outer = ser.hash(Some(1))?;
            outer.store(name.as_bytes(), false, reference)?;
            finish(ser, outer.hv, None)
        }
    }
}

struct Array<'c> {
    ser: Ser<'c>,
    av: Sv,
    variant: Option<&'static str>,
}

impl Array<'_> {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let value = value.serialize(self.ser)?;
        // SAFETY: av is an array of ours; it takes over the value's count.
        unsafe {
            sys::pxs_array_push(self.ser.perl.raw(), self.av.as_raw().cast(), value.into_raw());
        }
        Ok(())
    }
}

macro_rules! arrays {
    ($($trait:ident $method:ident;)*) => {$(
        impl ser::$trait for Array<'_> {
            type Ok = Sv;
            type Error = EncodeError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
                self.push(value)
            }

            fn end(self) -> Result<Sv> {
                finish(self.ser, self.av, self.variant)
            }
        }
    )*};
}

arrays! {
    SerializeSeq serialize_element;
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
    SerializeTupleVariant serialize_field;
}

struct Hash<'c> {
    ser: Ser<'c>,
    hv: Sv,
    /// A key that waits for its value (only callers that do not use serialize_entry).
    key: Option<(Vec<u8>, bool)>,
    variant: Option<&'static str>,
}

impl Hash<'_> {
    #[inline]
    fn store(&self, key: &[u8], text: bool, value: Sv) -> Result<()> {
        if key.len() > MAX_KEY {
            return Err(EncodeError("a hash key of 2 GiB or more".into()));
        }
        // SAFETY: hv is a hash of ours; it takes over the value's count; the key is one slice.
        unsafe {
            sys::pxs_hash_store(
                self.ser.perl.raw(),
                self.hv.as_raw().cast(),
                key.as_ptr().cast(),
                key.len(),
                text.into(),
                value.into_raw(),
            );
        }
        Ok(())
    }
}

impl ser::SerializeMap for Hash<'_> {
    type Ok = Sv;
    type Error = EncodeError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        let mut pending = None;
        key.serialize(KeySer(|bytes: &[u8], text| {
            pending = Some((bytes.to_vec(), text));
            Ok(())
        }))?;
        self.key = pending;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let value = value.serialize(self.ser)?;
        let (key, text) =
            self.key.take().ok_or_else(|| EncodeError("a value without its key".into()))?;
        self.store(&key, text, value)
    }

    fn serialize_entry<K: Serialize + ?Sized, V: Serialize + ?Sized>(
        &mut self,
        key: &K,
        value: &V,
    ) -> Result<()> {
        let value = Cell::new(Some(value.serialize(self.ser)?));
        key.serialize(KeySer(|bytes: &[u8], text| match value.take() {
            Some(value) => self.store(bytes, text, value),
            None => Err(EncodeError("a hash key made of two values".into())),
        }))
    }

    fn end(self) -> Result<Sv> {
        finish(self.ser, self.hv, self.variant)
    }
}

macro_rules! structs {
    ($($trait:ident;)*) => {$(
        impl ser::$trait for Hash<'_> {
            type Ok = Sv;
            type Error = EncodeError;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<()> {
                let value = value.serialize(self.ser)?;
                self.store(key.as_bytes(), !is_ascii(key.as_bytes()), value)
            }

            fn end(self) -> Result<Sv> {
                finish(self.ser, self.hv, self.variant)
            }
        }
    )*};
}

structs! { SerializeStruct; SerializeStructVariant; }

/// Hands a hash key's bytes, and whether they are characters, to a function.
struct KeySer<F>(F);

fn no_key<T>() -> Result<T> {
    Err(EncodeError("a hash key must be a string or an integer".into()))
}

macro_rules! integer_keys {
    ($($method:ident $type:ty;)*) => {$(
        fn $method(mut self, v: $type) -> Result<()> {
            (self.0)(v.to_string().as_bytes(), false)
        }
    )*};
}

impl<F: FnMut(&[u8], bool) -> Result<()>> ser::Serializer for KeySer<F> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = ser::Impossible<(), EncodeError>;
    type SerializeTuple = ser::Impossible<(), EncodeError>;
    type SerializeTupleStruct = ser::Impossible<(), EncodeError>;
    type SerializeTupleVariant = ser::Impossible<(), EncodeError>;
    type SerializeMap = ser::Impossible<(), EncodeError>;
    type SerializeStruct = ser::Impossible<(), EncodeError>;
    type SerializeStructVariant = ser::Impossible<(), EncodeError>;

    integer_keys! {
        serialize_i8 i8; serialize_i16 i16; serialize_i32 i32; serialize_i64 i64;
        serialize_u8 u8; serialize_u16 u16; serialize_u32 u32; serialize_u64 u64;
        serialize_char char;
    }

    fn serialize_str(mut self, v: &str) -> Result<()> {
        (self.0)(v.as_bytes(), !is_ascii(v.as_bytes()))
    }

    fn serialize_bytes(mut self, v: &[u8]) -> Result<()> {
        (self.0)(v, false)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<()> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_bool(self, _: bool) -> Result<()> {
        no_key()
    }

    fn serialize_f32(self, _: f32) -> Result<()> {
        no_key()
    }

    fn serialize_f64(self, _: f64) -> Result<()> {
        no_key()
    }

    fn serialize_none(self) -> Result<()> {
        no_key()
    }

    fn serialize_unit(self) -> Result<()> {
        no_key()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<()> {
        no_key()
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<()> {
        no_key()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq> {
        no_key()
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple> {
        no_key()
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTuple> {
        no_key()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTuple> {
        no_key()
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap> {
        no_key()
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct> {
        no_key()
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant> {
        no_key()
    }
}
