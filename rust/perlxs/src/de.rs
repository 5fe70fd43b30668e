//! Perl data to Rust, through serde.
//!
//! `deserialize_any` keeps Perl's distinctions: a string without the UTF-8 flag is bytes, one with it is characters, a
//! number is a number only if the scalar is one. A type that asks for a string, an integer or a boolean gets it from
//! either form wherever that loses nothing.

use std::borrow::Cow;
use std::slice;

use perlxs_sys as sys;
use serde::de::{
    self, Deserialize, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

use crate::error::DecodeError;
use crate::interpreter::Perl;
use crate::{number, text};

type Result<T> = std::result::Result<T, DecodeError>;

/// What one scalar holds.
#[derive(Clone, Copy)]
pub(crate) enum View<'a> {
    Undef,
    Int(i64),
    Uint(u64),
    Num(f64),
    Bytes(&'a [u8]),
    /// Perl's own encoding of characters; not always valid UTF-8.
    Text(&'a [u8]),
    Bool(bool),
    Array(*mut std::ffi::c_void),
    Hash(*mut std::ffi::c_void),
    Code,
    Object(&'a [u8]),
    Overloaded(&'a [u8]),
    Other(&'a [u8]),
}

impl<'a> View<'a> {
    /// # Safety
    /// The shim has filled the view of a scalar that is neither changed nor freed during `'a`.
    #[inline]
    pub(crate) unsafe fn from_raw(raw: *const sys::pxs_view) -> View<'a> {
        // SAFETY: a kind says which member of the union is set, and whether there is a length.
        unsafe {
            let bytes = || match (*raw).len {
                0 => &[][..],
                len => slice::from_raw_parts((*raw).is.ptr.cast::<u8>(), len),
            };
            match (*raw).kind {
                sys::PXS_UNDEF => View::Undef,
                sys::PXS_INT => View::Int((*raw).is.iv),
                sys::PXS_UINT => View::Uint((*raw).is.uv),
                sys::PXS_NUM => View::Num((*raw).is.nv),
                sys::PXS_BYTES => View::Bytes(bytes()),
                sys::PXS_TEXT => View::Text(bytes()),
                sys::PXS_BOOL => View::Bool((*raw).is.iv != 0),
                sys::PXS_ARRAY => View::Array((*raw).is.target),
                sys::PXS_HASH => View::Hash((*raw).is.target),
                sys::PXS_CODE => View::Code,
                sys::PXS_OBJECT => View::Object(bytes()),
                sys::PXS_OVERLOADED => View::Overloaded(bytes()),
                _ => View::Other(bytes()),
            }
        }
    }

    /// What it is, for an error message.
    pub(crate) fn describe(&self) -> String {
        match self {
            View::Undef => "undef".into(),
            View::Int(_) | View::Uint(_) | View::Num(_) => "a number".into(),
            View::Bytes(_) | View::Text(_) => "a string".into(),
            View::Bool(_) => "a boolean".into(),
            View::Array(_) => "an array reference".into(),
            View::Hash(_) => "a hash reference".into(),
            View::Code => "a code reference".into(),
            View::Object(class) => format!("an object of class {}", String::from_utf8_lossy(class)),
            View::Overloaded(class) => format!(
                "an object of class {}; if its text is meant, pass \"$x\"",
                String::from_utf8_lossy(class)
            ),
            View::Other(what) => {
                format!("a reference or glob ({})", String::from_utf8_lossy(what))
            }
        }
    }

    /// The characters of a scalar.
    #[inline]
    pub(crate) fn text(&self, perl: Perl) -> std::result::Result<Cow<'a, str>, String> {
        match self {
            View::Bytes(bytes) => Ok(text::from_latin1(bytes)),
            View::Text(bytes) => Ok(Cow::Borrowed(text::from_flagged(bytes)?)),
            other => other.scalar_text(perl, "a string").map(Cow::Owned),
        }
    }

    /// The bytes of a scalar.
    #[inline]
    pub(crate) fn bytes(&self, perl: Perl) -> std::result::Result<Cow<'a, [u8]>, String> {
        match self {
            View::Bytes(bytes) => Ok(Cow::Borrowed(bytes)),
            View::Text(bytes) if bytes.is_ascii() => Ok(Cow::Borrowed(bytes)),
            View::Text(bytes) => Ok(Cow::Owned(text::to_bytes(text::from_flagged(bytes)?)?)),
            other => other.scalar_text(perl, "a string").map(|text| Cow::Owned(text.into_bytes())),
        }
    }

    #[cold]
    fn scalar_text(&self, perl: Perl, expected: &str) -> std::result::Result<String, String> {
        match self {
            View::Int(value) => Ok(value.to_string()),
            View::Uint(value) => Ok(value.to_string()),
            View::Num(value) => Ok(number::format_num(perl, *value)),
            View::Bool(value) => Ok(if *value { "1".into() } else { String::new() }),
            other => Err(format!("expected {expected}, got {}", other.describe())),
        }
    }
}

/// Makes a `T` of a Perl value.
///
/// # Safety
/// `sv` is a valid value without magic anywhere inside, not nested deeper than `PXS_MAX_DEPTH` (the shim's argument
/// kinds DATA and PERL see to both), and nothing changes or frees it during `'a`.
pub unsafe fn from_perl<'a, T: Deserialize<'a>>(
    perl: Perl,
    sv: *mut sys::SV,
    objects: bool,
) -> Result<T> {
    let mut raw = sys::pxs_view::default();
    // SAFETY: as promised by the caller; looking at a scalar's flags changes nothing.
    unsafe {
        sys::pxs_view_sv(perl.raw(), sv, objects.into(), &mut raw);
        from_view(perl, View::from_raw(&raw), objects)
    }
}

/// As [`from_perl`], of what is seen already.
///
/// # Safety
/// As there.
pub(crate) unsafe fn from_view<'a, T: Deserialize<'a>>(
    perl: Perl,
    view: View<'a>,
    objects: bool,
) -> Result<T> {
    T::deserialize(De { perl, view, objects })
}

#[derive(Clone, Copy)]
struct De<'a> {
    perl: Perl,
    view: View<'a>,
    objects: bool,
}

impl<'a> De<'a> {
    fn refuse<T>(&self, view: &View<'_>, expected: &str) -> Result<T> {
        Err(DecodeError::new(format!("expected {expected}, got {}", view.describe())))
    }

    fn seq<V: Visitor<'a>>(self, av: *mut std::ffi::c_void, visitor: V) -> Result<V::Value> {
        // SAFETY: a View::Array's target is an array, alive as long as the scalar.
        let len = unsafe { sys::pxs_array_len(self.perl.raw(), av) };
        visitor.visit_seq(Seq { perl: self.perl, objects: self.objects, av, index: 0, len })
    }

    fn map<V: Visitor<'a>>(self, hv: *mut std::ffi::c_void, visitor: V) -> Result<V::Value> {
        let mut entry = sys::pxs_entry::default();
        // SAFETY: a View::Hash's target is a hash, alive as long as the scalar.
        let left = unsafe {
            sys::pxs_hash_start(self.perl.raw(), hv, &mut entry);
            sys::pxs_hash_len(self.perl.raw(), hv)
        };
        visitor.visit_map(Map { perl: self.perl, objects: self.objects, left, entry })
    }
}

