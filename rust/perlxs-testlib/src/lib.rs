//! Exports for the tests of the Perl boundary; never installed.

/// Values in and out.
#[perlxs::package(name = "PerlXS::Test")]
pub mod values {
    use std::collections::HashMap;

    use perlxs::Data;

    /// Does nothing.
    #[export]
    fn nop() {}

    /// Adds two integers.
    #[export]
    fn add(a: i64, b: i64) -> i64 {
        a.wrapping_add(b)
    }

    /// The number of characters.
    #[export]
    fn length(text: &str) -> usize {
        text.len()
    }

    /// A hash of strings, back.
    #[export]
    fn echo_strings(map: Data<HashMap<String, String>>) -> Data<HashMap<String, String>> {
        map
    }
}

perlxs::library! { boot_PerlXS__Test, "PerlXS::Test", [&values::PACKAGE] }
