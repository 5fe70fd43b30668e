//! The settings of one section, typed.

use std::collections::BTreeMap;

use pve_schema::{PerlString, Scalar};
use serde::{Deserialize, Serialize};

use super::{Device, Features, Flag, Index, MountPoint, Name, Network, Startup};

/// The settings of a state of a container. What is missing has not been set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings<'a> {
    /// The processor architecture.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub arch: Option<PerlString<'a>>,
    /// What the console shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cmode: Option<PerlString<'a>>,
    /// Whether it has `/dev/console`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub console: Option<Flag>,
    /// How many processor cores it may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cores: Option<u64>,
    /// How much processor time it may use; 1 is one processor all the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpulimit: Option<f64>,
    /// Its share of processor time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpuunits: Option<u64>,
    /// Whether starting it logs more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debug: Option<Flag>,
    /// Settings that are to be taken away; for pending changes only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delete: Vec<PerlString<'a>>,
    /// Notes, as characters; each line ends in a newline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Scalar<'a>>,
    /// Devices of the host.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dev: BTreeMap<Index, Device<'a>>,
    /// The command that runs as init.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<PerlString<'a>>,
    /// The environment of init: `NAME=VALUE` each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<PerlString<'a>>,
    /// What it may do beyond the usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<Features<'a>>,
    /// A script that runs when it starts and stops.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hookscript: Option<PerlString<'a>>,
    /// Its host name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<PerlString<'a>>,
    /// The operation that has locked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<PerlString<'a>>,
    /// Lines with LXC's own keys: key and value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lxc: Vec<(PerlString<'a>, PerlString<'a>)>,
    /// Its memory in MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// Its mount points.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub mp: BTreeMap<Index, MountPoint<'a>>,
    /// Its name servers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nameserver: Vec<PerlString<'a>>,
    /// Its network interfaces.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub net: BTreeMap<Index, Network<'a>>,
    /// Whether it starts with the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onboot: Option<Flag>,
    /// The distribution inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ostype: Option<PerlString<'a>>,
    /// The snapshot that this state comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<PerlString<'a>>,
    /// Whether it may not be removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protection: Option<Flag>,
    /// Its root file system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rootfs: Option<MountPoint<'a>>,
    /// Domains in which names are looked up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub searchdomain: Vec<PerlString<'a>>,
    /// `prepare` or `delete`, while a snapshot is made or removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapstate: Option<PerlString<'a>>,
    /// When the snapshot was taken, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snaptime: Option<u64>,
    /// Its place in the order of starting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub startup: Option<Startup>,
    /// Its swap in MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swap: Option<u64>,
    /// Tags, for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<PerlString<'a>>,
    /// Whether it is a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<Flag>,
    /// Its time zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<PerlString<'a>>,
    /// How many terminals it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tty: Option<u64>,
    /// Whether its users are mapped to others on the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unprivileged: Option<Flag>,
    /// Volumes that are not mounted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unused: BTreeMap<Index, PerlString<'a>>,
    /// Settings that are unknown or do not fit, as they stand in the file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub other: BTreeMap<Name<'a>, PerlString<'a>>,
}

/// Settings that are one plain value, or a list of them, by their keys.
macro_rules! plain {
    ($settings:expr, $slot:ident, $($borrow:tt)+) => {
        [
            ("arch", $slot::Word($($borrow)+ $settings.arch)),
            ("cmode", $slot::Word($($borrow)+ $settings.cmode)),
            ("console", $slot::Flag($($borrow)+ $settings.console)),
            ("cores", $slot::Integer($($borrow)+ $settings.cores)),
            ("cpulimit", $slot::Number($($borrow)+ $settings.cpulimit)),
            ("cpuunits", $slot::Integer($($borrow)+ $settings.cpuunits)),
            ("debug", $slot::Flag($($borrow)+ $settings.debug)),
            ("entrypoint", $slot::Word($($borrow)+ $settings.entrypoint)),
            ("hookscript", $slot::Word($($borrow)+ $settings.hookscript)),
            ("hostname", $slot::Word($($borrow)+ $settings.hostname)),
            ("lock", $slot::Word($($borrow)+ $settings.lock)),
            ("memory", $slot::Integer($($borrow)+ $settings.memory)),
            ("nameserver", $slot::List($($borrow)+ $settings.nameserver)),
            ("onboot", $slot::Flag($($borrow)+ $settings.onboot)),
            ("ostype", $slot::Word($($borrow)+ $settings.ostype)),
            ("parent", $slot::Word($($borrow)+ $settings.parent)),
            ("protection", $slot::Flag($($borrow)+ $settings.protection)),
            ("searchdomain", $slot::List($($borrow)+ $settings.searchdomain)),
            ("snaptime", $slot::Integer($($borrow)+ $settings.snaptime)),
            ("swap", $slot::Integer($($borrow)+ $settings.swap)),
            ("tags", $slot::List($($borrow)+ $settings.tags)),
            ("template", $slot::Flag($($borrow)+ $settings.template)),
            ("timezone", $slot::Word($($borrow)+ $settings.timezone)),
            ("tty", $slot::Integer($($borrow)+ $settings.tty)),
            ("unprivileged", $slot::Flag($($borrow)+ $settings.unprivileged)),
        ]
    };
}

/// Where a plain value goes.
pub(super) enum SlotMut<'s, 'a> {
    Flag(&'s mut Option<Flag>),
    Integer(&'s mut Option<u64>),
    Number(&'s mut Option<f64>),
    Word(&'s mut Option<PerlString<'a>>),
    List(&'s mut Vec<PerlString<'a>>),
}

/// Where a plain value is.
pub(super) enum Slot<'s, 'a> {
    Flag(&'s Option<Flag>),
    Integer(&'s Option<u64>),
    Number(&'s Option<f64>),
    Word(&'s Option<PerlString<'a>>),
    List(&'s Vec<PerlString<'a>>),
}

impl<'a> Settings<'a> {
    pub(super) fn plain(&self) -> [(&'static str, Slot<'_, 'a>); 25] {
        plain!(self, Slot, &)
    }

    pub(super) fn plain_mut(&mut self) -> [(&'static str, SlotMut<'_, 'a>); 25] {
        plain!(self, SlotMut, &mut)
    }
}