macro_rules! integers {
    ($($method:ident $visit:ident $type:ty, $name:literal;)*) => {$(
        fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
            let bounds = (<$type>::MIN as i128, <$type>::MAX as i128);
            number::integer(self.perl, &self.view, bounds, $name)
                .map_err(DecodeError::new)
                .and_then(|number| visitor.$visit(number))
        }
    )*};
}

impl<'a> de::Deserializer<'a> for De<'a> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        match self.view {
            View::Undef => visitor.visit_unit(),
            View::Int(value) => visitor.visit_i64(value),
            View::Uint(value) => visitor.visit_u64(value),
            View::Num(value) => visitor.visit_f64(value),
            View::Bytes(bytes) => visitor.visit_borrowed_bytes(bytes),
            View::Text(bytes) => match text::from_flagged(bytes) {
                Ok(text) => visitor.visit_borrowed_str(text),
                // See PERL_UTF8.
                Err(_) if self.objects => {
                    visitor.visit_newtype_struct(de::value::BorrowedBytesDeserializer::new(bytes))
                }
                Err(reason) => Err(DecodeError::new(reason)),
            },
            View::Bool(value) => visitor.visit_bool(value),
            View::Array(av) => self.seq(av, visitor),
            View::Hash(hv) => self.map(hv, visitor),
            other => self.refuse(&other, "plain data"),
        }
    }

    integers! {
        deserialize_i8 visit_i8 i8, "an integer";
        deserialize_i16 visit_i16 i16, "an integer";
        deserialize_i32 visit_i32 i32, "an integer";
        deserialize_i64 visit_i64 i64, "an integer";
        deserialize_u8 visit_u8 u8, "an unsigned integer";
        deserialize_u16 visit_u16 u16, "an unsigned integer";
        deserialize_u32 visit_u32 u32, "an unsigned integer";
        deserialize_u64 visit_u64 u64, "an unsigned integer";
    }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_bool(number::boolean(&self.view).map_err(DecodeError::new)?)
    }

    fn deserialize_f32<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_f64(number::float(&self.view).map_err(DecodeError::new)?)
    }

    fn deserialize_char<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_str<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        match self.view.text(self.perl).map_err(DecodeError::new)? {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_string<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        match self.view.bytes(self.perl).map_err(DecodeError::new)? {
            Cow::Borrowed(bytes) => visitor.visit_borrowed_bytes(bytes),
            Cow::Owned(bytes) => visitor.visit_byte_buf(bytes),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        match self.view {
            View::Undef => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        match self.view {
            View::Undef => visitor.visit_unit(),
            other => self.refuse(&other, "undef"),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'a>>(self, _: &'static str, v: V) -> Result<V::Value> {
        self.deserialize_unit(v)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        match self.view {
            View::Array(av) => self.seq(av, visitor),
            other => self.refuse(&other, "an array reference"),
        }
    }

    fn deserialize_tuple<V: Visitor<'a>>(self, _: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        match self.view {
            View::Hash(hv) => self.map(hv, visitor),
            other => self.refuse(&other, "a hash reference"),
        }
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match self.view {
            View::Hash(hv) => {
                let (perl, objects) = (self.perl, self.objects);
                let mut entry = sys::pxs_entry::default();
                // SAFETY: as in map(); the entry is used while the hash is alive and unchanged.
                let only = unsafe {
                    sys::pxs_hash_start(perl.raw(), hv, &mut entry);
                    sys::pxs_hash_len(perl.raw(), hv) == 1
                        && sys::pxs_hash_next(perl.raw(), &mut entry, objects.into()) != 0
                };
                if !only {
                    return Err(DecodeError::new("expected a hash reference with exactly one key"));
                }
                // SAFETY: the shim has just filled the entry's view.
                let view = unsafe { View::from_raw(&entry.view) };
                visitor
                    .visit_enum(Variant { key: Key::of(&entry), value: De { perl, view, objects } })
            }
            view => {
                let name = view.text(self.perl).map_err(DecodeError::new)?;
                visitor.visit_enum(name.into_owned().into_deserializer())
            }
        }
    }

    fn deserialize_identifier<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }
}

