//! `PVE::Network::Rust`

/// The library as a whole.
#[perlxs::package(name = "PVE::Network::Rust")]
pub mod package {
    /// Returns the version of the library, a string; it is that of the Perl module, or loading would have failed.
    #[export]
    fn version() -> &'static str {
        env!("CARGO_PKG_VERSION")
    }
}
