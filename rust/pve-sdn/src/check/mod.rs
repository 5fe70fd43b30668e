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

/// A parameter that does not fit.
fn parameter(key: &'static str, why: impl Into<String>) -> Error {
    Error::Parameter { errors: BTreeMap::from([(key, why.into())]) }
}

#[cfg(test)]
mod tests;
