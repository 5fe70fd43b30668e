//! What plugging an interface into a bridge means where the bridge is a VNet: the rules of its zone.
//!
//! The zones that count are those that administrators have written (`sdn/zones.cfg`), the VNets those in effect, as in
//! the reference (`Zones::get_plugin_config`).

use serde_json::Value;

use crate::config::{Objects, Running};
use crate::{Error, Section, perl};

/// The type of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Bridges of the node alone.
    Simple,
    /// A VLAN of a bridge for each VNet.
    Vlan,
    /// A VLAN within the zone's VLAN for each VNet.
    Qinq,
    /// A VXLAN between given peers for each VNet.
    Vxlan,
    /// A VXLAN routed by BGP for each VNet.
    Evpn,
    /// An Open vSwitch controlled by Faucet.
    Faucet,
}

impl Kind {
    /// The type of a zone's section.
    ///
    /// # Errors
    /// [`Error::NoType`] where there is no zone or it has no type, [`Error::UnknownType`].
    pub fn of(zone: Option<&Section>) -> Result<Kind, Error> {
        let kind = zone.and_then(|zone| zone.get("type"));
        if !perl::is_defined(kind) {
            return Err(Error::NoType);
        }
        let kind = perl::text(kind);
        Kind::named(&kind).ok_or_else(|| Error::UnknownType { kind: kind.into_owned() })
    }

    /// The type of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Kind> {
        match name {
            "simple" => Some(Kind::Simple),
            "vlan" => Some(Kind::Vlan),
            "qinq" => Some(Kind::Qinq),
            "vxlan" => Some(Kind::Vxlan),
            "evpn" => Some(Kind::Evpn),
            "faucet" => Some(Kind::Faucet),
            _ => None,
        }
    }
}

/// What the name of a bridge in a guest's configuration stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bridge<'a> {
    /// A bridge of the node.
    Classic {
        /// Its name.
        name: &'a str,
    },
    /// A VNet, whose bridge has its name.
    Vnet {
        /// Its name.
        name: &'a str,
        /// Its options.
        vnet: &'a Section,
        /// The options of its zone, if that exists.
        zone: Option<&'a Section>,
    },
}

/// What the node knows of a bridge, asked for where a rule needs it.
pub trait Node {
    /// The node's name.
    fn name(&self) -> &str;

    /// Whether `/sys/class/net/<bridge>/bridge/vlan_filtering` is there and not 0.
    fn filters_vlans(&self, bridge: &str) -> bool;

    /// Whether `bridge-disable-mac-learning` is set for a bridge in `/etc/network/interfaces`.
    fn learning_is_disabled(&self, bridge: &str) -> bool;
}

/// An interface to be plugged in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Plug<'a> {
    /// The VLAN of untagged frames, if any.
    pub tag: Option<u16>,
    /// The VLANs that may pass with their tags, as they are written; empty for none.
    pub trunks: &'a str,
}

/// How to plug an interface in: the arguments of `PVE::Network::tap_plug` that the zone decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlugPlan<'a> {
    /// The bridge.
    pub bridge: &'a str,
    /// The VLAN of untagged frames, if any.
    pub tag: Option<u16>,
    /// The VLANs that may pass with their tags, as they are written; empty for none.
    pub trunks: &'a str,
    /// Whether the bridge learns addresses at the port; if not, they are entered by hand.
    pub learning: bool,
    /// Whether the port is isolated from others that are.
    pub isolation: bool,
}

/// What a bridge's name stands for (`Vnets::get_vnet` of the configuration in effect).
#[must_use]
pub fn bridge<'a>(name: &'a str, running: &'a Running, zones: &'a Objects) -> Bridge<'a> {
    let vnet = if matches!(name, "" | "0") { None } else { running.vnets.get(name) };
    match vnet {
        Some(vnet) => Bridge::Vnet { name, vnet, zone: zones.get(&perl::text(vnet.get("zone"))) },
        None => Bridge::Classic { name },
    }
}

