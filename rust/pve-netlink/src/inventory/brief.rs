//! What tells the kinds of links apart (the reference: the questions of `PVE::IPRoute2`).

use super::attributes::{ByType, attributes, text_of, u32_of};
use super::links::Links;
use super::words::link_type;
use crate::physical_ports::leads_out;

/// A link in brief.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Brief {
    /// `link_type`: `ether` also for most virtual ones.
    pub link_type: String,
    /// `linkinfo`, `info_kind`: none for a physical link.
    pub kind: Option<String>,
    /// `master`: the name of the bridge or bond that it is a port of.
    pub master: Option<String>,
    /// `altnames`
    pub altnames: Vec<String>,
}

impl Brief {
    fn is_ether(&self) -> bool {
        self.link_type == "ether"
    }

    /// Whether it is a network card.
    #[must_use]
    pub fn is_physical(&self) -> bool {
        self.is_ether() && self.kind.is_none()
    }

    /// Whether it is a bridge of the kernel's.
    #[must_use]
    pub fn is_bridge(&self) -> bool {
        self.kind.as_deref() == Some("bridge")
    }

    /// Whether it leads out of the host as a port of `bridge`: a network card, a bond, or a VLAN on one.
    #[must_use]
    pub fn is_physical_port(&self, bridge: &str) -> bool {
        leads_out(self.is_ether(), self.kind.as_deref()) && self.master.as_deref() == Some(bridge)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(text_of(bytes)).into_owned()
}

impl Links {
    /// Each link's name, and the link in brief.
    pub fn in_brief(&self) -> impl Iterator<Item = (String, Brief)> {
        self.each().map(|(_, name, kind, data)| {
            let mut brief = Brief { link_type: link_type(kind).into_owned(), ..Brief::default() };
            for (kind, value) in attributes(data) {
                match kind {
                    libc::IFLA_MASTER => {
                        brief.master = Some(self.name(u32_of(value)).into_string());
                    }
                    libc::IFLA_LINKINFO => {
                        let info = ByType::<2>::new(value);
                        brief.kind = info.get(libc::IFLA_INFO_KIND.into()).map(text);
                    }
                    libc::IFLA_PROP_LIST => {
                        let names =
                            attributes(value).filter(|(kind, _)| *kind == libc::IFLA_ALT_IFNAME);
                        brief.altnames = names.map(|(_, value)| text(value)).collect();
                    }
                    _ => {}
                }
            }
            (text(name), brief)
        })
    }
}
