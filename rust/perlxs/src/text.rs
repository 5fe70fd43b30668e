//! Strings: characters ([`Text`]) and bytes ([`Bytes`]), borrowed from the caller's scalar wherever that already holds
//! the wanted form. The caller's scalar is never converted in place.

use std::borrow::Cow;
use std::ops::Deref;

/// A parameter that takes characters.
pub struct Text<'a>(pub(crate) Cow<'a, str>);

impl Text<'_> {
    /// The characters, owned.
    pub fn into_owned(self) -> String {
        self.0.into_owned()
    }
}

impl Deref for Text<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

/// A parameter that takes bytes.
pub struct Bytes<'a>(pub(crate) Cow<'a, [u8]>);

impl Bytes<'_> {
    /// The bytes, owned.
    pub fn into_owned(self) -> Vec<u8> {
        self.0.into_owned()
    }
}

impl Deref for Bytes<'_> {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// As `<[u8]>::is_ascii`, in blocks that the compiler makes vector instructions of: 500 bytes cost a third.
#[inline]
pub(crate) fn is_ascii(bytes: &[u8]) -> bool {
    let blocks = bytes.chunks_exact(32);
    let rest = blocks.remainder();
    let high = |block: &[u8]| block.iter().fold(0, |high, byte| high | byte) >= 0x80;
    !blocks.into_iter().any(high) && !high(rest)
}

/// The characters of a scalar without the UTF-8 flag: each byte is one of the first 256 code points.
#[inline]
pub(crate) fn from_latin1(bytes: &[u8]) -> Cow<'_, str> {
    if is_ascii(bytes) {
        // SAFETY: ASCII is UTF-8. Checking that twice would cost more than all the rest of a call.
        return Cow::Borrowed(unsafe { std::str::from_utf8_unchecked(bytes) });
    }
    Cow::Owned(latin1(bytes))
}

#[cold]
fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

/// The characters of a scalar with the UTF-8 flag. Perl's encoding admits surrogates and code points above 0x10FFFF,
/// which are not characters in Rust.
pub(crate) fn from_flagged(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| "its text is not valid Unicode".to_owned())
}

/// The bytes that Perl's own output would write for characters: only those below 256 have one.
pub(crate) fn to_bytes(text: &str) -> Result<Vec<u8>, String> {
    text.chars()
        .map(|c| u8::try_from(u32::from(c)))
        .collect::<Result<_, _>>()
        .map_err(|_| "expected bytes, got a wide character; encode the text first".to_owned())
}