struct Seq {
    perl: Perl,
    objects: bool,
    av: *mut std::ffi::c_void,
    index: usize,
    len: usize,
}

impl<'a> SeqAccess<'a> for Seq {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if self.index >= self.len {
            return Ok(None);
        }
        let (index, perl, objects) = (self.index, self.perl, self.objects);
        self.index += 1;
        let mut raw = sys::pxs_view::default();
        // SAFETY: index is below the array's length, which nothing changes meanwhile.
        let view = unsafe {
            sys::pxs_array_get(perl.raw(), self.av, index, objects.into(), &mut raw);
            View::from_raw(&raw)
        };
        seed.deserialize(De { perl, view, objects }).map(Some).map_err(|e| e.at_index(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.len - self.index)
    }
}

struct Map {
    perl: Perl,
    objects: bool,
    left: usize,
    entry: sys::pxs_entry,
}

impl<'a> MapAccess<'a> for Map {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        // SAFETY: the hash is alive and unchanged during 'a, so the walk stays valid.
        let more =
            unsafe { sys::pxs_hash_next(self.perl.raw(), &mut self.entry, self.objects.into()) };
        if more == 0 {
            return Ok(None);
        }
        self.left = self.left.saturating_sub(1);
        let key = Key::of(&self.entry);
        seed.deserialize(KeyDe(key)).map(Some).map_err(|e| e.at_key(&key.shown()))
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value> {
        // SAFETY: the shim filled the entry's view when it came to it.
        let view = unsafe { View::from_raw(&self.entry.view) };
        seed.deserialize(De { perl: self.perl, view, objects: self.objects })
            .map_err(|e| e.at_key(&Key::of(&self.entry).shown()))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// A hash key as Perl keeps it.
#[derive(Clone, Copy)]
struct Key<'a> {
    raw: &'a [u8],
    /// `raw` is UTF-8.
    text: bool,
    /// The caller wrote it as characters.
    chars: bool,
}

impl<'a> Key<'a> {
    fn of(entry: &sys::pxs_entry) -> Key<'a> {
        let raw = match entry.len {
            0 => &[][..],
            // SAFETY: a key lives as long as its entry, and from_perl's caller vouches for that.
            len => unsafe { slice::from_raw_parts(entry.key.cast::<u8>(), len) },
        };
        Key { raw, text: entry.text != 0, chars: entry.chars != 0 }
    }

