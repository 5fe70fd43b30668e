//! `PVE::Network::Rust::Hotplug`

use std::collections::BTreeMap;
use std::path::Path;

use perlxs::{Error, Object, Signals};
use pve_container::hotplug::batch::{Did, Given, Item, hotplug_batch};
use pve_container::hotplug::{self, ContainerNic, Plugged, hotplug_add_below, hotplug_remove};
use pve_netlink::Host;
use serde::{Deserialize, Serialize};

use crate::waiting::interruptible;
use crate::{error, node};

/// Plugs interfaces of running containers in and out. It holds nothing that a fork would share.
pub struct Hotplug;

impl Object for Hotplug {}

/// How to reach the container.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Path of its network namespace.
    netns: String,
}

/// A plugged-in interface.
#[derive(Serialize)]
pub struct Interface {
    name: String,
    index: u32,
    peer_name: String,
    peer_index: u32,
}

impl From<Plugged> for Interface {
    fn from(plugged: Plugged) -> Interface {
        let Plugged { name, index, peer_name, peer_index } = plugged;
        Interface { name, index, peer_name, peer_index }
    }
}

/// The options of an interface, without those that are undef.
type Options = BTreeMap<String, Option<String>>;

fn nic(options: &Options) -> Result<ContainerNic, hotplug::Error> {
    let given = options.iter().filter_map(|(key, value)| Some((key.as_str(), value.as_deref()?)));
    ContainerNic::from_pairs(given)
}

/// One of many changes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    op: String,
    vmid: u32,
    netid: u32,
    net: Option<Options>,
    netns: Option<String>,
    pid: Option<u32>,
}

/// There are none yet.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct BatchOptions {}

fn item(change: &Change) -> Item {
    Item::new(Given {
        op: &change.op,
        vmid: change.vmid,
        netid: change.netid,
        nic: change.net.as_ref().map(nic),
        netns: change.netns.as_ref().map(Into::into),
        pid: change.pid,
    })
}

/// What became of one of many changes.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Outcome {
    /// It is plugged in.
    Interface(Interface),
    /// It is taken out.
    Removed {
        /// The name of the host's end.
        name: String,
    },
    /// The fields of an error.
    Failed(error::Own),
}

impl From<Result<Did, hotplug::Error>> for Outcome {
    fn from(result: Result<Did, hotplug::Error>) -> Outcome {
        match result {
            Ok(Did::Plugged(plugged)) => Outcome::Interface(plugged.into()),
            Ok(Did::Removed(name)) => Outcome::Removed { name },
            Err(error) => Outcome::Failed(error::hotplug_fields(error)),
        }
    }
}

fn waiting<T>(
    signals: &Signals,
    run: impl FnOnce(&mut hotplug::Poll<'_>) -> Result<T, hotplug::Error>,
) -> Result<T, Error> {
    interruptible(signals, error::hotplug, |poll| {
        run(&mut || poll().map_err(|_| hotplug::Interrupted))
    })
}

/// Interfaces of running containers.
#[perlxs::package(name = "PVE::Network::Rust::Hotplug", object = Hotplug)]
pub mod package {
    use super::*;

    use perlxs::{Class, Data, Handle, PerlData};

    /// Returns a new object.
    #[export]
    fn new(class: Class) -> Handle<Hotplug> {
        Handle::in_class(Hotplug, &class)
    }

    /// Plugs interface `$netid` (the N of `netN`) into the running container `$vmid`.
    ///
    /// `$net` is a reference to a hash as `parse_lxc_network` returns it. `$opts` is a reference to a hash with `netns`,
    /// the path of the container's network namespace, such as `/proc/<pid>/ns/net`.
    ///
    /// The host's end is `veth<vmid>i<netid>`, a port of the bridge, with the bridge's MTU; the container's end has its
    /// name, hardware address, MTU, addresses and gateways, and is up. VLAN tag, trunks, rate and firewall bridge are what
    /// `tap_plug` of PVE::Network::Rust::Host makes of them. Nothing is started for it, and no link is moved between
    /// namespaces. If a step fails, all steps before it are undone.
    ///
    /// Returns a reference to a hash: `name` and `index` of the host's end, `peer_name` and `peer_index` of the
    /// container's.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error that names the step that failed. Ports of an Open vSwitch bridge are
    /// refused before anything is touched.
    #[export]
    fn hotplug_add(
        signals: &Signals,
        this: &Hotplug,
        vmid: u32,
        netid: u32,
        net: PerlData<Options>,
        opts: Data<Target>,
    ) -> Result<Data<Interface>, Error> {
        let Hotplug = this;
        let nic = nic(&net.0).map_err(error::hotplug)?;
        let netns = Path::new(&opts.0.netns);
        let root = node::root();
        let plugged = waiting(signals, |poll| {
            hotplug_add_below(&root, &Host, vmid, netid, &nic, netns, poll)
        })?;
        Ok(Data(plugged.into()))
    }

    /// Takes interface `$netid` out of the container `$vmid`: both ends, their addresses and routes.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error: the interface is not there, or is not a container's.
    #[export]
    fn hotplug_remove(
        signals: &Signals,
        this: &Hotplug,
        vmid: u32,
        netid: u32,
    ) -> Result<(), Error> {
        let Hotplug = this;
        waiting(signals, |poll| super::hotplug_remove(vmid, netid, poll))
    }
    /// Does what `hotplug_batch` does, which calls this: there, errors are objects.
    ///
    /// # Errors
    ///
    /// As `hotplug_batch`.
    #[export]
    fn change_interfaces(
        signals: &Signals,
        this: &Hotplug,
        list: PerlData<Vec<Change>>,
        opts: Option<Data<BatchOptions>>,
    ) -> Result<Data<Vec<Outcome>>, Error> {
        let Hotplug = this;
        let BatchOptions {} = opts.map(|opts| opts.0).unwrap_or_default();
        let items: Vec<Item> = list.0.iter().map(item).collect();
        let root = node::root();
        let results = waiting(signals, |poll| hotplug_batch(&root, &Host, &items, poll))?;
        Ok(Data(results.into_iter().map(Outcome::from).collect()))
    }
}
