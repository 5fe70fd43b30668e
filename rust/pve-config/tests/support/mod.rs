//! What the recorded cases hold, made from this crate's own functions.

pub mod compare;
pub mod json;
pub mod record;
