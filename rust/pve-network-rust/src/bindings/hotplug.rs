//! `PVE::Network::Rust::Hotplug`

use std::collections::BTreeMap;
use std::time::Duration;

use perlxs::{Data, Error, Handle, Object, Perl, Return, Returned, Signals};
use pve_container::hotplug::{ContainerNic, Plugged};
use pve_container::interfaces::Container;
use pve_container::operation::{
    Change, Filter, OperationError, Operations, Request, Status, finish_all,
};
use pve_netlink::Host;
use pve_netlink::wait::{Interrupted, Poll};
use serde::{Deserialize, Serialize};

use super::operation::Operation;
use crate::waiting::interruptible;
use crate::{error, node};

/// Plugs interfaces of running containers in and out. It holds nothing that a fork would share.
pub struct Hotplug;

impl Object for Hotplug {}

/// The options of an interface, without those that are undef.
type Options = BTreeMap<String, Option<String>>;

/// How to reach the container, and whether to wait.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Target {
    /// Path of its network namespace.
    netns: Option<String>,
    /// A process in it.
    pid: Option<u32>,
    /// Whether to return at once.
    r#async: bool,
    /// What the interface was configured as.
    old: Option<Options>,
}

/// A change that was made.
#[derive(Serialize)]
pub struct Done {
    id: String,
    #[serde(flatten)]
    interface: Option<Plugged>,
}

impl Done {
    pub(super) fn new(id: &str, interface: Option<Plugged>) -> Data<Done> {
        Data(Done { id: id.to_owned(), interface })
    }
}

/// A change that was made, or the operation that makes it.
pub enum Outcome {
    /// It is done.
    Done(Data<Done>),
    /// It is under way.
    Later(Handle<Operation>),
}

impl Return for Outcome {
    fn into_perl(self, perl: Perl) -> Result<Returned, Error> {
        match self {
            Outcome::Done(done) => done.into_perl(perl),
            Outcome::Later(operation) => operation.into_perl(perl),
        }
    }
}

pub(super) fn operations() -> Operations {
    Operations::below(&node::root())
}

fn nic(options: &Options) -> Result<Box<ContainerNic>, Error> {
    let given = options.iter().filter_map(|(key, value)| Some((key.as_str(), value.as_deref()?)));
    ContainerNic::from_pairs(given).map(Box::new).map_err(error::hotplug)
}

pub(super) fn waiting<T>(
    signals: &Signals,
    run: impl FnOnce(&mut Poll<'_>) -> Result<T, OperationError>,
) -> Result<T, Error> {
    interruptible(
        signals,
        |error| error::operation(&error),
        |poll| run(&mut || poll().map_err(|_| Interrupted)),
    )
}

fn carry_out(
    signals: &Signals,
    (vmid, netid): (u32, u32),
    target: Target,
    change: Change,
) -> Result<Outcome, Error> {
    let container = match (target.netns, target.pid) {
        (Some(netns), None) => Container::NetNs(netns.into()),
        (None, Some(pid)) => Container::Pid(pid),
        (None, None) => Container::Vmid(vmid.to_string()),
        (Some(_), Some(_)) => return Err(error::two_targets()),
    };
    let request = Request { vmid, netid, container, change };
    if target.r#async {
        let operation = operations().start(&Host, request);
        let operation = operation.map_err(|error| error::operation(&error))?;
        return Ok(Outcome::Later(Handle::new(Operation::new(operation))));
    }
    let (id, interface) = waiting(signals, |poll| operations().carry_out(&Host, &request, poll))?;
    Ok(Outcome::Done(Done::new(id.as_str(), interface)))
}

/// Interfaces of running containers.
#[perlxs::package(name = "PVE::Network::Rust::Hotplug", object = Hotplug)]
pub mod package {
    use super::*;

    use perlxs::{Class, PerlData};

    /// Returns a new object.
    #[export]
    fn new(class: Class) -> Handle<Hotplug> {
        Handle::in_class(Hotplug, &class)
    }

    /// Plugs interface `$netid` (the N of `netN`) into the running container `$vmid`.
    ///
    /// `$net` is a reference to a hash as `parse_lxc_network` returns it. `$opts` is a reference to a hash that says where
    /// the container is and whether to wait, see OPTIONS.
    ///
    /// The host's end is `veth<vmid>i<netid>`, a port of the bridge, with the bridge's MTU; the container's end has its
    /// name, hardware address, MTU, addresses and gateways, and is up. VLAN tag, trunks, rate and firewall bridge are what
    /// `tap_plug` of PVE::Network::Rust::Host makes of them. Nothing is started for it, and no link is moved between
    /// namespaces. If a step fails, all steps before it are undone.
    ///
    /// Returns a reference to a hash: `id` of the operation, `name` and `index` of the host's end, `peer_name` and
    /// `peer_index` of the container's.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error that names the step that failed. Ports of an Open vSwitch bridge are
    /// refused before anything is touched. For a container that does not run, it says to make a pending change.
    #[export]
    fn hotplug_add(
        signals: &Signals,
        this: &Hotplug,
        vmid: u32,
        netid: u32,
        net: PerlData<Options>,
        opts: Option<Data<Target>>,
    ) -> Result<Outcome, Error> {
        let Hotplug = this;
        let change = Change::Add(nic(&net.0)?);
        carry_out(signals, (vmid, netid), opts.map(|opts| opts.0).unwrap_or_default(), change)
    }

