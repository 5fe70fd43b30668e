//! Perl's two kinds of string: bytes, and characters.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

/// A borrowed Perl string.
///
/// The two kinds compare equal where their characters do, a byte standing for the character of the same number.
#[derive(Clone, Copy, Debug)]
pub enum PerlStr<'a> {
    /// A byte string (the `UTF8` flag is off).
    Bytes(&'a [u8]),
    /// A character string (the `UTF8` flag is on).
    Text(&'a str),
}

impl<'a> PerlStr<'a> {
    /// A string of the program's own, which is ASCII.
    pub const fn literal(text: &'static str) -> PerlStr<'static> {
        PerlStr::Bytes(text.as_bytes())
    }

    /// The bytes that stand for the string: of a character string, its UTF-8.
    pub fn as_bytes(self) -> &'a [u8] {
        match self {
            PerlStr::Bytes(bytes) => bytes,
            PerlStr::Text(text) => text.as_bytes(),
        }
    }

    /// Whether it is a byte string.
    pub fn is_bytes(self) -> bool {
        matches!(self, PerlStr::Bytes(_))
    }

    /// Whether it has no character.
    pub fn is_empty(self) -> bool {
        self.as_bytes().is_empty()
    }

    /// Perl's truth: everything but the empty string and `0`.
    pub fn is_true(self) -> bool {
        !matches!(self.as_bytes(), b"" | b"0")
    }

    /// Whether Perl's Unicode rules apply to it, and matter: a character string beyond ASCII.
    pub fn is_wide(self) -> bool {
        matches!(self, PerlStr::Text(text) if !text.is_ascii())
    }

    /// Its length in characters.
    pub fn char_len(self) -> usize {
        match self {
            PerlStr::Bytes(bytes) => bytes.len(),
            PerlStr::Text(text) => text.chars().count(),
        }
    }

    /// The part between two byte positions, which stand beside an ASCII character; empty if they do not.
    pub fn slice(self, start: usize, end: usize) -> Self {
        match self {
            PerlStr::Bytes(bytes) => PerlStr::Bytes(bytes.get(start..end).unwrap_or_default()),
            PerlStr::Text(text) => PerlStr::Text(text.get(start..end).unwrap_or_default()),
        }
    }

    /// The part from a byte position on.
    pub fn tail(self, start: usize) -> Self {
        self.slice(start, self.as_bytes().len())
    }

    /// Without its last newline, if it ends in one: the second place where Perl's `$` matches.
    pub fn strip_final_newline(self) -> Option<Self> {
        match self {
            PerlStr::Bytes(bytes) => bytes.strip_suffix(b"\n").map(PerlStr::Bytes),
            PerlStr::Text(text) => text.strip_suffix('\n').map(PerlStr::Text),
        }
    }

    /// The parts between commas (or another ASCII separator).
    pub fn split(self, separator: u8) -> impl Iterator<Item = PerlStr<'a>> {
        let mut rest = Some(self);
        std::iter::from_fn(move || {
            let string = rest?;
            match memchr::memchr(separator, string.as_bytes()) {
                Some(at) => {
                    rest = Some(string.tail(at + 1));
                    Some(string.slice(0, at))
                }
                None => {
                    rest = None;
                    Some(string)
                }
            }
        })
    }

    /// Its characters; a byte stands for the character of the same number.
    pub fn chars(self) -> impl Iterator<Item = char> + Clone + 'a {
        let (bytes, text) = match self {
            PerlStr::Bytes(bytes) => (bytes, ""),
            PerlStr::Text(text) => (&[][..], text),
        };
        bytes.iter().map(|byte| char::from(*byte)).chain(text.chars())
    }

    /// Copies it.
    pub fn into_owned(self) -> PerlString<'static> {
        match self {
            PerlStr::Bytes(bytes) => PerlString::Bytes(Cow::Owned(bytes.to_vec())),
            PerlStr::Text(text) => PerlString::Text(Cow::Owned(text.to_owned())),
        }
    }
}

impl PartialEq for PerlStr<'_> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (PerlStr::Bytes(a), PerlStr::Bytes(b)) => a == b,
            (PerlStr::Text(a), PerlStr::Text(b)) => a == b,
            _ => self.chars().eq(other.chars()),
        }
    }
}

impl Eq for PerlStr<'_> {}

impl PartialOrd for PerlStr<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The order of Perl's `cmp`: by character number.
impl Ord for PerlStr<'_> {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (PerlStr::Bytes(a), PerlStr::Bytes(b)) => a.cmp(b),
            (PerlStr::Text(a), PerlStr::Text(b)) => a.cmp(b),
            _ => self.chars().cmp(other.chars()),
        }
    }
}

impl fmt::Display for PerlStr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.as_bytes()))
    }
}

impl<'a> From<&'a [u8]> for PerlStr<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        PerlStr::Bytes(bytes)
    }
}

