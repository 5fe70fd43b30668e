//! `PVE::Network::Rust::Container`

use std::net::IpAddr;

use perlxs::{Error, Signals};
use pve_container::interfaces::{Container, InterfacesError, interfaces};
use pve_container::lxc_pid::PidError;
use pve_netlink::inventory::Addressed;
use pve_netlink::wait::Interrupted;
use serde::{Deserialize, Serialize, Serializer};

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
            Target::Vmid(vmid) | Target::Place(Place::Vmid(vmid)) => {
                Container::Vmid(match vmid {
                    Vmid::Number(number) => number.to_string(),
                    Vmid::Text(text) => text,
                })
            }
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

/// Running containers.
#[perlxs::package(name = "PVE::Network::Rust::Container")]
pub mod package {
    use super::*;

    use perlxs::{Data, Empty, PerlData};

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
            let found = interfaces(&lxc_path(), &container, &mut || poll().map_err(|_| Interrupted));
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
