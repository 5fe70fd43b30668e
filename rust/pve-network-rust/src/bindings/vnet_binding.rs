//! `PVE::Network::Rust::VNetBinding`

use perlxs::{Error, Object, Signals};
use pve_container::config_file::Wait;
use pve_container::events::Told;
use pve_container::lock::DEFAULT_TIMEOUT;
use pve_container::vnet_binding::{
    Binding, BindingError, Bindings, Filter, Problem, Reconciled, waiting,
};
use serde::{Deserialize, Serialize};

use crate::json::JsonObject;
use crate::waiting::interruptible;
use crate::{error, node};

/// The bindings of this node. It holds nothing that a fork would share.
pub struct VnetBinding;

impl Object for VnetBinding {}

/// Which bindings to list.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    vnet: Option<String>,
    vmid: Option<u32>,
}

/// A binding that no longer agrees with the node.
#[derive(Serialize)]
pub struct Reported {
    #[serde(flatten)]
    binding: Binding,
    problem: &'static str,
    message: String,
}

impl From<Problem> for Reported {
    fn from(problem: Problem) -> Self {
        let (message, word) = (problem.to_string(), problem.kind.word());
        Self { binding: problem.binding, problem: word, message }
    }
}

/// What a reconciliation did.
#[derive(Serialize)]
pub struct Done {
    removed: Vec<Reported>,
    problems: Vec<Reported>,
}

impl From<Reconciled> for Done {
    fn from(done: Reconciled) -> Self {
        Self { removed: reported(done.removed), problems: reported(done.problems) }
    }
}

fn reported(problems: Vec<Problem>) -> Vec<Reported> {
    problems.into_iter().map(Reported::from).collect()
}

fn with<T: Send>(
    signals: &Signals,
    work: impl FnOnce(&Bindings<'_>, &mut Wait<'_>) -> Result<T, BindingError> + Send,
) -> Result<T, Error> {
    let (node, file) = node::vnet_bindings().map_err(|why| error::binding(why.into()))?;
    let told = Told::below(&node::root());
    interruptible(signals, error::binding, |poll| {
        let mut poll = || poll().map_err(|_| pve_container::hotplug::Interrupted);
        waiting(&mut poll, DEFAULT_TIMEOUT, |wait| work(&Bindings::new(file, &node, &told), wait))
    })
}

/// Which interfaces of containers belong to which VNets.
#[perlxs::package(name = "PVE::Network::Rust::VNetBinding", object = VnetBinding)]
pub mod package {
    use super::*;

    use perlxs::{Class, Data, Handle};

    /// Returns a new object.
    #[export]
    fn new(class: Class) -> Handle<VnetBinding> {
        Handle::in_class(VnetBinding, &class)
    }

    /// Binds interface `$iface` of container `$vmid` to the VNet `$vnet`.
    ///
    /// `$iface` is the interface's key in the container's configuration (`net0`) or its name in the container (`eth0`).
    /// `$metadata` is a reference to a hash that is kept with the binding, or undef. The binding is on disk when this
    /// returns. The container need not be running, nor exist yet.
    ///
    /// Returns the binding, a reference to a hash: `vnet`, `vmid`, `iface`, `bound` (when, in seconds since 1970), and
    /// `metadata` where there is any.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error: the VNet does not exist, is not in effect or not allowed on this node,
    /// the interface is bound already, or the state cannot be read or written.
    #[export]
    fn bind_vnet(
        signals: &Signals,
        this: &VnetBinding,
        vnet: String,
        vmid: u32,
        iface: String,
        metadata: Option<Data<JsonObject>>,
    ) -> Result<Data<Binding>, Error> {
        let VnetBinding = this;
        let metadata = metadata.map(|metadata| metadata.0).unwrap_or_default().0;
        with(signals, |bindings, wait| bindings.bind(&vnet, vmid, &iface, metadata, wait)).map(Data)
    }

    /// Ends the binding of interface `$iface` of container `$vmid` to the VNet `$vnet`, which need not exist any more.
    ///
    /// Returns the binding that was.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error: the interface is not bound, or to another VNet.
    #[export]
    fn unbind_vnet(
        signals: &Signals,
        this: &VnetBinding,
        vnet: String,
        vmid: u32,
        iface: String,
    ) -> Result<Data<Binding>, Error> {
        let VnetBinding = this;
        with(signals, |bindings, wait| bindings.unbind(&vnet, vmid, &iface, wait)).map(Data)
    }

    /// Returns the binding of interface `$iface` of container `$vmid`, or undef.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error: the state cannot be read.
    #[export]
    fn get_binding(
        signals: &Signals,
        this: &VnetBinding,
        vmid: u32,
        iface: String,
    ) -> Result<Option<Data<Binding>>, Error> {
        let VnetBinding = this;
        Ok(with(signals, |bindings, _| bindings.get(vmid, &iface))?.map(Data))
    }

    /// Returns a reference to an array of bindings, by container and interface: all, or those of the `vnet` and the
    /// `vmid` that the hash `$filter` refers to has.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error: the state cannot be read.
    #[export]
    fn list_bindings(
        signals: &Signals,
        this: &VnetBinding,
        filter: Option<Data<Wanted>>,
    ) -> Result<Data<Vec<Binding>>, Error> {
        let VnetBinding = this;
        let Wanted { vnet, vmid } = filter.map(|filter| filter.0).unwrap_or_default();
        with(signals, |bindings, _| bindings.list(&Filter { vnet, vmid })).map(Data)
    }

    /// Ends all bindings of the container `$vmid`.
    ///
    /// Returns a reference to an array of those that were.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error: the state cannot be read or written.
    #[export]
    fn cleanup_container(
        signals: &Signals,
        this: &VnetBinding,
        vmid: u32,
    ) -> Result<Data<Vec<Binding>>, Error> {
        let VnetBinding = this;
        with(signals, |bindings, wait| bindings.cleanup(vmid, wait)).map(Data)
    }

    /// Holds all bindings against the SDN configuration, the containers' configurations and the kernel's links.
    ///
    /// Returns a reference to an array of the bindings that do not agree, each with the first thing that is wrong:
    /// `message` in words, and `problem`, one of `no-vnet`, `not-in-effect`, `not-allowed`, `no-container`,
    /// `no-interface`, `other-bridge-configured`, `other-bridge-plugged`. An interface that is not plugged in agrees.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error: something cannot be read.
    #[export]
    fn validate(signals: &Signals, this: &VnetBinding) -> Result<Data<Vec<Reported>>, Error> {
        let VnetBinding = this;
        with(signals, |bindings, _| bindings.validate()).map(|problems| Data(reported(problems)))
    }

    /// Ends the bindings whose VNet, container or interface no longer exists.
    ///
    /// Returns a reference to a hash: `removed`, those bindings, and `problems`, the others that do not agree, both as
    /// from validate.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error: something cannot be read or written. Nothing is changed then.
    #[export]
    fn reconcile(signals: &Signals, this: &VnetBinding) -> Result<Data<Done>, Error> {
        let VnetBinding = this;
        with(signals, |bindings, wait| bindings.reconcile(wait)).map(|done| Data(done.into()))
    }
}
