//! The units that Perl's lax decoder of UTF-8 takes its input apart into (`Encode::decode("utf8", …)`).

/// The length of the first unit of `bytes`, which are not empty, and whether it is a character in Perl's extended UTF-8
/// (perlunicode, "Beyond Unicode code points"); otherwise it is to be replaced as a whole. `swallows` is whether a byte
/// that starts no character may take the next ones with it, as in some versions of Perl.
pub fn first(bytes: &[u8], swallows: bool) -> (usize, bool) {
    let lead = bytes.first().copied().unwrap_or_default();
    let length = match lead {
        0x00..=0x7f => return (1, true),
        0x80..=0xbf => 1,
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf7 => 4,
        0xf8..=0xfb => 5,
        0xfc..=0xfd => 6,
        0xfe => 7,
        0xff => 13,
    };
    let present =
        1 + bytes.iter().skip(1).take(length - 1).take_while(|b| is_continuation(**b)).count();
    if present == length && is_character(lead, bytes) {
        return (length, true);
    }
    let swallowed = if swallows { swallowed(bytes) } else { None };
    (swallowed.unwrap_or(present), false)
}

fn is_continuation(byte: u8) -> bool {
    matches!(byte, 0x80..=0xbf)
}

/// Whether a sequence that is complete is a character: no longer than it needs to be, and within Perl's integers.
fn is_character(lead: u8, bytes: &[u8]) -> bool {
    let second = bytes.get(1).copied().unwrap_or_default();
    match lead {
        0x80..=0xc1 => false,
        0xe0 => second >= 0xa0,
        0xf0 => second >= 0x90,
        0xf8 => second >= 0x88,
        0xfc => second >= 0x84,
        0xfe => second >= 0x82,
        0xff => {
            let number = bytes
                .iter()
                .skip(1)
                .take(12)
                .fold(0u128, |n, byte| n << 6 | u128::from(byte & 0x3f));
            (1 << 36..1 << 63).contains(&number)
        }
        _ => true,
    }
}

/// What must follow.
#[derive(Clone, Copy)]
enum Next {
    /// This many continuation bytes.
    Any(u8),
    /// One from 0xA0 on, and another one.
    AfterE0,
    /// Two, the second being limited after 0xB7 and 0xBF.
    AfterEf,
    /// One from 0x90 on, and two others.
    AfterF0,
    /// Three.
    AfterF1,
    /// One up to 0x8F, and two others.
    AfterF4,
    /// One outside of 0x90 to 0xAF.
    AfterEfB7,
    /// One below 0xBE.
    AfterEfBf,
    /// Two, the second being limited after 0xBF.
    AfterPlaneEnd,
}

/// How much Perl (5.36 and 5.38, not 5.40) drops with a byte that starts no character: the test that should stop it there comes one
/// byte too late in `Perl_utf8n_to_uvchr_msgs`, so that the next byte is taken for a start of another kind than it is, and
/// what follows is dropped with it if it fits that. `None` if it does not.
fn swallowed(bytes: &[u8]) -> Option<usize> {
    let (lead, rest) = bytes.split_first()?;
    if !matches!(lead, 0x80..=0xc1 | 0xed | 0xf5..=0xff) {
        return None;
    }
    let (second, rest) = rest.split_first()?;
    let mut next = match second {
        0xc0 | 0xc1 | 0xed | 0xf5..=0xff => Next::Any(1),
        0xc2..=0xdf => Next::Any(2),
        0xe1..=0xec | 0xee => Next::AfterEf,
        0xef => Next::AfterF4,
        0xf4 => Next::AfterF1,
        0xf1..=0xf3 => Next::AfterE0,
        0xe0 => Next::AfterF0,
        _ => return None,
    };
    for (at, byte) in rest.iter().enumerate() {
        if !is_continuation(*byte) {
            return None;
        }
        // The last character but one, and the last one, of each plane are no characters.
        let plane_end = matches!(byte, 0x8f | 0x9f | 0xaf | 0xbf);
        next = match (next, byte) {
            (Next::Any(1), _)
            | (Next::AfterEfB7, 0x80..=0x8f | 0xb0..=0xbf)
            | (Next::AfterEfBf, 0x80..=0xbd) => return Some(at + 3),
            (Next::AfterEfB7 | Next::AfterEfBf, _)
            | (Next::AfterE0, 0x80..=0x9f)
            | (Next::AfterF0, 0x80..=0x8f)
            | (Next::AfterF4, 0x90..=0xbf) => return None,
            (Next::AfterEf, 0xb7) => Next::AfterEfB7,
            (Next::AfterEf | Next::AfterPlaneEnd, 0xbf) => Next::AfterEfBf,
            (Next::AfterF0 | Next::AfterF1 | Next::AfterF4, _) if plane_end => Next::AfterPlaneEnd,
            (Next::AfterF0 | Next::AfterF1 | Next::AfterF4, _) => Next::Any(2),
            (Next::AfterE0 | Next::AfterEf | Next::AfterPlaneEnd, _) => Next::Any(1),
            (Next::Any(n), _) => Next::Any(n - 1),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_and_cut_ones() {
        for (bytes, expected) in [
            (&b"\xed\xa0\x80"[..], (3, true)),
            (b"\xf4\x90\x80\x80", (4, true)),
            (b"\xfe\x82\x80\x80\x80\x80\x80", (7, true)),
            (b"\xe0\x80\x80", (3, false)),
            (b"\xc0\x80", (2, false)),
            (b"\xf0\x9f\x98", (3, false)),
            (b"\xe2(", (1, false)),
            (b"\x80\x80", (1, false)),
            (b"\xff\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80", (13, false)),
        ] {
            assert_eq!(first(bytes, false), expected, "{bytes:x?}");
            assert_eq!(first(bytes, true), expected, "{bytes:x?}");
        }
    }

    #[test]
    fn what_follows_a_stray_byte_may_be_dropped_with_it() {
        for (bytes, length) in [
            (&b"\xb8\xe2\x82\xac"[..], 4),
            (b"\x94\xee\x80\x80\x80", 4),
            (b"\xff\xc3\xa9\xa9", 4),
            (b"\xff\xc3\xa9a", 1),
            (b"\xa7a", 1),
            (b"\x80\xf0\x9f\x98\x80", 1),
            (b"\x80\xef\x8f\xbf\xbf", 1),
            (b"\x80\xef\x8f\xbf\xbd", 5),
        ] {
            assert_eq!(first(bytes, true), (length, false), "{bytes:x?}");
            assert_eq!(first(bytes, false), (1, false), "{bytes:x?}");
        }
    }
}
