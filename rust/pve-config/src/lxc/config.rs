//! What a configuration file gives: settings by section.

use std::ops::Range;

use pve_schema::Scalar;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

/// A container's configuration, borrowing from the file's text.
///
/// Serialized, it is the hash that `PVE::LXC::Config::parse_pct_config` returns: the settings of the file's first part
/// by key, `digest`, `pending`, `snapshots` by name, and in each part the lines of LXC's own keys as pairs under `lxc`.
#[derive(Debug)]
pub struct Config<'a> {
    pub(super) digest: [u8; 40],
    /// The settings of all sections; those of one section stand together.
    pub(super) entries: Vec<Entry<'a>>,
    /// The lines with LXC's own keys, likewise.
    pub(super) lxc: Vec<(&'a [u8], &'a [u8])>,
    pub(super) top: Extent,
    pub(super) pending: Extent,
    pub(super) snapshots: Vec<(&'a [u8], Extent)>,
    /// Settings of the first part whose keys are those of the structure itself.
    pub(super) overridden: Overridden,
}

/// A setting.
#[derive(Debug)]
pub struct Entry<'a> {
    pub(super) key: &'a [u8],
    pub(super) value: Scalar<'a>,
}

/// Where a section's settings and its lines with LXC's own keys are.
#[derive(Clone, Debug, Default)]
pub(super) struct Extent {
    pub entries: Range<usize>,
    pub lxc: Range<usize>,
}

/// Which parts of the structure a setting of the same name stands in for.
#[derive(Debug, Default)]
pub(super) struct Overridden {
    pub digest: bool,
    pub pending: bool,
    pub snapshots: bool,
}

/// One section of a configuration: the first part, the pending changes, or a snapshot.
#[derive(Clone, Copy, Debug)]
pub struct Section<'c, 'a> {
    entries: &'c [Entry<'a>],
    lxc: &'c [(&'a [u8], &'a [u8])],
}

impl<'a> Config<'a> {
    /// The SHA-1 of the file, in hexadecimal digits.
    pub fn digest(&self) -> &str {
        std::str::from_utf8(&self.digest).unwrap_or_default()
    }

    /// The first part: the state that the container is in.
    pub fn current(&self) -> Section<'_, 'a> {
        self.section(&self.top)
    }

    /// The changes that wait for the container to stop; empty where there are none.
    pub fn pending(&self) -> Section<'_, 'a> {
        self.section(&self.pending)
    }

    /// The snapshots, by name, in the order of the file.
    pub fn snapshots(&self) -> impl ExactSizeIterator<Item = (&'a [u8], Section<'_, 'a>)> {
        self.snapshots.iter().map(|(name, extent)| (*name, self.section(extent)))
    }

    fn section(&self, extent: &Extent) -> Section<'_, 'a> {
        Section {
            entries: self.entries.get(extent.entries.clone()).unwrap_or_default(),
            lxc: self.lxc.get(extent.lxc.clone()).unwrap_or_default(),
        }
    }
}

impl<'c, 'a> Section<'c, 'a> {
    /// The value of a setting.
    pub fn get(&self, key: &str) -> Option<&'c Scalar<'a>> {
        self.entries.iter().find(|entry| entry.key == key.as_bytes()).map(|entry| &entry.value)
    }

    /// The settings, in the order of the file.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'a [u8], &'c Scalar<'a>)> + use<'c, 'a> {
        self.entries.iter().map(|entry| (entry.key, &entry.value))
    }

    /// The lines with LXC's own keys, in the order of the file.
    pub fn lxc(&self) -> &'c [(&'a [u8], &'a [u8])] {
        self.lxc
    }

    fn len(&self) -> usize {
        self.entries.len() + usize::from(!self.lxc.is_empty())
    }

    fn serialize_into<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        for entry in self.entries {
            map.serialize_entry(&Bytes(entry.key), &entry.value)?;
        }
        if !self.lxc.is_empty() {
            map.serialize_entry(&Bytes(b"lxc"), &Lines(self.lxc))?;
        }
        Ok(())
    }
}

impl Serialize for Config<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let current = self.current();
        let mut map = serializer.serialize_map(Some(current.len() + 3))?;
        current.serialize_into(&mut map)?;
        if !self.overridden.digest {
            map.serialize_entry(&Bytes(b"digest"), &Bytes(&self.digest))?;
        }
        if !self.overridden.snapshots {
            map.serialize_entry(&Bytes(b"snapshots"), &Snapshots(self))?;
        }
        if !self.overridden.pending {
            map.serialize_entry(&Bytes(b"pending"), &self.pending())?;
        }
        map.end()
    }
}

impl Serialize for Section<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        self.serialize_into(&mut map)?;
        map.end()
    }
}

struct Snapshots<'c, 'a>(&'c Config<'a>);

impl Serialize for Snapshots<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let snapshots = self.0.snapshots();
        let mut map = serializer.serialize_map(Some(snapshots.len()))?;
        for (name, section) in snapshots {
            map.serialize_entry(&Bytes(name), &section)?;
        }
        map.end()
    }
}

struct Lines<'c, 'a>(&'c [(&'a [u8], &'a [u8])]);

impl Serialize for Lines<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut lines = serializer.serialize_seq(Some(self.0.len()))?;
        for (key, value) in self.0 {
            lines.serialize_element(&[Bytes(key), Bytes(value)])?;
        }
        lines.end()
    }
}

struct Bytes<'a>(&'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}
