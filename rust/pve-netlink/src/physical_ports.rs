//! The ports of a bridge that lead out of the host (the reference: `PVE::IPRoute2`, `get_physical_bridge_ports`).

use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::LinkLayerType;

use crate::link::{self, Shown};
use crate::request::Answer;

/// Whether a link leads out of the host: a network card, a bond, or a VLAN of one. Cards are those Ethernet links that
/// are of no kind that is made by software.
#[must_use]
pub fn leads_out(ethernet: bool, kind: Option<&str>) -> bool {
    ethernet && matches!(kind, None | Some("bond" | "vlan"))
}

fn is_physical_port(shown: &Shown, ethernet: bool, bridge: u32) -> bool {
    let kind = Some(shown.kind.as_str()).filter(|kind| !kind.is_empty());
    shown.master == Some(bridge) && leads_out(ethernet, kind)
}

/// The names of the physical ports of a bridge among all links, by index.
#[must_use]
pub fn physical_ports(all: &Answer, bridge: u32) -> Vec<String> {
    let links = all.messages.iter().filter_map(|message| match message {
        RouteNetlinkMessage::NewLink(link) => Some(link),
        _ => None,
    });
    let mut ports: Vec<_> = links
        .map(|link| (link::read(link), link.header.link_layer_type == LinkLayerType::Ether))
        .filter(|(shown, ethernet)| is_physical_port(shown, *ethernet, bridge))
        .map(|(shown, _)| (shown.index, shown.name))
        .collect();
    ports.sort();
    ports.into_iter().map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(kind: &str, master: Option<u32>) -> Shown {
        Shown { kind: kind.into(), master, ..Shown::default() }
    }

    #[test]
    fn cards_bonds_and_vlans_of_the_bridge_are_physical() {
        for kind in ["", "bond", "vlan"] {
            assert!(is_physical_port(&port(kind, Some(3)), true, 3), "{kind}");
            assert!(!is_physical_port(&port(kind, Some(4)), true, 3), "of another bridge");
            assert!(!is_physical_port(&port(kind, None), true, 3), "of none");
            assert!(!is_physical_port(&port(kind, Some(3)), false, 3), "no Ethernet");
        }
        for kind in ["veth", "tun", "bridge", "dummy"] {
            assert!(!is_physical_port(&port(kind, Some(3)), true, 3), "{kind}");
        }
    }
}