/// A Perl string, borrowed or owned.
#[derive(Clone, Debug)]
pub enum PerlString<'a> {
    /// A byte string.
    Bytes(Cow<'a, [u8]>),
    /// A character string.
    Text(Cow<'a, str>),
}

impl<'a> PerlString<'a> {
    /// An empty byte string.
    pub const fn new() -> Self {
        PerlString::Bytes(Cow::Borrowed(&[]))
    }

    /// A string of the program's own, which is ASCII.
    pub const fn literal(text: &'static str) -> PerlString<'static> {
        PerlString::Bytes(Cow::Borrowed(text.as_bytes()))
    }

    /// Borrows it.
    pub fn as_perl(&self) -> PerlStr<'_> {
        match self {
            PerlString::Bytes(bytes) => PerlStr::Bytes(bytes),
            PerlString::Text(text) => PerlStr::Text(text),
        }
    }

    /// The bytes that stand for the string: of a character string, its UTF-8.
    pub fn as_bytes(&self) -> &[u8] {
        self.as_perl().as_bytes()
    }

    /// Gives up the borrow.
    pub fn into_owned(self) -> PerlString<'static> {
        match self {
            PerlString::Bytes(bytes) => PerlString::Bytes(Cow::Owned(bytes.into_owned())),
            PerlString::Text(text) => PerlString::Text(Cow::Owned(text.into_owned())),
        }
    }

    /// Appends as Perl's `.` does: where characters beyond ASCII meet bytes, the bytes become the characters of the
    /// same number.
    #[inline]
    pub fn push(&mut self, part: PerlStr<'_>) {
        match (&mut *self, part) {
            (PerlString::Bytes(bytes), PerlStr::Bytes(part)) => {
                bytes.to_mut().extend_from_slice(part)
            }
            (PerlString::Text(text), PerlStr::Text(part)) => text.to_mut().push_str(part),
            (PerlString::Text(text), PerlStr::Bytes(part)) => push_latin1(text.to_mut(), part),
            (PerlString::Bytes(bytes), PerlStr::Text(part)) if part.is_ascii() => {
                bytes.to_mut().extend_from_slice(part.as_bytes());
            }
            (PerlString::Bytes(bytes), PerlStr::Text(part)) => {
                let mut text = String::with_capacity(bytes.len() + part.len());
                push_latin1(&mut text, bytes);
                text.push_str(part);
                *self = PerlString::Text(Cow::Owned(text));
            }
        }
    }

    /// Appends an ASCII string of the program's own.
    pub fn push_literal(&mut self, text: &'static str) {
        self.push(PerlStr::literal(text));
    }

    /// Appends several parts, one after the other.
    pub fn extend(&mut self, parts: &[PerlStr<'_>]) {
        let mut rest = parts.iter();
        if let PerlString::Bytes(bytes) = self {
            let bytes = bytes.to_mut();
            bytes.reserve(parts.iter().map(|part| part.as_bytes().len()).sum());
            while let [PerlStr::Bytes(part), ..] = rest.as_slice() {
                bytes.extend_from_slice(part);
                rest.next();
            }
        }
        rest.for_each(|part| self.push(*part));
    }

    /// Joins parts as Perl's string interpolation does.
    pub fn concat(parts: &[PerlStr<'_>]) -> PerlString<'static> {
        let mut joined = PerlString::Bytes(Cow::Owned(Vec::new()));
        joined.extend(parts);
        joined
    }
}

fn push_latin1(text: &mut String, bytes: &[u8]) {
    text.extend(bytes.iter().map(|byte| char::from(*byte)));
}

impl Default for PerlString<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for PerlString<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_perl() == other.as_perl()
    }
}

impl Eq for PerlString<'_> {}

impl fmt::Display for PerlString<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_perl().fmt(f)
    }
}

impl<'a> From<PerlStr<'a>> for PerlString<'a> {
    fn from(string: PerlStr<'a>) -> Self {
        match string {
            PerlStr::Bytes(bytes) => PerlString::Bytes(Cow::Borrowed(bytes)),
            PerlStr::Text(text) => PerlString::Text(Cow::Borrowed(text)),
        }
    }
}

impl From<String> for PerlString<'static> {
    fn from(text: String) -> Self {
        PerlString::Text(Cow::Owned(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_meeting_characters_become_characters() {
        let mut string = PerlStr::Bytes(b"\xe4").into_owned();
        string.push(PerlStr::Text("ü"));
        assert_eq!(string, PerlString::Text("äü".into()));
        assert_eq!(PerlString::Bytes((&b"\xe4\xfc"[..]).into()), string);
    }

    #[test]
    fn ascii_characters_leave_bytes_alone() {
        let mut string = PerlStr::Bytes(b"\xe4").into_owned();
        string.push(PerlStr::Text("a"));
        assert!(matches!(&string, PerlString::Bytes(bytes) if bytes[..] == *b"\xe4a"));
    }

    #[test]
    fn strings_sort_by_character_number() {
        assert!(PerlStr::Bytes(b"\xff") < PerlStr::Text("\u{100}"));
        assert!(PerlStr::Text("\u{fe}") < PerlStr::Bytes(b"\xff"));
    }

    #[test]
    fn split_keeps_empty_parts() {
        let parts: Vec<_> =
            PerlStr::Bytes(b",a,,").split(b',').map(|p| p.as_bytes().to_vec()).collect();
        assert_eq!(parts, [&b""[..], b"a", b"", b""]);
    }
}
