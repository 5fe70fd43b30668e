//! `#[export]` needs a package.

#[perlxs::export]
fn alone() {}

fn main() {}
