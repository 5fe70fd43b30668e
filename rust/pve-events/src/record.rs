//! How an event stands in a file: its length in bytes and a checksum, both of 32 bits, least significant byte first, and its
//! JSON. The checksum is the CRC-32 of the length and the JSON, so that neither zeros nor a cut-off record passes for one.

use crc32fast::Hasher;
use memchr::memmem;

/// Bytes before the JSON.
pub const HEADER: usize = 8;

/// The most bytes of JSON.
pub const LIMIT: usize = 1 << 20;

/// What the JSON of every version begins with.
const BEGINNING: &[u8] = b"{\"version\":";

/// What stands at a place of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found<'a> {
    /// A whole record, which ends at `end`.
    Record {
        /// Its JSON.
        json: &'a [u8],
        /// Where the next one begins.
        end: usize,
    },
    /// Something else; at `end` a whole record begins.
    Damage {
        /// Where the next record begins.
        end: usize,
    },
    /// Nothing whole from there on: the end, a record that is being written, or one that was cut off.
    Rest,
}

fn checksum(length: [u8; 4], json: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(&length);
    hasher.update(json);
    hasher.finalize()
}

/// Appends a record of `json`, which has at most [`LIMIT`] bytes, to `file`.
pub fn put(file: &mut Vec<u8>, json: &[u8]) {
    let length = u32::try_from(json.len()).unwrap_or(u32::MAX).to_le_bytes();
    file.extend_from_slice(&length);
    file.extend_from_slice(&checksum(length, json).to_le_bytes());
    file.extend_from_slice(json);
}

fn whole(bytes: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let rest = bytes.get(at..)?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<4>()?;
    let size = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    if size > LIMIT {
        return None;
    }
    let json = rest.get(..size)?;
    let right = checksum(*length, json) == u32::from_le_bytes(*sum);
    right.then_some((json, at + HEADER + size))
}

/// What stands at `at` in `bytes`.
#[must_use]
pub fn find(bytes: &[u8], at: usize) -> Found<'_> {
    if let Some((json, end)) = whole(bytes, at) {
        return Found::Record { json, end };
    }
    // No JSON has a control character, and every length has one: so what looks like a record inside of another is none.
    let from = at.saturating_add(1 + HEADER);
    let Some(rest) = bytes.get(from..) else { return Found::Rest };
    let next = memmem::find_iter(rest, BEGINNING)
        .map(|found| from + found - HEADER)
        .find(|start| whole(bytes, *start).is_some());
    next.map_or(Found::Rest, |end| Found::Damage { end })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(number: usize) -> Vec<u8> {
        format!("{{\"version\":1,\"n\":{number},\"of\":{{\"version\":2}}}}").into_bytes()
    }

    fn three() -> (Vec<u8>, Vec<usize>) {
        let mut file = Vec::new();
        let mut ends = Vec::new();
        for number in 0..3 {
            put(&mut file, &json(number));
            ends.push(file.len());
        }
        (file, ends)
    }

    fn records(file: &[u8]) -> (Vec<Vec<u8>>, usize) {
        let (mut at, mut found) = (0, Vec::new());
        loop {
            match find(file, at) {
                Found::Record { json, end } => {
                    found.push(json.to_vec());
                    at = end;
                }
                Found::Damage { end } => {
                    assert!(end > at);
                    at = end;
                }
                Found::Rest => return (found, at),
            }
        }
    }

    #[test]
    fn what_was_put_is_found() {
        let (file, ends) = three();
        assert_eq!(records(&file), (vec![json(0), json(1), json(2)], ends[2]));
        assert_eq!(records(b""), (vec![], 0));
    }

    #[test]
    fn a_record_that_is_cut_off_is_none() {
        let (file, ends) = three();
        for length in 0..file.len() {
            let whole = ends.iter().filter(|end| **end <= length).count();
            let (found, at) = records(&file[..length]);
            assert_eq!(found.len(), whole, "{length}");
            assert_eq!(at, if whole == 0 { 0 } else { ends[whole - 1] });
        }
    }

    #[test]
    fn a_damaged_byte_costs_one_record() {
        let (file, ends) = three();
        for place in ends[0]..ends[1] {
            for bit in 0..8 {
                let mut damaged = file.clone();
                damaged[place] ^= 1 << bit;
                assert_eq!(records(&damaged), (vec![json(0), json(2)], ends[2]), "{place} {bit}");
            }
        }
    }

    #[test]
    fn zeros_are_no_records() {
        assert_eq!(find(&[0; 4096], 0), Found::Rest);
        let (file, ends) = three();
        let mut damaged = file.clone();
        damaged[ends[0]..ends[1]].fill(0);
        assert_eq!(records(&damaged).0, [json(0), json(2)]);
    }
}
