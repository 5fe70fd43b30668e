//! `PVE::Network::Rust::SDN`: interfaces of guests on VNets.

use std::path::{Path, PathBuf};

use perlxs::{Context, Error, Signals};
use pve_container::net_plug::Place;
use pve_container::vnet_plug;
use pve_container::vnets::Vnets;
use pve_netlink::Host;

use super::host::{change, rate, text};
use crate::{error, node};

/// This host, with its VNets as they are now.
pub(crate) struct Here {
    root: PathBuf,
    vnets: Vnets,
}

impl Here {
    /// As far as plugging into `bridge` needs it.
    pub(crate) fn read(context: &mut Context, bridge: &str) -> Result<Here, Error> {
        let root = node::root();
        let vnets = Vnets::read(&root, bridge, &mut |warning| context.warn(warning));
        Ok(Here { vnets: vnets.map_err(error::reference)?, root })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn place(&self) -> Place<'_> {
        Place { kernel: &Host, root: &self.root, vnets: &self.vnets }
    }
}

/// Interfaces of guests on VNets.
#[perlxs::package(name = "PVE::Network::Rust::SDN")]
pub mod package {
    use super::*;

    use perlxs::{Empty, Truth};
    use pve_netlink::host::plug::{Plug, is_true};

    /// Stands for `PVE::Network::SDN::Zones::tap_create`: brings a VM's interface up with the MTU of the bridge or VNet
    /// `$bridge`, which is a bridge of that name either way.
    ///
    /// Returns nothing.
    ///
    /// # Errors
    ///
    /// Those of `PVE::Network::Rust::Host::tap_create`. For a VNet whose zone is gone `cannot lookup undefined type!`.
    #[export]
    fn tap_create(
        context: &mut Context,
        signals: &Signals,
        iface: Option<String>,
        bridge: Option<String>,
    ) -> Result<Empty<()>, Error> {
        let here = Here::read(context, text(&bridge))?;
        let vnets = here.place().vnets;
        change(context, signals, |call| {
            vnet_plug::tap_create(call, vnets, text(&iface), bridge.as_deref())
        })?;
        Ok(Empty::Nothing)
    }

    /// Stands for `PVE::Network::SDN::Zones::veth_create`: makes the two ends of a container's interface with the MTU of
    /// the bridge or VNet `$bridge`, the hardware address `$hwaddr` on the second one, and brings both up.
    ///
    /// Returns nothing.
    ///
    /// # Errors
    ///
    /// Those of `PVE::Network::Rust::Host::veth_create`. For a VNet whose zone is gone `cannot lookup undefined type!`.
    #[export]
    fn veth_create(
        context: &mut Context,
        signals: &Signals,
        veth: Option<String>,
        vethpeer: Option<String>,
        bridge: Option<String>,
        hwaddr: Option<String>,
    ) -> Result<Empty<()>, Error> {
        let here = Here::read(context, text(&bridge))?;
        let vnets = here.place().vnets;
        let mac = hwaddr.as_deref().filter(|mac| is_true(mac));
        change(context, signals, |call| {
            let ends = (text(&veth), text(&vethpeer));
            vnet_plug::veth_create(call, vnets, ends, bridge.as_deref(), mac)
        })?;
        Ok(Empty::Nothing)
    }

    /// Stands for `PVE::Network::SDN::Zones::tap_plug`: plugs an interface into the bridge or VNet `$bridge`. A VNet is one
    /// of the configuration in effect, its zone that of F<sdn/zones.cfg>, as in the reference.
    ///
    /// `$tag`, `$firewall`, `$trunks` and `$rate` are those of `PVE::Network::Rust::Host::tap_plug`. Whether the bridge
    /// learns addresses, the zone's `bridge-disable-mac-learning` says, else that of the bridge in
    /// F</etc/network/interfaces>. With the VNet's `isolate-ports` the port is kept apart from other such ports.
    ///
    /// Returns nothing.
    ///
    /// # Errors
    ///
    /// `vnet ... is not allowed on this node`; `vm vlans are not allowed on vnet ...` for a tag or trunks on a VNet whose
    /// bridge does not filter VLANs; for a VNet whose zone is gone `cannot lookup undefined type!`; those of
    /// `PVE::Network::Rust::Host::tap_plug`. Everything is as it was, except for what Open vSwitch was told.
    #[export]
    #[allow(clippy::too_many_arguments, reason = "the reference has as many")]
    fn tap_plug(
        context: &mut Context,
        signals: &Signals,
        iface: Option<String>,
        bridge: Option<String>,
        tag: Option<String>,
        firewall: Option<Truth>,
        trunks: Option<String>,
        rate: Option<String>,
    ) -> Result<Empty<()>, Error> {
        let here = Here::read(context, text(&bridge))?;
        let plug = Plug {
            tag,
            firewall: firewall.is_some_and(|firewall| firewall.0),
            trunks,
            rate: super::rate(context, &rate),
            ..Plug::default()
        };
        change(context, signals, |call| {
            vnet_plug::tap_plug(call, here.place(), text(&iface), text(&bridge), plug)
        })?;
        Ok(Empty::Nothing)
    }

    /// Stands for `PVE::Network::SDN::Zones::add_bridge_fdb`: leads the address `$macaddr` to a guest's interface, where its
    /// port does not learn. For a VNet only if its zone has `bridge-disable-mac-learning`.
    ///
    /// Returns nothing.
    ///
    /// # Errors
    ///
    /// Those of `PVE::Network::Rust::Host::add_bridge_fdb`. For a VNet whose zone is gone `cannot lookup undefined type!`.
    #[export]
    fn add_bridge_fdb(
        context: &mut Context,
        signals: &Signals,
        iface: Option<String>,
        macaddr: Option<String>,
        bridge: Option<String>,
    ) -> Result<Empty<()>, Error> {
        let here = Here::read(context, text(&bridge))?;
        let vnets = here.place().vnets;
        change(context, signals, |call| {
            let (iface, mac, bridge) = (text(&iface), text(&macaddr), text(&bridge));
            vnet_plug::add_bridge_fdb(call, vnets, iface, mac, bridge)
        })?;
        Ok(Empty::Nothing)
    }

    /// Stands for `PVE::Network::SDN::Zones::del_bridge_fdb`: takes back what `add_bridge_fdb` did.
    ///
    /// Returns nothing.
    ///
    /// # Errors
    ///
    /// As `add_bridge_fdb`.
    #[export]
    fn del_bridge_fdb(
        context: &mut Context,
        signals: &Signals,
        iface: Option<String>,
        macaddr: Option<String>,
        bridge: Option<String>,
    ) -> Result<Empty<()>, Error> {
        let here = Here::read(context, text(&bridge))?;
        let vnets = here.place().vnets;
        change(context, signals, |call| {
            let (iface, mac, bridge) = (text(&iface), text(&macaddr), text(&bridge));
            vnet_plug::del_bridge_fdb(call, vnets, iface, mac, bridge)
        })?;
        Ok(Empty::Nothing)
    }
}
