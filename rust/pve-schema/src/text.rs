//! Text inside a configuration file: UTF-8 with percent escapes (`PVE::Tools::encode_text` and `decode_text`).

mod sequence;

use std::borrow::Cow;

use crate::Scalar;

const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// Decodes text as a version of Perl does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decoder {
    swallows: bool,
}

impl Decoder {
    /// As a current Perl does.
    pub const fn new() -> Self {
        Self { swallows: false }
    }

    /// As Perl 5.`version` does. From 5.36 to 5.38, a byte that starts no character may take the next ones with it.
    pub const fn of_perl(version: u32) -> Self {
        Self { swallows: matches!(version, 36..=38) }
    }

    /// Appends to `out` the text that `data` stands for: `%XX` resolved, then read as UTF-8 as Perl's lax `utf8` encoding
    /// reads it. Each malformed sequence becomes U+FFFD; surrogates and numbers above 0x10FFFF are kept in Perl's extended
    /// UTF-8, so `out` need not be UTF-8.
    pub fn decode_into(self, data: &[u8], out: &mut Vec<u8>) {
        let unescaped = unescape(data);
        let mut rest = &unescaped[..];
        loop {
            match std::str::from_utf8(rest) {
                Ok(_) => {
                    out.extend_from_slice(rest);
                    return;
                }
                Err(error) => {
                    let (valid, odd) = rest.split_at(error.valid_up_to());
                    out.extend_from_slice(valid);
                    let (length, well_formed) = sequence::first(odd, self.swallows);
                    let (odd, after) = odd.split_at(length.min(odd.len()));
                    out.extend_from_slice(if well_formed { odd } else { REPLACEMENT });
                    rest = after;
                }
            }
        }
    }

    /// Appends to `out` the text that `data` stands for, read as Perl's strict `UTF-8` encoding reads it: each malformed
    /// sequence, and each one of a surrogate, of a number above 0x10FFFF or of a noncharacter, becomes U+FFFD.
    pub fn decode_strict_into(self, data: &[u8], out: &mut Vec<u8>) {
        let mut rest = data;
        while !rest.is_empty() {
            let ascii = rest.iter().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
            let (head, odd) = rest.split_at(ascii);
            out.extend_from_slice(head);
            if odd.is_empty() {
                return;
            }
            let (length, well_formed) = sequence::first(odd, self.swallows);
            let (odd, after) = odd.split_at(length.min(odd.len()));
            let is_text = well_formed && std::str::from_utf8(odd).is_ok_and(is_interchange);
            out.extend_from_slice(if is_text { odd } else { REPLACEMENT });
            rest = after;
        }
    }
}

/// Whether text has no noncharacter (Unicode 23.7).
fn is_interchange(text: &str) -> bool {
    !text
        .chars()
        .any(|c| matches!(u32::from(c), 0xfdd0..=0xfdef) || u32::from(c) & 0xfffe == 0xfffe)
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

/// The decoded bytes as a character string.
pub fn decoded(bytes: Vec<u8>) -> Scalar<'static> {
    match String::from_utf8(bytes) {
        Ok(text) => Scalar::Text(Cow::Owned(text)),
        Err(error) => Scalar::Extended(error.into_bytes()),
    }
}

/// Resolves `%XX` (`URI::Escape::uri_unescape`); a `%` without two hexadecimal digits stays.
fn unescape(data: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = memchr::memchr(b'%', data) else { return Cow::Borrowed(data) };
    let mut out = Vec::with_capacity(data.len());
    let (head, mut rest) = data.split_at(first);
    out.extend_from_slice(head);
    while let Some((byte, after)) = rest.split_first() {
        let digits = match after {
            [high, low, ..] if *byte == b'%' => hex_value(*high).zip(hex_value(*low)),
            _ => None,
        };
        match digits {
            Some((high, low)) => {
                out.push(high * 16 + low);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                out.push(*byte);
                rest = after;
            }
        }
    }
    Cow::Owned(out)
}

fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// The text as it stands in a configuration file: UTF-8, with control characters, `%`, `:` and everything beyond ASCII
/// escaped. `text` is a byte string's bytes read as characters, or a character string's (extended) UTF-8.
pub fn encode_into(text: &Scalar<'_>, out: &mut Vec<u8>) {
    match text {
        Scalar::Bytes(bytes) => {
            for byte in bytes.iter() {
                let mut buffer = [0; 4];
                char::from(*byte)
                    .encode_utf8(&mut buffer)
                    .bytes()
                    .for_each(|b| escape_byte(b, out));
            }
        }
        Scalar::Extended(bytes) => bytes.iter().for_each(|b| escape_byte(*b, out)),
        other => other.to_perl().as_bytes().iter().for_each(|b| escape_byte(*b, out)),
    }
}

fn escape_byte(byte: u8, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    match byte {
        b' '..=b'$' | b'&'..=b'9' | b';'..=b'~' => out.push(byte),
        _ => {
            out.extend_from_slice(&[b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        Decoder::new().decode_into(data, &mut out);
        out
    }

    #[test]
    fn escapes_and_utf8_are_resolved() {
        assert_eq!(decode(b"100%25 %C3%A9 %zz %4"), "100% é %zz %4".as_bytes());
        assert_eq!(decode(b"%C3(%80%80\xff"), "\u{fffd}(\u{fffd}\u{fffd}\u{fffd}".as_bytes());
    }

    #[test]
    fn overlong_and_cut_sequences_become_one_replacement() {
        for data in
            [&b"\xe0\x80\x80"[..], b"\xc0\x80", b"\xf0\x9f\x98", b"\xfe\x80\x80\x80\x80\x80"]
        {
            assert_eq!(decode(data), REPLACEMENT, "{data:x?}");
        }
    }

    #[test]
    fn what_unicode_forbids_is_kept_as_perl_keeps_it() {
        assert_eq!(decode(b"\xed\xa0\x80"), b"\xed\xa0\x80");
        assert!(matches!(decoded(decode(b"%F4%90%80%80")), Scalar::Extended(_)));
    }

    #[test]
    fn encoding_reverses_decoding() {
        let mut out = Vec::new();
        encode_into(&Scalar::Text("a:b %é\u{1F600}\x7f".into()), &mut out);
        assert_eq!(out, b"a%3Ab %25%C3%A9%F0%9F%98%80%7F");
        out.clear();
        encode_into(&Scalar::Bytes((&b"\xe9"[..]).into()), &mut out);
        assert_eq!(out, b"%C3%A9");
    }
}
