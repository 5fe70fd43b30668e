//! One Perl package a file.

pub(crate) mod rust;
