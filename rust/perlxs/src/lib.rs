//! Perl calls Rust: the trampoline, values, handles and errors.
