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
pub use formats::{BWLIMIT_SCHEMA, PRUNE_BACKUPS_SCHEMA, rule};
pub use properties::COMMON;
pub use storages::{Path, StorageKind, StorageType, Storages};

use pve_schema::section::{self, CheckConfig, Parsed, Written};
use pve_schema::{Environment, Error, Map, PerlStr, PerlString};

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

/// Checks the settings of a storage of the type `kind`, and decodes them (`check_config` of its plugin). `create` tells
/// whether it is a new one, `skip_schema_check` whether values are not checked against their schemas. Returns the settings
/// and the warnings.
///
/// # Errors
///
/// What the reference dies with.
pub fn check_config<'a>(
    storages: &Storages,
    kind: &str,
    id: PerlStr<'_>,
    config: Map<'a>,
    (create, skip_schema_check): (bool, bool),
) -> (Result<Map<'a>, Error>, Vec<PerlString<'static>>) {
    let environment = Environment::empty();
    let how = CheckConfig {
        table: storages.table(),
        base: storages,
        environment: &environment,
        create,
        skip_schema_check,
    };
    let mut warnings = Vec::new();
    let checked = storages
        .lookup(kind)
        .and_then(|kind| section::check_config(&how, kind, id, config, &mut warnings));
    (checked, warnings)
}

/// Takes settings out of a storage of the type `kind`; `new` are those that are set in the same go.
///
/// # Errors
///
/// What the reference dies with.
pub fn delete_from_config<'a>(
    storages: &Storages,
    kind: &str,
    mut config: Map<'a>,
    new: &Map<'_>,
    delete: &[PerlString<'_>],
) -> Result<Map<'a>, Error> {
    let kind = storages.lookup(kind)?;
    let delete: Vec<PerlStr<'_>> = delete.iter().map(PerlString::as_perl).collect();
    section::delete_from_config(storages.table(), kind, &mut config, new, &delete)?;
    Ok(config)
}
