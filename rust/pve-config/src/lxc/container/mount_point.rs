//! `rootfs` and `mpN`, typed.

use pve_schema::{
    Environment, Error, PerlNumber, PerlStr, PerlString, Schema, parse_property_string, size,
};
use serde::{Deserialize, Serialize};

use super::property::{Pairs, flag, list, misfit, string};
use super::{Flag, IdMap};
use crate::lxc::schema::{MOUNT_POINT, ROOTFS};

/// A mount point, or the root file system.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MountPoint<'a> {
    /// The volume, device or directory of the host.
    #[serde(borrow)]
    pub volume: PerlString<'a>,
    /// The path inside; missing for the root file system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mp: Option<PerlString<'a>>,
    /// Its size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Whether access control lists are on or off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acl: Option<Flag>,
    /// More options for the mount.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mountoptions: Vec<PerlString<'a>>,
    /// How IDs inside stand on the disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idmap: Option<IdMap>,
    /// Whether it is read-only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ro: Option<Flag>,
    /// Whether quotas can be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<Flag>,
    /// Whether replication takes it along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicate: Option<Flag>,
    /// Whether it is there on every node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<Flag>,
    /// Whether backups have it. Not for the root file system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<Flag>,
    /// Whether it takes over owner and mode of its directory. Not for the root file system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keepattrs: Option<Flag>,
}

impl<'a> MountPoint<'a> {
    /// Reads the value of `rootfs`, if `is_root`, or of `mpN`.
    pub(super) fn read(is_root: bool, value: PerlStr<'a>) -> Result<Self, PerlString<'static>> {
        let properties = parse_property_string(schema(is_root), value, &Environment::empty());
        let properties = properties.map_err(|error| error.to_perl())?;
        let size = properties.get_str("size").map(|text| match size::parse(text) {
            Some(PerlNumber::Int(size)) => u64::try_from(size).map_err(|_| misfit("size", text)),
            _ => Err(misfit("size", text)),
        });
        Ok(MountPoint {
            volume: string(&properties, "volume").unwrap_or_default(),
            mp: string(&properties, "mp"),
            size: size.transpose()?,
            acl: flag(&properties, "acl"),
            mountoptions: list(&properties, "mountoptions", b';'),
            idmap: properties.get_str("idmap").map(IdMap::read).transpose()?,
            ro: flag(&properties, "ro"),
            quota: flag(&properties, "quota"),
            replicate: flag(&properties, "replicate"),
            shared: flag(&properties, "shared"),
            backup: flag(&properties, "backup"),
            keepattrs: flag(&properties, "keepattrs"),
        })
    }

    /// The value of `rootfs`, if `is_root`, or of `mpN`, as the reference writes it.
    pub(super) fn write(&self, is_root: bool) -> Result<PerlString<'static>, Error> {
        let mut pairs = Pairs::default();
        pairs.string("volume", Some(&self.volume));
        pairs.string("mp", self.mp.as_ref());
        pairs.number("size", self.size);
        pairs.flag("acl", self.acl);
        pairs.list("mountoptions", &self.mountoptions);
        pairs.number("idmap", self.idmap.as_ref());
        pairs.flag("ro", self.ro);
        pairs.flag("quota", self.quota);
        pairs.flag("replicate", self.replicate);
        pairs.flag("shared", self.shared);
        pairs.flag("backup", self.backup);
        pairs.flag("keepattrs", self.keepattrs);
        pairs.print(schema(is_root))
    }
}

fn schema(is_root: bool) -> &'static Schema {
    if is_root { &ROOTFS } else { &MOUNT_POINT }
}
