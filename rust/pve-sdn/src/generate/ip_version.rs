//! `Net::IP::ip_is_ipv6`, which tells what family a gateway is of.

/// Whether Net::IP holds the text for an IPv6 address. It is more generous than the standard library: `1::2::` is none,
/// but `12345::` may be one where the count of colons fits.
pub(super) fn is_ipv6(text: &[u8]) -> bool {
    let mut colons = text.iter().filter(|byte| **byte == b':').count();
    if !(1..8).contains(&colons) {
        return false;
    }
    let mut groups: Vec<&[u8]> = text.split(|byte| *byte == b':').collect();
    // Perl's split drops empty parts at the end.
    while groups.last().is_some_and(|group| group.is_empty()) {
        groups.pop();
    }
    for (at, group) in groups.iter().enumerate() {
        if group.is_empty() || is_group(group) {
            continue;
        }
        if at == colons && is_ipv4(group) {
            colons += 1;
        } else {
            return false;
        }
    }
    let end = text.strip_suffix(b"\n").unwrap_or(text);
    let starts = text.first() == Some(&b':') && text.get(1).is_some_and(|byte| *byte != b':');
    let ends = [text, end].iter().any(|text| matches!(text, [.., before, b':'] if *before != b':'));
    let doubles = text.windows(2).filter(|pair| *pair == b"::").count();
    !starts && !ends && doubles <= 1 && (colons == 7 || doubles == 1)
}

fn is_group(group: &[u8]) -> bool {
    let group = group.strip_suffix(b"\n").unwrap_or(group);
    (1..=4).contains(&group.len()) && group.iter().all(u8::is_ascii_hexdigit)
}

/// `Net::IP::ip_is_ipv4` for what stands at the end of an IPv6 address.
fn is_ipv4(text: &[u8]) -> bool {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let parts: Vec<&[u8]> = text.split(|byte| *byte == b'.').collect();
    let number = |part: &&[u8]| {
        !part.is_empty()
            && part.iter().all(u8::is_ascii_digit)
            && part
                .iter()
                .fold(0u64, |n, digit| n.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
                < 256
    };
    (1..=4).contains(&parts.len()) && parts.iter().all(number)
}

#[cfg(test)]
mod tests {
    use super::is_ipv6;

    #[test]
    fn texts_are_judged_as_by_the_reference() {
        for text in
            ["fd00::1", "::", "::1", "1:2:3:4:5:6:7:8", "::ffff:10.0.0.1", "FD00::", "1::2:"]
        {
            assert_eq!(is_ipv6(text.as_bytes()), text != "1::2:", "{text}");
        }
        for text in [
            "",
            "10.0.0.1",
            "1:2",
            "1::2::3",
            ":1::2",
            ":::",
            "g::",
            "12345::",
            "1:2:3:4:5:6:7:8:9",
        ] {
            assert!(!is_ipv6(text.as_bytes()), "{text}");
        }
    }
}
