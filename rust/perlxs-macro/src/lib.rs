//! The attributes #[package] and #[export]: a Rust function becomes a Perl sub.
