//! Files of a node: read whole, replaced whole, locked, in folders of their own.
#![forbid(unsafe_code)]

pub mod atomic_write;
pub mod error;
pub mod lock;
pub mod read_file;
pub mod short_lock;
pub mod state_folder;
