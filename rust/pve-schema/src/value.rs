//! Perl data: scalars, lists and maps.

use std::borrow::Cow;

use crate::{PerlNumber, PerlStr, PerlString};

/// A Perl scalar that is no reference.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar<'a> {
    /// `undef`.
    Undef,
    /// A signed integer.
    Int(i64),
    /// An integer above `i64::MAX`.
    UInt(u64),
    /// A double.
    Num(f64),
    /// A byte string.
    Bytes(Cow<'a, [u8]>),
    /// A character string.
    Text(Cow<'a, str>),
    /// A character string in Perl's extended UTF-8, holding what Unicode does not allow (surrogates, numbers above
    /// 0x10FFFF).
    Extended(Vec<u8>),
}

impl<'a> Scalar<'a> {
    /// A byte string that borrows.
    pub const fn bytes(bytes: &'a [u8]) -> Self {
        Scalar::Bytes(Cow::Borrowed(bytes))
    }

    /// An ASCII string of the program's own.
    pub const fn literal(text: &'static str) -> Scalar<'static> {
        Scalar::Bytes(Cow::Borrowed(text.as_bytes()))
    }

    /// The scalar as a Perl string: numbers as Perl writes them, `undef` as the empty string.
    pub fn to_perl(&self) -> PerlString<'_> {
        let number = match self {
            Scalar::Undef => return PerlString::new(),
            Scalar::Bytes(bytes) => return PerlString::Bytes(Cow::Borrowed(bytes)),
            Scalar::Text(text) => return PerlString::Text(Cow::Borrowed(text)),
            Scalar::Extended(bytes) => {
                return PerlString::Text(Cow::Owned(String::from_utf8_lossy(bytes).into_owned()));
            }
            Scalar::Int(value) => PerlNumber::Int(*value),
            Scalar::UInt(value) => PerlNumber::UInt(*value),
            Scalar::Num(value) => PerlNumber::Num(*value),
        };
        match number.to_text() {
            Cow::Borrowed(text) => PerlString::Bytes(Cow::Borrowed(text.as_bytes())),
            Cow::Owned(text) => PerlString::Bytes(Cow::Owned(text.into_bytes())),
        }
    }

    /// Whether it is not `undef`.
    pub fn is_defined(&self) -> bool {
        !matches!(self, Scalar::Undef)
    }

    /// Perl's truth.
    pub fn is_true(&self) -> bool {
        match self {
            Scalar::Undef => false,
            Scalar::Int(value) => *value != 0,
            Scalar::UInt(value) => *value != 0,
            Scalar::Num(value) => *value != 0.0,
            Scalar::Bytes(bytes) => PerlStr::Bytes(bytes).is_true(),
            Scalar::Text(text) => PerlStr::Text(text).is_true(),
            Scalar::Extended(_) => true,
        }
    }

    /// The number it stands for in numeric context.
    pub fn to_number(&self) -> PerlNumber {
        match self {
            Scalar::Undef | Scalar::Extended(_) => PerlNumber::Int(0),
            Scalar::Int(value) => PerlNumber::Int(*value),
            Scalar::UInt(value) => PerlNumber::UInt(*value),
            Scalar::Num(value) => PerlNumber::Num(*value),
            Scalar::Bytes(bytes) => PerlNumber::from_prefix(bytes),
            Scalar::Text(text) => PerlNumber::from_prefix(text.as_bytes()),
        }
    }

    /// Gives up the borrow.
    pub fn into_owned(self) -> Scalar<'static> {
        match self {
            Scalar::Undef => Scalar::Undef,
            Scalar::Int(value) => Scalar::Int(value),
            Scalar::UInt(value) => Scalar::UInt(value),
            Scalar::Num(value) => Scalar::Num(value),
            Scalar::Bytes(bytes) => Scalar::Bytes(Cow::Owned(bytes.into_owned())),
            Scalar::Text(text) => Scalar::Text(Cow::Owned(text.into_owned())),
            Scalar::Extended(bytes) => Scalar::Extended(bytes),
        }
    }
}

impl<'a> From<PerlStr<'a>> for Scalar<'a> {
    fn from(string: PerlStr<'a>) -> Self {
        match string {
            PerlStr::Bytes(bytes) => Scalar::Bytes(Cow::Borrowed(bytes)),
            PerlStr::Text(text) => Scalar::Text(Cow::Borrowed(text)),
        }
    }
}

impl<'a> From<PerlString<'a>> for Scalar<'a> {
    fn from(string: PerlString<'a>) -> Self {
        match string {
            PerlString::Bytes(bytes) => Scalar::Bytes(bytes),
            PerlString::Text(text) => Scalar::Text(text),
        }
    }
}

