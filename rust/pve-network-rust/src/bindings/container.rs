//! `PVE::Network::Rust::Container`

use std::collections::BTreeMap;
use std::net::IpAddr;

use perlxs::{Context, Error, PerlData, Signals};
use pve_container::hotplug_net::hotplug_net;
use pve_container::interfaces::{Container, InterfacesError, interfaces};
use pve_container::ipconfig::{Changed, Family, change_ipconfig};
use pve_container::lxc_pid::PidError;
use pve_container::namespace::namespace;
use pve_container::net_plug::{self, Net};
use pve_container::network_lock::NetworkLockFile;
use pve_netlink::Host;
use pve_netlink::host::ovs::Installed;
use pve_netlink::host::plug::is_true;
use pve_netlink::host::{Done, Surroundings};
use pve_netlink::inventory::Addressed;
use pve_netlink::netns::NetNs;
use pve_netlink::wait::{Interrupted, Poll};
use serde::{Deserialize, Serialize, Serializer};

use super::host::{change, died, rate};
use super::sdn_plug::Here;
use crate::error;
use crate::node::lxc_path;
use crate::waiting::interruptible;

/// How a container is named: its VMID, or one of three ways.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Target {
    /// its VMID
    Vmid(Vmid),
    /// `{ pid => … }` and the like
    Place(Place),
}

/// A VMID, which Perl code has as a number or as text.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Vmid {
    /// 100
    Number(u64),
    /// '100'
    Text(String),
}

/// Where a container is.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// a process in it
    Pid(u32),
    /// the path of its network namespace
    NetNs(String),
    /// its VMID
    Vmid(Vmid),
}

impl From<Target> for Container {
    fn from(target: Target) -> Container {
        match target {
            Target::Place(Place::Pid(pid)) => Container::Pid(pid),
            Target::Place(Place::NetNs(path)) => Container::NetNs(path.into()),
            Target::Vmid(vmid) | Target::Place(Place::Vmid(vmid)) => Container::Vmid(match vmid {
                Vmid::Number(number) => number.to_string(),
                Vmid::Text(text) => text,
            }),
        }
    }
}

/// A container's interface in the reference's form.
pub struct Interface(Addressed);

/// One of its addresses.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Address {
    ip_address_type: &'static str,
    ip_address: IpAddr,
    #[serde(rename = "prefix")]
    prefix: u8,
}

impl Serialize for Interface {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;

        let Addressed { name, hardware_address, addresses } = &self.0;
        let family = |address: &IpAddr| if address.is_ipv4() { "inet" } else { "inet6" };
        let mut map = serializer.serialize_map(Some(6))?;
        map.serialize_entry("name", name)?;
        let list: Vec<_> = addresses
            .iter()
            .map(|cidr| Address {
                ip_address_type: family(&cidr.address),
                ip_address: cidr.address,
                prefix: cidr.prefix,
            })
            .collect();
        map.serialize_entry("ip-addresses", &list)?;
        // Of several addresses of a family the last.
        for cidr in addresses {
            map.serialize_entry(family(&cidr.address), &cidr.to_string())?;
        }
        map.serialize_entry("hardware-address", hardware_address)?;
        map.serialize_entry("hwaddr", hardware_address)?;
        map.end()
    }
}

fn pid_error(error: PidError) -> Error {
    Error::die(format!("{error}\n"))
}

fn interfaces_error(error: InterfacesError) -> Error {
    match error {
        InterfacesError::Pid(error) => pid_error(error),
        InterfacesError::Netlink(error) => error::netlink(error),
    }
}

/// An interface as the caller's hash has it, with undef for what is none.
type Options = BTreeMap<String, Option<String>>;

fn net(context: &mut Context, mut options: Options) -> Net {
    let mut take = |key: &str| options.remove(key).flatten();
    let (firewall, link_down, limit) = (take("firewall"), take("link_down"), take("rate"));
    let is_true = |value: Option<String>| value.as_deref().is_some_and(is_true);
    Net {
        name: take("name").unwrap_or_default(),
        bridge: take("bridge"),
        tag: take("tag"),
        trunks: take("trunks"),
        hwaddr: take("hwaddr"),
        firewall: is_true(firewall),
        link_down: is_true(link_down),
        rate: rate(context, &limit),
    }
}

/// Addresses and gateways of one version of IP.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    version: u8,
    old_ip: Option<String>,
    old_gw: Option<String>,
    new_ip: Option<String>,
    new_gw: Option<String>,
}

impl From<Wanted> for Family {
    fn from(wanted: Wanted) -> Family {
        let Wanted { version, old_ip, old_gw, new_ip, new_gw } = wanted;
        Family { version, old_ip, old_gw, new_ip, new_gw }
    }
}

