//! Every way to fail.

/// Errors.
#[perlxs::package(name = "PerlXS::Test::Errors")]
pub mod bindings {
    use std::collections::BTreeMap;

    use perlxs::Error;

    /// `die $text`
    #[export]
    fn fail(text: &str) -> Result<(), Error> {
        Err(Error::die(text))
    }

    /// `die $bytes`
    #[export]
    fn fail_bytes(bytes: &[u8]) -> Result<(), Error> {
        Err(Error::die(bytes.to_vec()))
    }

    /// `die $text` without a newline: Perl appends the place.
    #[export]
    fn fail_at_caller(text: &[u8]) -> Result<(), Error> {
        Err(Error::die_at_caller(text.to_vec()))
    }

    /// An object of a class that is installed nowhere, else of the fallback.
    #[export]
    fn fail_object(kind: &str, message: String) -> Result<(), Error> {
        let fields = BTreeMap::from([("kind", kind.to_owned()), ("message", message)]);
        Err(Error::object("PerlXS::Test::NotInstalled", "PerlXS::Test::Failure", fields))
    }

    /// An object of a class whose module is found along @INC.
    #[export]
    fn fail_loaded(message: String) -> Result<(), Error> {
        let fields = BTreeMap::from([("message", message)]);
        Err(Error::object("PerlXS::Test::Loaded", "PerlXS::Test::Failure", fields))
    }

    /// An object whose fields have no form in Perl.
    #[export]
    fn fail_broken() -> Result<(), Error> {
        let fields = BTreeMap::from([(vec![1u8, 2], 3)]);
        Err(Error::object("PerlXS::Test::Failure", "PerlXS::Test::Failure", fields))
    }
}