impl From<PerlNumber> for Scalar<'_> {
    fn from(number: PerlNumber) -> Self {
        match number {
            PerlNumber::Int(value) => Scalar::Int(value),
            PerlNumber::UInt(value) => Scalar::UInt(value),
            PerlNumber::Num(value) => Scalar::Num(value),
        }
    }
}

/// Perl data.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// A scalar that is no reference.
    Scalar(Scalar<'a>),
    /// A reference to an array.
    List(Vec<Value<'a>>),
    /// A reference to a hash.
    Map(Map<'a>),
}

impl<'a> Value<'a> {
    /// `undef`.
    pub const UNDEF: Value<'static> = Value::Scalar(Scalar::Undef);

    /// The scalar, if it is one.
    pub fn as_scalar(&self) -> Option<&Scalar<'a>> {
        if let Value::Scalar(scalar) = self { Some(scalar) } else { None }
    }

    /// The list, if it is one.
    pub fn as_list(&self) -> Option<&[Value<'a>]> {
        if let Value::List(list) = self { Some(list) } else { None }
    }

    /// The map, if it is one.
    pub fn as_map(&self) -> Option<&Map<'a>> {
        if let Value::Map(map) = self { Some(map) } else { None }
    }

    /// What Perl's `ref` says: empty for a scalar.
    pub fn reference_kind(&self) -> &'static str {
        match self {
            Value::Scalar(_) => "",
            Value::List(_) => "ARRAY",
            Value::Map(_) => "HASH",
        }
    }

    /// Whether it is not `undef`.
    pub fn is_defined(&self) -> bool {
        !matches!(self, Value::Scalar(Scalar::Undef))
    }

    /// Perl's truth: a reference is true.
    pub fn is_true(&self) -> bool {
        self.as_scalar().is_none_or(Scalar::is_true)
    }

    /// Gives up the borrow.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Scalar(scalar) => Value::Scalar(scalar.into_owned()),
            Value::List(list) => Value::List(list.into_iter().map(Value::into_owned).collect()),
            Value::Map(map) => Value::Map(map.into_owned()),
        }
    }
}

impl<'a, T: Into<Scalar<'a>>> From<T> for Value<'a> {
    fn from(scalar: T) -> Self {
        Value::Scalar(scalar.into())
    }
}

/// A Perl hash, in the order in which its entries were added. Looking up a key goes through all of them, unless the key is
/// seen to be missing at once.
#[derive(Clone, Debug, Default)]
pub struct Map<'a> {
    entries: Vec<(PerlString<'a>, Value<'a>)>,
    /// The [`bit`]s of all keys that are or have been there.
    bits: u64,
}

/// One of 64 bits, by a key's length, middle and end; the same one for all keys beyond ASCII, as bytes and characters of the
/// same number are the same key.
#[inline]
fn bit(key: &[u8]) -> u64 {
    if key.is_ascii() { ascii_bit(key) } else { 1 }
}

/// As [`bit`], of a key that is ASCII.
#[inline(always)]
fn ascii_bit(key: &[u8]) -> u64 {
    match (key.get(key.len() / 2), key.last()) {
        (Some(middle), Some(last)) => place_of(*middle, *last, key.len()),
        _ => 1,
    }
}

#[inline(always)]
fn place_of(middle: u8, last: u8, length: usize) -> u64 {
    1 << ((usize::from(last) + 5 * usize::from(middle) + 11 * length) % 64)
}

/// Whether a key is this one, which is ASCII. Few others end as it does: these are told apart without a call.
#[inline]
fn is_same(known: &PerlString<'_>, key: &[u8]) -> bool {
    let known = known.as_bytes();
    known.len() == key.len() && known.last() == key.last() && known == key
}

/// The order of the entries counts.
impl PartialEq for Map<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl<'a> Map<'a> {
    /// An empty map.
    pub const fn new() -> Self {
        Self { entries: Vec::new(), bits: 0 }
    }

