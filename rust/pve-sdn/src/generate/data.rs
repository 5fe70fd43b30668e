//! Perl data as the reference's code looks into it.

use pve_schema::{Error, Map, PerlStr, PerlString, Value};

use crate::zone::Kind;

/// What the reference dies with where something else stands in the place of a hash.
fn no_hash(value: &Value<'_>) -> Error {
    match value {
        Value::Scalar(scalar) => Error::not_a_reference(scalar.to_perl().as_perl(), "a HASH"),
        _ => Error::died_at_caller(&[PerlStr::literal("Not a HASH reference")]),
    }
}

/// A reference where text is to be written: the reference would write its address.
fn no_text(key: PerlStr<'_>, kind: &'static str) -> Error {
    Error::died(&[
        PerlStr::literal("value of '"),
        key,
        PerlStr::literal("' is a reference ("),
        PerlStr::literal(kind),
        PerlStr::literal("), which cannot be written\n"),
    ])
}

/// A hash, or what stands in its place: undef is an empty one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Section<'m>(Option<&'m Map<'m>>);

impl<'m> Section<'m> {
    /// # Errors
    /// What Perl dies with where it is neither a hash nor undef.
    pub(crate) fn of(value: Option<&'m Value<'m>>) -> Result<Section<'m>, Error> {
        match value {
            Some(Value::Map(map)) => Ok(Section(Some(map))),
            Some(other) if other.is_defined() => Err(no_hash(other)),
            _ => Ok(Section(None)),
        }
    }

    pub(crate) fn of_map(map: &'m Map<'m>) -> Section<'m> {
        Section(Some(map))
    }

    /// How many entries it has.
    pub(crate) fn len(self) -> usize {
        self.0.map_or(0, Map::len)
    }

    /// Its entries.
    pub(crate) fn iter(self) -> impl Iterator<Item = (PerlStr<'m>, &'m Value<'m>)> {
        self.0.into_iter().flat_map(Map::iter)
    }

    pub(crate) fn get(self, key: &str) -> Option<&'m Value<'m>> {
        self.0?.get(key)
    }

    pub(crate) fn is_true(self, key: &str) -> bool {
        self.get(key).is_some_and(Value::is_true)
    }

    /// The value as a string; undef is empty.
    pub(crate) fn text(self, key: &'static str) -> Result<PerlString<'m>, Error> {
        text(PerlStr::literal(key), self.get(key))
    }

    /// The value as a string, if Perl holds it for true.
    pub(crate) fn true_text(self, key: &'static str) -> Result<Option<PerlString<'m>>, Error> {
        if self.is_true(key) { self.text(key).map(Some) } else { Ok(None) }
    }

    /// The hash that a key leads to.
    pub(crate) fn section(self, key: &str) -> Result<Section<'m>, Error> {
        Section::of(self.get(key))
    }

    /// The type of a zone, one that there is (`SectionConfig::lookup`).
    pub(crate) fn zone_kind(self) -> Result<Kind, Error> {
        if self.get("type").is_none_or(|kind| !kind.is_defined()) {
            return Err(Error::died_at_caller(&[PerlStr::literal(
                "cannot lookup undefined type!",
            )]));
        }
        let kind = self.text("type")?;
        Kind::named(&kind.to_string()).ok_or_else(|| {
            let before = PerlStr::literal("unknown section type '");
            Error::died(&[before, kind.as_perl(), PerlStr::literal("'\n")])
        })
    }

    /// Whether a zone is for this node.
    pub(crate) fn is_of_node(self, node: PerlStr<'_>) -> Result<bool, Error> {
        match self.get("nodes").filter(|nodes| nodes.is_defined()) {
            Some(nodes) => Ok(Section::of(Some(nodes))?.find(node).is_some_and(Value::is_true)),
            None => Ok(true),
        }
    }

    /// The value of any key.
    pub(crate) fn find(self, key: PerlStr<'_>) -> Option<&'m Value<'m>> {
        match std::str::from_utf8(key.as_bytes()) {
            Ok(ascii) if ascii.is_ascii() => self.get(ascii),
            _ => self.iter().find(|(name, _)| *name == key).map(|(_, value)| value),
        }
    }
}

/// A value as a string; undef is empty.
pub(crate) fn text<'m>(
    key: PerlStr<'_>,
    value: Option<&'m Value<'m>>,
) -> Result<PerlString<'m>, Error> {
    match value {
        None => Ok(PerlString::new()),
        Some(Value::Scalar(scalar)) => Ok(scalar.to_perl()),
        Some(other) => Err(no_text(key, other.reference_kind())),
    }
}

/// The objects of a kind by id: `{ ids => { … } }`.
#[derive(Debug, Default)]
pub(crate) struct Objects<'m>(Vec<(PerlStr<'m>, &'m Value<'m>)>);

impl<'m> Objects<'m> {
    /// # Errors
    /// As [`Section::of`].
    pub(crate) fn of(config: Section<'m>, kind: &str) -> Result<Objects<'m>, Error> {
        let ids = config.section(kind)?.section("ids")?;
        let mut objects: Vec<_> = ids.iter().collect();
        objects.sort_unstable_by_key(|(id, _)| *id);
        Ok(Objects(objects))
    }

    /// In the order of their ids.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (PerlStr<'m>, &'m Value<'m>)> {
        self.0.iter().copied()
    }

    pub(crate) fn get(&self, id: PerlStr<'_>) -> Option<&'m Value<'m>> {
        let at = self.0.binary_search_by(|(known, _)| known.cmp(&id)).ok()?;
        self.0.get(at).map(|(_, value)| *value)
    }
}
