//! The file formats of PVE, one module each: text in, data out, and back.
#![forbid(unsafe_code)]
