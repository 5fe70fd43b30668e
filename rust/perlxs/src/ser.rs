//! Rust data to Perl, through serde, with nothing in between.
//!
//! `serialize_str` gives characters, `serialize_bytes` bytes, also for hash keys. A boolean is 1 or 0, as PVE's code
//! writes it; None and unit are a fresh undef that the caller may assign to.

use std::cell::Cell;
use std::ffi::c_void;
use std::fmt::Display;

use perlxs_sys as sys;
use serde::ser::{self, Serialize};

use crate::error::Error;
use crate::interpreter::{Perl, Sv};
use crate::text::is_ascii;

/// The name of a newtype around bytes that are a scalar's characters in Perl's own encoding, which goes beyond Unicode's:
/// the way through serde for what no `str` can hold. Only a [`PerlData`](crate::PerlData) parameter gives one.
pub const PERL_UTF8: &str = "$perl::utf8";

/// Perl keeps a hash key's length in 32 bits.
const MAX_KEY: usize = i32::MAX as usize;

/// Makes Perl data of a value.
pub fn to_perl<T: Serialize + ?Sized>(perl: Perl, value: &T) -> Result<Sv, Error> {
    value.serialize(Ser { perl }).map_err(|e| Error::die(format!("internal error: {}\n", e.0)))
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
struct Ser {
    perl: Perl,
}

#[inline]
fn owned(perl: Perl, raw: *mut c_void) -> Result<Sv> {
    // SAFETY: every caller passes what a pxs_new_* function has just made.
    unsafe { Sv::from_owned(perl, raw.cast()) }
        .ok_or_else(|| EncodeError("Perl made no value".into()))
}

impl Ser {
    #[inline]
    fn string(self, bytes: &[u8], text: bool) -> Result<Sv> {
        // SAFETY: ptr and length are of one slice; with `text` set it is UTF-8.
        let raw = unsafe {
            let len = bytes.len();
            sys::pxs_new_string(self.perl.raw(), bytes.as_ptr().cast(), len, text.into())
        };
        owned(self.perl, raw.cast())
    }

    fn array(self, capacity: Option<usize>) -> Result<Array> {
        // SAFETY: makes a new array; the capacity is a hint that is bounded here.
        let raw =
            unsafe { sys::pxs_new_array(self.perl.raw(), capacity.unwrap_or(0).min(1 << 20)) };
        Ok(Array { perl: self.perl, av: owned(self.perl, raw.cast())?, variant: None })
    }

    fn hash(self, capacity: Option<usize>) -> Result<Hash> {
        // SAFETY: makes a new hash; the capacity is a hint that is bounded here.
        let raw = unsafe { sys::pxs_new_hash(self.perl.raw(), capacity.unwrap_or(0).min(1 << 20)) };
        let hv = owned(self.perl, raw.cast())?;
        Ok(Hash { perl: self.perl, hv, key: None, variant: None })
    }
}

impl ser::Serializer for Ser {
    type Ok = Sv;
    type Error = EncodeError;
    type SerializeSeq = Array;
    type SerializeTuple = Array;
    type SerializeTupleStruct = Array;
    type SerializeTupleVariant = Array;
    type SerializeMap = Hash;
    type SerializeStruct = Hash;
    type SerializeStructVariant = Hash;

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

    fn serialize_seq(self, len: Option<usize>) -> Result<Array> {
        self.array(len)
    }

    fn serialize_tuple(self, len: usize) -> Result<Array> {
        self.array(Some(len))
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Array> {
        self.array(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Array> {
        Ok(Array { variant: Some(variant), ..self.array(Some(len))? })
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Hash> {
        self.hash(len)
    }

    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Hash> {
        self.hash(Some(len))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Hash> {
        Ok(Hash { variant: Some(variant), ..self.hash(Some(len))? })
    }
}

/// A reference to a finished container, inside `{ variant => … }` for an enum's variant.
fn finish(perl: Perl, container: Sv, variant: Option<&'static str>) -> Result<Sv> {
    // SAFETY: the reference takes over the count that into_raw gives up.
    let reference = unsafe { sys::pxs_new_ref(perl.raw(), container.into_raw().cast()) };
    let reference = owned(perl, reference.cast())?;
    match variant {
        None => Ok(reference),
        Some(name) => {
            let outer = Ser { perl }.hash(Some(1))?;
            outer.store(name.as_bytes(), false, reference)?;
            finish(perl, outer.hv, None)
        }
    }
}

struct Array {
    perl: Perl,
    av: Sv,
    variant: Option<&'static str>,
}

impl Array {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let value = value.serialize(Ser { perl: self.perl })?;
        // SAFETY: av is an array of ours; it takes over the value's count.
        unsafe {
            sys::pxs_array_push(self.perl.raw(), self.av.as_raw().cast(), value.into_raw());
        }
        Ok(())
    }
}

macro_rules! arrays {
    ($($trait:ident $method:ident;)*) => {$(
        impl ser::$trait for Array {
            type Ok = Sv;
            type Error = EncodeError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
                self.push(value)
            }

            fn end(self) -> Result<Sv> {
                finish(self.perl, self.av, self.variant)
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

struct Hash {
    perl: Perl,
    hv: Sv,
    /// A key that waits for its value (only callers that do not use serialize_entry).
    key: Option<(Vec<u8>, bool)>,
    variant: Option<&'static str>,
}

impl Hash {
    #[inline]
    fn store(&self, key: &[u8], text: bool, value: Sv) -> Result<()> {
        if key.len() > MAX_KEY {
            return Err(EncodeError("a hash key of 2 GiB or more".into()));
        }
        // SAFETY: hv is a hash of ours; it takes over the value's count; the key is one slice.
        unsafe {
            sys::pxs_hash_store(
                self.perl.raw(),
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

impl ser::SerializeMap for Hash {
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
        let value = value.serialize(Ser { perl: self.perl })?;
        let (key, text) =
            self.key.take().ok_or_else(|| EncodeError("a value without its key".into()))?;
        self.store(&key, text, value)
    }

    fn serialize_entry<K: Serialize + ?Sized, V: Serialize + ?Sized>(
        &mut self,
        key: &K,
        value: &V,
    ) -> Result<()> {
        let value = Cell::new(Some(value.serialize(Ser { perl: self.perl })?));
        key.serialize(KeySer(|bytes: &[u8], text| match value.take() {
            Some(value) => self.store(bytes, text, value),
            None => Err(EncodeError("a hash key made of two values".into())),
        }))
    }

    fn end(self) -> Result<Sv> {
        finish(self.perl, self.hv, self.variant)
    }
}

macro_rules! structs {
    ($($trait:ident;)*) => {$(
        impl ser::$trait for Hash {
            type Ok = Sv;
            type Error = EncodeError;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<()> {
                let value = value.serialize(Ser { perl: self.perl })?;
                self.store(key.as_bytes(), !is_ascii(key.as_bytes()), value)
            }

            fn end(self) -> Result<Sv> {
                finish(self.perl, self.hv, self.variant)
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