    /// Takes interface `$netid` out of the container `$vmid`: both ends, their addresses and routes.
    ///
    /// `$opts` is as for `hotplug_add`. Where the container is, matters only to `cancel_operation`: without, it cannot plug
    /// the interface in again.
    ///
    /// Returns a reference to a hash with the `id` of the operation.
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
        opts: Option<Data<Target>>,
    ) -> Result<Outcome, Error> {
        let Hotplug = this;
        let target = opts.map(|opts| opts.0).unwrap_or_default();
        carry_out(signals, (vmid, netid), target, Change::Remove)
    }

    /// Makes interface `$netid` of the running container `$vmid` what `$net` says.
    ///
    /// Bridge, VLAN tag, trunks, firewall and `link_down` are changed by plugging the host's end in anew, the rate and the
    /// MTU in place; what is so already is not touched. Another name or hardware address makes a new pair of links.
    /// Addresses and gateways change in the order of `update_ipconfig`: the new address is added, the default route
    /// replaced, the old address deleted.
    ///
    /// `$opts` is as for `hotplug_add`. It may have `old`, a reference to a hash as `parse_lxc_network` returns it: what the
    /// interface was configured as, whose addresses and gateways are to go. Without it, all addresses of the
    /// interface that are not the new one go, and its default route, if `$net` has an address of that family.
    ///
    /// Returns what `hotplug_add` returns.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error. The interface is what it was: links, VLANs, limits, addresses and routes. What
    /// could not be undone is named after the first error.
    #[export]
    fn hotplug_update(
        signals: &Signals,
        this: &Hotplug,
        vmid: u32,
        netid: u32,
        net: PerlData<Options>,
        opts: Option<Data<Target>>,
    ) -> Result<Outcome, Error> {
        let Hotplug = this;
        let mut target = opts.map(|opts| opts.0).unwrap_or_default();
        let old = target.old.take().map(|old| nic(&old)).transpose()?;
        let change = Change::Update(nic(&net.0)?, old);
        carry_out(signals, (vmid, netid), target, change)
    }

    /// Returns what is known of operation `$id`, see OPERATIONS.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error: `$id` is no id, there is no such operation, or its record cannot be read.
    #[export]
    fn get_operation_status(this: &Hotplug, id: String) -> Result<Data<Status>, Error> {
        let Hotplug = this;
        operations().status(&id).map(Data).map_err(|error| error::operation(&error))
    }

    /// Returns the operations of this node, oldest first, as a reference to an array of what `get_operation_status`
    /// returns. `$filter` is a reference to a hash with any of `vmid`, `netid`, `kind` and `state`.
    ///
    /// # Errors
    ///
    /// As `get_operation_status`.
    #[export]
    fn list_operations(
        this: &Hotplug,
        filter: Option<Data<Filter>>,
    ) -> Result<Data<Vec<Status>>, Error> {
        let Hotplug = this;
        let filter = filter.map(|filter| filter.0).unwrap_or_default();
        operations().list(&filter).map(Data).map_err(|error| error::operation(&error))
    }

    /// Ends operation `$id`, of this process or another, and undoes what it did. Before its point of no return it becomes
    /// `cancelled`; after that, and when it has succeeded, `undone`: an interface that was plugged in is taken out, one
    /// that was taken out is plugged in again as it was, one that was changed is changed back. Returns what
    /// `get_operation_status` returns then.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error: the operation has ended without success, another one on the same interface
    /// came after it, its container has stopped since, or undoing it failed.
    #[export]
    fn cancel_operation(
        signals: &Signals,
        this: &Hotplug,
        id: String,
    ) -> Result<Data<Status>, Error> {
        let Hotplug = this;
        waiting(signals, |poll| operations().cancel(&Host, &id, poll)).map(Data)
    }

    /// Removes the records of operations that ended more than `$older_than` seconds ago. Returns a reference to an array
    /// of their ids. Records that are older than a week go by themselves in time.
    ///
    /// # Errors
    ///
    /// As `get_operation_status`.
    #[export]
    fn cleanup_operations(this: &Hotplug, older_than: f64) -> Result<Data<Vec<String>>, Error> {
        let Hotplug = this;
        let age =
            Duration::try_from_secs_f64(older_than).map_err(|_| error::bad_age(older_than))?;
        operations().clean_up(age).map(Data).map_err(|error| error::operation(&error))
    }

    /// Undoes or completes all operations whose process ended before they did. Returns a reference to an array of what
    /// `get_operation_status` returns for each of them then. An operation that begins on the same interface does this by
    /// itself.
    ///
    /// # Errors
    ///
    /// As `get_operation_status`. What could not be undone is the operation's own error.
    #[export]
    fn reconcile(signals: &Signals, this: &Hotplug) -> Result<Data<Vec<Status>>, Error> {
        let Hotplug = this;
        waiting(signals, |poll| operations().reconcile(&Host, poll)).map(Data)
    }

    /// A function, not a method: waits until all operations have ended that this process began with `async`. A program that
    /// ends does so by itself.
    ///
    /// # Errors
    ///
    /// None of the operations' own.
    #[export]
    fn finish_operations(signals: &Signals) -> Result<(), Error> {
        waiting(signals, |poll| finish_all(poll))
    }
}
