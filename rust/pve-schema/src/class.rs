//! Perl's character classes. On bytes they are ASCII's; on characters they are Unicode's.

use std::borrow::Cow;

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

use crate::PerlStr;

/// `\s` on a byte.
pub fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | 0x09..=0x0d)
}

/// Bytes without white space at their start, which `is_space` tells.
#[inline]
pub fn trim_start(mut bytes: &[u8], is_space: impl Fn(u8) -> bool) -> &[u8] {
    while let [first, rest @ ..] = bytes {
        if !is_space(*first) {
            break;
        }
        bytes = rest;
    }
    bytes
}

/// Bytes without white space at their end, which `is_space` tells.
#[inline]
pub fn trim_end(mut bytes: &[u8], is_space: impl Fn(u8) -> bool) -> &[u8] {
    while let [rest @ .., last] = bytes {
        if !is_space(*last) {
            break;
        }
        bytes = rest;
    }
    bytes
}

/// `\d` on a character.
fn is_digit_char(c: char) -> bool {
    c.is_ascii_digit() || (!c.is_ascii() && c.general_category() == GeneralCategory::DecimalNumber)
}

/// `\w` on a character (perlrecharclass: alphabetic, mark, decimal digit, connector, join control).
fn is_word_char(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    c.is_alphabetic()
        || matches!(c, '\u{200c}' | '\u{200d}')
        || c.general_category_group() == GeneralCategoryGroup::Mark
        || matches!(
            c.general_category(),
            GeneralCategory::DecimalNumber | GeneralCategory::ConnectorPunctuation
        )
}

/// Whether every character passes: a byte, or an ASCII character, by `byte`, another one by `wide`.
fn all(string: PerlStr<'_>, byte: impl Fn(u8) -> bool, wide: impl Fn(char) -> bool) -> bool {
    match string {
        PerlStr::Bytes(bytes) => bytes.iter().all(|b| byte(*b)),
        PerlStr::Text(text) => text.chars().all(|c| match u8::try_from(c) {
            Ok(b) if b.is_ascii() => byte(b),
            _ => wide(c),
        }),
    }
}

/// `/^\s*$/`.
pub fn is_blank(string: PerlStr<'_>) -> bool {
    if string.as_bytes().first().is_some_and(u8::is_ascii_graphic) {
        return false;
    }
    all(string, is_space, char::is_whitespace)
}

/// `/^\d+$/`, without the newline that `$` allows.
pub fn is_digits(string: PerlStr<'_>) -> bool {
    !string.is_empty() && all(string, |b| b.is_ascii_digit(), is_digit_char)
}

/// `/^[-_.\w\d]+$/`, without the newline that `$` allows.
pub fn is_name(string: PerlStr<'_>) -> bool {
    !string.is_empty()
        && all(
            string,
            |b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'),
            is_word_char,
        )
}

/// What a class of ASCII letters under `/i` sees in a string: among characters, `ſ` is an s and the Kelvin sign a k.
pub fn fold_to_ascii(string: PerlStr<'_>) -> Cow<'_, [u8]> {
    if !string.is_wide() {
        return Cow::Borrowed(string.as_bytes());
    }
    let mut folded = String::with_capacity(string.as_bytes().len());
    for c in string.chars() {
        match c {
            '\u{17f}' => folded.push('s'),
            '\u{212a}' => folded.push('k'),
            c => folded.push(c),
        }
    }
    Cow::Owned(folded.into_bytes())
}

/// Whether a pattern between `^` and `$` matches: `$` also matches before a last newline.
pub fn anchored(string: PerlStr<'_>, matches: impl Fn(PerlStr<'_>) -> bool) -> bool {
    matches(string) || string.strip_final_newline().is_some_and(matches)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_follow_ascii_and_characters_unicode() {
        assert!(!is_name(PerlStr::Bytes("ü".as_bytes())));
        assert!(is_name(PerlStr::Text("ü_1.é-")));
        assert!(!is_blank(PerlStr::Bytes(b"\xa0")));
        assert!(is_blank(PerlStr::Text("\u{a0} \u{2003}")));
        assert!(is_digits(PerlStr::Text("٣1")));
        assert!(!is_digits(PerlStr::Text("½")));
    }

    #[test]
    fn dollar_matches_before_one_final_newline() {
        assert!(anchored(PerlStr::Bytes(b"1\n"), is_digits));
        assert!(!anchored(PerlStr::Bytes(b"1\n\n"), is_digits));
    }
}
