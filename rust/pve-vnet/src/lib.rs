//! Zones and VNets on this node: what is generated for them.
#![forbid(unsafe_code)]

mod given;
mod machine;

pub use given::{BadEnvironment, Given};
pub use machine::ThisNode;
