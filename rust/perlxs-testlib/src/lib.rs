//! Exports for the tests of the Perl boundary; never installed.
