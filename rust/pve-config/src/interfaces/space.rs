//! White space and word characters as the reference's patterns see them.
//!
//! It is compiled with `use v5.36`, whose `unicode_strings` has patterns follow Unicode on bytes too, each standing for
//! the character of the same number: 0x85 and 0xA0 are white space (perlfeature, perlrecharclass).

use pve_schema::PerlStr;

/// `\s` on a byte.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ' | 0x85 | 0xa0)
}

/// `\w` on a byte.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'_' | 0xaa | 0xb5 | 0xba | 0xc0..=0xd6 | 0xd8..=0xf6 | 0xf8..)
}

/// `\s` at a place of a string, and how long that character is there.
fn character(string: PerlStr<'_>, at: usize) -> Option<(bool, usize)> {
    match string {
        PerlStr::Bytes(bytes) => bytes.get(at).map(|byte| (is_space(*byte), 1)),
        PerlStr::Text(text) => {
            let c = text.get(at..)?.chars().next()?;
            Some((c.is_whitespace(), c.len_utf8()))
        }
    }
}

/// Where the first character from `at` on is for which `\s` is `space`; the end if there is none.
fn find(string: PerlStr<'_>, mut at: usize, space: bool) -> usize {
    if let PerlStr::Bytes(bytes) = string {
        let rest = bytes.get(at..).unwrap_or_default();
        return rest
            .iter()
            .position(|byte| is_space(*byte) == space)
            .map_or(bytes.len(), |n| at + n);
    }
    while let Some((is_space, length)) = character(string, at) {
        if is_space == space {
            return at;
        }
        at += length;
    }
    string.as_bytes().len()
}

/// Whether `\s` matches anywhere.
pub(super) fn has_space(string: PerlStr<'_>) -> bool {
    find(string, 0, true) < string.as_bytes().len()
}

/// `split(/\s+/, …)`: where the string begins in white space, the first part is empty.
pub(super) fn split(string: PerlStr<'_>) -> impl Iterator<Item = PerlStr<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at >= string.as_bytes().len() {
            return None;
        }
        let end = find(string, at, true);
        let part = string.slice(at, end);
        at = find(string, end, false);
        // White space alone has no part at all: empty ones at the end do not count.
        if part.is_empty() && at >= string.as_bytes().len() { None } else { Some(part) }
    })
}

/// `PVE::Tools::split_list`: parts between NULs if there is one, else between commas, semicolons and white space.
pub(super) fn split_list(string: PerlStr<'_>) -> Vec<PerlStr<'_>> {
    let mut parts: Vec<PerlStr<'_>> = if memchr::memchr(0, string.as_bytes()).is_some() {
        string.split(0).collect()
    } else {
        split(string)
            .flat_map(|part| part.split(b','))
            .flat_map(|part| part.split(b';'))
            .filter(|part| !part.is_empty())
            .collect()
    };
    while parts.last().is_some_and(|part| part.is_empty()) {
        parts.pop();
    }
    parts
}

/// `s/[;,\s]+/ /g`
pub(super) fn with_single_spaces(string: PerlStr<'_>) -> Option<Vec<PerlStr<'_>>> {
    let is_separator = |byte: &u8| matches!(byte, b';' | b',' | b'\t'..=b'\r' | 0x80..);
    let bytes = string.as_bytes();
    let plain = !bytes.iter().any(is_separator) && !bytes.windows(2).any(|pair| pair == b"  ");
    if plain {
        return None;
    }
    let space = PerlStr::literal(" ");
    let mut parts = Vec::new();
    let mut in_gap = false;
    let mut at = 0;
    while let Some((is_space, length)) = character(string, at) {
        if is_space || matches!(bytes.get(at), Some(b';' | b',')) {
            if !in_gap {
                parts.push(space);
            }
            in_gap = true;
        } else {
            in_gap = false;
            parts.push(string.slice(at, at + length));
        }
        at += length;
    }
    Some(parts)
}

/// Bytes without white space at their start.
pub(super) fn trim_start(bytes: &[u8]) -> &[u8] {
    pve_schema::trim_start(bytes, is_space)
}

/// Bytes without white space at their end.
pub(super) fn trim_end(bytes: &[u8]) -> &[u8] {
    pve_schema::trim_end(bytes, is_space)
}

/// The first word of bytes that begin with none of white space, and what follows it and the white space after it. `None`
/// if no white space follows.
pub(super) fn first_word(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| is_space(*byte))?;
    let (word, rest) = bytes.split_at(end);
    Some((word, trim_start(rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(string: PerlStr<'_>) -> Vec<String> {
        split(string).map(|part| part.to_string()).collect()
    }

    #[test]
    fn bytes_split_where_the_characters_of_their_numbers_do() {
        assert_eq!(words(PerlStr::Bytes(b"a\xa0b \x85 c\r")), ["a", "b", "c"]);
        assert_eq!(words(PerlStr::Text("a\u{2003}b\u{a0}c")), ["a", "b", "c"]);
        assert_eq!(words(PerlStr::Bytes(b" a ")), ["", "a"]);
        assert_eq!(words(PerlStr::Bytes(b" ")), Vec::<String>::new());
        assert_eq!(words(PerlStr::Bytes(b"")), Vec::<String>::new());
    }

    #[test]
    fn lists_are_split_as_the_reference_splits_them() {
        let list =
            |string| split_list(string).iter().map(ToString::to_string).collect::<Vec<String>>();
        assert_eq!(list(PerlStr::literal(" a,b;;c  d,")), ["a", "b", "c", "d"]);
        assert_eq!(list(PerlStr::literal("a b\0c\0\0")), ["a b", "c"]);
    }

    #[test]
    fn separators_become_single_spaces() {
        let text = |string| {
            with_single_spaces(string)
                .map(|parts| pve_schema::PerlString::concat(&parts).to_string())
        };
        assert_eq!(text(PerlStr::literal("a, b;c")), Some("a b c".to_owned()));
        assert_eq!(text(PerlStr::literal("a b")), None);
        assert_eq!(text(PerlStr::literal("a ,")), Some("a ".to_owned()));
    }
}