impl<'a> Bridge<'a> {
    /// The bridge that `tap_create` and `veth_create` take the new interface's MTU from.
    ///
    /// # Errors
    /// [`Error::NoType`], [`Error::UnknownType`].
    pub fn create(&self) -> Result<&'a str, Error> {
        match *self {
            Bridge::Classic { name } => Ok(name),
            Bridge::Vnet { name, zone, .. } => Kind::of(zone).map(|_| name),
        }
    }

    /// How to plug an interface in (`Zones::tap_plug` and the plugins' `tap_plug`).
    ///
    /// # Errors
    /// [`Error::NodeNotAllowed`], [`Error::VlansNotAllowed`], [`Error::NoType`], [`Error::UnknownType`].
    pub fn plug(&self, plug: Plug<'a>, node: &dyn Node) -> Result<PlugPlan<'a>, Error> {
        let Plug { tag, trunks } = plug;
        let Bridge::Vnet { name, vnet, zone } = *self else {
            let bridge = self.name();
            let learning = !node.learning_is_disabled(bridge);
            return Ok(PlugPlan { bridge, tag, trunks, learning, isolation: false });
        };
        let nodes = zone.and_then(|zone| zone.get("nodes"));
        let is_listed = |nodes: &Value| perl::is_defined(nodes.get(node.name()));
        if perl::is_true(nodes) && !nodes.is_some_and(is_listed) {
            return Err(Error::NodeNotAllowed { vnet: name.to_owned() });
        }
        Kind::of(zone)?;
        let wants_vlans = tag.is_some_and(|tag| tag != 0) || !matches!(trunks, "" | "0");
        if wants_vlans && !node.filters_vlans(name) {
            return Err(Error::VlansNotAllowed { vnet: name.to_owned() });
        }
        let learning = !disables_learning(zone);
        let isolation = perl::is_true(vnet.get("isolate-ports"));
        Ok(PlugPlan { bridge: name, tag, trunks, learning, isolation })
    }

    /// Whether an interface's address is entered in the bridge's forwarding table, and removed again
    /// (`add_bridge_fdb`, `del_bridge_fdb`).
    ///
    /// # Errors
    /// [`Error::NoType`], [`Error::UnknownType`].
    pub fn keeps_addresses(&self) -> Result<bool, Error> {
        match *self {
            Bridge::Classic { .. } => Ok(true),
            Bridge::Vnet { zone, .. } => Kind::of(zone).map(|_| disables_learning(zone)),
        }
    }

    /// The bridge's name.
    #[must_use]
    pub fn name(&self) -> &'a str {
        match *self {
            Bridge::Classic { name } | Bridge::Vnet { name, .. } => name,
        }
    }
}

fn disables_learning(zone: Option<&Section>) -> bool {
    perl::is_true(zone.and_then(|zone| zone.get("bridge-disable-mac-learning")))
}

/// The MTU that a zone tells DHCP clients (`Zones::get_mtu`): its own, or 1500.
///
/// # Errors
/// [`Error::NoMtu`] for zones that are not simple, [`Error::NoType`], [`Error::UnknownType`].
pub fn dhcp_mtu(zone: &Section) -> Result<String, Error> {
    match Kind::of(Some(zone))? {
        Kind::Simple => Ok(match zone.get("mtu").filter(|mtu| !mtu.is_null()) {
            Some(mtu) => perl::text(Some(mtu)).into_owned(),
            None => "1500".to_owned(),
        }),
        _ => Err(Error::NoMtu),
    }
}

