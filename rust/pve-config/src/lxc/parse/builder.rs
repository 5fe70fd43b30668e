//! Collecting a configuration, line by line.

use std::borrow::Cow;
use std::collections::HashMap;

use pve_schema::{Error, Scalar};

use super::super::config::{Config, Entry, Extent, Overridden};
use super::super::keys::{self, Known};

/// How many unknown keys, or snapshots, are looked through one by one.
const FEW: usize = 16;

const WORDS: usize = keys::COUNT.div_ceil(64);

/// A configuration in the making. The last one of several settings of a key wins, and so does the last one of several
/// sections of a name.
pub struct Builder<'a> {
    config: Config<'a>,
    section: Where,
    /// Which known keys the section has.
    seen: [u64; WORDS],
    /// How many settings of the section have an unknown key.
    unknown: usize,
    /// The places of the section's settings by key, where there are too many to look through.
    index: Option<HashMap<&'a [u8], usize>>,
    /// The place of the section's environment.
    environment: Option<usize>,
    /// A setting `lxc` has taken the place of the lines with LXC's own keys.
    lxc_is_scalar: Option<usize>,
    snapshot_index: HashMap<&'a [u8], usize>,
    /// The place of a setting `snapshots` of the first part.
    snapshots_value: Option<usize>,
    /// The place of a setting `pending` of the first part.
    pending_value: Option<usize>,
}

#[derive(Clone, Copy)]
enum Where {
    Top,
    Pending,
    Snapshot(usize),
}

impl<'a> Builder<'a> {
    /// Nothing yet.
    pub fn new() -> Self {
        let config = Config {
            digest: [0; 40],
            entries: Vec::new(),
            lxc: Vec::new(),
            top: Extent::default(),
            pending: Extent::default(),
            snapshots: Vec::new(),
            overridden: Overridden::default(),
        };
        Self {
            config,
            section: Where::Top,
            seen: [0; WORDS],
            unknown: 0,
            index: None,
            environment: None,
            lxc_is_scalar: None,
            snapshot_index: HashMap::new(),
            snapshots_value: None,
            pending_value: None,
        }
    }

    /// Starts with the first part of a file of `size` bytes.
    pub fn start(&mut self, digest: [u8; 40], size: usize) {
        self.config.digest = digest;
        // Lines are longer as a rule, and files of one page are the usual case.
        self.config.entries.reserve((size / 32).clamp(16, 1 << 16));
    }

    /// Ends the section and starts the pending changes anew.
    pub fn start_pending(&mut self) {
        self.end_section();
        if let Some(at) = self.pending_value.take() {
            // The setting gives way. What is behind the end of a section is nobody's.
            let last = self.config.top.entries.end - 1;
            self.config.entries.swap(at, last);
            self.config.top.entries.end = last;
            self.config.overridden.pending = false;
            if self.snapshots_value == Some(last) {
                self.snapshots_value = Some(at);
            }
        }
        self.section = Where::Pending;
        self.config.pending = self.empty_extent();
    }

    /// Ends the section and starts a snapshot anew.
    ///
    /// # Errors
    ///
    /// Where the first part has a setting `snapshots`, which is no place for snapshots.
    pub fn start_snapshot(&mut self, name: &'a [u8]) -> Result<(), Error> {
        self.end_section();
        if let Some(value) = self.snapshots_value.and_then(|at| self.config.entries.get(at)) {
            return Err(Error::not_a_reference(value.value.to_perl().as_perl(), "a HASH"));
        }
        let extent = self.empty_extent();
        let snapshots = &mut self.config.snapshots;
        let known = if snapshots.len() < FEW {
            snapshots.iter().position(|(known, _)| *known == name)
        } else {
            if self.snapshot_index.is_empty() {
                self.snapshot_index =
                    snapshots.iter().enumerate().map(|(at, (name, _))| (*name, at)).collect();
            }
            self.snapshot_index.get(name).copied()
        };
        let at = known.unwrap_or(snapshots.len());
        match snapshots.get_mut(at) {
            Some((_, old)) => *old = extent,
            None => {
                snapshots.push((name, extent));
                if !self.snapshot_index.is_empty() {
                    self.snapshot_index.insert(name, at);
                }
            }
        }
        self.section = Where::Snapshot(at);
        Ok(())
    }

    fn empty_extent(&self) -> Extent {
        let (entries, lxc) = (self.config.entries.len(), self.config.lxc.len());
        Extent { entries: entries..entries, lxc: lxc..lxc }
    }

