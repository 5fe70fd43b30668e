//! The storages of a cluster: `/etc/pve/storage.cfg` (pvesm(1)).
//!
//! [`parse_config`] and [`write_config`] do what the methods of the same name of `PVE::Storage::Plugin` do: same structure,
//! same warnings, same error texts. What each type of storage has is a table ([`types::TYPES`]); a [`Storages`] may have
//! types of other plugins beside.

mod content;
mod formats;
mod plugin;
mod properties;
mod storages;
pub mod types;

pub use content::CONTENT_TYPES;
pub use formats::rule;
pub use properties::COMMON;
pub use storages::{Path, StorageKind, StorageType, Storages};

use pve_schema::section::{self, Parsed, Written};
use pve_schema::{Environment, Map, PerlStr};

/// Reads `storage.cfg`.
///
/// `filename` is used in messages only, `raw` is the content. There is always a storage `local`: a folder,
/// `/var/lib/vz`, on all nodes. A storage whose type is one of the network's is shared, and one that names no content has
/// its type's.
pub fn parse_config<'a>(storages: &Storages, filename: PerlStr<'_>, raw: &'a [u8]) -> Parsed<'a> {
    section::parse_config(storages.table(), storages, filename, raw, false, &Environment::empty())
}

/// Writes `storage.cfg`. `content` and `nodes` are written sorted, where the reference writes them in the order of a Perl
/// hash.
pub fn write_config(storages: &Storages, config: &Map<'_>, allow_unknown: bool) -> Written {
    section::write_config(storages.table(), storages, config, allow_unknown)
}
