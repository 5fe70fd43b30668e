//! `devN`, typed.

use pve_schema::{Environment, Error, PerlStr, PerlString, parse_property_string};
use serde::{Deserialize, Serialize};

use super::Flag;
use super::property::{Pairs, flag, number, string};
use crate::lxc::schema::DEVICE;

/// A device of the host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device<'a> {
    /// The device node of the host.
    #[serde(borrow)]
    pub path: PerlString<'a>,
    /// The access mode of the node inside: a zero and three octal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<PerlString<'a>>,
    /// The user that owns the node inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// The group of the node inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
    /// Whether the container may not write to it.
    #[serde(rename = "deny-write", default, skip_serializing_if = "Option::is_none")]
    pub deny_write: Option<Flag>,
}

impl<'a> Device<'a> {
    /// Reads the value of `devN`.
    pub(super) fn read(value: PerlStr<'a>) -> Result<Self, PerlString<'static>> {
        let properties = parse_property_string(&DEVICE, value, &Environment::empty());
        let properties = properties.map_err(|error| error.to_perl())?;
        let path = string(&properties, "path");
        Ok(Device {
            path: path.ok_or_else(|| PerlString::literal("Path has to be defined\n"))?,
            mode: string(&properties, "mode"),
            uid: number(&properties, "uid")?,
            gid: number(&properties, "gid")?,
            deny_write: flag(&properties, "deny-write"),
        })
    }

    /// The value of `devN`, as the reference writes it.
    pub(super) fn write(&self) -> Result<PerlString<'static>, Error> {
        let mut pairs = Pairs::default();
        pairs.string("path", Some(&self.path));
        pairs.string("mode", self.mode.as_ref());
        pairs.number("uid", self.uid);
        pairs.number("gid", self.gid);
        pairs.flag("deny-write", self.deny_write);
        pairs.print(&DEVICE)
    }
}
