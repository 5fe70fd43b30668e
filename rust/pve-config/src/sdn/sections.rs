//! The files, and what their base plugins do beyond the tables.

use std::borrow::Cow;
use std::sync::LazyLock;

use pve_schema::format::{CONFIG_ID, Rule};
use pve_schema::section::{
    BasePlugin, Header, SectionType, Table, Type, TypeDeclaration, parse_section_header,
};
use pve_schema::{Environment, Error, Map, PerlStr, PerlString, Property, Value};

use super::{controllers, dns, fabrics, ipams, subnets, vnets, zones};
use crate::node_set;

/// A file of SDN's configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    /// Zones.
    Zones,
    /// VNets.
    Vnets,
    /// Subnets of VNets.
    Subnets,
    /// Controllers of routing.
    Controllers,
    /// Servers that manage addresses.
    Ipams,
    /// DNS servers.
    Dns,
    /// Fabrics of routing and their nodes.
    Fabrics,
}

/// What the sections of a file may hold.
pub struct Layout {
    /// The file's name below `/etc/pve`.
    pub name: &'static str,
    /// What the base plugin declares.
    pub common: &'static [Property],
    /// The types, in the order in which PVE registers them.
    pub types: &'static [&'static SectionType],
    /// A section's type may be in capitals, and must be a name.
    pub folds_type: bool,
    /// The settings that are sets of nodes.
    pub node_sets: &'static [&'static str],
    /// Each type has its properties for itself, and a section has its ID among its settings, too.
    pub isolates: bool,
    /// What IDs look like, where those of others are skipped.
    pub ids: Option<&'static Rule>,
}

impl File {
    /// Every file.
    pub const ALL: [File; 7] = [
        File::Zones,
        File::Vnets,
        File::Subnets,
        File::Controllers,
        File::Ipams,
        File::Dns,
        File::Fabrics,
    ];

    /// What its sections may hold.
    pub fn layout(self) -> &'static Layout {
        match self {
            File::Zones => &zones::LAYOUT,
            File::Vnets => &vnets::LAYOUT,
            File::Subnets => &subnets::LAYOUT,
            File::Controllers => &controllers::LAYOUT,
            File::Ipams => &ipams::LAYOUT,
            File::Dns => &dns::LAYOUT,
            File::Fabrics => &fabrics::LAYOUT,
        }
    }

    /// The same, to look settings up in.
    pub(super) fn table(self) -> Result<&'static Table, Error> {
        static TABLES: LazyLock<[Result<Table, Error>; 7]> =
            LazyLock::new(|| File::ALL.map(|file| file.layout().table()));
        let [zones, vnets, subnets, controllers, ipams, dns, fabrics] = &*TABLES;
        let table = match self {
            File::Zones => zones,
            File::Vnets => vnets,
            File::Subnets => subnets,
            File::Controllers => controllers,
            File::Ipams => ipams,
            File::Dns => dns,
            File::Fabrics => fabrics,
        };
        table.as_ref().map_err(Error::clone)
    }
}

impl Layout {
    fn table(&self) -> Result<Table, Error> {
        let types: Vec<TypeDeclaration> =
            self.types.iter().map(|kind| TypeDeclaration::from(*kind)).collect();
        Table::new(self.common, &types, self.isolates)
    }

    fn is_node_set(&self, key: &[u8]) -> bool {
        self.node_sets.iter().any(|name| name.as_bytes() == key)
    }
}

impl BasePlugin for Layout {
    fn parse_section_header<'a>(&self, line: &'a [u8]) -> Option<Header<'a>> {
        let (kind, id) = parse_section_header(line)?;
        if !self.folds_type {
            let check = |rule: &Rule| (rule.check)(PerlStr::Bytes(id), &Environment::empty()).err();
            let refusal = self.ids.and_then(check);
            return Some(Header { kind: Cow::Borrowed(kind), id, refusal });
        }
        let kind = if kind.iter().any(u8::is_ascii_uppercase) {
            Cow::Owned(kind.to_ascii_lowercase())
        } else {
            Cow::Borrowed(kind)
        };
        let refusal = (CONFIG_ID.check)(PerlStr::Bytes(&kind), &Environment::empty()).err();
        Some(Header { kind, id, refusal })
    }

    fn before_check<'a>(&self, _kind: &Type, id: PerlStr<'_>, config: &mut Map<'a>, create: bool) {
        if self.isolates && create {
            config.insert("id", id.into_owned());
        }
    }

    fn decodes(&self, key: PerlStr<'_>) -> bool {
        self.is_node_set(key.as_bytes())
    }

    fn decode_value<'a>(
        &self,
        _kind: &Type,
        key: PerlStr<'_>,
        value: Value<'a>,
        _warnings: &mut Vec<PerlString<'static>>,
    ) -> Result<Option<Value<'a>>, Error> {
        if self.is_node_set(key.as_bytes()) {
            return node_set::decode(value).map(Some);
        }
        Ok(Some(value))
    }

    fn encode_value(
        &self,
        key: &str,
        value: &Value<'_>,
    ) -> Result<Option<PerlString<'static>>, Error> {
        if self.is_node_set(key.as_bytes()) {
            return node_set::encode(value).map(Some);
        }
        if self.isolates && key == "id" {
            // It stands in the section's first line; what is empty is not written.
            return Ok(Some(PerlString::new()));
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_in_order() {
        for file in File::ALL {
            assert!(file.table().is_ok(), "{}", file.layout().name);
        }
    }
}
