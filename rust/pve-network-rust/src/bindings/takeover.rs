//! `PVE::Network::Rust::Takeover`

use perlxs::{Code, PerlData};
use pve_schema::Value;

/// Perl code that runs on Rust.
#[perlxs::package(name = "PVE::Network::Rust::Takeover")]
pub mod package {
    use super::*;

    /// Has the sub that `$code` refers to called at the next call of any intercepted sub, and then at the first such call
    /// after each `$seconds`. It is called before the sub, without arguments; what it dies with is lost.
    #[export]
    fn look_every(seconds: u32, code: Code) {
        perlxs::look_every(seconds, &code);
    }

    /// Returns whether `$one` and `$other` are the same to Perl code: the order of hashes does not count, nor that references
    /// are to one thing or to two that are alike. Numbers and strings are told apart, bytes and characters as `eq` does.
    ///
    /// # Errors
    ///
    /// One of them holds a reference to something else than lists, hashes and objects made of them.
    #[export]
    fn same(one: PerlData<Value<'_>>, other: PerlData<Value<'_>>) -> bool {
        one.0.is_same(&other.0)
    }
}
