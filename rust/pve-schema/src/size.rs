//! Sizes of disks: `32G`, `1.5T`, `512` (`PVE::JSONSchema::parse_size` and `format_size`).

use crate::{PerlNumber, PerlStr, class};

/// Reads a size in bytes: digits, perhaps with a fraction, and a unit of `K`, `M`, `G`, `T` (or `KiB` and so on), each
/// 1024 times the one before. `None` if it is no size.
pub fn parse(value: PerlStr<'_>) -> Option<PerlNumber> {
    let value = value.strip_final_newline().unwrap_or(value);
    let bytes = value.as_bytes();
    let (number, power) = match bytes.strip_suffix(b"iB").unwrap_or(bytes) {
        [number @ .., b'K'] => (number, 1),
        [number @ .., b'M'] => (number, 2),
        [number @ .., b'G'] => (number, 3),
        [number @ .., b'T'] => (number, 4),
        _ => (bytes, 0),
    };
    let number = value.slice(0, number.len());
    let mut parts = number.split(b'.');
    let integer = parts.next()?;
    let fraction = parts.next();
    if !class::is_digits(integer)
        || !fraction.is_none_or(class::is_digits)
        || parts.next().is_some()
    {
        return None;
    }
    let mut size = PerlNumber::from_prefix(number.as_bytes());
    for _ in 0..power {
        size = size.times(1024);
    }
    Some(size.int())
}

/// Writes a size in bytes with the largest unit that needs no fraction; 0 is `0T`.
pub fn format(size: PerlNumber) -> String {
    let mut size = size.int();
    for unit in ["", "K", "M", "G"] {
        let larger = size.divided_by(1024).int();
        if !larger.times(1024).equals(size) {
            return format!("{}{unit}", size.to_text());
        }
        size = larger;
    }
    format!("{}T", size.to_text())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_written_as_the_reference_does() {
        for (text, number, written) in [
            ("8G", PerlNumber::Int(8 << 30), "8G"),
            ("1.5G", PerlNumber::Int(1536 << 20), "1536M"),
            ("0", PerlNumber::Int(0), "0T"),
            ("4TiB", PerlNumber::Int(4 << 40), "4T"),
            ("1023", PerlNumber::Int(1023), "1023"),
            ("0.3K", PerlNumber::Int(307), "307"),
            // More digits than a double has.
            (
                "18014398509481983K",
                PerlNumber::UInt(18_446_744_073_709_550_592),
                "18014398509481983K",
            ),
            ("99999999999999999999", PerlNumber::Num(1e20), "95367431640625M"),
        ] {
            let size = parse(PerlStr::literal(text));
            assert_eq!(size, Some(number), "{text}");
            assert_eq!(format(number), written, "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_sizes() {
        for text in ["", "G", "1.G", ".5G", "1 G", "1g", "1GB", "1.2.3", "-1", "1iB", "1PiB"] {
            assert_eq!(parse(PerlStr::literal(text)), None, "{text}");
        }
    }
}
