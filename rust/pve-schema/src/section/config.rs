//! What a section file gives.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::{Map, PerlString};

/// A section file's content.
///
/// Serialized, it is the hash that `PVE::SectionConfig::parse_config` returns: `ids`, `order` and `digest`, and `errors` if
/// there are some.
#[derive(Debug)]
pub struct Config<'a> {
    /// The sections, one for each ID.
    pub sections: Vec<Section<'a>>,
    /// The SHA-1 of the file, in hexadecimal digits.
    pub digest: [u8; 40],
    /// The settings whose values do not fit; each was warned of, and is left out.
    pub errors: Vec<ValueError>,
}

/// A section.
#[derive(Clone, Debug)]
pub struct Section<'a> {
    /// Its ID.
    pub id: PerlString<'a>,
    /// The number of its type, if the type is known.
    pub kind: Option<usize>,
    /// Its place in the file, from 1; `None` for one that is not in it.
    pub order: Option<u64>,
    /// Its settings with its `type`; `None` if they do not fit together.
    pub settings: Option<Map<'a>>,
}

/// A setting whose value does not fit.
#[derive(Clone, Debug)]
pub struct ValueError {
    /// File and line.
    pub context: PerlString<'static>,
    /// The section's ID.
    pub section: PerlString<'static>,
    /// The setting's key.
    pub key: PerlString<'static>,
    /// What is wrong, with a newline.
    pub error: PerlString<'static>,
}

impl Serialize for Config<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("ids", &Ids(&self.sections))?;
        map.serialize_entry("order", &Order(&self.sections))?;
        map.serialize_entry("digest", &Bytes(&self.digest))?;
        if !self.errors.is_empty() {
            map.serialize_entry("errors", &Errors(&self.errors))?;
        }
        map.end()
    }
}

struct Ids<'c, 'a>(&'c [Section<'a>]);

impl Serialize for Ids<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for section in self.0 {
            map.serialize_entry(&section.id, &section.settings)?;
        }
        map.end()
    }
}

struct Order<'c, 'a>(&'c [Section<'a>]);

impl Serialize for Order<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for section in self.0 {
            if let Some(order) = section.order {
                map.serialize_entry(&section.id, &order)?;
            }
        }
        map.end()
    }
}

struct Errors<'c>(&'c [ValueError]);

impl Serialize for Errors<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for error in self.0 {
            list.serialize_element(error)?;
        }
        list.end()
    }
}

impl Serialize for ValueError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("context", &self.context)?;
        map.serialize_entry("section", &self.section)?;
        map.serialize_entry("key", &self.key)?;
        map.serialize_entry("err", &self.error)?;
        map.end()
    }
}

struct Bytes<'a>(&'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}
