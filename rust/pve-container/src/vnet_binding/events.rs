//! Who is told when a binding is made or ends.

use super::binding::Binding;

/// A listener. It is called after the change is on disk, and before the lock is given back, so that listeners see
/// changes in the order in which they were made.
pub trait Events {
    /// An interface was bound to a VNet: the event `vnet_bound`.
    fn vnet_bound(&self, binding: &Binding);

    /// An interface is no longer bound to a VNet: the event `vnet_unbound`.
    fn vnet_unbound(&self, binding: &Binding);
}
