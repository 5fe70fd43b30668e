//! Attributes of netlink messages that are put together and taken apart by hand (netlink(7)).

use netlink_packet_core::NlasIterator;

/// What an attribute starts with: its length and its kind.
const HEADER: usize = 4;

/// Append an attribute.
pub(crate) fn put(body: &mut Vec<u8>, kind: u16, value: &[u8]) {
    let length = u16::try_from(HEADER + value.len()).unwrap_or(u16::MAX);
    body.extend(length.to_ne_bytes());
    body.extend(kind.to_ne_bytes());
    body.extend(value);
    body.resize(body.len().next_multiple_of(4), 0);
}

/// Append an attribute that is made of others.
pub(crate) fn nest(body: &mut Vec<u8>, kind: u16, fill: impl FnOnce(&mut Vec<u8>)) {
    let mut inner = Vec::new();
    fill(&mut inner);
    put(body, kind, &inner);
}

/// The value of the first attribute of that kind, whatever flags its kind carries.
pub(crate) fn find(attributes: &[u8], kind: u16) -> Option<&[u8]> {
    NlasIterator::new(attributes).map_while(Result::ok).find_map(|attribute| {
        let length = usize::from(attribute.length());
        let found = attribute.kind() == kind;
        found.then(|| attribute.into_inner().get(HEADER..length)).flatten()
    })
}

/// Each attribute's kind and value.
pub(crate) fn each(attributes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    NlasIterator::new(attributes).map_while(Result::ok).filter_map(|attribute| {
        let (kind, length) = (attribute.kind(), usize::from(attribute.length()));
        Some((kind, attribute.into_inner().get(HEADER..length)?))
    })
}

/// The integer at a place of a structure of the kernel's.
pub(crate) fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(offset..offset + 4)?.try_into().ok()?))
}

/// The short integer at a place of a structure of the kernel's.
pub(crate) fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(offset..offset + 2)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_is_found() {
        let mut body = Vec::new();
        put(&mut body, 1, b"htb\0");
        nest(&mut body, 2, |inner| put(inner, 7, &5_u32.to_ne_bytes()));
        put(&mut body, 3, b"odd");
        assert_eq!(body.len() % 4, 0);
        assert_eq!(find(&body, 1), Some(b"htb\0".as_slice()));
        assert_eq!(find(&body, 3), Some(b"odd".as_slice()));
        let inner = find(&body, 2).unwrap();
        assert_eq!(find(inner, 7).and_then(|value| u32_at(value, 0)), Some(5));
        assert_eq!(find(&body, 9), None);
        assert_eq!(each(&body).map(|(kind, _)| kind).collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn cut_attributes_are_none() {
        let mut body = Vec::new();
        put(&mut body, 1, b"abcdefgh");
        body.truncate(9);
        assert_eq!(find(&body, 1), None);
        assert_eq!(u32_at(&[1, 2, 3], 0), None);
    }
}
