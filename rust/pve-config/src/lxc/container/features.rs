//! `features`, typed.

use pve_schema::{Environment, Error, PerlStr, PerlString, parse_property_string};
use serde::{Deserialize, Serialize};

use super::Flag;
use super::property::{Pairs, flag, list};
use crate::lxc::schema::FEATURES;

/// What a container may do beyond the usual.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Features<'a> {
    /// Kinds of file systems that it may mount itself.
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    pub mount: Vec<PerlString<'a>>,
    /// Whether containers may run inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nesting: Option<Flag>,
    /// Whether it may call keyctl(2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyctl: Option<Flag>,
    /// Whether it may mount file systems in user space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fuse: Option<Flag>,
    /// Whether it may make some device nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mknod: Option<Flag>,
    /// Whether `/sys` is writable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub force_rw_sys: Option<Flag>,
}

impl<'a> Features<'a> {
    /// Reads the value of `features`.
    pub(super) fn read(value: PerlStr<'a>) -> Result<Self, PerlString<'static>> {
        let properties = parse_property_string(&FEATURES, value, &Environment::empty());
        let properties = properties.map_err(|error| error.to_perl())?;
        Ok(Features {
            mount: list(&properties, "mount", b';'),
            nesting: flag(&properties, "nesting"),
            keyctl: flag(&properties, "keyctl"),
            fuse: flag(&properties, "fuse"),
            mknod: flag(&properties, "mknod"),
            force_rw_sys: flag(&properties, "force_rw_sys"),
        })
    }

    /// The value of `features`, as the reference writes it.
    pub(super) fn write(&self) -> Result<PerlString<'static>, Error> {
        let mut pairs = Pairs::default();
        pairs.list("mount", &self.mount);
        pairs.flag("nesting", self.nesting);
        pairs.flag("keyctl", self.keyctl);
        pairs.flag("fuse", self.fuse);
        pairs.flag("mknod", self.mknod);
        pairs.flag("force_rw_sys", self.force_rw_sys);
        pairs.print(&FEATURES)
    }
}
