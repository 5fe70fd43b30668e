//! The library that Perl loads: one Perl package a file below bindings/.
