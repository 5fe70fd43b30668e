//! The types of storage that PVE has (`PVE::Storage::*Plugin`), as tables.

mod blocks;
mod files;
mod servers;

use super::storages::StorageType;

/// Every type, in the order in which PVE registers them.
pub static TYPES: [&StorageType; 14] = [
    &files::DIR,
    &blocks::LVM,
    &blocks::LVMTHIN,
    &files::NFS,
    &files::CIFS,
    &blocks::ISCSI,
    &blocks::RBD,
    &files::CEPHFS,
    &blocks::ISCSIDIRECT,
    &blocks::ZFSPOOL,
    &blocks::ZFS,
    &servers::PBS,
    &files::BTRFS,
    &servers::ESXI,
];
