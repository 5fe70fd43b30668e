//! One of many changes as a caller gives it.

use std::path::PathBuf;

use super::Item;
use crate::hotplug::{ContainerNic, Error};
use crate::interfaces::Container;
use crate::operation::{Change, Request};

/// What is wanted of one interface, not checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given<'a> {
    /// `add`, `remove` or `update`.
    pub op: &'a str,
    /// The container.
    pub vmid: u32,
    /// The N of `netN`.
    pub netid: u32,
    /// The interface, for `add` and `update`.
    pub nic: Option<Result<ContainerNic, Error>>,
    /// What it was configured as, for `update`.
    pub old: Option<Result<ContainerNic, Error>>,
    /// The container's network namespace.
    pub netns: Option<PathBuf>,
    /// A process in the container, in place of `netns`.
    pub pid: Option<u32>,
}

impl From<Given<'_>> for Item {
    fn from(given: Given<'_>) -> Self {
        let Given { op, vmid, netid, nic, old, netns, pid } = given;
        let nic = || {
            let why = "the interface as parse_lxc_network returns it";
            nic.ok_or(Error::Missing { key: "net", why })?.map(Box::new)
        };
        let change = match op {
            "remove" => Change::Remove,
            "add" => Change::Add(nic()?),
            "update" => Change::Update(nic()?, old.transpose()?.map(Box::new)),
            other => return Err(Error::bad("op", other, "it must be add, remove or update")),
        };
        let container = match (netns, pid) {
            (Some(netns), None) => Container::NetNs(netns),
            (None, Some(pid)) => Container::Pid(pid),
            (None, None) => Container::Vmid(vmid.to_string()),
            (Some(_), Some(pid)) => return Err(Error::bad("pid", pid, "netns is given, too")),
        };
        Ok(Request { vmid, netid, container, change })
    }
}