/// Runs what waits in the namespace of a container, warns as it says, and dies as it does.
fn in_container<T>(
    context: &mut Context,
    signals: &Signals,
    container: Container,
    run: impl FnOnce(Option<&NetNs>, &mut Poll<'_>) -> Done<T>,
) -> Result<T, Error> {
    let done = interruptible(signals, interfaces_error, |poll| {
        let mut poll = || poll().map_err(|_| Interrupted);
        let netns = namespace(&Host, &lxc_path(), &container, &mut poll)?;
        Ok(run(netns.as_ref(), &mut poll))
    })?;
    done.warnings.into_iter().for_each(|warning| context.warn(warning));
    done.result.map_err(died)
}

/// Where a container is looked for: where the caller says, or by its VMID.
fn container(vmid: &str, place: Option<PerlData<Place>>) -> Container {
    match place {
        Some(place) => Target::Place(place.0).into(),
        None => Container::Vmid(vmid.into()),
    }
}

/// Running containers.
#[perlxs::package(name = "PVE::Network::Rust::Container")]
pub mod package {
    use super::*;

    use perlxs::{Data, Empty};

    /// Returns the process id of the first process of the running container `$vmid`, which LXC is asked for.
    ///
    /// # Errors
    ///
    /// `unable to get PID for CT <vmid> (not running?)` for a container that does not run, `command 'lxc-info -n <vmid>
    /// -p' failed: exit code 1` for one that does not exist.
    #[export]
    fn find_lxc_pid(signals: &Signals, vmid: String) -> Result<u32, Error> {
        interruptible(signals, pid_error, |poll| {
            lxc_path().init_pid(&vmid, &mut || poll().map_err(|_| Interrupted))
        })
    }

    /// Stands for `PVE::LXC::net_tap_plug`: plugs the host's end of a container's interface into its bridge or VNet, and
    /// brings it up. `$net` is a reference to a hash as `parse_lxc_network` returns it. With `link_down` it only goes
    /// down.
    ///
    /// # Errors
    ///
    /// Those of the Perl function. What it did until then is undone.
    #[export]
    fn net_tap_plug(
        context: &mut Context,
        signals: &Signals,
        iface: String,
        net: PerlData<Options>,
    ) -> Result<Empty<()>, Error> {
        let net = super::net(context, net.0);
        // What is only brought down has no bridge to ask for.
        let bridge = net.bridge.as_deref().filter(|_| !net.link_down);
        let here = Here::read(context, bridge.unwrap_or_default())?;
        change(context, signals, |call| net_plug::net_tap_plug(call, here.place(), &iface, &net))?;
        Ok(Empty::Nothing)
    }

    /// Makes the two ends of interface `$iface` (the host's) of the running container `$vmid`, plugs the host's end in and
    /// brings the container's end up. `hotplug_net` calls this.
    ///
    /// `$place` is where the container is, where it is not found by its VMID: a reference to a hash with `pid` or
    /// `netns`.
    ///
    /// # Errors
    ///
    /// Those of `hotplug_net`. Everything is as it was.
    #[export]
    fn plug(
        context: &mut Context,
        signals: &Signals,
        vmid: String,
        iface: String,
        net: PerlData<Options>,
        place: Option<PerlData<Place>>,
    ) -> Result<Empty<()>, Error> {
        let net = super::net(context, net.0);
        let here = Here::read(context, net.bridge.as_deref().unwrap_or_default())?;
        let interfaces = here.root().join("etc/network/interfaces");
        let surroundings = Surroundings {
            lock: &NetworkLockFile::below(here.root()),
            ovs: &Installed::below(here.root()),
            interfaces: &|| std::fs::read(&interfaces).ok(),
        };
        in_container(context, signals, container(&vmid, place), |netns, poll| {
            hotplug_net(here.place(), &surroundings, (&vmid, netns), &iface, &net, poll)
        })?;
        Ok(Empty::Nothing)
    }

    /// Changes the addresses and the gateway of the interface `$name` in the running container `$vmid`, for one version of
    /// IP. `update_ipconfig` calls this. `$family` is a reference to a hash: `version` (4 or 6), `old_ip`, `old_gw`,
    /// `new_ip`, `new_gw`. `$place` is as for `plug`.
    ///
    /// Returns undef where there is nothing to save: nothing changes, or it was given up with a warning. Else it returns
    /// a reference to a list of what the commands that the Perl function runs print.
    ///
    /// # Errors
    ///
    /// `command 'lxc-attach ... sysctl ...' failed: ...`, as if that had been run.
    #[export]
    fn change_addresses(
        context: &mut Context,
        signals: &Signals,
        vmid: String,
        name: String,
        family: PerlData<Wanted>,
        place: Option<PerlData<Place>>,
    ) -> Result<Option<Data<Vec<String>>>, Error> {
        let family = Family::from(family.0);
        let Changed { save, printed } =
            in_container(context, signals, container(&vmid, place), |netns, poll| {
                change_ipconfig(&Host, &vmid, netns, &name, &family, poll)
            })?;
        Ok(save.then_some(Data(printed)))
    }

    /// Returns the interfaces of a running container as a reference to an array of references to hashes: `name`,
    /// `hardware-address`, and `ip-addresses`, a reference to an array of references to hashes with `ip-address`,
    /// `ip-address-type` (`inet` or `inet6`) and `prefix`. As in the reference, `hwaddr`, `inet` and `inet6` are there as
    /// well.
    ///
    /// `$container` is a VMID, or a reference to a hash with one of `vmid`, `pid` (of a process in the container) and
    /// `netns` (the path of its network namespace). They are read through a socket in the container's namespace; no
    /// process is started and the caller's one does not enter it.
    ///
    /// Returns nothing for a VMID whose container does not run.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error.
    #[export]
    fn get_interfaces(
        signals: &Signals,
        container: PerlData<Target>,
    ) -> Result<Empty<Data<Vec<Interface>>>, Error> {
        let container = Container::from(container.0);
        let found = interruptible(signals, interfaces_error, |poll| {
            let found =
                interfaces(&lxc_path(), &container, &mut || poll().map_err(|_| Interrupted));
            match found {
                Err(InterfacesError::Pid(PidError::Interrupted) | InterfacesError::Netlink(_))
                | Ok(_) => found.map(Some),
                Err(InterfacesError::Pid(_)) => Ok(None),
            }
        })?;
        Ok(match found {
            Some(list) => Empty::Value(Data(list.into_iter().map(Interface).collect())),
            None => Empty::Nothing,
        })
    }
}
