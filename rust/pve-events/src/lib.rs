//! The journal of a node's events, and those who read it.
//!
//! | file | what |
//! |---|---|
//! | `record.rs` | how an event stands in a file, and how what is damaged is passed over |
//! | `segments.rs`, `state.rs` | the journal's files, and what its last writer left to the next one |
//! | `journal.rs` | appending |
//! | `reader.rs`, `follower.rs` | reading from a place on; a descriptor that tells when there is more |
//! | `subscriber.rs`, `subscription.rs` | readers that are remembered, and what is remembered of them |
//! | `built_in.rs`, `syslog.rs` | listeners of this library |
#![forbid(unsafe_code)]

mod built_in;
mod error;
mod follower;
mod journal;
mod reader;
pub mod record;
mod segments;
mod state;
mod subscriber;
mod subscription;
mod syslog;
mod wakeup;

pub use built_in::{BUILT_IN, Listener, built_in};
pub use error::EventsError;
pub use follower::Follower;
pub use journal::{Appended, Journal, Limits};
pub use reader::{Batch, Lost, Reader, Start};
pub use subscriber::{Delivery, Subscriber};
pub use subscription::{DeadLetter, Retries};
pub use syslog::warn;
