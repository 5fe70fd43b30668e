//! `idmap` of a mount point, typed.

use std::fmt;

use pve_schema::{PerlStr, PerlString};
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::property::{misfit, parse_number};

/// How user and group IDs inside stand on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdMap {
    /// As they are. In Perl, the string `passthrough`.
    Passthrough,
    /// These ranges; other IDs follow the container's own map.
    Ranges(Vec<IdRange>),
}

/// A range of IDs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdRange {
    /// Whose IDs.
    pub kind: IdKind,
    /// The first ID inside.
    pub container: u32,
    /// The first ID on the disk.
    pub disk: u32,
    /// How many there are.
    pub count: u32,
}

/// Whose IDs a range has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdKind {
    /// Users'. In Perl, the string `u`.
    User,
    /// Groups'. In Perl, the string `g`.
    Group,
}

impl IdMap {
    pub(super) fn read(value: PerlStr<'_>) -> Result<Self, PerlString<'static>> {
        if value.as_bytes() == b"passthrough" {
            return Ok(IdMap::Passthrough);
        }
        let range = |entry: PerlStr<'_>| {
            let fields: Vec<PerlStr<'_>> = entry.split(b':').collect();
            let [kind, container, disk, count] = fields[..] else {
                return Err(misfit("idmap", entry));
            };
            Ok(IdRange {
                kind: if kind.as_bytes() == b"g" { IdKind::Group } else { IdKind::User },
                container: parse_number("idmap", container)?,
                disk: parse_number("idmap", disk)?,
                count: parse_number("idmap", count)?,
            })
        };
        value.split(b';').map(range).collect::<Result<_, _>>().map(IdMap::Ranges)
    }
}

impl fmt::Display for IdMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ranges = match self {
            IdMap::Passthrough => return f.write_str("passthrough"),
            IdMap::Ranges(ranges) => ranges,
        };
        for (i, range) in ranges.iter().enumerate() {
            let separator = if i == 0 { "" } else { ";" };
            let IdRange { kind, container, disk, count } = range;
            write!(f, "{separator}{kind}:{container}:{disk}:{count}")?;
        }
        Ok(())
    }
}

impl fmt::Display for IdKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            IdKind::User => "u",
            IdKind::Group => "g",
        })
    }
}

impl Serialize for IdKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

struct IdKindVisitor;

impl Visitor<'_> for IdKindVisitor {
    type Value = IdKind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("'u' or 'g'")
    }

    fn visit_bytes<E: de::Error>(self, word: &[u8]) -> Result<IdKind, E> {
        match word {
            b"u" => Ok(IdKind::User),
            b"g" => Ok(IdKind::Group),
            _ => Err(E::invalid_value(de::Unexpected::Bytes(word), &self)),
        }
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<IdKind, E> {
        self.visit_bytes(word.as_bytes())
    }
}

impl<'de> Deserialize<'de> for IdKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IdKindVisitor)
    }
}

impl Serialize for IdMap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            IdMap::Passthrough => serializer.serialize_str("passthrough"),
            IdMap::Ranges(ranges) => ranges.serialize(serializer),
        }
    }
}

struct IdMapVisitor;

impl<'de> Visitor<'de> for IdMapVisitor {
    type Value = IdMap;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("'passthrough' or a list of ranges")
    }

    fn visit_bytes<E: de::Error>(self, word: &[u8]) -> Result<IdMap, E> {
        match word {
            b"passthrough" => Ok(IdMap::Passthrough),
            _ => Err(E::invalid_value(de::Unexpected::Bytes(word), &self)),
        }
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<IdMap, E> {
        self.visit_bytes(word.as_bytes())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<IdMap, A::Error> {
        let mut ranges = Vec::new();
        while let Some(range) = seq.next_element()? {
            ranges.push(range);
        }
        Ok(IdMap::Ranges(ranges))
    }
}

impl<'de> Deserialize<'de> for IdMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IdMapVisitor)
    }
}
