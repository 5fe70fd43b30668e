//! Attributes that become one key each: what they are called, and what form their value has.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::attributes::{attributes, be16_of, text_of, u8_of, u16_of, u32_of, u64_of};
use super::links::Links;
use super::value::{Boolean, Text, bridge_id, digits, hex, ipv4, mac, seconds};

/// The form of a value.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// Unsigned numbers.
    U8,
    U16,
    U32,
    U64,
    Be16,
    /// A signed number of 32 bits, and one of 16 bits.
    I32,
    /// true or false, from a byte.
    Flag,
    /// A number as a string in hexadecimal.
    Hex16,
    /// A string.
    Text,
    /// A hardware address.
    Mac,
    /// Bytes as digits.
    Digits,
    /// A spanning tree id.
    BridgeId,
    /// Seconds from hundredths.
    Timer,
    /// The name of the link with this index.
    Link,
    /// The same, left out for index zero.
    LinkIfAny,
    /// An address.
    Ipv4,
    /// The protocol's name.
    Protocol,
    /// One of these words by a byte or by 32 bits, `UNKNOWN` beyond them.
    Word8(&'static [&'static str]),
    Word32(&'static [&'static str]),
}

/// An attribute's key and form.
#[derive(Clone, Copy)]
pub(super) struct Field {
    key: &'static str,
    form: Form,
}

/// Fields by the attribute's type.
pub(super) type Table<const N: usize> = [Option<Field>; N];

/// A table of attributes: type, key, form.
pub(super) const fn table<const N: usize>(list: &[(usize, &'static str, Form)]) -> Table<N> {
    let mut fields = [None; N];
    let mut at = 0;
    while at < list.len() {
        let (kind, key, form) = list[at];
        fields[kind] = Some(Field { key, form });
        at += 1;
    }
    fields
}

/// Adds all attributes that the table names.
pub(super) fn add<M: SerializeMap>(
    map: &mut M,
    fields: &[Option<Field>],
    data: &[u8],
    links: &Links,
) -> Result<(), M::Error> {
    attributes(data).try_for_each(|(kind, value)| add_one(map, fields, kind, value, links))
}

/// Adds one attribute if the table names it.
#[inline]
pub(super) fn add_one<M: SerializeMap>(
    map: &mut M,
    fields: &[Option<Field>],
    kind: u16,
    value: &[u8],
    links: &Links,
) -> Result<(), M::Error> {
    match fields.get(usize::from(kind)) {
        Some(Some(Field { form: Form::LinkIfAny, .. })) if u32_of(value) == 0 => Ok(()),
        Some(Some(field)) => {
            map.serialize_entry(field.key, &Value { form: field.form, value, links })
        }
        _ => Ok(()),
    }
}

struct Value<'a> {
    form: Form,
    value: &'a [u8],
    links: &'a Links,
}

fn word(words: &'static [&'static str], index: usize) -> &'static str {
    words.get(index).copied().unwrap_or("UNKNOWN")
}

impl Serialize for Value<'_> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = self.value;
        match self.form {
            Form::U8 => serializer.serialize_u8(u8_of(value)),
            Form::U16 => serializer.serialize_u16(u16_of(value)),
            Form::U32 => serializer.serialize_u32(u32_of(value)),
            Form::U64 => serializer.serialize_u64(u64_of(value)),
            Form::Be16 => serializer.serialize_u16(be16_of(value)),
            Form::I32 => serializer.serialize_i32(u32_of(value).cast_signed()),
            Form::Flag => Boolean(u8_of(value) != 0).serialize(serializer),
            Form::Hex16 => serializer.serialize_str(&hex(u16_of(value).into())),
            Form::Text => Text(text_of(value)).serialize(serializer),
            Form::Mac => serializer.serialize_str(&mac(value)),
            Form::Digits => serializer.serialize_str(&digits(value, "")),
            Form::BridgeId => serializer.serialize_str(&bridge_id(value)),
            Form::Timer => serializer.serialize_f64(seconds(u64_of(value))),
            Form::Link | Form::LinkIfAny => self.links.name(u32_of(value)).serialize(serializer),
            Form::Ipv4 => ipv4(value).map(|address| address.to_string()).serialize(serializer),
            Form::Protocol => serializer.serialize_str(&super::words::protocol(be16_of(value))),
            Form::Word8(words) => serializer.serialize_str(word(words, u8_of(value).into())),
            Form::Word32(words) => serializer.serialize_str(word(words, u32_of(value) as usize)),
        }
    }
}
