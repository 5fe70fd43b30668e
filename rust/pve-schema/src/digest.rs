//! The digest of a configuration file, by which PVE tells whether it has been changed.

use sha1::{Digest, Sha1};

/// The SHA-1 of a file's bytes, in hexadecimal digits (`Digest::SHA::sha1_hex`).
pub fn sha1_hex(raw: &[u8]) -> [u8; 40] {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut digest = [0; 40];
    for (pair, byte) in digest.chunks_exact_mut(2).zip(Sha1::digest(raw)) {
        pair.copy_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
    }
    digest
}
