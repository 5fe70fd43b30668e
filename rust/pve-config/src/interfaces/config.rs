//! The network configuration as the reference structures it.

use std::borrow::Cow;
use std::collections::HashMap;

use pve_schema::{Map, PerlStr, PerlString, Scalar, Value};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::names::key_of;

/// A link of the host, as far as it matters to the configuration (`ip -details -json link show`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link<'a> {
    /// Its name.
    pub name: PerlStr<'a>,
    /// Its alternative names.
    pub altnames: Vec<PerlStr<'a>>,
    /// Whether it is a network card: an Ethernet link of no kind of the kernel's making.
    pub is_physical: bool,
}

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config<'a> {
    /// The interfaces, in the order in which the file names them.
    pub(super) ifaces: Ifaces<'a>,
    /// The other lines, such as `source` and `mapping`, each with its place among the stanzas.
    pub(super) options: Vec<(i64, PerlString<'a>)>,
}

/// Interfaces by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Ifaces<'a> {
    list: Vec<(PerlStr<'a>, Map<'a>)>,
    places: HashMap<Cow<'a, [u8]>, usize>,
}

impl<'a> Ifaces<'a> {
    /// None, with room for those of a text.
    pub(super) fn for_text(text: &[u8]) -> Ifaces<'a> {
        // A stanza most often has more bytes.
        let room = (text.len() / 64).min(1 << 16);
        Ifaces { list: Vec::with_capacity(room), places: HashMap::with_capacity(room) }
    }

    fn place(&self, name: PerlStr<'_>) -> Option<usize> {
        // A line is most often about the interface that the line before was about.
        let last = self.list.len().checked_sub(1)?;
        if self.list.get(last).is_some_and(|(known, _)| *known == name) {
            return Some(last);
        }
        self.places.get(&key_of(name)).copied()
    }

    /// The interface of a name.
    pub(super) fn get(&self, name: PerlStr<'_>) -> Option<&Map<'a>> {
        self.list.get(self.place(name)?).map(|(_, iface)| iface)
    }

    /// The interface of a name, to be changed.
    pub(super) fn get_mut(&mut self, name: PerlStr<'_>) -> Option<&mut Map<'a>> {
        let place = self.place(name)?;
        self.at(place)
    }

    /// The interface of a name, made if there is none.
    #[allow(clippy::indexing_slicing, reason = "the place is that of an entry")]
    pub(super) fn get_or_add(&mut self, name: PerlStr<'a>) -> &mut Map<'a> {
        let place = self.place(name).unwrap_or_else(|| {
            self.places.insert(key_of(name), self.list.len());
            self.list.push((name, Map::with_capacity(16)));
            self.list.len() - 1
        });
        &mut self.list[place].1
    }

    /// The interface at a place, to be changed.
    pub(super) fn at(&mut self, place: usize) -> Option<&mut Map<'a>> {
        self.list.get_mut(place).map(|(_, iface)| iface)
    }

    /// The names, by place.
    pub(super) fn names(&self) -> impl ExactSizeIterator<Item = PerlStr<'a>> {
        self.list.iter().map(|(name, _)| *name)
    }

    /// Whether there is an interface of this name.
    pub(super) fn contains(&self, name: PerlStr<'_>) -> bool {
        self.place(name).is_some()
    }
}

impl<'a> Config<'a> {
    /// The structure: `ifaces`, a hash by name, and `options`, a list of `[priority, line]`.
    pub fn into_map(self) -> Map<'a> {
        let mut ifaces = Map::with_capacity(self.ifaces.list.len());
        for (name, iface) in self.ifaces.list {
            ifaces.push(name, iface);
        }
        let line = |(priority, line): (i64, PerlString<'a>)| {
            Value::List(vec![Scalar::Int(priority).into(), line.into()])
        };
        let mut config = Map::with_capacity(2);
        config.push(PerlString::literal("ifaces"), ifaces);
        config.push(
            PerlString::literal("options"),
            Value::List(self.options.into_iter().map(line).collect()),
        );
        config
    }
}

impl Serialize for Ifaces<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.list.iter().map(|(name, iface)| (name, iface)))
    }
}

impl Serialize for Config<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut config = serializer.serialize_map(Some(2))?;
        config.serialize_entry("ifaces", &self.ifaces)?;
        config.serialize_entry("options", &self.options)?;
        config.end()
    }
}

/// The value of an ASCII key that Perl holds for true.
pub(super) fn true_value<'m, 'a>(map: &'m Map<'a>, key: &str) -> Option<&'m Scalar<'a>> {
    map.get(key)?.as_scalar().filter(|scalar| scalar.is_true())
}
