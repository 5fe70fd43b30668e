//! The configuration of SDN: what administrators have written, and what is in effect.

pub use pve_config::sdn::File;

use pve_config::sdn::parse_config;
use pve_schema::PerlString;
use serde_json::{Map, Value};

use crate::{Section, json, perl};

/// Objects of the configuration by id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Objects {
    ids: Map<String, Value>,
}

impl Objects {
    /// Reads a section file, `None` where it does not exist; with the warnings, which end in newlines.
    ///
    /// The IPAM `pve` is always there.
    #[must_use]
    pub fn read(file: File, raw: Option<&[u8]>) -> (Objects, Vec<String>) {
        let filename = PerlString::from(format!("/etc/pve/{}", file.layout().name));
        let parsed = parse_config(file, filename.as_perl(), raw.unwrap_or_default(), false);
        let (mut ids, mut warnings) = (Map::new(), Vec::new());
        match parsed {
            Ok(parsed) => {
                warnings
                    .extend(parsed.warnings.iter().map(|text| perl::characters(text.as_perl())));
                for section in parsed.config.sections {
                    let settings = section.settings.as_ref().map_or(Value::Null, perl::object);
                    ids.insert(perl::characters(section.id.as_perl()), settings);
                }
            }
            Err(error) => warnings.push(format!("{error}\n")),
        }
        if file == File::Ipams {
            let pve = ids.entry("pve").or_insert(Value::Null);
            match pve {
                Value::Object(pve) => {
                    pve.insert("type".into(), "pve".into());
                }
                _ => *pve = serde_json::json!({ "type": "pve" }),
            }
        }
        (Objects { ids }, warnings)
    }

    /// Those of a configuration as `parse_config` gives it, in `ids`.
    #[must_use]
    pub fn of(mut config: Value) -> Objects {
        match config.get_mut("ids").map(Value::take) {
            Some(Value::Object(ids)) => Objects { ids },
            _ => Objects::default(),
        }
    }

    /// An object by its id, as the reference's `sdn_…_config` with `$noerr`.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Section> {
        self.ids.get(id).and_then(Value::as_object)
    }

    /// All ids with what is there, which is null where a section lacked an option.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&Section>)> {
        self.ids.iter().map(|(id, section)| (id.as_str(), section.as_object()))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

/// The configuration in effect: `/etc/pve/sdn/.running-config`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Running {
    /// Whether it has a list of zones or of subnets at all, even an empty one.
    pub is_configured: bool,
    /// Zones, if there are any.
    pub zones: Objects,
    /// VNets.
    pub vnets: Objects,
    /// Subnets.
    pub subnets: Objects,
}

impl Running {
    /// Its name below /etc/pve.
    pub const FILE: &str = "sdn/.running-config";

    /// Reads the file, `None` where it does not exist. What is no JSON counts as nothing (`PVE::Network::SDN`).
    #[must_use]
    pub fn read(raw: Option<&[u8]>) -> Running {
        let content = json::from_bytes_as_characters(Self::FILE, raw.unwrap_or_default());
        let mut content = content.unwrap_or_default();
        let is_configured =
            ["zones", "subnets"].iter().any(|kind| perl::is_true(content.get(*kind)));
        let mut objects = |kind: &str| {
            content.get_mut(kind).map(Value::take).map(Objects::of).unwrap_or_default()
        };
        let (zones, vnets, subnets) = (objects("zones"), objects("vnets"), objects("subnets"));
        Running { is_configured, zones, vnets, subnets }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_running_configuration_is_read_by_kind() {
        let raw = br#"{"version":3,"vnets":{"ids":{"v1":{"zone":"z","type":"vnet"}}}}"#;
        let running = Running::read(Some(raw));
        assert_eq!(running.vnets.get("v1").unwrap()["zone"], "z");
        assert!(running.zones.is_empty());
        assert_eq!(Running::read(Some(b"no json")), Running::default());
        assert_eq!(Running::read(None), Running::default());
    }

    #[test]
    fn the_ipam_of_the_cluster_is_always_there() {
        let (ipams, warnings) = Objects::read(File::Ipams, None);
        assert_eq!(ipams.get("pve").unwrap()["type"], "pve");
        assert!(warnings.is_empty());
    }

    #[test]
    fn a_section_without_a_required_option_stays_as_nothing() {
        let (vnets, warnings) = Objects::read(File::Vnets, Some(b"vnet: v1\n\ttag 5\n"));
        assert_eq!(vnets.iter().collect::<Vec<_>>(), [("v1", None)]);
        let wanted = "file /etc/pve/sdn/vnets.cfg line 2 (skip section 'v1'): \
                      missing value for required option 'zone'\n";
        assert_eq!(warnings, [wanted]);
    }
}
