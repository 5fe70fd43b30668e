//! The file formats of PVE, one module each: text in, data out, and back.
//!
//! Everything here is pure: no file is opened. What the reference reads from the host while it parses comes in as an
//! argument.
#![forbid(unsafe_code)]

pub mod interfaces;
pub mod lxc;
mod node_set;
pub mod sdn;
pub mod storage;
