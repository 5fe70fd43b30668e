//! The properties that a property string has.

use crate::schema::MAX_PROPERTIES;
use crate::{Kind, Map, PerlStr, PerlString, Scalar, Schema, parse_boolean};

/// What a property string gave, checked against its schema.
#[derive(Clone)]
pub struct Properties<'a> {
    pub(crate) schema: &'static Schema,
    values: [PerlStr<'a>; MAX_PROPERTIES],
    /// A bit for each property that is there.
    pub(crate) given: u32,
    /// A bit for each one that was read as a boolean.
    booleans: u32,
}

impl<'a> Properties<'a> {
    pub(crate) fn new(schema: &'static Schema) -> Self {
        Self { schema, values: [PerlStr::Bytes(&[]); MAX_PROPERTIES], given: 0, booleans: 0 }
    }

    pub(crate) fn is_given(&self, at: usize) -> bool {
        self.given >> at & 1 == 1
    }

    pub(crate) fn is_boolean(&self, at: usize) -> bool {
        self.booleans >> at & 1 == 1
    }

    pub(crate) fn value(&self, at: usize) -> Option<PerlStr<'a>> {
        self.values.get(at).copied().filter(|_| self.is_given(at))
    }

    fn scalar(&self, at: usize) -> Option<Scalar<'a>> {
        let value = self.value(at)?;
        Some(if self.is_boolean(at) {
            Scalar::Int(i64::from(value.is_true()))
        } else {
            value.into()
        })
    }

    pub(crate) fn set(&mut self, at: usize, value: PerlStr<'a>) {
        if let Some(slot) = self.values.get_mut(at) {
            *slot = value;
            self.given |= 1 << at;
            self.booleans &= !(1 << at);
        }
    }

    /// Sets a value, booleans to `0` or `1` if it stands for one.
    pub(crate) fn set_value(&mut self, at: usize, value: PerlStr<'a>) {
        if self.schema.properties.get(at).is_some_and(|p| p.kind == Kind::Boolean) {
            if let Some(boolean) = parse_boolean(value) {
                self.set(at, PerlStr::literal(if boolean { "1" } else { "0" }));
                self.booleans |= 1 << at;
                return;
            }
        }
        self.set(at, value);
    }

    /// The value of a property: booleans as integers, anything else as it was written.
    pub fn get(&self, name: &str) -> Option<Scalar<'a>> {
        self.scalar(self.schema.position(name.as_bytes())?)
    }

    /// The value of a property as a string.
    pub fn get_str(&self, name: &str) -> Option<PerlStr<'a>> {
        self.value(self.schema.position(name.as_bytes())?)
    }

    /// The properties that are there, in the order of the schema.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Scalar<'a>)> {
        let properties = self.schema.properties.iter().enumerate();
        properties.filter_map(|(at, property)| Some((property.name, self.scalar(at)?)))
    }

    /// The properties that are there, with room for `more`.
    pub fn to_map(&self, more: usize) -> Map<'a> {
        let mut map = Map::with_capacity(self.given.count_ones() as usize + more);
        for (name, value) in self.iter() {
            map.push(PerlString::literal(name), value);
        }
        map
    }
}
