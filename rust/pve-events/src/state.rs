//! What the journal's last writer left to the next one, in the file that writers lock.
//!
//! It saves reading a segment to find its end. It is a hint: where it does not fit the segment, that is read. Only the last
//! number counts in any case, so that no number is given twice though the segments are gone.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::OnceLock;

use crc32fast::hash;

const BYTES: usize = 36;

/// Where the journal ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// The newest segment, by its first event's number.
    pub(crate) first: u64,
    /// Its length in bytes.
    pub(crate) end: u64,
    /// The number of the last event.
    pub(crate) last: u64,
    /// The run of the system in which it was left.
    pub(crate) boot: u64,
}

/// Tells one run of the system from another (random(4)).
pub(crate) fn boot() -> u64 {
    static BOOT: OnceLock<u64> = OnceLock::new();
    *BOOT.get_or_init(|| {
        let id = fs::read("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        u64::from(hash(&id))
    })
}

impl State {
    /// Of another run of the system, part of what was written may be lost.
    pub(crate) fn is_of_this_boot(&self) -> bool {
        self.boot == boot()
    }

    /// `None` where nothing was left, or not all of it.
    pub(crate) fn read(file: &File) -> Option<Self> {
        let mut bytes = [0; BYTES];
        file.read_exact_at(&mut bytes, 0).ok()?;
        let (fields, sum) = bytes.split_last_chunk::<4>()?;
        if hash(fields) != u32::from_le_bytes(*sum) {
            return None;
        }
        let mut numbers = fields
            .chunks_exact(8)
            .map(|bytes| bytes.try_into().map(u64::from_le_bytes).unwrap_or_default());
        let mut next = || numbers.next();
        Some(Self { first: next()?, end: next()?, last: next()?, boot: next()? })
    }

    pub(crate) fn write(self, file: &File) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(BYTES);
        for number in [self.first, self.end, self.last, self.boot] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        let sum = hash(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        file.write_all_at(&bytes, 0)
    }
}
