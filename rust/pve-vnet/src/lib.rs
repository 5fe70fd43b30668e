//! Zones and VNets on this node: what is generated for them, and what applying a configuration would change.
#![forbid(unsafe_code)]

mod diff;
mod given;
mod machine;

pub use diff::{Compared, diff};
pub use given::{BadEnvironment, Given};
pub use machine::ThisNode;
