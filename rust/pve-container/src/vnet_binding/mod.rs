//! Which interfaces of containers belong to which VNets: kept by this node, so that it outlives reboots and is known
//! while a container is stopped.
//!
//! | file | subject |
//! |---|---|
//! | [`binding`] | one binding, and its text in the state file |
//! | [`state_file`] | the state file: read, and changed under its lock |
//! | [`bindings`] | binding, unbinding, listing |
//! | [`problem`] | what a binding no longer agrees with |
//! | [`node`] | what a binding is held against: VNets, configurations, links |
//! | [`events`] | who is told of a change |
//! | [`waiting()`] | a call that runs the caller's signal handlers while it waits |

pub mod binding;
pub mod bindings;
mod error;
pub mod events;
mod links;
pub mod node;
pub mod problem;
pub mod state_file;
mod waiting;

pub use binding::Binding;
pub use bindings::{Bindings, Filter, Reconciled};
pub use error::BindingError;
pub use events::Events;
pub use node::{Node, ThisNode};
pub use problem::{Kind, Problem};
pub use state_file::StateFile;
pub use waiting::waiting;