/// The MTU that a VNet's bridge is given (the plugins' `generate_sdn_config`): the zone's own; without, in VXLANs 50 less
/// than that of the interface below, or 1450 if that is not set; `None` to leave it to the kernel.
///
/// # Errors
/// [`Error::NoType`], [`Error::UnknownType`].
pub fn vnet_mtu(zone: &Section, underlay: Option<u32>) -> Result<Option<u32>, Error> {
    let kind = Kind::of(Some(zone))?;
    let own = u32::try_from(perl::integer(&perl::text(zone.get("mtu")))).ok();
    let own = own.filter(|mtu| *mtu != 0 && kind != Kind::Faucet);
    let tunnel = || underlay.filter(|mtu| *mtu != 0).map_or(1450, |mtu| mtu.saturating_sub(50));
    Ok(match kind {
        Kind::Vxlan | Kind::Evpn => Some(own.unwrap_or_else(tunnel)),
        _ => own,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::File;

    struct Here {
        filters_vlans: bool,
    }

    impl Node for Here {
        fn name(&self) -> &str {
            "here"
        }
        fn filters_vlans(&self, _: &str) -> bool {
            self.filters_vlans
        }
        fn learning_is_disabled(&self, bridge: &str) -> bool {
            bridge == "vmbr1"
        }
    }

    const HERE: Here = Here { filters_vlans: false };
    const ALL: [&str; 6] = ["simple", "vlan", "qinq", "vxlan", "evpn", "faucet"];

    fn running() -> Running {
        let vnet = |options: Value| {
            let mut vnet = json!({ "type": "vnet", "zone": "z" });
            vnet.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
            vnet
        };
        let config = json!({ "vnets": { "ids": {
            "v": vnet(json!({})), "iso": vnet(json!({ "isolate-ports": 1 })),
            "lost": vnet(json!({ "zone": "gone" })),
        } } });
        Running::read(Some(config.to_string().as_bytes()))
    }

    fn zones(text: &str) -> Objects {
        Objects::read(File::Zones, Some(text.as_bytes())).0
    }

    fn zone_of(kind: &str, more: &str) -> String {
        let required = match kind {
            "vlan" => "\tbridge vmbr0\n",
            "qinq" => "\tbridge vmbr0\n\ttag 5\n",
            "evpn" => "\tcontroller c\n\tvrf-vxlan 9\n",
            "faucet" => "\tcontroller c\n\tdp-id 1\n",
            _ => "",
        };
        format!("{kind}: z\n{required}{more}")
    }

    #[test]
    fn every_type_of_zone_plugs_into_the_bridge_of_the_vnet() {
        for kind in ALL {
            let (running, zones) = (running(), zones(&zone_of(kind, "\tnodes a,here\n")));
            let bridge = bridge("v", &running, &zones);
            assert_eq!(bridge.create(), Ok("v"));
            let plan = bridge.plug(Plug::default(), &HERE).unwrap();
            let wanted =
                PlugPlan { bridge: "v", tag: None, trunks: "", learning: true, isolation: false };
            assert_eq!(plan, wanted, "{kind}");
            assert_eq!(bridge.keeps_addresses(), Ok(false));
        }
    }

    #[test]
    fn a_zone_for_other_nodes_is_refused() {
        for kind in ALL {
            let (running, zones) = (running(), zones(&zone_of(kind, "\tnodes a,b\n")));
            let error = bridge("v", &running, &zones).plug(Plug::default(), &HERE).unwrap_err();
            assert_eq!(error.to_string(), "vnet v is not allowed on this node");
            assert!(!error.at_caller());
        }
    }

    #[test]
    fn vlans_need_a_bridge_that_filters_them() {
        let (running, zones) = (running(), zones(&zone_of("vlan", "")));
        let bridge = bridge("v", &running, &zones);
        let tagged = Plug { tag: Some(7), trunks: "" };
        let trunk = Plug { tag: None, trunks: "5-9" };
        for plug in [tagged, trunk] {
            let error = bridge.plug(plug, &HERE).unwrap_err();
            assert_eq!(error.to_string(), "vm vlans are not allowed on vnet v");
            assert!(error.at_caller());
            let plan = bridge.plug(plug, &Here { filters_vlans: true }).unwrap();
            assert_eq!((plan.tag, plan.trunks), (plug.tag, plug.trunks));
        }
        assert!(bridge.plug(Plug { tag: Some(0), trunks: "0" }, &HERE).is_ok());
    }

    #[test]
    fn learning_and_isolation_come_from_zone_and_vnet() {
        for kind in ["vlan", "qinq", "evpn"] {
            let text = zone_of(kind, "\tbridge-disable-mac-learning 1\n");
            let (running, zones) = (running(), zones(&text));
            let bridge = bridge("iso", &running, &zones);
            let plan = bridge.plug(Plug::default(), &HERE).unwrap();
            assert!(!plan.learning && plan.isolation, "{kind}");
            assert_eq!(bridge.keeps_addresses(), Ok(true));
        }
    }

    #[test]
    fn other_bridges_follow_their_own_configuration() {
        let (running, zones) = (running(), zones(""));
        let classic = bridge("vmbr1", &running, &zones);
        let plan = classic.plug(Plug { tag: Some(7), trunks: "" }, &HERE).unwrap();
        assert!(!plan.learning && !plan.isolation && plan.tag == Some(7));
        assert_eq!((classic.create(), classic.keeps_addresses()), (Ok("vmbr1"), Ok(true)));
    }

    #[test]
    fn a_vnet_whose_zone_is_gone_has_no_plugin() {
        let (running, zones) = (running(), zones(""));
        let bridge = bridge("lost", &running, &zones);
        assert_eq!(bridge.create(), Err(Error::NoType));
        assert_eq!(bridge.plug(Plug::default(), &HERE), Err(Error::NoType));
        assert_eq!(bridge.keeps_addresses(), Err(Error::NoType));
    }

    #[test]
    fn the_mtu_depends_on_the_type_of_zone() {
        let zone = |value: Value| value.as_object().unwrap().clone();
        let bare = |kind: &str| zone(json!({ "type": kind }));
        assert_eq!(dhcp_mtu(&bare("simple")), Ok("1500".into()));
        assert_eq!(dhcp_mtu(&bare("vlan")), Err(Error::NoMtu));
        for kind in ["vxlan", "evpn"] {
            assert_eq!(vnet_mtu(&bare(kind), None), Ok(Some(1450)));
            assert_eq!(vnet_mtu(&bare(kind), Some(9000)), Ok(Some(8950)));
        }
        for kind in ["simple", "vlan", "qinq", "faucet"] {
            assert_eq!(vnet_mtu(&bare(kind), Some(9000)), Ok(None), "{kind}");
        }
        let own = zone(json!({ "type": "evpn", "mtu": 1300 }));
        assert_eq!(vnet_mtu(&own, Some(9000)), Ok(Some(1300)));
    }
}
