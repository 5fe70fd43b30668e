//! The network configuration as the reference structures it.

use std::collections::BTreeMap;

use pve_schema::{Map, PerlStr, PerlString, Scalar, Value};
use serde::ser::{Serialize, SerializeMap, Serializer};

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
    /// The interfaces by name.
    pub(super) ifaces: BTreeMap<PerlStr<'a>, Map<'a>>,
    /// The other lines, such as `source` and `mapping`, each with its place among the stanzas.
    pub(super) options: Vec<(i64, PerlString<'a>)>,
}

impl<'a> Config<'a> {
    /// The structure: `ifaces`, a hash by name, and `options`, a list of `[priority, line]`.
    pub fn into_map(self) -> Map<'a> {
        let mut ifaces = Map::with_capacity(self.ifaces.len());
        for (name, iface) in self.ifaces {
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

struct Ifaces<'c, 'a>(&'c BTreeMap<PerlStr<'a>, Map<'a>>);

impl Serialize for Ifaces<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, iface)| (PerlString::from(*name), iface)))
    }
}

impl Serialize for Config<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut config = serializer.serialize_map(Some(2))?;
        config.serialize_entry("ifaces", &Ifaces(&self.ifaces))?;
        config.serialize_entry("options", &self.options)?;
        config.end()
    }
}

/// The value of an ASCII key that Perl holds for true.
pub(super) fn true_value<'m, 'a>(map: &'m Map<'a>, key: &str) -> Option<&'m Scalar<'a>> {
    map.get(key)?.as_scalar().filter(|scalar| scalar.is_true())
}
