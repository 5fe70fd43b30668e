//! Zones and VNets on this node: what is generated for them, and what applying a configuration would change.
#![forbid(unsafe_code)]

mod diff;
mod environment;
mod machine;

pub use diff::{Compared, diff};
pub use environment::{BadEnvironment, Environment};
pub use machine::ThisNode;
