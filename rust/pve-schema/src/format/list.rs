//! Lists in one string.

use crate::PerlStr;
use crate::class::is_space;

/// Calls `item` for each element of a list (`PVE::ParseUtils::split_list`): the parts between NULs where there are any,
/// else the parts between commas, semicolons and white space. Stops at the first failure.
///
/// The reference compiles this with Unicode rules, so that the bytes 0x85 and 0xA0 are white space too.
pub fn split<'a, E>(
    list: PerlStr<'a>,
    item: impl FnMut(PerlStr<'a>) -> Result<(), E>,
) -> Result<(), E> {
    let bytes = list.as_bytes();
    if bytes.contains(&0) {
        let last = bytes.iter().rposition(|b| *b != 0).map_or(0, |at| at + 1);
        if last == 0 {
            return Ok(());
        }
        return list.slice(0, last).split(0).try_for_each(item);
    }
    match list {
        PerlStr::Bytes(bytes) => {
            let parts = bytes.split(|b| is_space(*b) || matches!(b, b',' | b';' | 0x85 | 0xa0));
            parts.filter(|part| !part.is_empty()).map(PerlStr::Bytes).try_for_each(item)
        }
        PerlStr::Text(text) => {
            let parts = text.split(|c: char| matches!(c, ',' | ';') || c.is_whitespace());
            parts.filter(|part| !part.is_empty()).map(PerlStr::Text).try_for_each(item)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(list: PerlStr<'_>) -> Vec<Vec<u8>> {
        let mut items = Vec::new();
        let result: Result<(), ()> = split(list, |item| {
            items.push(item.as_bytes().to_vec());
            Ok(())
        });
        assert!(result.is_ok());
        items
    }

    #[test]
    fn separators_do_not_make_empty_elements() {
        assert_eq!(items(PerlStr::literal(" ,a;;b \t c,")), [b"a", b"b", b"c"]);
        assert!(items(PerlStr::literal(" ;,")).is_empty());
        assert_eq!(items(PerlStr::Bytes(b"a\xa0b\x85c")), [b"a", b"b", b"c"]);
        assert_eq!(items(PerlStr::Text("a\u{a0}b,\u{2003}c")), [b"a", b"b", b"c"]);
    }

    #[test]
    fn nul_is_the_only_separator_where_there_is_one() {
        assert_eq!(items(PerlStr::Bytes(b"\0a,b\0\0c\0\0")), [&b""[..], b"a,b", b"", b"c"]);
        assert!(items(PerlStr::Bytes(b"\0\0")).is_empty());
    }
}
