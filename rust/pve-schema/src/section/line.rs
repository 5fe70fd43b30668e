//! What a line of a section file is.

use crate::class::{is_space, trim_end, trim_start};

/// The first word, which starts at the first byte, and what follows it.
fn word(line: &[u8]) -> (&[u8], &[u8]) {
    let end = line.iter().position(|b| is_space(*b)).unwrap_or(line.len());
    line.split_at(end)
}

/// Type and ID of a line `TYPE: ID` (`PVE::SectionConfig::parse_section_header`). There may be no white space between
/// them; the type then ends at the last colon that leaves an ID.
pub fn parse_section_header(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (first, rest) = word(line);
    let rest = trim_end(trim_start(rest, is_space), is_space);
    if rest.is_empty() {
        let inner = first.get(..first.len().checked_sub(1)?)?;
        let colon = memchr::memrchr(b':', inner).filter(|colon| *colon > 0)?;
        return Some((first.get(..colon)?, first.get(colon + 1..)?));
    }
    let kind = first.strip_suffix(b":").filter(|kind| !kind.is_empty())?;
    rest.iter().all(|b| !is_space(*b)).then_some((kind, rest))
}

/// Key and value of an indented line `KEY VALUE`.
pub(super) fn setting(line: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    if !line.first().is_some_and(|b| is_space(*b)) {
        return None;
    }
    let (key, rest) = word(trim_start(line, is_space));
    let value = trim_end(trim_start(rest, is_space), is_space);
    (!key.is_empty()).then_some((key, (!value.is_empty()).then_some(value)))
}

/// Whether Perl takes a line for true.
pub(super) fn is_true(line: &[u8]) -> bool {
    !matches!(line, b"" | b"0")
}

/// The lines of a file, without comments; those at its end that are empty do not count.
pub(super) struct Lines<'a> {
    raw: &'a [u8],
    /// Where the next line starts; behind the end if there is none.
    start: usize,
    ends: memchr::Memchr<'a>,
    /// The number of the last line that was taken, from 1.
    pub number: usize,
    /// Whether a line may have a carriage return.
    pub has_returns: bool,
}

impl<'a> Lines<'a> {
    pub fn new(raw: &'a [u8]) -> Self {
        let newlines = raw.iter().rev().take_while(|b| **b == b'\n').count();
        let raw = raw.get(..raw.len() - newlines).unwrap_or_default();
        let has_returns = memchr::memchr(b'\r', raw).is_some();
        let start = usize::from(raw.is_empty());
        Self { raw, start, ends: memchr::memchr_iter(b'\n', raw), number: 0, has_returns }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            // There is none where the line would start behind the end.
            let end = self.ends.next().unwrap_or(self.raw.len());
            let line = self.raw.get(self.start..end)?;
            self.start = end + 1;
            self.number += 1;
            if trim_start(line, is_space).first() != Some(&b'#') {
                return Some(line);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text<'a>(pair: Option<(&'a [u8], &'a [u8])>) -> Option<(&'a str, &'a str)> {
        pair.map(|(a, b)| (std::str::from_utf8(a).unwrap(), std::str::from_utf8(b).unwrap()))
    }

    #[test]
    fn headers() {
        for (line, expected) in [
            ("dir: local", Some(("dir", "local"))),
            ("dir:local \r", Some(("dir", "local"))),
            ("a:b:c", Some(("a:b", "c"))),
            ("a:b:", Some(("a", "b:"))),
            ("a:: b", Some(("a:", "b"))),
            ("::", None),
            (":::", Some((":", ":"))),
            (": x", None),
            ("dir:", None),
            ("dir : x", None),
            ("dir: x y", None),
            (" dir: x", None),
            ("", None),
        ] {
            assert_eq!(text(parse_section_header(line.as_bytes())), expected, "{line:?}");
        }
    }

    #[test]
    fn settings() {
        assert_eq!(setting(b"\tkey  a b \r"), Some((&b"key"[..], Some(&b"a b"[..]))));
        assert_eq!(setting(b" key\t"), Some((&b"key"[..], None)));
        assert_eq!(setting(b" \t"), None);
        assert_eq!(setting(b"key value"), None);
    }

    #[test]
    fn comments_are_counted_but_not_seen() {
        let mut lines = Lines::new(b"\n# a\n  #b\nc\n\n");
        assert_eq!(lines.next(), Some(&b""[..]));
        assert_eq!((lines.next(), lines.number), (Some(&b"c"[..]), 4));
        assert_eq!(lines.next(), None);
    }

    #[test]
    fn files_end_with_their_last_line() {
        for raw in [&b""[..], b"\n", b"\n\n"] {
            assert_eq!(Lines::new(raw).next(), None, "{raw:?}");
        }
        let mut lines = Lines::new(b"a\r\n\nb");
        assert!(lines.has_returns);
        assert_eq!(lines.next(), Some(&b"a\r"[..]));
        assert_eq!(lines.next(), Some(&b""[..]));
        assert_eq!((lines.next(), lines.number), (Some(&b"b"[..]), 3));
        assert_eq!((lines.next(), lines.number), (None, 3));
    }
}
