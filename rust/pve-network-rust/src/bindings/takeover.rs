//! `PVE::Network::Rust::Takeover`

use perlxs::Code;

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
}
