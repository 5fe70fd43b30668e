//! The shared vocabulary: what happens on a node, as Rust, Perl, files and listeners tell it each other.
//!
//! | file | what |
//! |---|---|
//! | `event.rs` | what may happen, and its fields |
//! | `any_event.rs` | an event of this version or a later one |
//! | `config_change.rs` | what was changed in a configuration |
//! | `envelope.rs` | an event with its place in the journal |
//! | `phase.rs` | how far an installation has moved from Perl to Rust |
//! | `lenient.rs` | numbers that Perl may have as strings, and the other way round |
#![forbid(unsafe_code)]

mod any_event;
mod config_change;
mod envelope;
mod event;
mod lenient;
mod phase;

pub use any_event::{AnyEvent, OtherEvent};
pub use config_change::{ChangeType, ConfigChange};
pub use envelope::{Envelope, Time, VERSION};
pub use event::{InvalidEvent, SystemEvent};
pub use phase::{MigrationPhase, Scope};
