//! Attributes of a netlink message (netlink(7), `struct nlattr`), and what their bytes say.
//!
//! A value that is shorter than its type counts as zero; the kernel sends none.

/// The attributes of a message or of a nested attribute, in the kernel's order: type and value. They end where the bytes
/// are none.
pub(super) fn attributes(bytes: &[u8]) -> Attributes<'_> {
    Attributes(bytes)
}

pub(super) struct Attributes<'a>(&'a [u8]);

impl<'a> Iterator for Attributes<'a> {
    type Item = (u16, &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        const HEADER: usize = 4;
        /// Without `NLA_F_NESTED` and `NLA_F_NET_BYTEORDER`.
        const NLA_TYPE_MASK: u16 = 0x3fff;
        let length = usize::from(u16_of(self.0));
        let value = self.0.get(HEADER..length)?;
        let kind = u16_of(self.0.get(2..)?) & NLA_TYPE_MASK;
        self.0 = self.0.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    }
}

/// The attributes below `N` by their type; of several of one type the first.
pub(super) struct ByType<'a, const N: usize>([Option<&'a [u8]>; N]);

impl<'a, const N: usize> ByType<'a, N> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let mut all = [None; N];
        for (kind, value) in attributes(bytes) {
            if let Some(place) = all.get_mut(usize::from(kind)) {
                place.get_or_insert(value);
            }
        }
        Self(all)
    }

    pub(super) fn get(&self, kind: usize) -> Option<&'a [u8]> {
        self.0.get(kind).copied().flatten()
    }

    pub(super) fn u8(&self, kind: usize) -> Option<u8> {
        self.get(kind).map(u8_of)
    }

    pub(super) fn u16(&self, kind: usize) -> Option<u16> {
        self.get(kind).map(u16_of)
    }

    pub(super) fn u32(&self, kind: usize) -> Option<u32> {
        self.get(kind).map(u32_of)
    }
}

pub(super) fn u8_of(bytes: &[u8]) -> u8 {
    bytes.first().copied().unwrap_or_default()
}

pub(super) fn u16_of(bytes: &[u8]) -> u16 {
    bytes.first_chunk().map_or(0, |bytes| u16::from_ne_bytes(*bytes))
}

pub(super) fn be16_of(bytes: &[u8]) -> u16 {
    u16_of(bytes).to_be()
}

pub(super) fn u32_of(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |bytes| u32::from_ne_bytes(*bytes))
}

pub(super) fn u64_of(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |bytes| u64::from_ne_bytes(*bytes))
}

/// A string up to its terminating zero.
pub(super) fn text_of(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}
