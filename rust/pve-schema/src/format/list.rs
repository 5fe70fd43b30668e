//! Lists in one string.

use crate::PerlStr;

/// Calls `item` for each element of a list (`PVE::ParseUtils::split_list`): the parts between NULs where there are any,
/// else the parts between commas, semicolons and white space. Stops at the first failure.
///
/// The reference compiles this with Unicode rules, so that the bytes 0x85 and 0xA0 are white space too.
pub fn split<'a, E>(
    list: PerlStr<'a>,
    mut item: impl FnMut(PerlStr<'a>) -> Result<(), E>,
) -> Result<(), E> {
    let bytes = list.as_bytes();
    if memchr::memchr(0, bytes).is_some() {
        let last = bytes.iter().rposition(|b| *b != 0).map_or(0, |at| at + 1);
        if last == 0 {
            return Ok(());
        }
        return list.slice(0, last).split(0).try_for_each(item);
    }
    let mut start = 0;
    let mut at = 0;
    for c in list.chars() {
        let end = at;
        at += if matches!(list, PerlStr::Bytes(_)) { 1 } else { c.len_utf8() };
        if matches!(c, ',' | ';') || c.is_whitespace() {
            if end > start {
                item(list.slice(start, end))?;
            }
            start = at;
        }
    }
    if at > start { item(list.slice(start, at)) } else { Ok(()) }
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
    }

    #[test]
    fn nul_is_the_only_separator_where_there_is_one() {
        assert_eq!(items(PerlStr::Bytes(b"\0a,b\0\0c\0\0")), [&b""[..], b"a,b", b"", b"c"]);
        assert!(items(PerlStr::Bytes(b"\0\0")).is_empty());
    }
}