    fn extent(&mut self) -> &mut Extent {
        match self.section {
            Where::Top => &mut self.config.top,
            Where::Pending => &mut self.config.pending,
            Where::Snapshot(at) => match self.config.snapshots.get_mut(at) {
                Some((_, extent)) => extent,
                None => &mut self.config.top,
            },
        }
    }

    fn end_section(&mut self) {
        let (entries, lxc) = (self.config.entries.len(), self.config.lxc.len());
        let lxc_is_scalar = self.lxc_is_scalar.is_some();
        let extent = self.extent();
        extent.entries.end = entries;
        extent.lxc.end = lxc;
        if lxc_is_scalar {
            extent.lxc.start = lxc;
        }
        self.seen = [0; WORDS];
        self.unknown = 0;
        self.index = None;
        self.environment = None;
        self.lxc_is_scalar = None;
    }

    /// Sets a setting of the section. The first part has no `snapstate`.
    pub fn set(&mut self, key: &'a [u8], known: Option<Known>, value: Scalar<'a>) {
        if known.is_none() && key == b"snapstate" && matches!(self.section, Where::Top) {
            return;
        }
        let at = self.place(key, known);
        match self.config.entries.get_mut(at) {
            Some(entry) => entry.value = value,
            None => self.config.entries.push(Entry { key, value }),
        }
        if known.is_none() {
            self.note_special(key, at);
        } else if key == b"env" {
            self.environment = Some(at);
        }
    }

    /// Where the setting of a key is, or where it will be.
    fn place(&mut self, key: &'a [u8], known: Option<Known>) -> usize {
        let next = self.config.entries.len();
        let is_new = match known {
            Some(Known { number, .. }) => match self.seen.get_mut(number / 64) {
                Some(word) => {
                    let bit = 1 << (number % 64);
                    let is_new = *word & bit == 0;
                    *word |= bit;
                    is_new
                }
                None => false,
            },
            None => {
                self.unknown += 1;
                false
            }
        };
        if self.index.is_none() && !is_new && self.unknown <= FEW && known.is_none() {
            let start = self.extent().entries.start;
            let section = self.config.entries.get(start..).unwrap_or_default();
            return section.iter().position(|entry| entry.key == key).map_or(next, |at| start + at);
        }
        if is_new && self.index.is_none() {
            return next;
        }
        let start = self.extent().entries.start;
        let entries = &self.config.entries;
        let index = self.index.get_or_insert_with(|| {
            let section = entries.iter().enumerate().skip(start);
            section.map(|(at, entry)| (entry.key, at)).collect()
        });
        *index.entry(key).or_insert(next)
    }

    /// Unknown keys that are those of the structure itself.
    fn note_special(&mut self, key: &[u8], at: usize) {
        match (key, self.section) {
            (b"lxc", _) => {
                self.lxc_is_scalar = Some(at);
            }
            (b"digest", Where::Top) => self.config.overridden.digest = true,
            (b"pending", Where::Top) => {
                self.config.overridden.pending = true;
                self.pending_value = Some(at);
            }
            (b"snapshots", Where::Top) => {
                self.config.overridden.snapshots = true;
                self.snapshots_value = Some(at);
            }
            _ => {}
        }
    }

    /// Adds a variable to the section's environment.
    pub fn append_environment(&mut self, variable: &'a [u8]) {
        match self.environment.and_then(|at| self.config.entries.get_mut(at)) {
            Some(Entry { value: Scalar::Bytes(known), .. }) => {
                let known: &mut Vec<u8> = Cow::to_mut(known);
                known.push(0);
                known.extend_from_slice(variable);
            }
            _ => self.set(b"env", keys::find(b"env"), Scalar::bytes(variable)),
        }
    }

    /// Adds a line with one of LXC's own keys.
    ///
    /// # Errors
    ///
    /// Where the section has a setting `lxc`, which is no place for them.
    pub fn add_lxc(&mut self, key: &'a [u8], value: &'a [u8]) -> Result<(), Error> {
        if let Some(entry) = self.lxc_is_scalar.and_then(|at| self.config.entries.get(at)) {
            return Err(Error::not_a_reference(entry.value.to_perl().as_perl(), "an ARRAY"));
        }
        self.config.lxc.push((key, value));
        Ok(())
    }

    /// Ends the last section.
    pub fn finish(mut self) -> Config<'a> {
        self.end_section();
        self.config
    }
}
