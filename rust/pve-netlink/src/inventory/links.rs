//! All links of a namespace, as the kernel sent them.

use std::borrow::Cow;
use std::ops::Range;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::attributes::{attributes, text_of, u16_of, u32_of};
use super::dump::{dump, messages};
use super::link::Link;
use super::value::Text;
use super::words::Groups;
use crate::error::Error;
use crate::wire::Wire;

/// `struct nlmsghdr` and `struct ifinfomsg`.
const HEADERS: usize = 32;

/// All links of a namespace. Serialized: a map from each link's name to what `ip -details -json link show` shows of it.
#[derive(Debug, Default)]
pub struct Links {
    messages: Vec<u8>,
    /// By index, as the kernel sends them.
    links: Vec<Entry>,
    pub(super) groups: Groups,
}

#[derive(Debug)]
struct Entry {
    index: u32,
    flags: u32,
    name: Range<usize>,
    attributes: Range<usize>,
    kind: u16,
}

impl Links {
    /// Ask for all links over a socket of their namespace, which may wait for the kernel. `check` is run between the
    /// kernel's answers and may end the work.
    ///
    /// # Errors
    /// [`Error::System`], [`Error::Refused`], [`Error::NoAnswer`], and what `check` gives.
    pub fn read(wire: &mut dyn Wire, check: impl Fn() -> Result<(), Error>) -> Result<Self, Error> {
        let messages = dump(wire, libc::RTM_GETLINK, &body(), "read the links", check)?;
        Ok(Self { groups: Groups::of_this_host(), ..Self::from_messages(messages) })
    }

    /// Links from messages of the kernel, one after the other.
    #[must_use]
    pub fn from_messages(messages: Vec<u8>) -> Self {
        let mut links = Self { messages, ..Self::default() };
        links.find();
        links
    }

    /// How many links there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.links.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// Take down where each link is.
    fn find(&mut self) {
        let messages = messages(&self.messages, libc::RTM_NEWLINK);
        self.links = messages.filter_map(|(start, message)| entry(message, start)).collect();
        if !self.links.is_sorted_by_key(|link| link.index) {
            self.links.sort_by_key(|link| link.index);
        }
    }

    fn by_index(&self, index: u32) -> Option<&Entry> {
        let at = self.links.binary_search_by_key(&index, |link| link.index).ok()?;
        self.links.get(at)
    }

    fn name_of(&self, entry: &Entry) -> &[u8] {
        self.messages.get(entry.name.clone()).unwrap_or_default()
    }

    /// Each link's index, name, type (`ARPHRD_…`) and attributes.
    pub(super) fn each(&self) -> impl Iterator<Item = (u32, &[u8], u16, &[u8])> {
        self.links.iter().map(|entry| {
            let attributes = self.messages.get(entry.attributes.clone()).unwrap_or_default();
            (entry.index, self.name_of(entry), entry.kind, attributes)
        })
    }

    /// The name of the link with this index; one that is not there has the name that the kernel would give it.
    pub(super) fn name(&self, index: u32) -> Name<'_> {
        match self.by_index(index) {
            Some(entry) => Name(Cow::Borrowed(self.name_of(entry))),
            None => Name(Cow::Owned(format!("if{index}").into_bytes())),
        }
    }

    /// The flags of the link with this index (`IFF_…`), none for one that is not there.
    pub(super) fn flags(&self, index: u32) -> u32 {
        self.by_index(index).map_or(0, |entry| entry.flags)
    }
}

/// A link's name.
pub(super) struct Name<'a>(Cow<'a, [u8]>);

impl Name<'_> {
    pub(super) fn into_string(self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }
}

impl Serialize for Name<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Text(&self.0).serialize(serializer)
    }
}

impl Serialize for Links {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.links.len()))?;
        for entry in &self.links {
            let attributes = self.messages.get(entry.attributes.clone()).unwrap_or_default();
            let (index, flags, kind) = (entry.index, entry.flags, entry.kind);
            let link = Link { index, flags, kind, attributes, links: self };
            map.serialize_entry(&Text(self.name_of(entry)), &link)?;
        }
        map.end()
    }
}

fn entry(message: &[u8], start: usize) -> Option<Entry> {
    let data = message.get(HEADERS..)?;
    let name = attributes(data).find(|(kind, _)| *kind == libc::IFLA_IFNAME)?.1;
    let name = text_of(name);
    let at = start + (name.as_ptr().addr() - message.as_ptr().addr());
    Some(Entry {
        index: u32_of(message.get(20..)?),
        flags: u32_of(message.get(24..)?),
        name: at..at + name.len(),
        attributes: start + HEADERS..start + message.len(),
        kind: u16_of(message.get(18..)?),
    })
}

/// A request for all links (`struct ifinfomsg`), with virtual functions and without counters (`IFLA_EXT_MASK`).
fn body() -> Vec<u8> {
    const RTEXT_FILTER_VF: u32 = 1;
    const RTEXT_FILTER_SKIP_STATS: u32 = 8;
    let mut body = vec![0; HEADERS - 16];
    body.extend_from_slice(&8_u16.to_ne_bytes());
    body.extend_from_slice(&libc::IFLA_EXT_MASK.to_ne_bytes());
    body.extend_from_slice(&(RTEXT_FILTER_VF | RTEXT_FILTER_SKIP_STATS).to_ne_bytes());
    body
}
