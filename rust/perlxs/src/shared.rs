//! Short strings that a result has again and again, such as `inet` and `manual`: in Perl they have one text that is
//! counted, as the keys of hashes have, instead of a copy each. Perl copies such a text when a scalar with it is changed.
//! As a key, it is not hashed again.

use std::cell::Cell;
use std::ffi::c_char;

use perlxs_sys as sys;

use crate::interpreter::{Perl, Sv};

/// How many strings are made before repetitions are looked for: most results are small.
const FEW: u32 = 32;
/// Longer strings are seldom the same.
const MAX_LENGTH: usize = 48;
const SLOTS: usize = 64;
const SEEN: usize = 256;

/// The strings of one result.
#[derive(Default)]
pub(crate) struct Shared {
    made: Cell<u32>,
    table: Cell<Option<Box<Table>>>,
}

struct Table {
    /// What has been seen once, by hash.
    seen: [u64; SEEN],
    /// What has been seen again, by hash.
    again: [Option<(u64, Sv)>; SLOTS],
}

impl Shared {
    /// A new scalar of bytes, if there have been the same ones often enough.
    #[inline]
    pub(crate) fn string(&self, perl: Perl, bytes: &[u8]) -> Option<Sv> {
        // SAFETY: ptr and length are of one slice; what is kept was made by pxs_new_shared.
        self.kept(perl, bytes, |kept, ptr, len| unsafe {
            Sv::from_owned(perl, sys::pxs_new_again(perl.raw(), kept, ptr, len))
        })
    }

    /// Stores a value under bytes, if there have been the same ones often enough; whether it did. The value's count is
    /// given up if so.
    ///
    /// # Safety
    /// `hash` is a hash that is no caller's yet, and `value` is owned.
    #[inline]
    pub(crate) unsafe fn store(
        &self,
        perl: Perl,
        hash: *mut sys::HV,
        bytes: &[u8],
        value: *mut sys::SV,
    ) -> bool {
        // SAFETY: as in string(), and as promised by the caller.
        let stored = self.kept(perl, bytes, |kept, ptr, len| unsafe {
            Some(sys::pxs_hash_store_again(perl.raw(), hash, kept, ptr, len, value) != 0)
        });
        stored.unwrap_or(false)
    }

    #[inline]
    fn kept<T>(
        &self,
        perl: Perl,
        bytes: &[u8],
        with: impl FnOnce(*mut sys::SV, *const c_char, usize) -> Option<T>,
    ) -> Option<T> {
        if bytes.len() > MAX_LENGTH {
            return None;
        }
        let made = self.made.get();
        if made < FEW {
            self.made.set(made + 1);
            return None;
        }
        let mut table = self.table.take().unwrap_or_else(Table::new);
        let kept = table.kept(perl, bytes);
        let result = kept.and_then(|kept| with(kept, bytes.as_ptr().cast(), bytes.len()));
        self.table.set(Some(table));
        result
    }
}

impl Table {
    #[cold]
    fn new() -> Box<Table> {
        Box::new(Table { seen: [0; SEEN], again: [const { None }; SLOTS] })
    }

    /// The string that is kept under the hash of these bytes: most likely the same.
    #[allow(clippy::indexing_slicing, reason = "the places are taken from fewer bits")]
    fn kept(&mut self, perl: Perl, bytes: &[u8]) -> Option<*mut sys::SV> {
        let hash = hash(bytes);
        let slot = &mut self.again[hash as usize % SLOTS];
        if let Some((_, kept)) = slot.as_ref().filter(|(known, _)| *known == hash) {
            return Some(kept.as_raw());
        }
        let seen = &mut self.seen[(hash >> 8) as usize % SEEN];
        if *seen != hash {
            *seen = hash;
            return None;
        }
        // SAFETY: ptr and length are of one slice.
        let kept = unsafe {
            let (ptr, len) = (bytes.as_ptr().cast(), bytes.len());
            Sv::from_owned(perl, sys::pxs_new_shared(perl.raw(), ptr, len))?
        };
        let raw = kept.as_raw();
        *slot = Some((hash, kept));
        Some(raw)
    }
}

/// Where to look for a string, which is compared then.
#[inline]
fn hash(bytes: &[u8]) -> u64 {
    let mut hash = bytes.len() as u64 + 1;
    let mut add = |word: u64| {
        hash = (hash.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    };
    let mut words = bytes.chunks_exact(8);
    for word in &mut words {
        add(word.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    }
    add(words.remainder().iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    hash ^ hash >> 32
}
