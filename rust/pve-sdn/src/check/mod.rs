//! What must hold before a part of the configuration is written or deleted (the hooks of `PVE::Network::SDN`), and what is
//! wrong with a configuration as a whole.
//!
//! Where the reference goes through a Perl hash, this goes through the IDs in order.

pub mod controller;
pub mod subnet;
pub mod vnet;
pub mod zone;

use std::borrow::Cow;
use std::collections::BTreeMap;

use pve_config::sdn::File;
use serde_json::Value;

use crate::{Error, Section, perl};

/// What the caller is to do so that the section is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Complete {
    /// Nothing.
    Yes,
    /// To give it a hardware address as its `mac`.
    NeedsMac,
}

fn value<'v>(section: Option<&'v Section>, key: &str) -> Option<&'v Value> {
    section.and_then(|section| section.get(key))
}

fn text<'v>(section: Option<&'v Section>, key: &str) -> Cow<'v, str> {
    perl::text(value(section, key))
}

fn is_true(section: Option<&Section>, key: &str) -> bool {
    perl::is_true(value(section, key))
}

fn is_defined(section: Option<&Section>, key: &str) -> bool {
    perl::is_defined(value(section, key))
}

/// The type of a section of a file (`PVE::SectionConfig::lookup`).
fn kind(file: File, section: Option<&Section>) -> Result<&'static str, Error> {
    if !is_defined(section, "type") {
        return Err(Error::NoType);
    }
    let name = text(section, "type");
    let known = file.layout().types.iter().find(|kind| kind.name == name);
    known.map(|kind| kind.name).ok_or_else(|| Error::UnknownType { kind: name.into_owned() })
}

/// A parameter that does not fit.
fn parameter(key: &'static str, why: impl Into<String>) -> Error {
    Error::Parameter { errors: BTreeMap::from([(key, why.into())]) }
}

#[cfg(test)]
mod tests;
