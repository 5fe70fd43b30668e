//! Writes the POD of exported functions from the doc comments of the bindings.
fn main() {}
