//! The schema language of PVE: property strings, value formats and their checks.
#![forbid(unsafe_code)]