    /// An empty map with room for `capacity` entries.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { entries: Vec::with_capacity(capacity), bits: 0 }
    }

    /// The value of an ASCII key.
    #[inline]
    pub fn get(&self, key: &str) -> Option<&Value<'a>> {
        let key = key.as_bytes();
        if self.bits & ascii_bit(key) == 0 {
            return None;
        }
        self.entries.iter().find(|(k, _)| is_same(k, key)).map(|(_, value)| value)
    }

    /// The value of an ASCII key, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value<'a>> {
        let key = key.as_bytes();
        if self.bits & ascii_bit(key) == 0 {
            return None;
        }
        self.entries.iter_mut().find(|(k, _)| is_same(k, key)).map(|(_, value)| value)
    }

    /// The value of a key of bytes, to be changed.
    pub fn get_mut_bytes(&mut self, key: &[u8]) -> Option<&mut Value<'a>> {
        if self.bits & bit(key) == 0 {
            return None;
        }
        let key = PerlStr::Bytes(key);
        self.entries.iter_mut().find(|(k, _)| k.as_perl() == key).map(|(_, value)| value)
    }

    /// Changes the values of the keys that are `wanted`, in order; an entry for which there is no value any more is taken
    /// out.
    ///
    /// # Errors
    ///
    /// The first error of `change`. What has not been changed before is lost.
    pub fn try_change<E>(
        &mut self,
        wanted: impl Fn(PerlStr<'_>) -> bool,
        mut change: impl FnMut(PerlStr<'_>, Value<'a>) -> Result<Option<Value<'a>>, E>,
    ) -> Result<(), E> {
        let mut gone = false;
        for (key, value) in self.entries.iter_mut().filter(|(key, _)| wanted(key.as_perl())) {
            let changed = change(key.as_perl(), std::mem::replace(value, Value::UNDEF))?;
            match changed {
                Some(changed) => *value = changed,
                None => {
                    gone = true;
                    *key = PerlString::new();
                }
            }
        }
        if gone {
            self.entries.retain(|(key, value)| value.is_defined() || !key.as_bytes().is_empty());
        }
        Ok(())
    }

    /// Takes the entries out.
    pub fn into_entries(self) -> impl ExactSizeIterator<Item = (PerlString<'a>, Value<'a>)> {
        self.entries.into_iter()
    }

    /// Sets the value of a key.
    #[inline]
    pub fn insert(&mut self, key: impl Into<PerlString<'a>>, value: impl Into<Value<'a>>) {
        let key = key.into();
        let bit = bit(key.as_bytes());
        if self.bits & bit != 0 {
            if let Some(old) = self.find(&key) {
                *old = value.into();
                return;
            }
        }
        self.bits |= bit;
        self.entries.push((key, value.into()));
    }

    /// As [`insert`](Map::insert), under an ASCII key of the program's own: what is set again and again costs no copies.
    #[inline(always)]
    pub fn set(&mut self, key: &'static str, value: impl Into<Value<'a>>) {
        match self.known(key) {
            Some(old) => *old = value.into(),
            None => self.entries.push((PerlString::literal(key), value.into())),
        }
    }

    /// The value of an ASCII key; `None` if it is to be added, for which all is ready.
    fn known(&mut self, key: &str) -> Option<&mut Value<'a>> {
        let key = key.as_bytes();
        let bit = ascii_bit(key);
        if self.bits & bit != 0 {
            return self.entries.iter_mut().find(|(k, _)| is_same(k, key)).map(|(_, value)| value);
        }
        self.bits |= bit;
        None
    }

    #[inline(never)]
    fn find(&mut self, key: &PerlString<'_>) -> Option<&mut Value<'a>> {
        self.entries.iter_mut().find(|(k, _)| k == key).map(|(_, value)| value)
    }

    /// Adds an entry whose key is known to be new.
    #[inline(always)]
    pub fn push(&mut self, key: impl Into<PerlString<'a>>, value: impl Into<Value<'a>>) {
        let key = key.into();
        self.bits |= bit(key.as_bytes());
        self.entries.push((key, value.into()));
    }

    /// Takes an ASCII key out.
    pub fn remove(&mut self, key: &str) -> Option<Value<'a>> {
        if self.bits & ascii_bit(key.as_bytes()) == 0 {
            return None;
        }
        let at = self.entries.iter().position(|(k, _)| is_same(k, key.as_bytes()))?;
        Some(self.entries.remove(at).1)
    }

    /// Keeps the entries that `keep` wants.
    pub fn retain(&mut self, mut keep: impl FnMut(PerlStr<'_>, &Value<'a>) -> bool) {
        self.entries.retain(|(key, value)| keep(key.as_perl(), value));
    }

    /// The entries.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (PerlStr<'_>, &Value<'a>)> {
        self.entries.iter().map(|(key, value)| (key.as_perl(), value))
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Gives up the borrow.
    pub fn into_owned(self) -> Map<'static> {
        Map {
            bits: self.bits,
            entries: self
                .entries
                .into_iter()
                .map(|(k, v)| (k.into_owned(), v.into_owned()))
                .collect(),
        }
    }
}

impl<'a> From<&'a str> for PerlString<'a> {
    /// An ASCII string becomes bytes, any other one characters.
    fn from(text: &'a str) -> Self {
        if text.is_ascii() {
            PerlString::Bytes(Cow::Borrowed(text.as_bytes()))
        } else {
            PerlString::Text(Cow::Borrowed(text))
        }
    }
}

impl<'a> From<Vec<Value<'a>>> for Value<'a> {
    fn from(list: Vec<Value<'a>>) -> Self {
        Value::List(list)
    }
}

impl<'a> From<Map<'a>> for Value<'a> {
    fn from(map: Map<'a>) -> Self {
        Value::Map(map)
    }
}
