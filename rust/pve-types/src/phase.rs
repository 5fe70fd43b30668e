//! How far an installation has moved from Perl to Rust.

use serde::{Deserialize, Serialize};

/// A migration phase; a later one includes the earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MigrationPhase {
    /// Nothing is taken over.
    PerlOnly,
    /// Reading of configurations.
    RustReadOnly,
    /// Writing of configurations.
    RustBasicWrite,
    /// Changes of the host's and containers' network.
    RustAdvanced,
    /// SDN.
    RustSdn,
    /// Everything.
    RustFull,
}

/// For whom a setting was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// For all nodes that have none of their own.
    Cluster,
    /// For this node.
    Node,
}
