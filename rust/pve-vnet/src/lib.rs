//! Zones and VNets on this node: what is generated for them, what applying a configuration
//! would change, and how they are.
#![forbid(unsafe_code)]

mod diff;
mod environment;
mod files;
mod machine;
mod status;

pub use diff::{Compared, diff};
pub use environment::{BadEnvironment, Environment};
pub use machine::ThisNode;
pub use status::ThisNodesStatus;
