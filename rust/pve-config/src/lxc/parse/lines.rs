//! What a line is: each function takes one apart, or says `None` if it is something else.

use pve_schema::is_space;

pub fn trim_end(bytes: &[u8]) -> &[u8] {
    pve_schema::trim_end(bytes, is_space)
}

pub fn trim_start(bytes: &[u8]) -> &[u8] {
    pve_schema::trim_start(bytes, is_space)
}

/// The name between brackets: `pve:pending` in any case, or a letter and at least one of letters, digits, `_`, `-`.
pub fn section_name(trimmed: &[u8]) -> Option<&[u8]> {
    let name = trimmed.strip_prefix(b"[")?.strip_suffix(b"]")?;
    let (first, rest) = name.split_first()?;
    let in_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let fine = first.is_ascii_alphabetic() && !rest.is_empty() && rest.iter().all(in_name);
    (fine || name.eq_ignore_ascii_case(b"pve:pending")).then_some(name)
}

/// `lxc.KEY: VALUE` or `lxc.KEY = VALUE`.
pub fn lxc_line(trimmed: &[u8]) -> Option<(&[u8], &[u8])> {
    let name = trimmed.strip_prefix(b"lxc.")?;
    let in_key = |b: &&u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.');
    let length = name.iter().take_while(in_key).count();
    if length == 0 {
        return None;
    }
    let (key, rest) = trimmed.split_at(b"lxc.".len() + length);
    let value = match rest {
        [b':', value @ ..] => value,
        rest => trim_start(rest).strip_prefix(b"=")?,
    };
    Some((key, trim_start(value)))
}

/// The value after a prefix, if there is one that is not blank.
pub fn value_after<'a>(trimmed: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let value = trim_start(trimmed.strip_prefix(prefix)?);
    (!value.is_empty()).then_some(value)
}

/// The state of a snapshot that is being made or removed; the reference looks for it anywhere in a line.
pub fn snapshot_state(trimmed: &[u8]) -> Option<&[u8]> {
    for state in [&b"prepare"[..], b"delete"] {
        if let Some(before) = trimmed.strip_suffix(state) {
            if trim_end(before).ends_with(b"snapstate:") {
                return trimmed.get(before.len()..);
            }
        }
    }
    None
}

/// `KEY: VALUE`, the key being of letters and `_`, then of digits. `trimmed` is the line's length without the white space
/// at its end; where there is nothing else after the colon, the last of it is the value.
pub fn key_value(line: &[u8], trimmed: usize) -> Option<(&[u8], &[u8])> {
    if !line.first().is_some_and(u8::is_ascii_lowercase) {
        return None;
    }
    let letters = line.iter().take_while(|b| matches!(b, b'a'..=b'z' | b'_')).count();
    let digits = line.iter().skip(letters).take_while(|b| b.is_ascii_digit()).count();
    let (key, rest) = line.split_at(letters + digits);
    let rest = rest.strip_prefix(b":")?;
    let value = trim_start(line.get(key.len() + 1..trimmed).unwrap_or_default());
    if value.is_empty() {
        rest.len().checked_sub(1).and_then(|at| rest.get(at..)).map(|v| (key, v))
    } else {
        Some((key, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_apart() {
        assert_eq!(lxc_line(b"lxc.a.b  = x y"), Some((&b"lxc.a.b"[..], &b"x y"[..])));
        assert_eq!(lxc_line(b"lxc.a:"), Some((&b"lxc.a"[..], &b""[..])));
        assert_eq!(lxc_line(b"lxc.a :x"), None);
        assert_eq!(lxc_line(b"lxc.:x"), None);
        assert_eq!(key_value(b"rootfs: \t", 7), Some((&b"rootfs"[..], &b"\t"[..])));
        assert_eq!(key_value(b"rootfs:", 7), None);
        assert_eq!(key_value(b"a1b:x", 5), None);
        assert_eq!(snapshot_state(b"x snapstate:\t prepare"), Some(&b"prepare"[..]));
        assert_eq!(snapshot_state(b"snapstate: snapshot-delete"), None);
        assert_eq!(section_name(b"[a]"), None);
        assert_eq!(section_name(b"[PVE:Pending]"), Some(&b"PVE:Pending"[..]));
    }
}
