//! What the recorded cases hold, made from this crate's own functions.

#![allow(dead_code, reason = "each test and tool uses a part")]

pub mod compare;
pub mod json;
pub mod record;
pub mod round_trip;
pub mod typed;