    fn text(&self) -> Result<Cow<'a, str>> {
        if self.text {
            return text::from_flagged(self.raw).map(Cow::Borrowed).map_err(DecodeError::new);
        }
        Ok(text::from_latin1(self.raw))
    }

    fn bytes(&self) -> Result<Cow<'a, [u8]>> {
        if self.text {
            let text = text::from_flagged(self.raw).map_err(DecodeError::new)?;
            return text::to_bytes(text).map(Cow::Owned).map_err(DecodeError::new);
        }
        Ok(Cow::Borrowed(self.raw))
    }

    #[cold]
    fn shown(&self) -> String {
        self.text().map_or_else(|_| String::from_utf8_lossy(self.raw).into_owned(), Cow::into_owned)
    }
}

struct KeyDe<'a>(Key<'a>);

impl<'a> KeyDe<'a> {
    #[inline]
    fn str<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        match self.0.text()? {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }
}

macro_rules! key_integers {
    ($($method:ident $visit:ident $type:ty;)*) => {$(
        fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
            let text = self.0.text()?;
            let number: $type = text
                .parse()
                .map_err(|_| DecodeError::new("expected an integer as the key"))?;
            visitor.$visit(number)
        }
    )*};
}

impl<'a> de::Deserializer<'a> for KeyDe<'a> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        if self.0.chars { self.str(visitor) } else { self.deserialize_bytes(visitor) }
    }

    fn deserialize_str<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        self.str(visitor)
    }

    fn deserialize_string<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        self.str(visitor)
    }

    fn deserialize_char<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        self.str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        self.str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        match self.0.bytes()? {
            Cow::Borrowed(bytes) => visitor.visit_borrowed_bytes(bytes),
            Cow::Owned(bytes) => visitor.visit_byte_buf(bytes),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_enum(self.0.text()?.into_owned().into_deserializer())
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_some(self)
    }

    key_integers! {
        deserialize_i8 visit_i8 i8;
        deserialize_i16 visit_i16 i16;
        deserialize_i32 visit_i32 i32;
        deserialize_i64 visit_i64 i64;
        deserialize_u8 visit_u8 u8;
        deserialize_u16 visit_u16 u16;
        deserialize_u32 visit_u32 u32;
        deserialize_u64 visit_u64 u64;
    }

    serde::forward_to_deserialize_any! {
        <W: Visitor<'a>>
        bool f32 f64 unit unit_struct seq tuple tuple_struct map struct ignored_any
    }
}

/// `{ variant => $value }`
struct Variant<'a> {
    key: Key<'a>,
    value: De<'a>,
}

impl<'a> EnumAccess<'a> for Variant<'a> {
    type Error = DecodeError;
    type Variant = Variant<'a>;

    fn variant_seed<V: DeserializeSeed<'a>>(self, seed: V) -> Result<(V::Value, Variant<'a>)> {
        let name = seed.deserialize(KeyDe(self.key)).map_err(|e| e.at_key(&self.key.shown()))?;
        Ok((name, self))
    }
}

impl<'a> VariantAccess<'a> for Variant<'a> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<()> {
        Deserialize::deserialize(self.value).map_err(|e: DecodeError| e.at_key(&self.key.shown()))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'a>>(self, seed: T) -> Result<T::Value> {
        seed.deserialize(self.value).map_err(|e| e.at_key(&self.key.shown()))
    }

    fn tuple_variant<V: Visitor<'a>>(self, _: usize, visitor: V) -> Result<V::Value> {
        de::Deserializer::deserialize_seq(self.value, visitor)
            .map_err(|e| e.at_key(&self.key.shown()))
    }

    fn struct_variant<V: Visitor<'a>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        de::Deserializer::deserialize_map(self.value, visitor)
            .map_err(|e| e.at_key(&self.key.shown()))
    }
}
