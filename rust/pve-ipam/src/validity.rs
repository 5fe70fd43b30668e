//! When a certificate is valid (RFC 5280, 4.1.2.5), in seconds since 1970.

/// The first and the last second of a certificate in DER; `None` where it is none.
pub(crate) fn of(certificate: &[u8]) -> Option<(u64, u64)> {
    let (content, _) = element(certificate, 0x30)?;
    let (mut fields, _) = element(content, 0x30)?;
    // The version may be left out; then come serial number, signature and issuer.
    for tag in [0xa0, 0x02, 0x30, 0x30] {
        match element(fields, tag) {
            Some((_, rest)) => fields = rest,
            None if tag == 0xa0 => {}
            None => return None,
        }
    }
    let (validity, _) = element(fields, 0x30)?;
    let (first, rest) = time(validity)?;
    let (last, _) = time(rest)?;
    Some((first, last))
}

/// The content of an element with a tag, and what follows it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first()?;
    if *found != tag {
        return None;
    }
    let (length, rest) = match *length {
        short @ 0..=0x7f => (usize::from(short), rest),
        long @ 0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            (digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// A UTCTime or GeneralizedTime, and what follows it.
fn time(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (text, rest, has_century) = match (element(bytes, 0x17), element(bytes, 0x18)) {
        (Some((text, rest)), _) => (text, rest, false),
        (None, Some((text, rest))) => (text, rest, true),
        _ => return None,
    };
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (year, text) = text.split_at_checked(if has_century { 4 } else { 2 })?;
    let year: u64 = year.parse().ok()?;
    let year = match year {
        _ if has_century => year,
        0..=49 => 2000 + year,
        _ => 1900 + year,
    };
    let part = |at: usize| text.get(at..at + 2)?.parse::<u64>().ok();
    let seconds = part(4)? * 3600 + part(6)? * 60 + part(8)?;
    Some((days(year, part(0)?, part(2)?)? * 86_400 + seconds, rest))
}

/// Days from 1970 to a date of the Gregorian calendar, counted in years that begin in March.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let year = if month > 2 { year } else { year.checked_sub(1)? };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day.checked_sub(1)?;
    let days = 365 * year + year / 4 - year / 100 + year / 400 + day_of_year;
    days.checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_counted_from_1970() {
        assert_eq!(days(1970, 1, 1), Some(0));
        assert_eq!(days(2000, 2, 29), Some(11_016));
        assert_eq!(days(2024, 3, 1), Some(19_783));
        assert_eq!(days(1969, 12, 31), None);
    }

    #[test]
    fn times_are_read_in_both_forms() {
        let utc = b"\x17\x0d240301000001Zrest";
        assert_eq!(time(utc), Some((19_783 * 86_400 + 1, &b"rest"[..])));
        let general = b"\x18\x0f20240301000001Z";
        assert_eq!(time(general), Some((19_783 * 86_400 + 1, &b""[..])));
        assert_eq!(time(b"\x17\x0d2403010000xxZ"), None);
        assert_eq!(of(b"\x30\x03\x30\x01\x02"), None);
    }
}
